"""Removing one photo, in memory: its picture and face are gone, and nothing brings them back."""

from contextlib import suppress

import pytest

from recognizeme.domain.errors import NotFound, RecognizeMeError, ServiceBusy
from recognizeme.domain.model import EnrolledPhoto, Enrollment, Outcome, PhotoState
from recognizeme.usecases.correct import correct
from tests.twins.faults import Died, Faults, Trouble
from tests.twins.pictures import Shown, picture
from tests.twins.world import ADA, LEASE_S, World

FIRST, SECOND = Enrollment("ada", "1.jpg"), Enrollment("ada", "2.jpg")
IN_PROFILE = picture("ada", number=2)
WRONG = picture("bob", number=5)
AT_THE_DOOR = picture("ada", number=1)


@pytest.fixture
def world() -> World:
    """Ada has a good photo, and one of Bob that was filed under her name."""
    world = World()
    world.enroll("ada", ADA, "1.jpg")
    world.enroll("ada", WRONG, "2.jpg")
    world.settle()
    return world


def photo(world: World, of: Enrollment) -> EnrolledPhoto:
    person = world.people.get(of.person_id)
    assert person
    return person.photos[of.photo_id]


def test_a_photo_under_the_wrong_name_is_used_no_longer_once_it_is_removed(world: World) -> None:
    assert world.seen(picture("bob", number=1)).person_id == "ada"
    removed = world.photo_remover().remove(SECOND)
    assert removed == EnrolledPhoto(
        "2.jpg", PhotoState.REMOVED, removed.enrolled_at, removed_at=removed.removed_at
    )
    assert photo(world, SECOND) == removed
    assert world.seen(picture("bob", number=2)).outcome is Outcome.UNKNOWN
    assert world.seen(AT_THE_DOOR).person_id == "ada"


def test_every_version_of_the_picture_goes_and_no_other_picture(world: World) -> None:
    world.photos.write(SECOND.photo_key, ADA.content, "image/jpeg")
    world.photos.mark_deleted(SECOND.photo_key)
    world.photos.write(f"{SECOND.photo_key}.bak", IN_PROFILE.content, "image/jpeg")
    world.photo_remover().remove(SECOND)
    assert sorted(world.photos.versions) == [FIRST.photo_key, f"{SECOND.photo_key}.bak"]


def test_removing_again_is_no_error_and_what_never_was_is_not_found(world: World) -> None:
    removed = world.photo_remover().remove(SECOND)
    assert world.photo_remover().remove(SECOND) == removed
    for unknown in (Enrollment("ada", "3.jpg"), Enrollment("nobody", "1.jpg")):
        with pytest.raises(NotFound):
            world.photo_remover().remove(unknown)


def test_a_photo_that_is_stored_and_not_yet_enrolled_can_be_removed(world: World) -> None:
    late = Enrollment("ada", "3.jpg")
    world.photos.write(late.photo_key, IN_PROFILE.content, "image/jpeg")
    assert world.photo_remover().remove(late).state is PhotoState.REMOVED
    world.settle()
    assert photo(world, late).state is PhotoState.REMOVED
    assert len(world.faces.faces) == 2


def test_a_late_event_of_the_removed_photo_does_not_bring_it_back(world: World) -> None:
    world.photo_remover().remove(SECOND)
    world.events.append(SECOND.photo_key)
    world.settle()
    assert photo(world, SECOND).state is PhotoState.REMOVED
    assert len(world.faces.faces) == 1


def test_a_face_that_another_photo_shows_too_stays_until_that_is_removed(world: World) -> None:
    copy = Enrollment("ada", "copy.jpg")
    world.enroll("ada", ADA, copy.photo_id)
    world.settle()
    world.photo_remover().remove(FIRST)
    world.settle()
    assert world.seen(AT_THE_DOOR).person_id == "ada"
    world.photo_remover().remove(copy)
    world.settle()
    assert world.seen(AT_THE_DOOR).outcome is Outcome.UNKNOWN
    assert sorted(world.people.faces) == sorted(world.faces.faces)


def test_the_same_photo_may_be_enrolled_again(world: World) -> None:
    world.photo_remover().remove(FIRST)
    assert world.enroll("ada", ADA, "1.jpg").state is PhotoState.INDEXED
    world.settle()
    assert world.seen(AT_THE_DOOR).person_id == "ada"
    assert world.photos.read(FIRST.photo_key) == ADA.content
    assert world.photo_remover().remove(FIRST).state is PhotoState.REMOVED


def test_while_a_photo_is_being_removed_it_is_not_enrolled(world: World) -> None:
    world.people.begin_removing_photo("ada", "1.jpg", now=world.now())
    with pytest.raises(ServiceBusy, match="being removed"):
        world.enroll("ada", ADA, "1.jpg")


def test_a_removed_photo_leaves_nothing_to_be_found_when_its_person_is_forgotten(world: World) -> None:
    world.photo_remover().remove(SECOND)
    world.forgetter().forget("ada")
    world.settle()
    assert world.left_of("ada", ADA) + world.left_of("ada", WRONG) == []


def test_a_face_that_was_indexed_and_never_recorded_goes_with_its_photo(world: World) -> None:
    third = Enrollment("ada", "3.jpg")
    world.faults = Faults()
    world.photos.write(third.photo_key, IN_PROFILE.content, "image/jpeg")
    world.events.clear()
    world.people.begin_photo("ada", IN_PROFILE.sha256, now=world.now())
    world.faces.add("ada", IN_PROFILE)  # and whoever did that died
    world.photo_remover().remove(third)
    world.settle()
    assert sorted(world.faces.faces) == sorted(world.people.faces)
    assert world.people.last_begun("ada") is None


def test_faces_of_photos_that_are_being_enrolled_are_left_alone(world: World) -> None:
    world.photo_remover().remove(SECOND)
    (_, _, delay_s) = world.later.waiting.pop()
    world.wait(delay_s)
    world.people.begin_photo("ada", IN_PROFILE.sha256, now=world.now())
    face = world.faces.add("ada", IN_PROFILE)
    world.photo_remover().finish(SECOND)
    assert face.face_id in world.faces.faces
    assert world.later.waiting == [("remove_photo", "ada/2.jpg", LEASE_S)]


@pytest.mark.parametrize("trouble", list(Trouble))
def test_whatever_happens_to_a_removal_that_is_asked_for_again_nothing_is_left(trouble: Trouble) -> None:
    for at in range(calls_of_a_removal()):
        world = prepared()
        world.faults = Faults(at=at, trouble=trouble)
        world.insist(lambda: world.photo_remover().remove(SECOND))  # noqa: B023
        world.settle()
        gone(world, (world.faults.called[at], trouble))


@pytest.mark.parametrize("trouble", list(Trouble))
def test_a_removal_that_nobody_asks_for_again_is_finished_or_was_never_begun(trouble: Trouble) -> None:
    for at in range(calls_of_a_removal()):
        world = prepared()
        world.faults = Faults(at=at, trouble=trouble)
        with suppress(RecognizeMeError, Died):
            world.photo_remover().remove(SECOND)
        world.settle()
        where = (world.faults.called[at], trouble)
        if photo(world, SECOND).state is PhotoState.INDEXED:
            assert len(world.faces.faces) == len(world.people.faces) == 2, where
            assert SECOND.photo_key in world.photos.versions, where
        else:
            gone(world, where)


def prepared() -> World:
    world = World()
    world.enroll("ada", ADA, "1.jpg")
    world.enroll("ada", WRONG, "2.jpg")
    world.settle()
    return world


def calls_of_a_removal() -> int:
    world = prepared()
    world.faults = Faults()
    world.photo_remover().remove(SECOND)
    world.settle()
    return len(world.faults.called)


def gone(world: World, where: object) -> None:
    assert photo(world, SECOND).state is PhotoState.REMOVED, where
    assert sorted(world.faces.faces) == sorted(world.people.faces), where
    assert len(world.faces.faces) == 1, where
    assert SECOND.photo_key not in world.photos.versions, where
    assert world.people.unsettled == {}, where
    assert world.failed == [], where


@pytest.mark.parametrize("trouble", [None, *Trouble])
def test_a_photo_removed_at_any_moment_of_its_enrollment_is_removed_or_whole(trouble: Trouble | None) -> None:
    def enrollment(world: World) -> None:
        world.photos.write(SECOND.photo_key, IN_PROFILE.content, "image/jpeg")
        world.settle()

    probe = prepared()
    probe.faults = Faults()
    enrollment(probe)
    for at in range(len(probe.faults.called)):
        world = prepared()

        def remove(world: World = world) -> None:
            troubled, world.faults = world.faults, Faults()
            world.photo_remover().remove(SECOND)
            world.faults = troubled

        world.faults = Faults(at=at, trouble=trouble, meanwhile=remove)
        enrollment(world)
        if trouble not in (Trouble.FAILS, Trouble.DIES_BEFORE):
            gone(world, (world.faults.called[at], trouble))


def test_a_correction_is_not_touched_by_removing_a_photo(world: World) -> None:
    visit = world.seen(picture("bob", number=1))
    correct(visit.capture.capture_id, None, sightings=world.sightings, people=world.people, now=world.now)
    world.photo_remover().remove(SECOND)
    stored = world.sightings.get(visit.capture.capture_id)
    assert stored
    assert stored.correction
    assert stored.correction.was_person_id == "ada"


def test_what_was_refused_can_be_removed_too(world: World) -> None:
    refused = world.enroll("ada", picture(Shown("ada", trouble="blurred")), "blurred.jpg")
    assert refused.state is PhotoState.REFUSED
    removed = world.photo_remover().remove(Enrollment("ada", "blurred.jpg"))
    assert (removed.state, removed.reason) == (PhotoState.REMOVED, None)
