"""Who hears of what: rules, the decision whether something is announced, and how that is said."""

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from recognizeme.domain.errors import InvalidRequest
from recognizeme.domain.kiosks import DAYS, ZONE, Direction, Opening
from recognizeme.domain.model import (
    Sighting,
    check_group,
    check_kiosk_id,
    check_person_id,
    new_capture_id,
)

RULE_ID = r"[a-z0-9\-]{1,32}"
SECRET = RULE_ID
ADDRESS = r"[!-?A-~]{1,64}@[A-Za-z0-9.\-]{1,180}"
MOST_RULES, MOST_OF_EACH = 100, 50
LONGEST_COOLDOWN_S = 7 * 86400
NOTICE_DAYS = 14  # as long as failed events are kept
# After each failed try; they add up to six hours, and no wait is longer than SQS takes.
WAITS_S = (5.0, 30.0, 120.0, 600.0, *(900.0 for _ in range(23)))


class EventKind(StrEnum):
    """What a rule can ask for: a sighting's outcome, or a kiosk that is gone or back."""

    RECOGNIZED = "recognized"
    UNKNOWN = "unknown"
    UNCERTAIN = "uncertain"
    NO_FACE = "no_face"
    REJECTED = "rejected"
    KIOSK_GONE = "kiosk_gone"
    KIOSK_BACK = "kiosk_back"


_OF_KIOSKS = frozenset({EventKind.KIOSK_GONE, EventKind.KIOSK_BACK})


class Channel(StrEnum):
    """How a message travels."""

    EMAIL = "email"
    WEBHOOK = "webhook"
    MQTT = "mqtt"
    SLACK = "slack"
    TEAMS = "teams"


class Wording(StrEnum):
    """How it is said: as it is, or to the host of a guest."""

    PLAIN = "plain"
    GUEST = "guest"


@dataclass(frozen=True, slots=True)
class Rule:
    """What is announced to whom. Conditions that are empty ask for nothing.

    With `people` or `groups` it must show one of them. `hours` are when it happens, `quiet` when nothing is
    sent; both by the clocks of `time_zone`. `secret` names a secret and is none: the signing key of a
    webhook, `user:password` of an MQTT broker, the whole address of a Slack or Teams webhook.
    """

    rule_id: str
    events: tuple[EventKind, ...]
    channel: Channel
    to: str | None = None
    secret: str | None = None
    people: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    kiosks: tuple[str, ...] = ()
    hours: tuple[Opening, ...] = ()
    quiet: tuple[Opening, ...] = ()
    time_zone: str = "UTC"
    cooldown_s: int = 300
    wording: Wording = Wording.PLAIN
    picture: bool = False
    enabled: bool = True

    def __post_init__(self) -> None:
        """Raise `InvalidRequest` for what is out of form."""
        check_rule_id(self.rule_id)
        if not self.events:
            raise InvalidRequest(f"events must name one or more of {', '.join(EventKind)}")
        for check, values in (
            (check_person_id, self.people),
            (check_group, self.groups),
            (check_kiosk_id, self.kiosks),
        ):
            if len(values) > MOST_OF_EACH:
                raise InvalidRequest(
                    f"a rule has {MOST_OF_EACH} people, groups and kiosks at most, of each kind"
                )
            for value in values:
                check(value)
        if max(len(self.hours), len(self.quiet)) > MOST_OF_EACH:
            raise InvalidRequest(f"a rule has {MOST_OF_EACH} hours and {MOST_OF_EACH} quiet hours at most")
        if not 0 <= self.cooldown_s <= LONGEST_COOLDOWN_S:
            raise InvalidRequest(f"cooldown_s must lie between 0 and {LONGEST_COOLDOWN_S}")
        if self.secret is not None and not re.fullmatch(SECRET, self.secret):
            raise InvalidRequest("secret is the name of a secret: 1 to 32 of the characters a-z 0-9 -")
        _zone(self.time_zone)
        _check_target(self)

    def without(self, person_id: str) -> Self | None:
        """The rule when this person is forgotten; None where it was about nobody else."""
        people = tuple(each for each in self.people if each != person_id)
        return replace(self, people=people) if people or self.groups or not self.people else None

    def asks_for(self, event: "Event") -> bool:
        """Whether the rule is about this."""
        shows = event.person_id in self.people or not set(self.groups).isdisjoint(event.groups)
        return (
            self.enabled
            and event.kind in self.events
            and (shows or not (self.people or self.groups))
            and (not self.kiosks or event.kiosk_id in self.kiosks)
            and (not self.hours or is_within(self.hours, event.at, self.time_zone))
        )


def check_rule_id(rule_id: str) -> str:
    """Return the id, or raise `InvalidRequest` when it is out of form."""
    if not re.fullmatch(RULE_ID, rule_id):
        raise InvalidRequest(f"rule_id {rule_id[:80]!r} must be 1 to 32 of the characters a-z 0-9 -")
    return rule_id


def is_loopback(host: str) -> bool:
    """Whether what is sent there does not leave the machine."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _check_target(rule: Rule) -> None:
    if rule.channel in (Channel.SLACK, Channel.TEAMS):
        if rule.to is not None or rule.secret is None:
            raise InvalidRequest(
                f"the address of a {rule.channel} webhook is a secret: name it in secret, and leave out to"
            )
        if rule.picture:
            raise InvalidRequest(f"{rule.channel} webhooks take no picture; send a link to your own page")
        return
    if rule.to is None:
        raise InvalidRequest(f"say with to where {rule.channel} messages go")
    if rule.channel is Channel.EMAIL:
        if not re.fullmatch(ADDRESS, rule.to):
            raise InvalidRequest("to must be an address such as desk@example.com")
        return
    if rule.channel is Channel.WEBHOOK and rule.secret is None:
        raise InvalidRequest("name in secret the key that signs the webhook's messages")
    safe, plain = ("https", "http") if rule.channel is Channel.WEBHOOK else ("mqtts", "mqtt")
    try:
        parts = urlsplit(rule.to)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise InvalidRequest(f"to is no {safe} URL") from error
    if not host or len(rule.to) > 500 or not rule.to.isascii() or not rule.to.isprintable() or " " in rule.to:
        raise InvalidRequest(f"to must be a URL such as {safe}://example.com/door, of 500 characters at most")
    if parts.username or parts.password:
        raise InvalidRequest("a URL with a user and password is stored with them: name a secret instead")
    if parts.scheme != safe and not (parts.scheme == plain and is_loopback(host)):
        raise InvalidRequest(f"to must be a {safe} URL: {plain} would send names in the clear")
    if rule.channel is Channel.MQTT and (not parts.path.strip("/") or set(rule.to) & set("+#?")):
        raise InvalidRequest("to must name a topic, without + and #: mqtts://broker.example/doors/front")


def _zone(name: str) -> ZoneInfo:
    try:
        if re.fullmatch(ZONE, name):
            return ZoneInfo(name)
    except (OSError, ValueError, KeyError):
        pass
    raise InvalidRequest(f'time_zone {name[:40]!r} must be a name such as "Europe/Zurich"')


def is_within(times: Iterable[Opening], moment: datetime, time_zone: str) -> bool:
    """Whether a moment lies in one of these, by the clocks there."""
    local = moment.astimezone(_zone(time_zone))
    clock, today, yesterday = f"{local:%H:%M}", DAYS[local.weekday()], DAYS[local.weekday() - 1]
    for each in times:
        if each.start < each.until:
            if today in each.days and each.start <= clock < each.until:
                return True
        elif (today in each.days and clock >= each.start) or (yesterday in each.days and clock < each.until):
            return True
    return False


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened at a kiosk. `event_id` is a UUIDv7: the capture's where there is one."""

    event_id: str
    kind: EventKind
    kiosk_id: str
    at: datetime
    person_id: str | None = None
    groups: tuple[str, ...] = ()


def seen(sighting: Sighting) -> Event | None:
    """The event of a sighting that is done."""
    capture = sighting.capture
    if sighting.outcome is None:
        return None
    return Event(
        capture.capture_id,
        EventKind(sighting.outcome),
        capture.kiosk_id,
        capture.captured_at,
        sighting.person_id,
        sighting.groups,
    )


def kiosk_changed(kiosk_id: str, kind: EventKind, at: datetime) -> Event:
    """The event of a kiosk that is gone or back; of the same moment it has the same id."""
    return Event(new_capture_id(at, sha256(f"{kind} {kiosk_id}".encode()).digest()), kind, kiosk_id, at)


class NoticeState(StrEnum):
    """What became of a message."""

    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"  # as often as it may; `recognizeme replay` tries it again
    DROPPED = "dropped"  # there is nothing to say any more


@dataclass(frozen=True, slots=True)
class Notice:
    """A message that is to be sent, or was. It holds no name and no picture: those are looked up at sending.

    `notice_id` is the same however often the event comes: by it a receiver tells doubles. `about` is what the
    cooldown counts for, as a keyed hash. `attempts` are those that failed.
    """

    notice_id: str
    rule_id: str
    kind: EventKind | None  # None: a test
    kiosk_id: str
    at: datetime
    about: str
    decided_at: datetime
    state: NoticeState = NoticeState.WAITING
    attempts: int = 0
    error: str | None = None
    settled_at: datetime | None = None

    @property
    def event_id(self) -> str:
        """Of what it tells; for a sighting, its capture's."""
        return self.notice_id.partition(".")[0]

    @property
    def is_of_sighting(self) -> bool:
        """Whether it tells of a sighting."""
        return self.kind is not None and self.kind not in _OF_KIOSKS

    def failed(self, why: str, *, now: datetime) -> tuple["Notice", float | None]:
        """After a try that failed: what is known then, and when to try again; None for never."""
        after = replace(self, attempts=self.attempts + 1, error=why)
        if self.attempts < len(WAITS_S):
            return after, WAITS_S[self.attempts]
        return replace(after, state=NoticeState.FAILED, settled_at=now), None


@dataclass(frozen=True, slots=True)
class Last:
    """The last notice of a rule about somebody."""

    notice_id: str
    decided_at: datetime


def decide(event: Event, rule: Rule, *, now: datetime, last: Last | None, about: str) -> Notice | None:
    """The message that an event is worth by a rule, or None.

    An event that comes again gets the same message again. What falls into quiet hours or a cooldown is not
    announced later, either.
    """
    if not rule.asks_for(event):
        return None
    notice = Notice(
        f"{event.event_id}.{rule.rule_id}", rule.rule_id, event.kind, event.kiosk_id, event.at, about, now
    )
    if last and last.notice_id == notice.notice_id:
        return replace(notice, decided_at=last.decided_at)
    if rule.quiet and is_within(rule.quiet, now, rule.time_zone):
        return None
    # A clock that was set back must not keep anybody waiting for long.
    if last and timedelta() <= now - last.decided_at < timedelta(seconds=rule.cooldown_s):
        return None
    return notice


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent. `picture` is a JPEG or PNG, only where the rule says so."""

    notice_id: str
    rule_id: str
    kind: EventKind | None
    at: datetime
    text: str
    kiosk_id: str
    place: str
    capture_id: str | None = None
    person_id: str | None = None
    name: str | None = None
    is_late: bool = False
    picture: bytes | None = None


def write(
    notice: Notice,
    rule: Rule,
    *,
    place: str,
    direction: Direction = Direction.BOTH,
    sighting: Sighting | None = None,
    name: str | None = None,
    picture: bytes | None = None,
    now: datetime,
) -> Message:
    """The message of a notice, in one or two sentences."""
    when = _when(notice.at, rule.time_zone, now)
    late = ""
    if sighting and sighting.recognized_at and sighting.is_late:
        late = f" This is late news: it was handed in {_when(sighting.recognized_at, rule.time_zone, now)}."
    moved = {Direction.IN: "came in", Direction.OUT: "went out", Direction.BOTH: "was seen"}[direction]
    at, since = f"at {place} {when}", when.removeprefix("at ").removeprefix("on ")
    texts = {
        None: f"This is a test of the rule {rule.rule_id}.",
        EventKind.RECOGNIZED: f"{name} {moved} {at}.",
        EventKind.UNKNOWN: f"A stranger {moved} {at}.",
        EventKind.UNCERTAIN: f"Somebody {moved} {at} who could be one of two people.",
        EventKind.NO_FACE: f"A picture without a face was taken {at}.",
        EventKind.REJECTED: f"A picture that cannot be used was taken {at}.",
        EventKind.KIOSK_GONE: f"The kiosk at {place} has seen nothing since {since}.",
        EventKind.KIOSK_BACK: f"The kiosk at {place} has been back since {since}.",
    }
    text = texts[notice.kind] + late
    if rule.wording is Wording.GUEST and notice.kind is EventKind.RECOGNIZED:
        text = f"Your guest has arrived: {text}"
    return Message(
        notice.notice_id,
        rule.rule_id,
        notice.kind,
        notice.at,
        text,
        notice.kiosk_id,
        place,
        notice.event_id if notice.is_of_sighting else None,
        sighting.person_id if sighting else None,
        name,
        bool(late),
        picture if rule.picture else None,
    )


def _when(moment: datetime, time_zone: str, now: datetime) -> str:
    zone = _zone(time_zone)
    local = moment.astimezone(zone)
    day = "" if local.date() == now.astimezone(zone).date() else f"on {local:%Y-%m-%d} "
    return f"{day}at {local:%H:%M}{' UTC' if time_zone == 'UTC' else ''}"
