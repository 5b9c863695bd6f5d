"""Time ranges as ranges of capture ids, which sort by time as text (UUIDv7)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from recognizeme.domain.model import capture_id_floor, captured_at

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)

# Text before and after every capture id: those are lower-case hexadecimal.
_FIRST, _LAST = "0", "g"


@dataclass(frozen=True, slots=True)
class IdRange:
    """Capture ids from `low` to `high`, both included, as DynamoDB's BETWEEN has it."""

    low: str
    high: str

    def __bool__(self) -> bool:
        """Whether any id can lie in it; BETWEEN refuses a range that is upside down."""
        return self.low <= self.high


def id_range(since: datetime | None, until: datetime | None, before: str | None = None) -> IdRange:
    """The ids with `since` <= captured_at < `until`, and below the id `before`."""
    low = first_id(since) if since else _FIRST
    ends = [end for end in (first_id(until) if until else None, before) if end]
    return IdRange(low, _predecessor(min(ends)) if ends else _LAST)


def id_range_of_days(first: date, last: date) -> IdRange:
    """The ids captured on these days, in UTC, both included."""
    return id_range(midnight(first), midnight(last + timedelta(days=1)))


def midnight(day: date) -> datetime:
    """When a day begins, in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def first_id(moment: datetime) -> str:
    """The smallest id of a capture taken at `moment` or later; ids know milliseconds from 1970 on."""
    milliseconds = max(0, -((_EPOCH - moment) // _MILLISECOND))  # rounded up
    try:
        return capture_id_floor(_EPOCH + milliseconds * _MILLISECOND)
    except OverflowError:  # the year 10000 begins, and no id is larger
        return "ffffffff-ffff-7fff-bfff-ffffffffffff"


def newest_month_first(since: datetime, until: datetime, before: str | None) -> Iterator[tuple[str, IdRange]]:
    """Each month (YYYY-MM, UTC) with ids of `id_range(since, until, before)`, and the month's own range."""
    newest = min(until, captured_at(before) + _MILLISECOND) if before else until
    begin = newest.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    end = (begin + timedelta(days=31)).replace(day=1)
    while end > since:
        ids = id_range(max(since, begin), min(until, end), before)
        if ids:
            yield f"{begin:%Y-%m}", ids
        begin, end = (begin - timedelta(days=1)).replace(day=1), begin


def _predecessor(capture_id: str) -> str:
    return str(UUID(int=max(0, UUID(capture_id).int - 1)))
