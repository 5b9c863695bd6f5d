"""What the doors saw: how each does by day and by night, and what people said about mistakes."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, time, tzinfo
from enum import StrEnum
from statistics import quantiles
from types import MappingProxyType
from typing import Any

from kiosk.client.sighting import Sighting
from kiosk.evaluation.intervals import UNMEASURED, Rate, by_person
from kiosk.evaluation.trial import Likeness, ahead

_NO_USE = {"no_face", "rejected"}


class Mistake(StrEnum):
    """What a correction says was wrong."""

    WRONG_NAME = "given another's name"
    STRANGER_NAMED = "a stranger given a name"
    TURNED_AWAY = "somebody enrolled, not recognized"
    NONE = "confirmed"


@dataclass(frozen=True, slots=True)
class Corrected:
    """A visit that somebody corrected: what was said, and who it really was (None: nobody enrolled)."""

    capture_id: str
    kiosk_id: str
    captured_at: str
    is_night: bool
    said: str | None
    really: str | None
    mistake: Mistake
    candidates: tuple[Likeness, ...] = ()

    def is_right_at(self, threshold_pct: float, margin_pct: float) -> bool | None:
        """Whether the decision would be right there; None when it is not known what it saw."""
        if not self.candidates:
            return None
        named = ahead(self.candidates, margin_pct)
        said = named.person_id if named and named.similarity_pct >= threshold_pct else None
        return said == self.really


@dataclass(frozen=True, slots=True)
class Door:
    """A door by day or by night. Similarities are of the visits that were recognized, of half and of 1 in 20.

    `no_face` is the failure to acquire: no usable face. Its interval is by day, since nobody knows whose
    these were. `mistakes` are those that somebody reported: there may be more.
    """

    kiosk_id: str
    is_night: bool
    visits: int
    recognized: int
    unknown: int
    uncertain: int
    no_face: Rate
    median_pct: float | None
    low_pct: float | None
    mistakes: int


@dataclass(frozen=True, slots=True)
class Field:
    """What the doors saw since a day."""

    since: str
    day: str
    doors: tuple[Door, ...]
    corrected: tuple[Corrected, ...]


def field_of(
    sightings: Iterable[Sighting],
    *,
    since: str,
    dawn: time,
    dusk: time,
    zones: Mapping[str, tzinfo] = MappingProxyType({}),
) -> Field:
    """Sort finished sightings by door and by day or night: from `dawn` to `dusk` in the kiosk's zone it is
    day, for a kiosk that is not in `zones` in this machine's."""
    seen: dict[tuple[str, bool], list[tuple[Sighting, str]]] = defaultdict(list)
    corrected = []
    for sighting in sightings:
        if sighting.status != "done":
            continue
        moment = datetime.fromisoformat(sighting.captured_at).astimezone(zones.get(sighting.kiosk_id))
        is_night = not dawn <= moment.time() < dusk
        seen[sighting.kiosk_id, is_night].append((sighting, moment.date().isoformat()))
        if sighting.correction:
            corrected.append(_corrected(sighting, sighting.correction, is_night))
    doors = tuple(
        _door(kiosk_id, is_night, seen[kiosk_id, is_night], corrected) for kiosk_id, is_night in sorted(seen)
    )
    return Field(since, f"{dawn:%H:%M} to {dusk:%H:%M}", doors, tuple(corrected))


def _door(
    kiosk_id: str, is_night: bool, seen: list[tuple[Sighting, str]], corrected: Iterable[Corrected]
) -> Door:
    # What was said at the time, not what it was corrected to.
    outcomes = [_outcome(sighting) for sighting, _ in seen]
    similar = [
        sighting.similarity_pct
        for sighting, _ in seen
        if sighting.outcome == "recognized"
        and not sighting.correction
        and sighting.similarity_pct is not None
    ]
    cuts = quantiles(similar, n=20, method="inclusive") if len(similar) > 1 else similar * 19
    return Door(
        kiosk_id,
        is_night,
        visits=len(seen),
        recognized=outcomes.count("recognized"),
        unknown=outcomes.count("unknown"),
        uncertain=outcomes.count("uncertain"),
        no_face=by_person([each in _NO_USE for each in outcomes], [day for _, day in seen])
        if seen
        else UNMEASURED,
        median_pct=cuts[9] if cuts else None,
        low_pct=cuts[0] if cuts else None,
        mistakes=sum(
            each.mistake is not Mistake.NONE
            for each in corrected
            if (each.kiosk_id, each.is_night) == (kiosk_id, is_night)
        ),
    )


def _outcome(sighting: Sighting) -> str:
    was = (sighting.correction or {}).get("was_outcome")
    return str(was or sighting.outcome)


def _corrected(sighting: Sighting, correction: Mapping[str, Any], is_night: bool) -> Corrected:
    said, really = correction.get("was_person_id"), sighting.person_id
    if said == really:
        mistake = Mistake.NONE
    elif really is None:
        mistake = Mistake.STRANGER_NAMED
    else:
        mistake = Mistake.TURNED_AWAY if said is None else Mistake.WRONG_NAME
    return Corrected(
        sighting.capture_id,
        sighting.kiosk_id,
        sighting.captured_at,
        is_night,
        said,
        really,
        mistake,
        _candidates(sighting.decision),
    )


def _candidates(decision: Mapping[str, Any] | None) -> tuple[Likeness, ...]:
    return tuple(
        Likeness(str(each["person_id"]), "", float(each["similarity_pct"]))
        for each in (decision or {}).get("candidates") or ()
        # Whoever is not more similar than a picture that does not show them is not named.
        if each.get("counter_pct") is None or each["counter_pct"] < each["similarity_pct"]
    )
