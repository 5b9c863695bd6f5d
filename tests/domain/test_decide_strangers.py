"""A stranger is named, ignored or discarded; each is finished when it is asked for again."""

from dataclasses import replace
from datetime import timedelta

import pytest

from recognizeme.domain.errors import ConsentMissing, NotFound, NotPossible
from recognizeme.domain.model import Consent, Outcome, PhotoState, Sighting
from recognizeme.domain.people import PersonChange
from recognizeme.domain.strangers import StrangerState
from recognizeme.usecases.correct import correct
from recognizeme.usecases.group_strangers import sweep
from tests.twins.faults import Died, Faults, Trouble
from tests.twins.pictures import Shown, picture
from tests.twins.world import World

EVE = PersonChange(name="Eve")
DAY_S = 86_400.0


@pytest.fixture
def world() -> World:
    return World(keeps_strangers=True)


def visits(world: World, number: int = 3) -> tuple[str, list[Sighting]]:
    seen = [world.seen(picture("eve", number=each)) for each in range(number)]
    assert {each.stranger_id for each in seen} == {seen[0].stranger_id}
    return str(seen[0].stranger_id), seen


def stored(world: World, sighting: Sighting) -> Sighting:
    found = world.sightings.get(sighting.capture.capture_id)
    assert found
    return found


def test_a_name_makes_a_person_of_a_stranger_with_these_pictures(world: World) -> None:
    stranger_id, seen = visits(world)
    named = world.desk().name(stranger_id, "eve", EVE)
    assert (named.visits, named.person.name, named.person.faces) == (3, "Eve", 3)
    for each in seen:
        now = stored(world, each)
        assert (now.outcome, now.name, now.is_named_later) == (Outcome.RECOGNIZED, "Eve", True)
        assert now.correction
        assert now.correction.was_outcome is Outcome.UNKNOWN
    assert world.stranger_faces.faces == {}
    next_one = world.seen(picture("eve", number=9))
    assert (next_one.person_id, next_one.is_named_later) == ("eve", False)


def test_a_stranger_is_somebody_who_is_known(world: World) -> None:
    world.enroll("ada", picture("ada"))
    stranger_id, _ = visits(world)
    assert world.desk().name(stranger_id, "ada", PersonChange()).visits == 3
    found = world.strangers.get(stranger_id)
    assert found
    assert (found.state, found.person_id) == (StrangerState.NAMED, "ada")


def test_a_person_of_a_name_alone_has_the_strangers_id(world: World) -> None:
    stranger_id, _ = visits(world)
    assert world.desk().name(stranger_id, None, EVE).person.person_id == stranger_id


def test_pictures_pass_what_every_photo_has_to_and_the_visits_get_the_name_all_the_same(world: World) -> None:
    seen = world.seen(picture(Shown("eve", is_turned=True)))
    named = world.desk().name(str(seen.stranger_id), "eve", EVE)
    assert [photo.state for photo in named.photos] == [PhotoState.REFUSED]
    assert (named.person.faces, stored(world, seen).person_id) == (0, "eve")


def test_only_the_newest_pictures_become_photos(world: World) -> None:
    stranger_id, _ = visits(world, 13)
    named = world.desk().name(stranger_id, "eve", EVE)
    assert (named.visits, len(named.photos), named.person.faces) == (13, 10, 10)


def test_consent_comes_before_anything_else(world: World) -> None:
    stranger_id, seen = visits(world)
    desk = world.desk()
    desk = replace(desk, enroller=replace(desk.enroller, consent_required=True))
    with pytest.raises(ConsentMissing):
        desk.name(stranger_id, "eve", EVE)
    assert world.people.get("eve") is None
    assert stored(world, seen[0]).person_id is None
    agreed = replace(EVE, consent=Consent(world.now()))
    assert desk.name(stranger_id, "eve", agreed).visits == 3


def test_nobody_is_named_twice_or_after_somebody_who_is_not_there(world: World) -> None:
    world.enroll("ada", picture("ada"))
    stranger_id, _ = visits(world)
    with pytest.raises(NotFound):
        world.desk().name(stranger_id, "nobody", PersonChange())
    with pytest.raises(NotPossible, match="already"):
        world.desk().name(stranger_id, "ada", EVE)
    world.desk().name(stranger_id, "eve", EVE)
    assert world.desk().name(stranger_id, "eve", EVE).visits == 0
    with pytest.raises(NotPossible, match="named already"):
        world.desk().name(stranger_id, "ada", PersonChange())
    for decide in (world.desk().ignore, world.desk().discard):
        with pytest.raises(NotPossible, match="named already"):
            decide(stranger_id)


def test_a_visit_that_was_corrected_before_keeps_what_was_said(world: World) -> None:
    world.enroll("ada", picture("ada"))
    stranger_id, seen = visits(world)
    first = seen[0].capture.capture_id
    correct(first, "ada", sightings=world.sightings, people=world.people, now=world.now)
    named = world.desk().name(stranger_id, "eve", EVE)
    assert (named.visits, len(named.photos)) == (2, 2)
    assert stored(world, seen[0]).person_id == "ada"


def test_forgetting_who_was_named_leaves_nothing(world: World) -> None:
    stranger_id, _ = visits(world)
    world.desk().name(stranger_id, "eve", EVE)
    world.forgetter().forget("eve")
    assert (world.strangers.strangers, world.strangers.seen, world.stranger_faces.faces) == ({}, {}, {})
    assert world.left_of("eve", picture("eve", number=0)) == []


def test_whoever_is_ignored_is_told_so_and_nobody_is_taken_for_them(world: World) -> None:
    world.enroll("ada", picture(Shown("eve", similarity_pct=99.5)))  # who looks like them
    seen = world.sightings
    first = world.seen(picture(Shown("eve", similarity_pct=98.9)))
    assert first.outcome is Outcome.UNKNOWN
    world.desk().ignore(str(world.seen(picture("postman")).stranger_id))
    again = world.seen(picture("postman", number=1))
    assert (again.outcome, again.is_ignored) == (Outcome.UNKNOWN, True)
    assert not stored(world, first).is_ignored
    assert seen.get(first.capture.capture_id)


def test_a_lookalike_is_not_taken_for_whoever_they_resemble(world: World) -> None:
    stranger_id, _ = visits(world)
    world.enroll("ada", picture(Shown("eve", similarity_pct=99.5)))
    assert world.seen(picture("eve", number=7)).person_id == "ada"
    world.desk().ignore(stranger_id)
    again = world.seen(picture("eve", number=8))
    assert (again.outcome, again.person_id, again.is_ignored) == (Outcome.UNKNOWN, None, True)
    assert again.stranger_id == stranger_id


def test_the_newest_visit_of_an_ignored_stranger_is_what_is_remembered(world: World) -> None:
    stranger_id, seen = visits(world, 2)
    world.desk().ignore(stranger_id)
    assert [each.capture_id for each in world.lessons.all()] == [seen[1].capture.capture_id]
    assert world.desk().renew_ignored() == 0
    world.wait(20 * DAY_S)
    newest = world.seen(picture("eve", number=5))
    assert world.desk().renew_ignored() == 1
    assert [each.capture_id for each in world.lessons.all()] == [newest.capture.capture_id]
    world.wait(20 * DAY_S)
    assert world.seen(picture("eve", number=6)).is_ignored


def test_whoever_was_ignored_can_be_named(world: World) -> None:
    stranger_id, _ = visits(world)
    world.desk().ignore(stranger_id)
    world.desk().name(stranger_id, "eve", EVE)
    assert list(world.lessons.all()) == []
    assert world.seen(picture("eve", number=9)).person_id == "eve"


def test_discarding_removes_pictures_and_faces_and_the_visits_stay(world: World) -> None:
    stranger_id, seen = visits(world)
    other = world.seen(picture("mallory"))
    world.desk().ignore(stranger_id)
    assert world.desk().discard(stranger_id).state is StrangerState.DISCARDED
    assert world.strangers.get(stranger_id) is None
    assert list(world.strangers.seen) == [other.capture.capture_id]
    assert len(world.stranger_faces.faces) == 1
    assert set(world.photos.keys("captures/")) == {other.photo_key}
    assert (world.faces.faces, list(world.lessons.all())) == ({}, [])
    for each in seen:
        left = stored(world, each)
        assert (left.outcome, left.photo_key, left.stranger_id) == (Outcome.UNKNOWN, None, None)
    world.handle(str(seen[0].photo_key))
    assert len(world.stranger_faces.faces) == 1, "a late event brings nothing back"


def decide(world: World, what: str, stranger_id: str) -> None:
    desk = world.desk()
    if what == "name":
        desk.name(stranger_id, "eve", EVE)
    elif what == "ignore":
        desk.ignore(stranger_id)
    else:
        desk.discard(stranger_id)


@pytest.mark.parametrize("what", ["name", "ignore", "discard"])
def test_whatever_dies_on_the_way_is_finished_when_it_is_asked_for_again(what: str) -> None:
    def begun() -> tuple[World, str]:
        world = World(keeps_strangers=True)
        return world, visits(world, 2)[0]

    def left(world: World) -> object:
        person = world.people.get("eve")
        return (
            sorted(world.strangers.seen),
            [each.state for each, _ in world.strangers.strangers.values()],
            len(world.stranger_faces.faces),
            len(world.faces.faces),
            [each.capture_id for each in world.lessons.all()],
            [(row.sighting.person_id, row.sighting.photo_key) for row in world.sightings.rows.values()],
            person and sorted(person.photos),
        )

    world, stranger_id = begun()
    world.faults = Faults()
    decide(world, what, stranger_id)
    calls, expected = len(world.faults.called), left(world)
    for at in range(calls):
        world, stranger_id = begun()
        world.faults = Faults(at=at, trouble=Trouble.DIES_AFTER)
        with pytest.raises(Died):
            decide(world, what, stranger_id)
        world.faults = Faults()
        if world.strangers.get(stranger_id) is not None:
            decide(world, what, stranger_id)
        world.settle()
        world.wait(DAY_S)
        sweep(strangers=world.strangers, faces=world.stranger_faces, now=world.now())
        assert left(world) == expected, (what, at)


def test_a_lesson_that_was_not_renewed_ends(world: World) -> None:
    stranger_id, _ = visits(world, 1)
    world.desk().ignore(stranger_id)
    [lesson] = world.lessons.all()
    assert lesson.expires_at - world.now() <= timedelta(days=30)
