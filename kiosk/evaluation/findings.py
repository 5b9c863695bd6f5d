"""What to look at: pictures under a wrong name, people who are hard to tell apart, people turned away."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from kiosk.evaluation.trial import Likeness, Probe, ahead

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Misfiled:
    """A picture that is like somebody else and unlike its own person: it is under the wrong name."""

    picture: str
    person_id: str
    own_pct: float
    really: Likeness


@dataclass(frozen=True, slots=True)
class Pair:
    """Two people and the two pictures of theirs that are most alike."""

    person_id: str
    picture: str
    other: Likeness


@dataclass(frozen=True, slots=True)
class TurnedAway:
    """Somebody who would be turned away: with so many of their pictures, worst with this one."""

    person_id: str
    turned_away: int
    pictures: int
    worst: str
    worst_pct: float


def misfiled(probes: Sequence[Probe], threshold_pct: float) -> list[Misfiled]:
    """Pictures that pass as somebody else and not as their own person, the clearest first."""
    found = [
        Misfiled(probe.picture, probe.person_id, probe.own.similarity_pct, probe.others[0])
        for probe in probes
        if probe.own and probe.own.similarity_pct < threshold_pct
        if probe.others and probe.others[0].similarity_pct >= threshold_pct
    ]
    return sorted(found, key=lambda each: each.own_pct - each.really.similarity_pct)


def closest_pairs(probes: Sequence[Probe], wrong: Sequence[Misfiled]) -> list[Pair]:
    """The people most alike, each pair once, leaving out what a picture under a wrong name explains."""
    excused = {each.picture for each in wrong}
    best: dict[frozenset[str], Pair] = {}
    for probe in probes:
        for other in probe.others:
            if excused & {probe.picture, other.picture}:
                continue
            pair = frozenset((probe.person_id, other.person_id))
            if pair not in best or other.similarity_pct > best[pair].other.similarity_pct:
                best[pair] = Pair(probe.person_id, probe.picture, other)
    return sorted(best.values(), key=lambda pair: -pair.other.similarity_pct)[:_SHOWN]


def highest_strangers(probes: Sequence[Probe]) -> list[Pair]:
    """The pictures that, had their person not been enrolled, would come closest to a name."""
    with_others = [probe for probe in probes if probe.others]
    nearest = sorted(with_others, key=lambda probe: -probe.others[0].similarity_pct)[:_SHOWN]
    return [Pair(probe.person_id, probe.picture, probe.others[0]) for probe in nearest]


def turned_away_most(probes: Sequence[Probe], threshold_pct: float, margin_pct: float) -> list[TurnedAway]:
    """The people whose pictures are most often not given their name, the worst first."""
    of: dict[str, list[tuple[float, str, bool]]] = defaultdict(list)
    for probe in probes:
        if probe.own:
            named = ahead((probe.own, *probe.others[:2]), margin_pct)
            is_right = named is probe.own and named.similarity_pct >= threshold_pct
            of[probe.person_id].append((probe.own.similarity_pct, probe.picture, not is_right))
    found = []
    for person_id, each in of.items():
        if misses := [(pct, picture) for pct, picture, is_missed in each if is_missed]:
            worst_pct, worst = min(misses)
            found.append(TurnedAway(person_id, len(misses), len(each), worst, worst_pct))
    found.sort(key=lambda each: (-each.turned_away / each.pictures, -each.turned_away, each.worst_pct))
    return found[:_SHOWN]
