"""Times and boxes as SQLite columns. Times are text of one width in UTC, so that they compare as times."""

import json
from dataclasses import astuple
from datetime import datetime

from recognizeme.domain.model import Box
from recognizeme.domain.times import to_text


def to_moment(value: datetime | None) -> str | None:
    """ISO 8601 in UTC with microseconds, or None for none."""
    return None if value is None else to_text(value)


def from_moment(text: str | None) -> datetime | None:
    """The time, or None for none."""
    return None if text is None else datetime.fromisoformat(text)


def to_box(value: Box | None) -> str | None:
    """A JSON list of left, top, width and height, or None for none."""
    return None if value is None else json.dumps(astuple(value))


def from_box(text: str | None) -> Box | None:
    """The box, or None for none."""
    return None if text is None else Box(*json.loads(text))
