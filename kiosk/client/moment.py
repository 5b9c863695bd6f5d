"""Times as the API and the kiosk's files write them."""

from datetime import UTC, datetime

# This program is younger than that: a clock that says otherwise was never set (a machine without a battery).
EARLIEST = datetime(2026, 11, 1, tzinfo=UTC)


def iso_text(moment: datetime) -> str:
    """ISO 8601 in UTC, to the millisecond: `2026-11-23T08:15:02.120Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
