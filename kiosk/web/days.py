"""Days as people say them at a desk, in the viewer's time zone."""

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class NoDay(ValueError):
    """These words name no day; the text says which do."""


def day_of(words: str, today: date) -> date:
    """`2026-11-23`, `today`, `yesterday`, `tuesday` or `last tuesday`: the latest such day before today.

    Raises `NoDay` for anything else.
    """
    said = " ".join(words.lower().split()).removeprefix("last ")
    if said in {"today", "yesterday"}:
        return today - timedelta(days=said == "yesterday")
    if said in _WEEKDAYS:
        return today - timedelta(days=(today.weekday() - _WEEKDAYS.index(said) - 1) % 7 + 1)
    try:
        return date.fromisoformat(said)
    except ValueError:
        raise NoDay("this is no day: write one like 2026-11-23, today, yesterday or last Tuesday") from None


def bounds(day: date, zone: tzinfo) -> tuple[datetime, datetime]:
    """When a day begins and ends in a zone, in UTC; a day of the clock change is longer or shorter.

    Raises `NoDay` for one at the end of all calendars.
    """
    try:
        begin, end = (datetime.combine(each, time(), zone) for each in (day, day + timedelta(days=1)))
        return begin.astimezone(UTC), end.astimezone(UTC)
    except OverflowError:
        raise NoDay("this day is too far away: write one like 2026-11-23") from None


def zone_of(name: str | None) -> tzinfo:
    """The time zone of this name; UTC for what is none."""
    try:
        return ZoneInfo(name) if name and len(name) < 64 else UTC
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC
