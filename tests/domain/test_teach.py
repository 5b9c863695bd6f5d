"""What corrections teach, in memory: whatever happens at the same time, and until it is taken back."""

import contextlib
from collections.abc import Callable

import pytest

from recognizeme.domain.errors import InvalidRequest, NotFound
from recognizeme.domain.lessons import capture_of, counter_id, without_mistakes
from recognizeme.domain.model import Candidate, Match, Outcome, PhotoState, Sighting, check_person_id
from recognizeme.usecases.check_collection import check_collection
from recognizeme.usecases.correct import correct
from recognizeme.usecases.explain import explain
from recognizeme.usecases.merge import merge
from tests.twins.faults import Faults, Trouble
from tests.twins.pictures import Shown, picture
from tests.twins.world import ADA, World

# Somebody who is taken for Ada, and is not.
LOOKALIKE = picture(Shown("ada", similarity_pct=99.4), number=1)


@pytest.fixture
def world() -> World:
    world = World()
    world.enroll("ada", ADA)
    world.enroll("bob", picture("bob"))
    world.settle()
    return world


def corrected(world: World, person_id: str | None, seen: Sighting) -> str:
    correct(seen.capture.capture_id, person_id, sightings=world.sightings, people=world.people, now=world.now)
    return seen.capture.capture_id


def counters(world: World) -> list[str]:
    return [str(face.person_id) for face in world.faces.all_faces() if capture_of(face.person_id)]


def test_the_picture_that_was_not_them_is_not_them_when_it_comes_again(world: World) -> None:
    seen = world.seen(LOOKALIKE)
    assert seen.person_id == "ada"
    capture_id = corrected(world, None, seen)
    assert world.teacher().remember_not(capture_id, "ada").face_id

    again = world.seen(LOOKALIKE)
    assert (again.outcome, again.person_id) == (Outcome.UNKNOWN, None)
    assert again.decision
    assert again.decision.candidates == (Candidate("ada", 99.4, counter_pct=99.4),)
    assert explain(again, people=world.people) == (
        "Ada reached 99 with 99.4, but the face looks at least as much like a picture that was said not to"
        " show them (99.4): `recognizeme corrections` lists it."
    )
    assert world.seen(picture("ada", number=2)).person_id == "ada", (
        "who looks more like her own photos is her"
    )
    assert world.witness.orphans == []


def test_the_picture_that_was_somebody_is_them_when_it_comes_again(world: World) -> None:
    stranger = picture("carol", number=3)
    seen = world.seen(stranger)
    assert seen.outcome is Outcome.UNKNOWN
    with pytest.raises(InvalidRequest, match="correct it first"):
        world.teacher().learn(seen.capture.capture_id)
    capture_id = corrected(world, "bob", seen)
    photo = world.teacher().learn(capture_id)
    assert (photo.photo_id, photo.state) == (f"capture-{capture_id}.jpg", PhotoState.INDEXED)
    paid = world.faces.calls
    assert world.teacher().learn(capture_id) == photo
    assert world.faces.calls == paid, "learning it again costs nothing"
    assert world.seen(stranger).person_id == "bob"


def test_both_at_once_name_the_right_person_and_the_wrong_one_is_no_runner_up(world: World) -> None:
    seen = world.seen(LOOKALIKE)
    capture_id = corrected(world, "bob", seen)
    world.teacher().remember_not(capture_id, "ada")
    world.teacher().learn(capture_id)
    again = world.seen(LOOKALIKE)
    assert (again.outcome, again.person_id) == (Outcome.RECOGNIZED, "bob")
    assert explain(again, people=world.people) == (
        "Bob reached 99 with 99.4, and nobody else came near. Ada 99.4 was left out: the face looks as much"
        " like a picture that was said not to show them (`recognizeme corrections`)."
    )


def test_what_is_remembered_is_taken_back_and_expires(world: World) -> None:
    seen = world.seen(LOOKALIKE)
    capture_id = corrected(world, None, seen)
    for _ in range(2):
        world.teacher().remember_not(capture_id, "ada")
    assert counters(world) == [counter_id(capture_id)]
    assert world.teacher().take_back(capture_id).not_person_ids == ("ada",)
    assert (counters(world), list(world.lessons.all())) == ([], [])
    assert world.seen(LOOKALIKE).person_id == "ada"
    with pytest.raises(NotFound):
        world.teacher().take_back(capture_id)

    world.teacher().remember_not(capture_id, "ada")
    world.wait(30 * 86_400)
    assert world.seen(LOOKALIKE).person_id == "ada"
    assert check(world).removing == 1
    assert counters(world) == []


def check(world: World):  # type: ignore[no-untyped-def]
    return check_collection(
        faces=world.faces, people=world.people, lessons=world.lessons, later=world.later, now=world.now
    )


def test_a_counter_example_is_no_orphan(world: World) -> None:
    capture_id = corrected(world, None, world.seen(LOOKALIKE))
    world.teacher().remember_not(capture_id, "ada")
    found = check(world)
    assert (found.removing, found.orphans) == (0, ())
    assert counters(world) == [counter_id(capture_id)]


def test_nothing_is_taught_by_a_sighting_that_says_otherwise_or_has_no_picture(world: World) -> None:
    seen = world.seen(LOOKALIKE)
    with pytest.raises(InvalidRequest, match="says that it is 'ada'"):
        world.teacher().remember_not(seen.capture.capture_id, "ada")
    capture_id = corrected(world, None, seen)
    with pytest.raises(NotFound, match="no person 'nobody'"):
        world.teacher().remember_not(capture_id, "nobody")
    assert seen.photo_key
    world.photos.delete([seen.photo_key])
    with pytest.raises(NotFound):
        world.teacher().remember_not(capture_id, "ada")
    assert (list(world.lessons.all()), counters(world)) == ([], [])


def test_whoever_was_merged_is_not_taken_for_the_one_whom_they_count_as_either(world: World) -> None:
    world.enroll("countess", picture("ada", number=8))
    merge("ada", into="countess", people=world.people)
    seen = world.seen(LOOKALIKE)
    assert seen.person_id == "countess"
    with pytest.raises(InvalidRequest, match="says that it is 'ada'"):
        world.teacher().remember_not(seen.capture.capture_id, "ada")
    world.teacher().remember_not(corrected(world, None, seen), "ada")
    assert world.seen(LOOKALIKE).person_id is None


def test_a_picture_that_cannot_be_indexed_teaches_nothing_and_says_why(world: World) -> None:
    two = picture(Shown("ada", similarity_pct=99.4), "dan", number=4)
    capture_id = corrected(world, None, world.seen(two))
    with pytest.raises(InvalidRequest, match="cannot be learned from: two people"):
        world.teacher().remember_not(capture_id, "ada")
    assert list(world.lessons.all()) == []


@pytest.mark.parametrize("who", ["ada", "bob"])
def test_forgetting_whoever_it_is_about_or_whoever_it_shows_forgets_the_lesson(
    world: World, who: str
) -> None:
    capture_id = corrected(world, "bob", world.seen(LOOKALIKE))
    world.teacher().remember_not(capture_id, "ada")
    world.forgetter().forget(who)
    assert (counters(world), list(world.lessons.all())) == ([], [])
    world.settle()
    assert world.left_of(who, ADA if who == "ada" else LOOKALIKE) == []


def teaching(world: World, capture_id: str) -> Callable[[], object]:
    return lambda: world.insist(lambda: world.teacher().remember_not(capture_id, "ada"), wait_s=1)


def forgetting(world: World) -> Callable[[], object]:
    return lambda: world.insist(lambda: world.forgetter().forget("ada"))


@pytest.mark.parametrize("trouble", Trouble)
def test_a_lesson_interrupted_anywhere_is_finished_by_teaching_it_again(trouble: Trouble) -> None:
    at = 0
    while True:
        world, capture_id = prepared()
        world.faults = Faults(at=at, trouble=trouble)
        teaching(world, capture_id)()
        assert len(counters(world)) == 1, world.faults.called
        (lesson,) = world.lessons.all()
        assert lesson.face_id in world.faces.faces, world.faults.called
        if len(world.faults.called) <= at + 1:
            break
        at += 1
    assert at > 4


def test_somebody_forgotten_while_it_is_learned_whom_they_are_not_leaves_nothing() -> None:
    world, capture_id = prepared()
    world.faults = Faults()
    teaching(world, capture_id)()
    for at in range(len(world.faults.called)):
        world, capture_id = prepared()

        def forget(world: World = world) -> None:
            troubled, world.faults = world.faults, Faults()
            world.forgetter().forget("ada")
            world.faults = troubled

        world.faults = Faults(at=at, meanwhile=forget)
        with contextlib.suppress(NotFound):
            world.teacher().remember_not(capture_id, "ada")
        world.faults = Faults()
        world.settle()
        assert (counters(world), list(world.lessons.all())) == ([], []), at


@pytest.mark.parametrize("trouble", Trouble)
def test_a_forgetting_interrupted_anywhere_leaves_no_counter_example(trouble: Trouble) -> None:
    at = 0
    while True:
        world, capture_id = prepared()
        world.teacher().remember_not(capture_id, "ada")
        world.faults = Faults(at=at, trouble=trouble)
        forgetting(world)()
        world.settle()
        assert (counters(world), list(world.lessons.all())) == ([], []), world.faults.called
        if len(world.faults.called) <= at + 1:
            break
        at += 1
    assert at > 10


def prepared() -> tuple[World, str]:
    world = World()
    world.enroll("ada", ADA)
    world.settle()
    return world, corrected(world, None, world.seen(LOOKALIKE))


def test_no_person_has_an_id_that_stands_for_a_counter_example(world: World) -> None:
    capture_id = world.new_capture().capture_id
    with pytest.raises(InvalidRequest, match="kept for corrections"):
        check_person_id(counter_id(capture_id))
    for person_id in ("not:", "not:ada", "not-" + capture_id):
        assert check_person_id(person_id) == person_id
        assert capture_of(person_id) is None


def test_only_the_people_who_were_mistaken_are_left_out() -> None:
    matches = [Match("1", "ada", 99.5), Match("2", "ada", 97.0), Match("3", "bob", 99.2)]
    assert without_mistakes(matches, {}) == matches
    assert without_mistakes(matches, {"ada": 99.4, "eve": 100.0}) == matches
    assert without_mistakes(matches, {"ada": 99.5}) == matches[2:]
