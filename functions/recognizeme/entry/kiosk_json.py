"""Kiosks, groups and heartbeats as JSON, both ways; `make api` publishes the types."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any, Literal, NotRequired, TypedDict, TypeVar

from recognizeme.domain.errors import InvalidRequest
from recognizeme.domain.kiosks import (
    DAYS,
    MOST_GROUPS,
    MOST_OPENINGS,
    Direction,
    Door,
    Heartbeat,
    Kiosk,
    KioskState,
    Opening,
    Sureness,
)
from recognizeme.entry import parsing
from recognizeme.entry.forms import (
    ClockTime,
    Count,
    EndTime,
    Form,
    Group,
    KioskId,
    LetIn,
    Name,
    Pct,
    Time,
    TimeZone,
)
from recognizeme.entry.presentation import time_text

Fields = Mapping[str, Any]
Value = TypeVar("Value")

_MOST_TEXT = 300

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Groups = Annotated[list[LetIn], Form(maxItems=MOST_GROUPS), "Who may enter; `*` is everybody enrolled"]
OpeningJson = TypedDict("OpeningJson", {"days": list[Day], "from": ClockTime, "until": EndTime})
OpeningJson.__doc__ = "When a door may open, by the clock on the wall."
OpeningRequest = TypedDict(
    "OpeningRequest",
    {
        "days": NotRequired[Annotated[list[Day], Form(minItems=1), "Every day when left out"]],
        "from": NotRequired[ClockTime],
        "until": NotRequired[EndTime],
    },
)
OpeningRequest.__doc__ = "When a door may open; what is left out is the whole day."


class SpoolJson(TypedDict):
    """Pictures that wait on the kiosk's disk to be delivered."""

    waiting: Count | None
    waiting_bytes: Count | None


class SpoolRequest(TypedDict, total=False):
    """Pictures that wait on the kiosk's disk to be delivered."""

    waiting: Count | None
    waiting_bytes: Count | None


class HeartbeatRequest(TypedDict, total=False):
    """What a kiosk says of itself every minute."""

    version: Annotated[str | None, "Of its program"]
    sent_at: Annotated[Time | None, "By its own clock"]
    seeing: Annotated[bool, "Whether frames came since the last one; true when left out"]
    last_frame_at: Time | None
    camera_trouble: Annotated[str | None, "One sentence"]
    delivery_trouble: Annotated[str | None, "One sentence"]
    spool: SpoolRequest | None
    policy_version: Annotated[str | None, "Of the policy it runs"]


class HeardJson(TypedDict):
    """That a kiosk was heard."""

    kiosk_id: KioskId
    received_at: Time
    policy_version: Annotated[str, "Of the policy it should run"]


class LastHeartbeatJson(TypedDict):
    """What a kiosk last said of itself."""

    received_at: Time
    seen_at: Annotated[Time | None, "The last heartbeat by which it saw"]
    version: str | None
    camera_trouble: str | None
    delivery_trouble: str | None
    spool: SpoolJson
    clock_ahead_s: Annotated[float | None, "How far its clock was ahead of ours"]
    last_frame_at: Annotated[Time | None, "By its own clock"]
    policy_version: Annotated[str | None, "Of the policy it runs"]


class PolicyJson(TypedDict):
    """What a kiosk has to know of its door."""

    kiosk_id: KioskId
    direction: Direction
    groups: Groups
    time_zone: TimeZone
    openings: list[OpeningJson]
    version: str
    is_set: Annotated[bool, "Whether the office has said anything of this kiosk"]


class KioskJson(TypedDict):
    """A kiosk: what the office says of it, and how it is doing."""

    kiosk_id: KioskId
    name: Name | None
    place: Name | None
    direction: Direction
    groups: Groups
    time_zone: TimeZone
    openings: list[OpeningJson]
    threshold_pct: Pct | None
    margin_pct: Pct | None
    reason: Annotated[Name | None, "Of threshold and margin"]
    policy_version: Annotated[str, "Of the policy it should run"]
    is_set: Annotated[bool, "Whether the office has said anything of this kiosk"]
    state: KioskState
    heartbeat: LastHeartbeatJson | None


class SurenessRequest(TypedDict, total=False):
    """How sure a recognition must be, and why."""

    threshold_pct: Pct | None
    margin_pct: Pct | None
    reason: Annotated[Name | None, "Needed with either"]


class KioskRequest(SurenessRequest, total=False):
    """What is to be known of a kiosk."""

    name: Name | None
    place: Name | None
    direction: Direction
    groups: Groups | None
    time_zone: TimeZone
    openings: Annotated[list[OpeningRequest], Form(maxItems=MOST_OPENINGS)] | None


class GroupJson(TypedDict):
    """How sure a recognition must be of somebody of a group."""

    group: Group
    threshold_pct: Pct | None
    margin_pct: Pct | None
    reason: Name | None


def kiosk_json(door: Door, *, now: datetime, minutes: float) -> KioskJson:
    """A kiosk as the office sees it, when it may be silent for so many minutes."""
    kiosk = door.kiosk
    return {
        "kiosk_id": kiosk.kiosk_id,
        "name": kiosk.name,
        "place": kiosk.place,
        "direction": kiosk.direction,
        "groups": list(kiosk.groups),
        "time_zone": kiosk.time_zone,
        "openings": list(map(_opening_json, kiosk.openings)),
        "threshold_pct": kiosk.sureness.threshold_pct,
        "margin_pct": kiosk.sureness.margin_pct,
        "reason": kiosk.sureness.reason,
        "policy_version": kiosk.version,
        "is_set": door.is_set,
        "state": door.state(now, minutes=minutes),
        "heartbeat": _heartbeat_json(door.heartbeat) if door.heartbeat else None,
    }


def policy_json(door: Door) -> PolicyJson:
    """What a kiosk takes from here."""
    kiosk = door.kiosk
    return {
        "kiosk_id": kiosk.kiosk_id,
        "direction": kiosk.direction,
        "groups": list(kiosk.groups),
        "time_zone": kiosk.time_zone,
        "openings": list(map(_opening_json, kiosk.openings)),
        "version": kiosk.version,
        "is_set": door.is_set,
    }


def heard_json(kiosk_id: str, heard: Heartbeat, door: Door) -> HeardJson:
    """The answer to a heartbeat."""
    return {
        "kiosk_id": kiosk_id,
        "received_at": time_text(heard.received_at),
        "policy_version": door.kiosk.version,
    }


def group_json(group: str, sureness: Sureness) -> GroupJson:
    """How sure a recognition must be of somebody of a group."""
    return {
        "group": group,
        "threshold_pct": sureness.threshold_pct,
        "margin_pct": sureness.margin_pct,
        "reason": sureness.reason,
    }


def changed_kiosk(kiosk: Kiosk, fields: Fields) -> Kiosk:
    """The kiosk with what the fields say; what they leave out stays, null takes it away.

    Raises `InvalidRequest`.
    """
    name, place = (
        _given(fields, member, getattr(kiosk, member), lambda _, member=member: parsing.text(fields, member))
        for member in ("name", "place")
    )
    return replace(
        kiosk,
        name=name,
        place=place,
        direction=parsing.choice(Direction, fields, "direction", kiosk.direction),
        groups=_given(fields, "groups", kiosk.groups, lambda value: _texts(value, "groups"), ()),
        time_zone=parsing.text(fields, "time_zone", kiosk.time_zone),
        openings=_given(fields, "openings", kiosk.openings, _openings, ()),
        sureness=_changed_sureness(kiosk.sureness, fields),
    )


def changed_group(sureness: Sureness, fields: Fields) -> Sureness:
    """How sure one must be of a group, with what the fields say; as `changed_kiosk` otherwise."""
    return _changed_sureness(sureness, fields)


def heartbeat(fields: Fields, *, now: datetime) -> Heartbeat:
    """A heartbeat's body; a kiosk that says nothing more says that it sees. Raises `InvalidRequest`."""
    spool = {} if fields.get("spool") is None else fields["spool"]
    if not isinstance(spool, dict):
        raise InvalidRequest("spool must be an object")
    sees = fields.get("seeing", True)
    if not isinstance(sees, bool):
        raise InvalidRequest("seeing must be true or false")
    sent_at, last_frame_at = _moment(fields, "sent_at"), _moment(fields, "last_frame_at")
    return Heartbeat(
        received_at=now,
        seen_at=now if sees else None,
        version=_text(fields, "version"),
        camera_trouble=_text(fields, "camera_trouble"),
        delivery_trouble=_text(fields, "delivery_trouble"),
        spool_waiting=_count(spool, "waiting"),
        spool_bytes=_count(spool, "waiting_bytes"),
        clock_ahead_s=round((sent_at - now).total_seconds(), 3) if sent_at else None,
        last_frame_at=last_frame_at,
        policy_version=_text(fields, "policy_version"),
    )


def _opening_json(opening: Opening) -> OpeningJson:
    days: list[Any] = list(opening.days)
    return {"days": days, "from": opening.start, "until": opening.until}


def _heartbeat_json(beat: Heartbeat) -> LastHeartbeatJson:
    return {
        "received_at": time_text(beat.received_at),
        "seen_at": time_text(beat.seen_at),
        "version": beat.version,
        "camera_trouble": beat.camera_trouble,
        "delivery_trouble": beat.delivery_trouble,
        "spool": {"waiting": beat.spool_waiting, "waiting_bytes": beat.spool_bytes},
        "clock_ahead_s": beat.clock_ahead_s,
        "last_frame_at": time_text(beat.last_frame_at),
        "policy_version": beat.policy_version,
    }


def _changed_sureness(sureness: Sureness, fields: Fields) -> Sureness:
    return Sureness(
        _given(fields, "threshold_pct", sureness.threshold_pct, lambda _: _number(fields, "threshold_pct")),
        _given(fields, "margin_pct", sureness.margin_pct, lambda _: _number(fields, "margin_pct")),
        _given(fields, "reason", sureness.reason, lambda _: parsing.text(fields, "reason")),
    )


def _given(fields: Fields, name: str, known: Value, read: Any, empty: Any = None) -> Value:
    if name not in fields:
        return known
    value: Value = empty if fields[name] is None else read(fields[name])
    return value


def _openings(value: Any) -> tuple[Opening, ...]:
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise InvalidRequest(
            'openings must be a list like [{"days": ["mon"], "from": "07:00", "until": "19:30"}]'
        )
    return tuple(
        Opening(
            _texts(each.get("days", list(DAYS)), "days"),
            parsing.text(each, "from", "00:00"),
            parsing.text(each, "until", "24:00"),
        )
        for each in value
    )


def _texts(value: Any, name: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise InvalidRequest(f"{name} must be a list of strings")
    return tuple(dict.fromkeys(value))


def _number(fields: Fields, name: str) -> float:
    value = fields[name]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidRequest(f"{name} must be a number")
    return float(value)


def _count(fields: Fields, name: str) -> int | None:
    value = fields.get(name)
    if value is None:
        return None
    # In JSON 2.0 is the same number as 2.
    is_whole = isinstance(value, int | float) and not isinstance(value, bool) and value % 1 == 0
    if not is_whole or not 0 <= value < 2**53:
        raise InvalidRequest(f"{name} must be a number from 0")
    return int(value)


def _moment(fields: Fields, name: str) -> datetime | None:
    return None if fields.get(name) is None else parsing.time(parsing.text(fields, name), name)


def _text(fields: Fields, name: str) -> str | None:
    return None if fields.get(name) is None else parsing.text(fields, name)[:_MOST_TEXT]
