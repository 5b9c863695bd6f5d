"""Count sightings: outcomes, calls and their cost, for each day and kiosk."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from recognizeme.domain.model import Outcome, Sighting, Status
from recognizeme.domain.ports import SightingQuery, Sightings


@dataclass(slots=True)
class Tally:
    """How many sightings came to what."""

    outcomes: Counter[Outcome] = field(default_factory=Counter)
    pending: int = 0
    failed: int = 0
    rekognition_calls: int = 0

    def add(self, sighting: Sighting) -> None:
        """Count one sighting."""
        self.rekognition_calls += sighting.rekognition_calls
        if sighting.status is Status.DONE and sighting.outcome is not None:
            self.outcomes[sighting.outcome] += 1
        elif sighting.status is Status.FAILED:
            self.failed += 1
        else:
            self.pending += 1


def tally(sightings: Iterable[Sighting]) -> tuple[dict[tuple[str, str], Tally], Tally]:
    """A tally for each (day in UTC, kiosk), newest day first, and one over all."""
    each: dict[tuple[str, str], Tally] = {}
    total = Tally()
    for sighting in sightings:
        key = (f"{sighting.capture.captured_at:%Y-%m-%d}", sighting.capture.kiosk_id)
        each.setdefault(key, Tally()).add(sighting)
        total.add(sighting)
    return dict(sorted(each.items(), key=lambda item: (item[0][0], item[0][1]), reverse=True)), total


def all_sightings(sightings: Sightings, query: SightingQuery, *, page_size: int = 500) -> Iterator[Sighting]:
    """Every sighting of a query, page by page."""
    cursor = None
    while True:
        page = sightings.query(query, limit=page_size, cursor=cursor)
        yield from page.items
        cursor = page.next_cursor
        if cursor is None:
            return
