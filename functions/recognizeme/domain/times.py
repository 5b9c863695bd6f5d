"""A moment as text, said once: ISO 8601 in UTC, of one width, so that texts compare as times."""

from datetime import UTC, datetime


def to_text(moment: datetime) -> str:
    """To the microsecond, for what is stored; `datetime.fromisoformat` reads it."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def to_api_text(moment: datetime) -> str:
    """To the millisecond and with a Z, as AWS and our own API write times."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
