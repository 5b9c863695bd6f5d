"""The candidates of a decision as bars on one scale, with the threshold on it."""

from collections.abc import Callable
from dataclasses import dataclass

from kiosk.client.sighting import Sighting

# Where the scale may begin: most decisions are made in its last few percent.
_BEGINNINGS = (98.0, 95.0, 90.0, 80.0, 50.0, 0.0)
_ROOM_PCT = 0.5  # left of the threshold, so that it can be seen


@dataclass(frozen=True, slots=True)
class Bar:
    """A candidate: how long the bar is, in percent of the scale, and what came of them.

    `tone` is `recognized`, `unknown` (below the threshold) or `uncertain` (above it, and yet not named).
    """

    person_id: str
    name: str | None
    similarity_pct: float
    counter_pct: float | None
    length_pct: float
    tone: str


@dataclass(frozen=True, slots=True)
class Scale:
    """Bars from `begins_pct` to 100."""

    begins_pct: float
    threshold_pct: float
    threshold_at_pct: float
    bars: tuple[Bar, ...]


def scale_of(sighting: Sighting, name_of: Callable[[str], str | None]) -> Scale | None:
    """The scale of a sighting, or None where nobody was considered or that was not kept."""
    decision = sighting.decision or {}
    candidates = decision.get("candidates") or ()
    if not candidates:
        return None
    threshold_pct = float(decision["threshold_pct"])
    best_pct = max(float(each["similarity_pct"]) for each in candidates)
    begins_pct = next(
        each for each in _BEGINNINGS if each <= max(0.0, min(best_pct, threshold_pct) - _ROOM_PCT)
    )

    def at(pct: float) -> float:
        return round(max(0.0, min(100.0, (pct - begins_pct) / (100 - begins_pct) * 100)), 2)

    def tone(person_id: str, pct: float) -> str:
        if sighting.outcome == "recognized" and person_id == sighting.person_id:
            return "recognized"
        return "uncertain" if pct >= threshold_pct else "unknown"

    bars = tuple(
        Bar(
            person_id=str(each["person_id"]),
            name=name_of(str(each["person_id"])),
            similarity_pct=float(each["similarity_pct"]),
            counter_pct=each.get("counter_pct"),
            length_pct=at(float(each["similarity_pct"])),
            tone=tone(str(each["person_id"]), float(each["similarity_pct"])),
        )
        for each in candidates
    )
    return Scale(begins_pct, threshold_pct, at(threshold_pct), bars)
