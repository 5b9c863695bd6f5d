"""Roll calls as JSON, both ways; `make api` publishes the types."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Annotated, TypedDict

from recognizeme.domain.model import Person
from recognizeme.domain.rollcalls import By, Entry, Kind, RollCall, State, Tick
from recognizeme.entry.forms import CaptureId, Count, KioskId, Name, PersonId, Time
from recognizeme.entry.presentation import time_text


class RollCallRequest(TypedDict):
    """A roll call to begin."""

    kind: Kind


class TickRequest(TypedDict):
    """How it is with somebody."""

    state: Annotated[State, "`unaccounted` takes back what was said before"]


class ByJson(TypedDict):
    """Who did it."""

    principal: Annotated[str, "As it was verified"]
    on_behalf_of: Annotated[str | None, "Whom the principal says to act for"]


class RollCallJson(TypedDict):
    """A roll call."""

    rollcall_id: CaptureId
    kind: Kind
    started_at: Time
    started_by: ByJson
    ended_at: Annotated[Time | None, "Null while it goes on"]
    ended_by: ByJson | None


class TickJson(TypedDict):
    """That somebody said how it is with somebody."""

    state: State
    at: Time
    by: ByJson


class EntryJson(TypedDict):
    """Somebody on the list."""

    person_id: PersonId
    name: Annotated[Name | None, "Null when they are being forgotten"]
    state: Annotated[State, "As the last tick says"]
    seen_at: Annotated[Time | None, "When they were last seen before; null when they were added to the list"]
    seen_by: Annotated[KioskId | None, "Where that was"]
    ticks: Annotated[list[TickJson], "Everything that was said, in order"]


class CountsJson(TypedDict):
    """How many of the list are what; whom no camera saw and nobody added is in none."""

    safe: Count
    missing: Count
    unaccounted: Count


class RollCallListJson(RollCallJson):
    """A roll call and its list."""

    counts: CountsJson
    people: Annotated[list[EntryJson], "Those who are missing or not accounted for before those who are safe"]


_ORDER = (State.MISSING, State.UNACCOUNTED, State.SAFE)


def roll_call_json(roll_call: RollCall) -> RollCallJson:
    """A roll call without its list."""
    return {
        "rollcall_id": roll_call.rollcall_id,
        "kind": roll_call.kind,
        "started_at": time_text(roll_call.started_at),
        "started_by": _by_json(roll_call.started_by),
        "ended_at": time_text(roll_call.ended_at),
        "ended_by": _by_json(roll_call.ended_by) if roll_call.ended_by else None,
    }


def roll_call_list_json(
    roll_call: RollCall, entries: Sequence[Entry], people: Mapping[str, Person]
) -> RollCallListJson:
    """A roll call and its list, whoever is looked for first."""
    counts = Counter(entry.state for entry in entries)
    shown = [entry_json(entry, people.get(entry.person_id)) for entry in entries]
    shown.sort(key=lambda each: (_ORDER.index(each["state"]), (each["name"] or "").casefold()))
    return {
        **roll_call_json(roll_call),
        "counts": {
            "safe": counts[State.SAFE],
            "missing": counts[State.MISSING],
            "unaccounted": counts[State.UNACCOUNTED],
        },
        "people": shown,
    }


def entry_json(entry: Entry, person: Person | None) -> EntryJson:
    """Somebody on the list."""
    return {
        "person_id": entry.person_id,
        "name": person.name if person else None,
        "state": entry.state,
        "seen_at": time_text(entry.seen_at),
        "seen_by": entry.seen_by,
        "ticks": list(map(_tick_json, entry.ticks)),
    }


def _tick_json(tick: Tick) -> TickJson:
    return {"state": tick.state, "at": time_text(tick.at), "by": _by_json(tick.by)}


def _by_json(by: By) -> ByJson:
    return {"principal": by.principal, "on_behalf_of": by.on_behalf_of}
