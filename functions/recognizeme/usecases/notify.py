"""Announce what happened: decide by the rules, write it down, send it, try again."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace

from recognizeme.domain.audit import keyed_hash
from recognizeme.domain.errors import NotDelivered, NotFound, NotPossible
from recognizeme.domain.kiosks import Kiosk
from recognizeme.domain.model import Sighting, Status, new_capture_id
from recognizeme.domain.notifications import (
    MOST_RULES,
    Event,
    EventKind,
    Message,
    Notice,
    NoticeState,
    Rule,
    decide,
    seen,
    write,
)
from recognizeme.domain.ports import (
    Clock,
    Kiosks,
    Later,
    Messenger,
    Notifications,
    People,
    PhotoStore,
    Randomness,
    Sightings,
)

_TRIES_TO_DECIDE = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Notifier:
    """The collaborators of announcing, gathered once.

    `key` is that of the hashes that stand for people. `audited` puts into the audit log that the picture of a
    capture leaves the house.
    """

    notifications: Notifications
    sightings: Sightings
    people: People
    kiosks: Kiosks
    photos: PhotoStore
    later: Later
    messenger: Messenger
    audited: Callable[[Sighting], AbstractContextManager[object]]
    key: bytes
    randomness: Randomness
    now: Clock

    def seen(self, capture_id: str) -> int:
        """Announce a sighting by every rule that asks for it; return by how many."""
        sighting = self.sightings.get(capture_id)
        event = seen(sighting) if sighting and sighting.status is Status.DONE else None
        return self.heard(event) if event else 0

    def heard(self, event: Event) -> int:
        """Announce an event by every rule that asks for it; return by how many.

        Whoever dies in the middle does it again: each message is the same then.
        """
        return sum(self._by_rule(event, rule) for rule in self.notifications.rules())

    def test(self, rule_id: str) -> Notice:
        """Send a message that says that it is a test, whatever the rule asks for. Raises `NotFound`."""
        rule = self._rule(rule_id)
        if rule is None:
            raise NotFound(f"there is no rule {rule_id!r}")
        now = self.now()
        event_id = new_capture_id(now, self.randomness(10))
        notice = Notice(f"{event_id}.{rule_id}", rule_id, None, "", now, "", now)
        self.notifications.update(notice)
        self.later.send_notice(notice.notice_id, delay_s=0)
        return notice

    def put_rule(self, rule: Rule) -> None:
        """Store a rule; raises `NotPossible` when there are too many."""
        others = [each for each in self.notifications.rules() if each.rule_id != rule.rule_id]
        if len(others) >= MOST_RULES:
            raise NotPossible(f"there are {MOST_RULES} rules already; remove one that nobody needs")
        self.notifications.put_rule(rule)

    def remove_rule(self, rule_id: str) -> Rule:
        """Remove a rule, and return it. Raises `NotFound`."""
        rule = self._rule(rule_id)
        if rule is None:
            raise NotFound(f"there is no rule {rule_id!r}")
        self.notifications.remove_rule(rule_id)
        return rule

    def send(self, notice_id: str) -> Notice | None:
        """Send a message that was decided on, unless it is sent; what fails is tried again later.

        Raises `NotDelivered` when it has failed as often as it may.
        """
        notice = self.notifications.get(notice_id)
        if notice is None or notice.state in (NoticeState.SENT, NoticeState.DROPPED):
            return notice
        try:
            after = replace(notice, state=self._send(notice), error=None, settled_at=self.now())
        except NotDelivered as error:
            after, wait_s = notice.failed(str(error), now=self.now())
            self.notifications.update(after)
            if wait_s is None:
                raise
            self.later.send_notice(notice_id, delay_s=wait_s)
            return after
        self.notifications.update(after)
        return after

    def _by_rule(self, event: Event, rule: Rule) -> bool:
        about = keyed_hash(event.person_id or f"kiosk {event.kiosk_id} {event.kind}", self.key)
        for _ in range(_TRIES_TO_DECIDE):
            last = self.notifications.last(rule.rule_id, about)
            notice = decide(event, rule, now=self.now(), last=last, about=about)
            if notice is None:
                return False
            if self.notifications.add(notice, after=last):
                self.later.send_notice(notice.notice_id, delay_s=0)
                return True
        raise NotDelivered("others are announcing the same; try again in a moment")

    def _send(self, notice: Notice) -> NoticeState:
        rule = self._rule(notice.rule_id)
        if rule is None:
            return NoticeState.DROPPED
        sighting = self.sightings.get(notice.event_id) if notice.is_of_sighting else None
        if notice.is_of_sighting and (sighting is None or str(sighting.outcome) != str(notice.kind)):
            return NoticeState.DROPPED  # forgotten, expired or corrected meanwhile
        name = self._name(sighting) if sighting else None
        if notice.kind is EventKind.RECOGNIZED and name is None:
            return NoticeState.DROPPED
        kiosk = self.kiosks.get(notice.kiosk_id).kiosk if notice.kiosk_id else Kiosk("test")
        message = write(
            notice,
            rule,
            place=kiosk.name or kiosk.kiosk_id,
            direction=kiosk.direction,
            sighting=sighting,
            name=name,
            now=self.now(),
        )
        if sighting and rule.picture:
            self._send_with_picture(message, rule, sighting)
        else:
            self.messenger.send(message, rule)
        return NoticeState.SENT

    def _send_with_picture(self, message: Message, rule: Rule, sighting: Sighting) -> None:
        picture = None
        if sighting.photo_key:
            try:
                picture = self.photos.read(sighting.photo_key)
            except NotFound:
                picture = None  # removed meanwhile: the rest is news all the same
        with self.audited(sighting) if picture else nullcontext():
            self.messenger.send(replace(message, picture=picture), rule)

    def _name(self, sighting: Sighting) -> str | None:
        person = self.people.get(sighting.person_id) if sighting.person_id else None
        return person.name if person else None

    def _rule(self, rule_id: str) -> Rule | None:
        return next((each for each in self.notifications.rules() if each.rule_id == rule_id), None)


def forget_in_rules(person_id: str, notifications: Notifications) -> None:
    """No rule names this person any more; one that was about nobody else is gone."""
    for rule in notifications.rules():
        if person_id in rule.people:
            kept = rule.without(person_id)
            if kept is None:
                notifications.remove_rule(rule.rule_id)
            else:
                notifications.put_rule(kept)
