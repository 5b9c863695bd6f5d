"""What to look at: pictures under a wrong name, people who are hard to tell apart, people turned away."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

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
    """Somebody who would be turned away with so many of their pictures, and the worst of these.

    That is `own_pct` like the person's others and no less like `rival`, or else too unlike.
    """

    person_id: str
    turned_away: int
    pictures: int
    worst: str
    own_pct: float
    rival: Likeness | None


def misfiled(probes: Sequence[Probe], threshold_pct: float) -> list[Misfiled]:
    """Pictures that pass as somebody else and not as their own person, the clearest first."""
    found = [
        Misfiled(probe.picture, probe.person_id, probe.own.similarity_pct, probe.others[0])
        for probe in probes
        if probe.own and probe.own.similarity_pct < threshold_pct
        if probe.others and probe.others[0].similarity_pct >= threshold_pct
    ]
    return sorted(found, key=lambda each: each.own_pct - each.really.similarity_pct)


def closest_pairs(probes: Sequence[Probe]) -> list[Pair]:
    """The people most alike, each pair once."""
    best: dict[frozenset[str], Pair] = {}
    for probe in probes:
        for other in probe.others:
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
    pictures: Counter[str] = Counter()
    missed: dict[str, list[TurnedAway]] = defaultdict(list)
    for probe in probes:
        if probe.own is None:
            continue
        pictures[probe.person_id] += 1
        named = ahead((probe.own, *probe.others[:2]), margin_pct)
        own_pct = probe.own.similarity_pct
        if named is not probe.own or own_pct < threshold_pct:
            rival = next(iter(probe.others), None)
            is_close = rival is not None and own_pct - rival.similarity_pct < margin_pct
            miss = TurnedAway(probe.person_id, 0, 0, probe.picture, own_pct, rival if is_close else None)
            missed[probe.person_id].append(miss)
    found = [
        replace(
            min(misses, key=lambda miss: (miss.own_pct, miss.worst)),
            turned_away=len(misses),
            pictures=pictures[person_id],
        )
        for person_id, misses in missed.items()
    ]
    found.sort(key=lambda each: (-each.turned_away / each.pictures, -each.turned_away, each.own_pct))
    return found[:_SHOWN]


def without(probes: Sequence[Probe], wrong: Sequence[Misfiled]) -> list[Probe]:
    """The probes had these pictures not been enrolled, as far as it is known: only the nearest face of each
    other person is."""
    gone = {each.picture for each in wrong}
    if not gone:
        return list(probes)
    return [
        replace(probe, others=tuple(other for other in probe.others if other.picture not in gone))
        for probe in probes
        if probe.picture not in gone
    ]
