"""A person as a row of a table."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from kiosk.client.wire import Json
from kiosk.commands.output import Record, write_json, write_list
from kiosk.commands.times import shown_day

_COLUMNS = {
    "person_id": "person", "name": "name", "groups": "groups", "faces": "faces", "state": "state",
    "consent": "consent", "created_at": "since",
}  # fmt: skip
_WHERE_THERE = ("groups", "state")  # columns that are left out where they would be empty


def row(person: Json, *, today: date | None = None) -> dict[str, Any]:
    """The person with their state and consent in words."""
    today = today or datetime.now(UTC).date()
    return {
        **person,
        "groups": " ".join(map(str, person.get("groups") or ())),
        "state": _state(person, today),
        "consent": _consent(person),
    }


def columns(rows: Sequence[Record]) -> Mapping[str, str]:
    """The columns that these rows need."""
    return {
        key: heading
        for key, heading in _COLUMNS.items()
        if key not in _WHERE_THERE or any(each.get(key) for each in rows)
    }


def write_person(person: Json, *, as_json: bool) -> None:
    """Write one person, as a row or as JSON."""
    if as_json:
        write_json(person)
    else:
        rows = [row(person)]
        write_list(rows, columns(rows), as_json=False, empty="")


def _state(person: Json, today: date) -> str:
    if on := person.get("forgotten_on"):
        return f"forgotten on {on}"
    if merged_into := person.get("merged_into"):
        return f"merged into {merged_into}"
    last = person.get("active_until")
    if not person.get("active", True):
        return "not active"
    if not last:
        return ""
    return f"until {last}" if today.isoformat() <= str(last) else f"ended {last}"


def _consent(person: Json) -> str:
    consent = person.get("consent")
    if not isinstance(consent, dict):
        return "not recorded"
    if withdrawn := consent.get("withdrawn_at"):
        return f"withdrawn {shown_day(withdrawn)}"
    said = (consent.get("recorded_by"), consent.get("text_version"))
    return " ".join([shown_day(consent.get("given_at")), *(str(each) for each in said if each)])
