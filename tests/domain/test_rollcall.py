"""Calling the roll: who is on the list, who ticks, and who is taken off."""

import pytest

from recognizeme.domain.errors import NotFound
from recognizeme.domain.rollcalls import By, Entry, Kind, State
from recognizeme.usecases import rollcall
from recognizeme.usecases.merge import merge
from tests.domain.test_presence import Building

DESK = By("token desk", "grace@office")


def started(building: Building) -> str:
    building.seen("ada", "entrance", "08:00")
    building.seen("bob", "front", "09:00")
    building.seen("carol", "exit", "09:30")
    world = building.world
    return rollcall.start(
        Kind.REAL,
        by=DESK,
        inside=lambda: building.page()[0],
        roll_calls=world.roll_calls,
        now=world.now,
        randomness=bytes,
    ).rollcall_id


def tick(building: Building, rollcall_id: str, person_id: str, state: State = State.SAFE) -> Entry:
    world = building.world
    return rollcall.tick(
        rollcall_id,
        person_id,
        state,
        by=DESK,
        roll_calls=world.roll_calls,
        people=world.people,
        now=world.now,
    )


@pytest.fixture
def building() -> Building:
    return Building()


def test_the_list_is_those_who_are_in_and_where_they_were_last_seen(building: Building) -> None:
    entries = building.world.roll_calls.entries(started(building))

    assert [(each.person_id, each.seen_by, each.state) for each in entries] == [
        ("ada", "entrance", State.UNACCOUNTED),
        ("bob", "front", State.UNACCOUNTED),
    ]


def test_who_said_what_and_when_is_kept(building: Building) -> None:
    rollcall_id = started(building)

    tick(building, rollcall_id, "ada", State.MISSING)
    entry = tick(building, rollcall_id, "ada")

    assert [(each.state, each.by, each.at) for each in entry.ticks] == [
        (State.MISSING, DESK, building.world.now()),
        (State.SAFE, DESK, building.world.now()),
    ]


def test_nobody_unknown_is_ticked_off(building: Building) -> None:
    with pytest.raises(NotFound):
        tick(building, started(building), "nobody")
    with pytest.raises(NotFound):
        rollcall.read("0" * 36, roll_calls=building.world.roll_calls)


def test_whoever_was_merged_counts_as_whom_unless_the_list_has_their_own_record(building: Building) -> None:
    rollcall_id = started(building)
    merge("bob", into="ada", people=building.world.people)
    merge("carol", into="ada", people=building.world.people)

    assert tick(building, rollcall_id, "bob").person_id == "bob"
    assert tick(building, rollcall_id, "carol").person_id == "ada"


def test_whoever_is_forgotten_is_on_no_list(building: Building) -> None:
    rollcall_id = started(building)
    tick(building, rollcall_id, "ada")

    building.world.forgetter().forget("ada")

    assert [each.person_id for each in building.world.roll_calls.entries(rollcall_id)] == ["bob"]


def test_names_are_looked_up_for_lists_of_any_length(building: Building) -> None:
    entries = [Entry(f"p{number}") for number in range(150)] + [Entry("ada")]

    assert list(rollcall.named(entries, building.world.people)) == ["ada"]
