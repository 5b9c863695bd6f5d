"""Rules and messages as JSON, both ways; `make api` publishes the types."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Required, TypedDict

from recognizeme.domain.errors import InvalidRequest
from recognizeme.domain.kiosks import DAYS, Opening
from recognizeme.domain.notifications import (
    LONGEST_COOLDOWN_S,
    MOST_OF_EACH,
    Channel,
    EventKind,
    Notice,
    NoticeState,
    Rule,
    Wording,
)
from recognizeme.entry import parsing
from recognizeme.entry.forms import Count, Form, Group, KioskId, PersonId, RuleId, Time, TimeZone
from recognizeme.entry.kiosk_json import OpeningJson, OpeningRequest
from recognizeme.entry.presentation import time_text

Fields = Mapping[str, Any]
Hours = Annotated[list[OpeningRequest], Form(maxItems=MOST_OF_EACH)]
Cooldown = Annotated[
    int, Form(minimum=0, maximum=LONGEST_COOLDOWN_S), "Seconds until the next message about the same person"
]
To = Annotated[str | None, "An e-mail address, or an https or mqtts URL; none for slack and teams"]
Secret = Annotated[RuleId | None, "The name of a secret, never the secret itself"]
OnlyPeople = Annotated[list[PersonId], Form(maxItems=MOST_OF_EACH), "Only these people, or those of groups"]
OnlyGroups = Annotated[list[Group], Form(maxItems=MOST_OF_EACH)]
OnlyKiosks = Annotated[list[KioskId], Form(maxItems=MOST_OF_EACH), "Only at these kiosks"]
Events = Annotated[list[EventKind], Form(minItems=1)]


class RuleRequest(TypedDict, total=False):
    """What is announced to whom. What is left out is as in a new rule: a rule is replaced as a whole."""

    events: Required[Events]
    channel: Required[Channel]
    to: To
    secret: Secret
    people: OnlyPeople | None
    groups: OnlyGroups | None
    kiosks: OnlyKiosks | None
    hours: Annotated[Hours | None, "Only what happens then"]
    quiet: Annotated[Hours | None, "When nothing is sent"]
    time_zone: TimeZone
    cooldown_s: Cooldown
    wording: Wording
    picture: Annotated[bool, "Whether the picture is sent along; false when left out"]
    enabled: bool


class RuleJson(TypedDict):
    """A rule: what is announced to whom."""

    rule_id: RuleId
    events: Events
    channel: Channel
    to: To
    secret: Secret
    people: OnlyPeople
    groups: OnlyGroups
    kiosks: OnlyKiosks
    hours: list[OpeningJson]
    quiet: list[OpeningJson]
    time_zone: TimeZone
    cooldown_s: Cooldown
    wording: Wording
    picture: bool
    enabled: bool


class NoticeJson(TypedDict):
    """A message and what became of it."""

    notice_id: Annotated[str, "The same however often it is delivered"]
    rule_id: RuleId
    event: EventKind | Literal["test"]
    capture_id: Annotated[str | None, "Of the sighting it tells of"]
    kiosk_id: KioskId | None
    at: Annotated[Time, "When it happened"]
    decided_at: Time
    state: NoticeState
    attempts: Annotated[Count, "Those that failed"]
    error: Annotated[str | None, "Of the last one"]
    settled_at: Time | None


class NoticeLimit(TypedDict, total=False):
    """How many messages to list."""

    limit: Annotated[int, Form(minimum=1, maximum=parsing.MOST_ON_A_PAGE, default=parsing.ON_A_PAGE)]


def rule_json(rule: Rule) -> RuleJson:
    """A rule."""
    return {
        "rule_id": rule.rule_id,
        "events": list(rule.events),
        "channel": rule.channel,
        "to": rule.to,
        "secret": rule.secret,
        "people": list(rule.people),
        "groups": list(rule.groups),
        "kiosks": list(rule.kiosks),
        "hours": list(map(_opening_json, rule.hours)),
        "quiet": list(map(_opening_json, rule.quiet)),
        "time_zone": rule.time_zone,
        "cooldown_s": rule.cooldown_s,
        "wording": rule.wording,
        "picture": rule.picture,
        "enabled": rule.enabled,
    }


def notice_json(notice: Notice) -> NoticeJson:
    """A message."""
    return {
        "notice_id": notice.notice_id,
        "rule_id": notice.rule_id,
        "event": notice.kind or "test",
        "capture_id": notice.event_id if notice.is_of_sighting else None,
        "kiosk_id": notice.kiosk_id or None,
        "at": time_text(notice.at),
        "decided_at": time_text(notice.decided_at),
        "state": notice.state,
        "attempts": notice.attempts,
        "error": notice.error,
        "settled_at": time_text(notice.settled_at),
    }


def read_rule(rule_id: str, fields: Fields) -> Rule:
    """The rule that a body says; raises `InvalidRequest`."""
    if "events" not in fields or "channel" not in fields:
        raise InvalidRequest("events and channel are missing: of what is to be told, and how")
    new = Rule(rule_id, (EventKind.UNKNOWN,), Channel.EMAIL, to="nobody@example.com")
    cooldown_s = fields.get("cooldown_s", new.cooldown_s)
    # In JSON 2.0 is the same number as 2.
    if isinstance(cooldown_s, bool) or not isinstance(cooldown_s, int | float) or cooldown_s % 1:
        raise InvalidRequest("cooldown_s must be a whole number of seconds")
    return Rule(
        rule_id,
        _kinds(fields["events"]),
        parsing.choice(Channel, fields, "channel", new.channel),
        to=parsing.optional_text(fields, "to"),
        secret=parsing.optional_text(fields, "secret"),
        people=_texts(fields, "people"),
        groups=_texts(fields, "groups"),
        kiosks=_texts(fields, "kiosks"),
        hours=_openings(fields, "hours"),
        quiet=_openings(fields, "quiet"),
        time_zone=parsing.text(fields, "time_zone", new.time_zone),
        cooldown_s=int(cooldown_s),
        wording=parsing.choice(Wording, fields, "wording", new.wording),
        picture=parsing.boolean(fields, "picture"),
        enabled=parsing.boolean(fields, "enabled") if "enabled" in fields else True,
    )


def _kinds(value: Any) -> tuple[EventKind, ...]:
    known = {str(kind): kind for kind in EventKind}
    if not isinstance(value, list) or not all(isinstance(each, str) and each in known for each in value):
        raise InvalidRequest(f"events must be a list of {', '.join(EventKind)}")
    return tuple(dict.fromkeys(known[each] for each in value))


def _texts(fields: Fields, name: str) -> tuple[str, ...]:
    value = [] if fields.get(name) is None else fields[name]
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise InvalidRequest(f"{name} must be a list of strings")
    return tuple(dict.fromkeys(value))


def _openings(fields: Fields, name: str) -> tuple[Opening, ...]:
    value = [] if fields.get(name) is None else fields[name]
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise InvalidRequest(f'{name} must be a list like [{{"days": ["mon"], "from": "07:00"}}]')
    return tuple(
        Opening(
            _texts(each, "days") if "days" in each else DAYS,
            parsing.text(each, "from", "00:00"),
            parsing.text(each, "until", "24:00"),
        )
        for each in value
    )


def _opening_json(opening: Opening) -> OpeningJson:
    days: list[Any] = list(opening.days)
    return {"days": days, "from": opening.start, "until": opening.until}
