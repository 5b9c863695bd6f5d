"""Unknown visitors are grouped by likeness, one visit at a time, whatever goes wrong on the way."""

from dataclasses import replace
from datetime import timedelta

import pytest

from recognizeme.domain.model import Outcome, Sighting
from recognizeme.domain.people import PersonChange
from recognizeme.domain.strangers import Stranger, StrangerState
from recognizeme.usecases.correct import correct
from recognizeme.usecases.group_strangers import change, sweep
from recognizeme.usecases.leaving import drop_strangers_pictures
from tests.twins.faults import Faults, Trouble
from tests.twins.pictures import Shown, picture
from tests.twins.world import World

DAY_S = 86_400.0


@pytest.fixture
def world() -> World:
    return World(keeps_strangers=True)


def waiting(world: World) -> list[Stranger]:
    return list(world.strangers.list(StrangerState.WAITING, limit=100).items)


def stored(world: World, sighting: Sighting) -> Sighting:
    found = world.sightings.get(sighting.capture.capture_id)
    assert found
    return found


def test_the_same_stranger_is_one_and_another_is_another(world: World) -> None:
    eve = [world.seen(picture("eve", number=number)) for number in range(4)]
    mallory = world.seen(picture("mallory"))
    assert {each.stranger_id for each in eve} == {eve[0].capture.capture_id}
    assert mallory.stranger_id == mallory.capture.capture_id
    latest, first = waiting(world)
    assert (first.visits, latest.visits) == (4, 1)
    assert (first.first_seen, first.last_seen) == (eve[0].capture.captured_at, eve[3].capture.captured_at)
    assert first.kiosks == ("front",)


def test_who_was_recognized_at_once_is_grouped_when_the_pictures_event_comes(world: World) -> None:
    seen = world.hand_in_now(world.new_capture(), picture("eve"))
    assert seen.stranger_id is None, "nobody at the door waits for it"
    assert world.stranger_faces.calls == 0
    world.settle()
    assert stored(world, seen).stranger_id == seen.capture.capture_id


def test_only_unknown_visits_are_grouped_and_paid_for(world: World) -> None:
    world.enroll("ada", picture("ada"))
    seen = world.seen(picture("ada", number=2))
    assert (seen.outcome, seen.stranger_id, world.stranger_faces.calls) == (Outcome.RECOGNIZED, None, 0)
    world.keeps_strangers = False
    seen = world.seen(picture("eve"))
    assert (seen.outcome, seen.stranger_id, world.stranger_faces.calls) == (Outcome.UNKNOWN, None, 0)


def test_whoever_is_not_to_be_recognized_any_more_is_no_stranger(world: World) -> None:
    world.enroll("ada", picture("ada"))
    world.enroller().put_person("ada", PersonChange(active=False))
    seen = world.seen(picture("ada", number=2))
    assert (seen.outcome, seen.stranger_id, world.stranger_faces.calls) == (Outcome.UNKNOWN, None, 0)


def test_a_poor_picture_joins_no_group(world: World) -> None:
    seen = world.seen(picture(Shown("eve", trouble="blurred")))
    assert (seen.outcome, seen.stranger_id, waiting(world)) == (Outcome.UNKNOWN, None, [])
    assert not world.failed


def test_the_same_event_again_changes_nothing_and_costs_nothing(world: World) -> None:
    seen = world.seen(picture("eve"))
    assert (seen.rekognition_calls, world.witness.calls) == (3, 3)
    for _ in range(3):
        assert seen.photo_key
        world.handle(seen.photo_key)
    assert stored(world, seen) == seen
    assert (world.witness.calls, waiting(world)[0].visits) == (3, 1)


def test_a_visit_costs_the_same_among_few_strangers_and_among_many(world: World) -> None:
    world.seen(picture("eve"))

    def asked(number: int) -> list[str]:
        world.faults = Faults()
        world.seen(picture("eve", number=number))
        return list(world.faults.called)

    few = asked(1)
    for number in range(300):
        world.seen(picture(f"stranger {number}"))
    assert asked(2) == few


def test_whatever_happens_to_any_call_a_visit_is_grouped_once_and_no_face_is_left_over(world: World) -> None:
    world.seen(picture("eve"))
    world.faults = Faults()
    world.seen(picture("eve", number=1))
    calls = len(world.faults.called)
    for trouble in Trouble:
        for at in range(calls):
            world = World(keeps_strangers=True)
            first = world.seen(picture("eve"))
            world.faults = Faults(at=at, trouble=trouble)
            seen = world.hand_in(world.new_capture(), picture("eve", number=1))
            world.faults = Faults()
            said = f"{trouble} at {at}: {seen}"
            assert seen.outcome is Outcome.UNKNOWN, said
            assert seen.stranger_id == first.stranger_id, said
            assert waiting(world)[0].visits == 2, said
            assert seen.rekognition_calls <= world.most_calls
            assert len(world.stranger_faces.faces) == 2, said


def test_the_calls_of_a_visit_have_one_budget(world: World) -> None:
    world.most_calls = 2
    seen = world.seen(picture("eve"))
    assert (seen.rekognition_calls, seen.stranger_id, world.stranger_faces.calls) == (1, None, 0)
    assert not world.failed


@pytest.mark.parametrize("state", [StrangerState.NAMED, StrangerState.DISCARDED])
def test_nobody_joins_a_stranger_who_was_decided_about(world: World, state: StrangerState) -> None:
    first = world.seen(picture("eve"))
    change(first.capture.capture_id, to=state, strangers=world.strangers)
    second = world.seen(picture("eve", number=1))
    assert second.stranger_id == second.capture.capture_id


def test_a_visit_that_is_corrected_meanwhile_is_grouped_no_more(world: World) -> None:
    world.enroll("ada", picture("ada"))
    seen = world.hand_in_now(world.new_capture(), picture("eve"))

    def meanwhile() -> None:
        correct(seen.capture.capture_id, "ada", sightings=world.sightings, people=world.people, now=world.now)

    grouper = replace(world.grouper(), strangers=Faults(at=1, meanwhile=meanwhile).before(world.strangers))
    assert grouper.group(seen) is None
    assert (waiting(world), world.stranger_faces.faces, world.strangers.seen) == ([], {}, {})


def drop(world: World) -> int:
    return drop_strangers_pictures(
        world.now() - timedelta(days=30),
        sightings=world.sightings,
        photos=world.photos,
        strangers=world.strangers,
        stranger_faces=world.stranger_faces,
        later=world.later,
    )


def test_faces_go_with_the_pictures_and_a_stranger_with_the_last(world: World) -> None:
    old = world.seen(picture("eve"))
    world.wait(29 * DAY_S)
    recent = world.seen(picture("eve", number=1))
    world.wait(2 * DAY_S)
    assert drop(world) == 1
    assert stored(world, old).stranger_id is None
    assert stored(world, recent).stranger_id == old.capture.capture_id
    assert len(world.stranger_faces.faces) == 1
    world.wait(30 * DAY_S)
    assert drop(world) == 1
    assert (world.stranger_faces.faces, waiting(world)) == ({}, [])


def test_faces_whose_visits_expired_in_the_table_are_swept_and_others_stay(world: World) -> None:
    world.seen(picture("eve"))
    world.wait(7 * DAY_S)
    world.stranger_faces.put_there_by_others(picture("somebody"))
    world.wait(31 * DAY_S)
    world.seen(picture("mallory"))
    assert sweep(strangers=world.strangers, faces=world.stranger_faces, now=world.now()) == (1, 3)
    world.wait(DAY_S)
    assert sweep(strangers=world.strangers, faces=world.stranger_faces, now=world.now()) == (0, 2)


def test_forgetting_a_person_takes_the_visits_along_that_showed_them_as_a_stranger(world: World) -> None:
    world.enroll("ada", picture("ada"))
    shown = picture("eve")
    seen = world.seen(shown)
    other = world.seen(picture("mallory"))
    correct(seen.capture.capture_id, "ada", sightings=world.sightings, people=world.people, now=world.now)
    change(seen.capture.capture_id, to=StrangerState.NAMED, person_id="ada", strangers=world.strangers)
    world.forgetter().forget("ada")
    assert world.left_of("ada", shown) == []
    assert list(world.strangers.seen) == [other.capture.capture_id]
    assert world.strangers.get(seen.capture.capture_id) is None
    assert len(world.stranger_faces.faces) == 1


def test_a_named_stranger_is_forgotten_also_when_no_visit_leads_there_any_more(world: World) -> None:
    world.enroll("ada", picture("ada"))
    seen = world.seen(picture("eve"))
    change(seen.capture.capture_id, to=StrangerState.NAMED, person_id="ada", strangers=world.strangers)
    world.forgetter().forget("ada")
    assert world.strangers.get(seen.capture.capture_id) is None
