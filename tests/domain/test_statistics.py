"""Which days the statistics cover, and how they add up."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

import pytest

from recognizeme.domain.model import Outcome, Status
from recognizeme.domain.totals import TOTAL_DAYS, Count
from recognizeme.entry.parsing import time
from recognizeme.usecases.statistics import Tally, statistics

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
TODAY = NOW.date()
DAY = timedelta(days=1)


class EveryDay:
    """One unknown visitor a day."""

    def counts(self, first: date, last: date, *, group: str | None = None) -> Iterable[Count]:
        self.asked = (first, last)
        while first <= last:
            yield Count(first, "front", Outcome.UNKNOWN, 1, 1)
            first += DAY


def days(since: datetime | None = None, until: datetime | None = None) -> tuple[date, date] | None:
    each, total = statistics(EveryDay(), since=since, until=until, now=lambda: NOW)  # type: ignore[arg-type]
    assert total.rekognition_calls == len(each)
    found = [day for day, _ in each]
    assert found == sorted(found, reverse=True)
    return (found[-1], found[0]) if found else None


def test_seven_days_are_counted_and_what_a_fast_clock_made_of_tomorrow() -> None:
    assert days() == (TODAY - 6 * DAY, TODAY + DAY)


@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [
        ("2026-11-20T23:59:59.999Z", None, (date(2026, 11, 20), TODAY + DAY)),
        ("2026-11-20", "2026-11-22", (date(2026, 11, 20), date(2026, 11, 21))),
        ("2026-11-20", "2026-11-22T00:00:00.001Z", (date(2026, 11, 20), date(2026, 11, 22))),
        ("2026-11-21T01:00:00+02:00", "2026-11-22", (date(2026, 11, 20), date(2026, 11, 21))),
        (None, "2026-10-02", (date(2026, 9, 25), date(2026, 10, 1))),
        ("1970-01-01", "9999-12-31T23:59:59.999999Z", (TODAY - TOTAL_DAYS * DAY, TODAY + DAY)),
        ("1970-01-01", "1970-01-02", None),
        ("2027-01-01", None, None),
    ],
)
def test_days_are_whole_ones_in_utc_no_further_back_than_totals_are_kept(
    since: str | None, until: str | None, expected: tuple[date, date] | None
) -> None:
    times = (time(text, "time") if text else None for text in (since, until))

    assert days(*times) == expected


def test_counts_of_a_day_and_kiosk_add_up() -> None:
    tally = Tally()
    for result, sightings, calls in (
        (Outcome.UNKNOWN, 2, 3),
        (Outcome.RECOGNIZED, 4, 4),
        (Outcome.UNKNOWN, 1, 1),
        (Status.PENDING, 5, 0),
        (Status.FAILED, 6, 2),
    ):
        tally.add(Count(TODAY, "front", result, sightings, calls))

    assert tally == Tally({Outcome.UNKNOWN: 3, Outcome.RECOGNIZED: 4}, 5, 6, 10)
