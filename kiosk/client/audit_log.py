"""The audit log in words, and as a table for spreadsheets."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from kiosk.client import csv_text

COLUMNS = (
    *("line_id", "at", "principal", "on_behalf_of", "action", "person_id", "person_hash", "about", "detail"),
    *("source", "result", "status"),
)

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
    return csv_text.csv_lines(COLUMNS, ([_cell(line.get(column)) for column in COLUMNS] for line in lines))


def pairs(texts: Mapping[str, str]) -> str:
    """`photo_id=1.jpg reason=twin`."""
    return " ".join(f"{name}={value}" for name, value in texts.items())


def _cell(value: object) -> object:
    return pairs(value) if isinstance(value, dict) else value
