"""Rules, and the messages that they led to."""

import secrets
from dataclasses import replace
from datetime import timedelta

import pytest

from local.adapters.notifications import SqliteNotifications
from recognizeme.adapters.dynamodb import DynamoDbNotifications
from recognizeme.domain.kiosks import Opening
from recognizeme.domain.model import new_capture_id
from recognizeme.domain.notifications import (
    Channel,
    EventKind,
    Last,
    Notice,
    NoticeState,
    Rule,
    Wording,
)
from recognizeme.domain.ports import Notifications
from tests.contract.conftest import SetClock
from tests.contract.tables import make_table
from tests.twins.notifications import TwinNotifications

HOST = Rule(
    "host",
    (EventKind.RECOGNIZED, EventKind.KIOSK_GONE),
    Channel.EMAIL,
    to="ada@example.com",
    people=("grace",),
    groups=("guests",),
    kiosks=("front",),
    hours=(Opening(("mon", "fri"), "07:00", "19:30"),),
    quiet=(Opening(start="22:00", until="06:00"),),
    time_zone="Europe/Zurich",
    cooldown_s=60,
    wording=Wording.GUEST,
    picture=True,
    enabled=False,
)
DESK = Rule("desk", (EventKind.UNKNOWN,), Channel.WEBHOOK, to="https://example.com/x", secret="desk")


@pytest.fixture
def notifications(backend: str, request: pytest.FixtureRequest) -> Notifications:
    if backend == "twin":
        return TwinNotifications()
    if backend == "local":
        return SqliteNotifications(request.getfixturevalue("database"))
    client = request.getfixturevalue("aws_client")("dynamodb")
    table = make_table(client, "Notifications", f"notifications-{secrets.token_hex(4)}")
    return DynamoDbNotifications(client, table)


def a_notice(clock: SetClock, *, rule_id: str = "desk", about: str = "somebody") -> Notice:
    at = clock.advance(timedelta(seconds=1))
    event_id = new_capture_id(at, b"0123456789")
    return Notice(f"{event_id}.{rule_id}", rule_id, EventKind.UNKNOWN, "front", at, about, at)


def last_of(notice: Notice) -> Last:
    return Last(notice.notice_id, notice.decided_at)


def test_a_rule_is_read_as_it_was_written_and_replaced_by_its_id(notifications: Notifications) -> None:
    assert list(notifications.rules()) == []
    notifications.put_rule(replace(HOST, people=("ada",)))
    notifications.put_rule(HOST)
    notifications.put_rule(DESK)

    assert list(notifications.rules()) == [DESK, HOST]


def test_a_rule_that_was_removed_is_gone(notifications: Notifications) -> None:
    notifications.put_rule(HOST)
    notifications.remove_rule("host")
    notifications.remove_rule("nobody")

    assert list(notifications.rules()) == []


def test_a_message_is_the_last_of_its_rule_about_somebody(
    notifications: Notifications, clock: SetClock
) -> None:
    first, second = a_notice(clock), a_notice(clock)

    assert notifications.last("desk", "somebody") is None
    assert notifications.add(first, after=None)
    assert notifications.add(second, after=last_of(first))
    assert notifications.last("desk", "somebody") == last_of(second)
    assert notifications.last("host", "somebody") is None
    assert notifications.last("desk", "somebody else") is None


def test_of_two_who_decide_at_once_one_is_told_to_look_again(
    notifications: Notifications, clock: SetClock
) -> None:
    first, second = a_notice(clock), a_notice(clock)
    assert notifications.add(first, after=None)

    assert not notifications.add(second, after=None)
    assert notifications.get(second.notice_id) is None
    assert notifications.last("desk", "somebody") == last_of(first)


def test_an_event_that_comes_again_leaves_its_message_as_it_is(
    notifications: Notifications, clock: SetClock
) -> None:
    notice = a_notice(clock)
    notifications.add(notice, after=None)
    sent = replace(notice, state=NoticeState.SENT, attempts=2, error="no answer", settled_at=clock())
    notifications.update(sent)

    assert notifications.add(notice, after=last_of(notice))
    assert notifications.get(notice.notice_id) == sent


def test_the_newest_messages_are_listed_first(notifications: Notifications, clock: SetClock) -> None:
    first, second, third = (a_notice(clock, about=str(number)) for number in range(3))
    for notice in (second, first, third):
        notifications.add(notice, after=None)

    assert list(notifications.newest(limit=2)) == [third, second]
    assert list(notifications.newest(limit=9)) == [third, second, first]


def test_a_test_message_is_kept_without_an_event(notifications: Notifications, clock: SetClock) -> None:
    test = replace(a_notice(clock), kind=None)
    notifications.update(test)

    assert notifications.get(test.notice_id) == test
