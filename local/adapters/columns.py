"""Times, boxes and decisions as SQLite columns. Times are text of one width in UTC: they compare as times."""

import json
from dataclasses import asdict, astuple
from datetime import datetime

from recognizeme.domain.model import Box, Candidate, DecisionRecord
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


def to_decision(value: DecisionRecord | None) -> str | None:
    """A JSON object, or None for none."""
    return None if value is None else json.dumps(asdict(value))


def from_decision(text: str | None) -> DecisionRecord | None:
    """The decision, or None for none."""
    if text is None:
        return None
    stored = json.loads(text)
    return DecisionRecord(
        **stored | {"candidates": tuple(Candidate(**each) for each in stored["candidates"])}
    )
