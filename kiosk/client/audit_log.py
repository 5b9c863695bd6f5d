"""The audit log in words, and as a table for spreadsheets."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

COLUMNS = (
    *("line_id", "at", "principal", "on_behalf_of", "action", "person_id", "person_hash", "about", "detail"),
    *("source", "result", "status"),
)
# What a spreadsheet would take for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")

# What each route does, as somebody at a desk says it.
ACTIONS = {
    "POST /kiosks/{kiosk_id}/recognitions": "had a picture recognized",
    "POST /kiosks/{kiosk_id}/captures": "handed a picture in",
    "GET /sightings/{capture_id}/photo": "looked at the picture of a visit",
    "GET /people/{person_id}/photo": "looked at a photo",
    "POST /sightings/{capture_id}/correction": "corrected a visit",
    "POST /sightings/{capture_id}/lessons": "let a visit teach",
    "DELETE /sightings/{capture_id}/lessons": "took back what a visit taught",
    "PUT /people/{person_id}": "added or changed a person",
    "DELETE /people/{person_id}": "forgot a person",
    "POST /people/{person_id}/photos": "added a photo",
    "DELETE /people/{person_id}/photos/{photo_id}": "removed a photo",
    "POST /people/{person_id}/merge": "merged a person with another",
    "DELETE /people/{person_id}/merge": "undid a merge",
    "PUT /kiosks/{kiosk_id}": "changed a door",
    "DELETE /kiosks/{kiosk_id}": "removed a door",
    "PUT /groups/{group}": "changed a group",
    "POST /replays": "tried again what had failed",
    "POST /collection-checks": "checked the faces",
    "POST /reindexes": "rebuilt the faces",
}


def csv_lines(lines: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Every column, a row at a time, the names of the columns first; no cell is taken for a formula."""
    yield _row(COLUMNS)
    for line in lines:
        yield _row(_cell(line.get(column)) for column in COLUMNS)


def pairs(texts: Mapping[str, str]) -> str:
    """`photo_id=1.jpg reason=twin`."""
    return " ".join(f"{name}={value}" for name, value in texts.items())


def _row(cells: Iterable[str]) -> str:
    text = io.StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue()


def _cell(value: object) -> str:
    text = pairs(value) if isinstance(value, dict) else "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
