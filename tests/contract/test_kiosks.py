"""Kiosks and groups: what is said of them, and what they said last."""

import secrets
from dataclasses import replace
from datetime import timedelta

import pytest

from local.adapters.kiosks import SqliteKiosks
from recognizeme.adapters.dynamodb import DynamoDbKiosks
from recognizeme.domain.kiosks import Direction, Door, Heartbeat, Kiosk, Opening, Sureness
from recognizeme.domain.ports import Kiosks
from tests.contract.conftest import SetClock
from tests.contract.tables import make_table
from tests.twins.kiosks import TwinKiosks

FRONT = Kiosk(
    "front",
    name="Front door",
    place="Erdgeschoß",
    direction=Direction.IN,
    groups=("staff", "cleaning"),
    time_zone="Europe/Zurich",
    openings=(Opening(("mon", "tue"), "07:00", "19:30"), Opening(start="22:00", until="02:00")),
    sureness=Sureness(99.5, 0.25, "twins work here"),
)


@pytest.fixture
def kiosks(backend: str, request: pytest.FixtureRequest) -> Kiosks:
    if backend == "twin":
        return TwinKiosks()
    if backend == "local":
        return SqliteKiosks(request.getfixturevalue("database"))
    client = request.getfixturevalue("aws_client")("dynamodb")
    return DynamoDbKiosks(client, make_table(client, "Kiosks", f"kiosks-{secrets.token_hex(4)}"))


@pytest.fixture
def beat(clock: SetClock) -> Heartbeat:
    return Heartbeat(
        received_at=clock(),
        seen_at=clock(),
        version="0.1.0",
        camera_trouble="the camera gives no frames",
        delivery_trouble="no API answers",
        spool_waiting=3,
        spool_bytes=81_234,
        clock_ahead_s=-0.125,
        last_frame_at=clock() - timedelta(seconds=3),
        policy_version=FRONT.version,
    )


def test_a_kiosk_of_which_nobody_said_anything_lets_nobody_in(kiosks: Kiosks) -> None:
    assert kiosks.get("front") == Door(Kiosk("front"), is_set=False)
    assert kiosks.get("front").kiosk.groups == ()
    assert list(kiosks.all()) == []


def test_what_was_said_of_a_kiosk_is_read_as_it_was_written(kiosks: Kiosks) -> None:
    kiosks.put(Kiosk("front"))
    kiosks.put(FRONT)

    assert kiosks.get("front") == Door(FRONT, is_set=True)


def test_the_last_heartbeat_is_kept_and_its_answer_is_the_kiosk(kiosks: Kiosks, beat: Heartbeat) -> None:
    kiosks.put(FRONT)

    assert kiosks.beat("front", replace(beat, spool_waiting=99)).kiosk == FRONT
    assert kiosks.beat("front", beat) == Door(FRONT, True, beat)
    assert kiosks.get("front") == Door(FRONT, True, beat)


def test_setting_a_kiosk_leaves_its_heartbeat(kiosks: Kiosks, beat: Heartbeat) -> None:
    kiosks.beat("front", beat)
    kiosks.put(FRONT)

    assert kiosks.get("front") == Door(FRONT, True, beat)


def test_a_heartbeat_by_which_a_kiosk_does_not_see_leaves_when_it_last_did(
    kiosks: Kiosks, beat: Heartbeat, clock: SetClock
) -> None:
    kiosks.beat("front", beat)
    blind = Heartbeat(received_at=clock.advance(timedelta(minutes=1)))

    door = kiosks.beat("front", blind)

    assert door.heartbeat == replace(blind, seen_at=beat.seen_at)
    assert kiosks.get("front") == door


def test_a_kiosk_that_was_removed_is_as_if_nobody_had_said_anything(kiosks: Kiosks, beat: Heartbeat) -> None:
    kiosks.put(FRONT)
    kiosks.beat("front", beat)
    kiosks.put_group("staff", Sureness(99.9, reason="a try"))

    kiosks.remove("front")
    kiosks.remove("nobody")

    assert list(kiosks.all()) == []
    assert kiosks.get("front") == Door(Kiosk("front"), is_set=False)
    assert list(kiosks.groups()) == ["staff"]


def test_every_kiosk_is_listed_that_was_set_or_has_said_something(kiosks: Kiosks, beat: Heartbeat) -> None:
    kiosks.put(FRONT)
    kiosks.put_group("staff", Sureness())
    kiosks.beat("back", beat)

    assert list(kiosks.all()) == [Door(Kiosk("back"), False, beat), Door(FRONT, True)]


def test_groups_are_all_read_at_once_and_set_one_by_one(kiosks: Kiosks) -> None:
    assert kiosks.groups() == {}
    strict, lenient = Sureness(99.9, reason="seen seldom"), Sureness(margin_pct=0.5, reason="few")
    kiosks.put_group("visitors", Sureness(99.5, reason="a try"))
    kiosks.put_group("visitors", strict)
    kiosks.put_group("staff-2", lenient)

    assert list(kiosks.groups().items()) == [("staff-2", lenient), ("visitors", strict)]
    assert list(kiosks.all()) == []
