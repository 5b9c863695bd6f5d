"""What `RollCalls` promises: lists that are ticked off by several at once."""

import secrets
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from local.adapters.rollcalls import SqliteRollCalls
from recognizeme.adapters.dynamodb import DynamoDbRollCalls
from recognizeme.domain.errors import InvalidRequest, NotFound, NotPossible
from recognizeme.domain.model import new_capture_id
from recognizeme.domain.ports import RollCalls
from recognizeme.domain.rollcalls import By, Entry, Kind, RollCall, State, Tick
from tests.contract.conftest import RETENTION_DAYS, SetClock
from tests.contract.tables import make_table
from tests.twins.rollcalls import TwinRollCalls

DESK, WARDEN = By("token desk", "grace@office"), By("arn:aws:iam::1:user/zoë")


@pytest.fixture
def roll_calls(backend: str, clock: SetClock, request: pytest.FixtureRequest) -> RollCalls:
    if backend == "twin":
        return TwinRollCalls(clock, RETENTION_DAYS)
    if backend == "local":
        database = request.getfixturevalue("database")
        return SqliteRollCalls(database, retention_days=RETENTION_DAYS, now=clock)
    client = request.getfixturevalue("aws_client")("dynamodb")
    table = make_table(client, "RollCalls", f"rollcalls-{secrets.token_hex(4)}")
    return DynamoDbRollCalls(client, table, retention_days=RETENTION_DAYS, now=clock)


def started(roll_calls: RollCalls, clock: SetClock, *people: str, number: int = 0) -> RollCall:
    roll_call = RollCall(new_capture_id(clock(), bytes([number]) * 10), Kind.DRILL, clock(), DESK)
    roll_calls.start(roll_call, [Entry(each, clock() - timedelta(hours=1), "front") for each in people])
    return roll_call


def test_a_roll_call_begins_with_everybody_unaccounted_for(roll_calls: RollCalls, clock: SetClock) -> None:
    roll_call = started(roll_calls, clock, "bob", "ada")

    assert roll_calls.get(roll_call.rollcall_id) == roll_call
    entries = roll_calls.entries(roll_call.rollcall_id)
    assert list(entries) == [Entry(each, clock() - timedelta(hours=1), "front") for each in ("ada", "bob")]
    assert {entry.state for entry in entries} == {State.UNACCOUNTED}
    assert roll_calls.has(roll_call.rollcall_id, "ada")
    assert not roll_calls.has(roll_call.rollcall_id, "carol")


def test_a_long_list_is_whole(roll_calls: RollCalls, clock: SetClock) -> None:
    people = [f"p{number:03}" for number in range(130)]
    roll_call = started(roll_calls, clock, *people)

    assert [entry.person_id for entry in roll_calls.entries(roll_call.rollcall_id)] == people


def test_ticks_are_kept_in_order_with_who_made_them(roll_calls: RollCalls, clock: SetClock) -> None:
    rollcall_id = started(roll_calls, clock, "ada").rollcall_id
    missing = Tick(State.MISSING, clock(), DESK)
    safe = Tick(State.SAFE, clock.advance(timedelta(minutes=3)), WARDEN)

    roll_calls.tick(rollcall_id, "ada", missing)
    entry = roll_calls.tick(rollcall_id, "ada", safe)

    assert entry.ticks == (missing, safe)
    assert (entry.state, entry.seen_by) == (State.SAFE, "front")
    assert list(roll_calls.entries(rollcall_id)) == [entry]


def test_whom_no_camera_saw_can_be_ticked(roll_calls: RollCalls, clock: SetClock) -> None:
    rollcall_id = started(roll_calls, clock, "ada").rollcall_id
    safe = Tick(State.SAFE, clock(), DESK)

    assert roll_calls.tick(rollcall_id, "carol", safe) == Entry("carol", ticks=(safe,))
    assert [each.person_id for each in roll_calls.entries(rollcall_id)] == ["ada", "carol"]


def test_those_who_tick_at_once_do_not_lose_each_others_ticks(roll_calls: RollCalls, clock: SetClock) -> None:
    people = [f"p{number}" for number in range(4)]
    rollcall_id = started(roll_calls, clock, *people).rollcall_id
    wanted = [
        (person_id, Tick(State.SAFE, clock(), By(f"phone {phone}")))
        for person_id in people
        for phone in "abc"
    ]

    with ThreadPoolExecutor(3) as phones:
        list(phones.map(lambda each: roll_calls.tick(rollcall_id, *each), wanted))

    assert {
        entry.person_id: {tick.by.principal for tick in entry.ticks}
        for entry in roll_calls.entries(rollcall_id)
    } == {each: {"phone a", "phone b", "phone c"} for each in people}


def test_a_roll_call_that_has_ended_takes_no_tick_and_ends_once(
    roll_calls: RollCalls, clock: SetClock
) -> None:
    roll_call = started(roll_calls, clock, "ada")
    ended = roll_calls.end(roll_call.rollcall_id, at=clock.advance(timedelta(minutes=9)), by=WARDEN)

    assert ended == replace(roll_call, ended_at=clock(), ended_by=WARDEN)
    assert roll_calls.end(roll_call.rollcall_id, at=clock.advance(timedelta(minutes=9)), by=DESK) == ended
    with pytest.raises(NotPossible):
        roll_calls.tick(roll_call.rollcall_id, "ada", Tick(State.SAFE, clock(), DESK))
    assert [each.ticks for each in roll_calls.entries(roll_call.rollcall_id)] == [()]


def test_what_was_never_started_can_be_neither_ticked_nor_ended(
    roll_calls: RollCalls, clock: SetClock
) -> None:
    unknown = new_capture_id(clock(), bytes(10))

    assert roll_calls.get(unknown) is None
    with pytest.raises(NotFound):
        roll_calls.tick(unknown, "ada", Tick(State.SAFE, clock(), DESK))
    with pytest.raises(NotFound):
        roll_calls.end(unknown, at=clock(), by=DESK)
    assert list(roll_calls.entries(unknown)) == []


def test_roll_calls_are_listed_newest_first_page_by_page(roll_calls: RollCalls, clock: SetClock) -> None:
    ids = []
    for number in range(5):
        clock.advance(timedelta(days=1))
        ids.append(started(roll_calls, clock, "ada", number=number).rollcall_id)

    found: list[str] = []
    cursor = None
    while True:
        page = roll_calls.list(limit=2, cursor=cursor)
        found += [each.rollcall_id for each in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break

    assert found == ids[::-1]
    with pytest.raises(InvalidRequest):
        roll_calls.list(limit=2, cursor="nonsense")


def test_a_roll_call_is_kept_as_long_as_the_setting_says(roll_calls: RollCalls, clock: SetClock) -> None:
    old = started(roll_calls, clock, "ada").rollcall_id
    clock.advance(timedelta(days=RETENTION_DAYS - 1))
    new = started(roll_calls, clock, "ada", number=1).rollcall_id
    clock.advance(timedelta(days=1))

    assert roll_calls.get(old) is None
    assert [each.rollcall_id for each in roll_calls.list(limit=9).items] == [new]
    with pytest.raises(NotFound):
        roll_calls.tick(old, "ada", Tick(State.SAFE, clock(), DESK))
    with pytest.raises(NotFound):
        roll_calls.end(old, at=clock(), by=DESK)


def test_whoever_is_forgotten_is_on_no_list(roll_calls: RollCalls, clock: SetClock) -> None:
    first = started(roll_calls, clock, "ada", "bob").rollcall_id
    second = started(roll_calls, clock, "ada", number=1).rollcall_id
    roll_calls.tick(first, "ada", Tick(State.SAFE, clock(), DESK))
    assert roll_calls.mentions("ada") == 2

    assert roll_calls.forget("ada") == 2

    assert roll_calls.forget("ada") == roll_calls.mentions("ada") == 0
    assert [each.person_id for each in roll_calls.entries(first)] == ["bob"]
    assert list(roll_calls.entries(second)) == []
    assert roll_calls.forget(first) == 0
    assert roll_calls.get(first) is not None
