"""Count sightings: outcomes, calls and their cost, for each day and kiosk."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from recognizeme.domain.model import Outcome, Sighting, Status
from recognizeme.domain.ports import Clock, SightingQuery, Sightings
from recognizeme.domain.totals import TOTAL_DAYS, Count

_DEFAULT_DAYS = 7
_DAY = timedelta(days=1)


@dataclass(slots=True)
class Tally:
    """How many sightings came to what."""

    outcomes: dict[Outcome, int] = field(default_factory=dict)
    pending: int = 0
    failed: int = 0
    rekognition_calls: int = 0

    def add(self, count: Count) -> None:
        """Add one count."""
        self.rekognition_calls += count.rekognition_calls
        if isinstance(count.result, Outcome):
            self.outcomes[count.result] = self.outcomes.get(count.result, 0) + count.sightings
        elif count.result is Status.FAILED:
            self.failed += count.sightings
        else:
            self.pending += count.sightings


def statistics(
    sightings: Sightings,
    *,
    since: datetime | None,
    until: datetime | None,
    now: Clock,
    group: str | None = None,
) -> tuple[dict[tuple[date, str], Tally], Tally]:
    """A tally for each day and kiosk, newest day first, and one over all; of one group, if it is given.

    Days are whole ones in UTC, from that of `since` to the last that begins before `until`: seven of them
    when `since` is left out, and never one that is further back than totals are kept.
    """
    today = now().astimezone(UTC).date()
    last = today + _DAY  # a kiosk's clock may be ahead
    if until is not None:
        last = min(last, (until - timedelta.resolution).astimezone(UTC).date())
    first = since.astimezone(UTC).date() if since else min(last, today) - (_DEFAULT_DAYS - 1) * _DAY
    first = max(first, today - TOTAL_DAYS * _DAY)
    each: dict[tuple[date, str], Tally] = {}
    total = Tally()
    for count in sightings.counts(first, last, group=group) if first <= last else ():
        each.setdefault((count.day, count.kiosk_id), Tally()).add(count)
        total.add(count)
    return {key: each[key] for key in sorted(each, reverse=True)}, total


def all_sightings(sightings: Sightings, query: SightingQuery, *, page_size: int = 500) -> Iterator[Sighting]:
    """Every sighting of a query, page by page."""
    cursor = None
    while True:
        page = sightings.query(query, limit=page_size, cursor=cursor)
        yield from page.items
        cursor = page.next_cursor
        if cursor is None:
            return
