"""Who hears of what, when, and in which words."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from recognizeme.domain.errors import InvalidRequest, NotDelivered, NotFound, NotPossible
from recognizeme.domain.kiosks import Direction, Kiosk, Opening
from recognizeme.domain.model import Sighting
from recognizeme.domain.notifications import (
    MOST_RULES,
    WAITS_S,
    Channel,
    Event,
    EventKind,
    Last,
    Notice,
    NoticeState,
    Rule,
    Wording,
    decide,
    is_within,
    kiosk_changed,
)
from recognizeme.usecases.notify import Notifier, forget_in_rules
from tests.twins.notifications import TwinMessenger, TwinNotifications
from tests.twins.pictures import picture
from tests.twins.world import ADA, World

DESK = Rule("desk", (EventKind.UNKNOWN, EventKind.RECOGNIZED), Channel.EMAIL, to="desk@example.com")
MONDAY_9 = datetime(2026, 11, 23, 9, 2, tzinfo=UTC)
CAPTURE = "01a20779-07e8-71c0-84d5-e2f7a90b3c6d"
RAVI = Event(CAPTURE, EventKind.RECOGNIZED, "front", MONDAY_9, "ravi", ("staff",))
STRANGER = Event(CAPTURE, EventKind.UNKNOWN, "front", MONDAY_9)


def decided(event: Event, rule: Rule, *, now: datetime = MONDAY_9, last: Last | None = None) -> Notice | None:
    return decide(event, rule, now=now, last=last, about="somebody")


@pytest.mark.parametrize(
    ("change", "event", "is_announced"),
    [
        ({}, RAVI, True),
        ({"enabled": False}, RAVI, False),
        ({"events": (EventKind.UNKNOWN,)}, RAVI, False),
        ({"people": ("ravi",)}, RAVI, True),
        ({"people": ("ada",)}, RAVI, False),
        ({"people": ("ada",), "groups": ("staff",)}, RAVI, True),
        ({"groups": ("guests",)}, RAVI, False),
        ({"people": ("ravi",)}, STRANGER, False),
        ({"kiosks": ("front",)}, STRANGER, True),
        ({"kiosks": ("back",)}, STRANGER, False),
        ({"hours": (Opening(("mon",), "09:00", "10:00"),)}, STRANGER, True),
        ({"hours": (Opening(("tue",)),)}, STRANGER, False),
        ({"hours": (Opening(start="09:00", until="10:00"),), "time_zone": "Asia/Tokyo"}, STRANGER, False),
        ({"quiet": (Opening(start="09:00", until="10:00"),)}, STRANGER, False),
        ({"quiet": (Opening(start="22:00", until="06:00"),)}, STRANGER, True),
    ],
    ids=str,
)
def test_a_rule_announces_what_it_asks_for(change: dict[str, Any], event: Event, is_announced: bool) -> None:
    assert (decided(event, replace(DESK, **change)) is not None) is is_announced


def test_hours_are_those_of_the_event_and_quiet_hours_those_of_the_clock() -> None:
    night = (Opening(start="22:00", until="06:00"),)
    at_night = MONDAY_9.replace(hour=23)

    assert decided(STRANGER, replace(DESK, hours=night), now=at_night) is None
    assert decided(STRANGER, replace(DESK, quiet=night), now=at_night) is None


def test_hours_over_midnight_belong_to_the_day_on_which_they_begin() -> None:
    friday_night = (Opening(("fri",), "22:00", "06:00"),)

    assert is_within(friday_night, datetime(2026, 11, 27, 23, tzinfo=UTC), "UTC")
    assert is_within(friday_night, datetime(2026, 11, 28, 5, 59, tzinfo=UTC), "UTC")
    assert not is_within(friday_night, datetime(2026, 11, 28, 6, tzinfo=UTC), "UTC")
    assert not is_within(friday_night, datetime(2026, 11, 27, 5, tzinfo=UTC), "UTC")


def test_after_a_message_there_is_none_until_the_cooldown_is_over() -> None:
    last = Last("another", MONDAY_9)

    assert decided(RAVI, DESK, now=MONDAY_9 + timedelta(seconds=299), last=last) is None
    assert decided(RAVI, DESK, now=MONDAY_9 + timedelta(seconds=300), last=last)
    assert decided(RAVI, DESK, now=MONDAY_9 - timedelta(hours=1), last=last), "the clock was set back"


def test_an_event_that_comes_again_is_the_same_message_whatever_the_cooldown_and_quiet_hours_say() -> None:
    rule = replace(DESK, quiet=(Opening(start="10:00", until="11:00"),))
    first = decided(RAVI, rule)
    assert first

    assert decided(RAVI, rule, now=MONDAY_9.replace(hour=10), last=Last(first.notice_id, MONDAY_9)) == first


def test_a_kiosk_that_is_gone_is_one_event_however_often_it_is_noticed() -> None:
    first, again = (kiosk_changed("front", EventKind.KIOSK_GONE, MONDAY_9) for _ in range(2))

    assert first == again
    assert first.event_id != kiosk_changed("back", EventKind.KIOSK_GONE, MONDAY_9).event_id
    assert first.event_id != kiosk_changed("front", EventKind.KIOSK_BACK, MONDAY_9).event_id


@pytest.mark.parametrize(
    "change",
    [
        {"events": ()},
        {"to": None},
        {"to": "desk"},
        {"to": "desk@example.com\nBcc: all@example.com"},
        {"cooldown_s": -1},
        {"time_zone": "Moon/Crater"},
        {"time_zone": "../../etc/passwd"},
        {"people": ("a b",)},
        {"groups": ("Staff",)},
        {"kiosks": ("a/b",)},
        {"secret": "hunter2 is a password"},
        {"channel": Channel.WEBHOOK, "to": "https://example.com/x"},
        {"channel": Channel.WEBHOOK, "to": "http://example.com/x", "secret": "key"},
        {"channel": Channel.WEBHOOK, "to": "http://169.254.169.254/latest", "secret": "key"},
        {"channel": Channel.WEBHOOK, "to": "https://user:pw@example.com/x", "secret": "key"},
        {"channel": Channel.WEBHOOK, "to": "https://[", "secret": "key"},
        {"channel": Channel.WEBHOOK, "to": "file:///etc/passwd", "secret": "key"},
        {"channel": Channel.MQTT, "to": "mqtts://broker.example"},
        {"channel": Channel.MQTT, "to": "mqtts://broker.example/door/#"},
        {"channel": Channel.SLACK},
        {"channel": Channel.SLACK, "to": None},
        {"channel": Channel.TEAMS, "to": None, "secret": "room", "picture": True},
    ],
    ids=str,
)
def test_a_rule_that_could_not_work_or_would_leak_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest):
        replace(DESK, **change)


# --- from the event to the message ---


class Office:
    """A world with an open door, where messages are sent as soon as their time has come."""

    def __init__(self, *rules: Rule) -> None:
        self.world = World()
        self.world.time = MONDAY_9
        self.notifications: TwinNotifications = self.world.notifications
        self.messenger = TwinMessenger()
        self.shown: list[Sighting] = []
        self.world.kiosks.put(Kiosk("front", name="Front door", direction=Direction.IN))
        for rule in rules:
            self.notifications.put_rule(rule)

    @property
    def notifier(self) -> Notifier:
        return Notifier(
            notifications=self.notifications,
            sightings=self.world.sightings,
            people=self.world.people,
            kiosks=self.world.kiosks,
            photos=self.world.photos,
            later=self.world.later,
            messenger=self.messenger,
            audited=self._audited,
            key=b"key",
            randomness=lambda size: bytes(size),
            now=self.world.now,
        )

    def _audited(self, sighting: Sighting) -> Any:
        from contextlib import nullcontext

        self.shown.append(sighting)
        return nullcontext()

    def see(self, whom: Any, *, late_s: float = 0) -> Sighting:
        """A visit, of which the notifier hears; the picture is looked at so much later."""
        capture = self.world.new_capture()
        self.world.wait(late_s)
        sighting = self.world.hand_in_now(capture, whom)
        self.notifier.seen(capture.capture_id)
        return sighting

    def send(self) -> None:
        """Whatever waits, at its time."""
        while notices := [each for each in self.world.later.waiting if each[0] == "notice"]:
            for each in notices:
                self.world.later.waiting.remove(each)
                self.world.wait(each[2])
                self.notifier.send(each[1])


def test_whoever_came_in_is_named_with_the_door_and_the_time() -> None:
    office = Office(DESK)
    office.world.enroll("ada", ADA)
    office.see(ADA)
    office.send()

    assert office.messenger.texts == ["Ada came in at Front door at 09:02 UTC."]
    assert office.messenger.sent[0][0].picture is None


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        (
            replace(DESK, wording=Wording.GUEST),
            "Your guest has arrived: Ada came in at Front door at 09:02 UTC.",
        ),
        (replace(DESK, time_zone="Europe/Zurich"), "Ada came in at Front door at 10:02."),
    ],
)
def test_a_host_hears_of_a_guest_and_times_are_those_of_the_rule(rule: Rule, text: str) -> None:
    office = Office(rule)
    office.world.enroll("ada", ADA)
    office.see(ADA)
    office.send()

    assert office.messenger.texts == [text]


def test_a_stranger_is_announced_and_what_is_late_says_so() -> None:
    office = Office(replace(DESK, cooldown_s=0))
    office.see(picture("nobody"))
    office.see(picture("nobody else"), late_s=2400)
    office.send()

    assert office.messenger.texts == [
        "A stranger came in at Front door at 09:02 UTC.",
        "A stranger came in at Front door at 09:02 UTC. This is late news: it was handed in at 09:42 UTC.",
    ]
    assert [message.is_late for message, _ in office.messenger.sent] == [False, True]


def test_kiosks_that_are_gone_and_back_are_announced() -> None:
    rule = replace(DESK, events=(EventKind.KIOSK_GONE, EventKind.KIOSK_BACK))
    office = Office(rule)
    for kind in rule.events:
        office.notifier.heard(kiosk_changed("front", kind, MONDAY_9))
    office.send()

    assert office.messenger.texts == [
        "The kiosk at Front door has seen nothing since 09:02 UTC.",
        "The kiosk at Front door has been back since 09:02 UTC.",
    ]


def test_a_picture_goes_along_only_where_the_rule_says_so_and_leaves_a_line() -> None:
    office = Office(DESK, replace(DESK, rule_id="guard", picture=True))
    stranger = picture("nobody")
    sighting = office.see(stranger)
    office.send()

    assert {rule.rule_id: message.picture for message, rule in office.messenger.sent} == {
        "desk": None, "guard": stranger.content,
    }  # fmt: skip
    assert office.shown == [sighting]


def test_an_event_that_is_heard_twice_is_sent_once() -> None:
    office = Office(DESK)
    sighting = office.see(picture("nobody"))
    office.notifier.seen(sighting.capture.capture_id)
    office.send()
    office.notifier.seen(sighting.capture.capture_id)
    office.send()

    assert len(office.messenger.sent) == 1


def test_what_fails_is_tried_again_with_growing_waits_and_at_last_given_up() -> None:
    office = Office(DESK)
    office.messenger.is_broken = True
    office.see(picture("nobody"))

    with pytest.raises(NotDelivered):
        office.send()

    (notice,) = office.notifications.newest(limit=9)
    assert (notice.state, notice.attempts, notice.error) == (
        NoticeState.FAILED, len(WAITS_S) + 1, "answered 500",
    )  # fmt: skip
    assert sum(WAITS_S) >= 6 * 3600 - 900
    assert list(WAITS_S) == sorted(WAITS_S)

    office.messenger.is_broken = False
    office.notifier.send(notice.notice_id)  # as a replay does
    assert len(office.messenger.sent) == 1
    assert office.notifications.newest(limit=1)[0].state is NoticeState.SENT


def test_a_message_about_somebody_who_was_forgotten_is_dropped() -> None:
    office = Office(DESK)
    office.world.enroll("ada", ADA)
    office.see(ADA)
    office.world.forgetter().forget("ada")
    office.send()

    assert office.messenger.sent == []
    assert [each.state for each in office.notifications.newest(limit=9)] == [NoticeState.DROPPED]


def test_forgetting_takes_a_person_out_of_the_rules_and_leaves_none_that_would_tell_of_everybody() -> None:
    notifications = TwinNotifications()
    for rule in (
        DESK,
        replace(DESK, rule_id="host", people=("ada",)),
        replace(DESK, rule_id="both", people=("ada", "ravi")),
        replace(DESK, rule_id="mixed", people=("ada",), groups=("staff",)),
    ):
        notifications.put_rule(rule)

    forget_in_rules("ada", notifications)

    assert {rule.rule_id: (rule.people, rule.groups) for rule in notifications.rules()} == {
        "desk": ((), ()), "both": (("ravi",), ()), "mixed": ((), ("staff",)),
    }  # fmt: skip


def test_a_message_holds_no_name_and_no_id_of_a_person() -> None:
    office = Office(DESK)
    office.world.enroll("ada", ADA)
    office.see(ADA)

    assert "ada" not in str(office.notifications.notices).lower()


def test_a_rule_is_tried_out_whatever_it_asks_for() -> None:
    office = Office(replace(DESK, enabled=False))
    office.notifier.test("desk")
    office.send()

    assert office.messenger.texts == ["This is a test of the rule desk."]
    with pytest.raises(NotFound):
        office.notifier.test("nobody")


def test_there_is_an_end_to_the_number_of_rules() -> None:
    office = Office(*(replace(DESK, rule_id=f"r{number}") for number in range(MOST_RULES)))

    office.notifier.put_rule(replace(DESK, rule_id="r0", enabled=False))
    with pytest.raises(NotPossible):
        office.notifier.put_rule(replace(DESK, rule_id="one-more"))
