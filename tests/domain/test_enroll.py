"""Enrolling, in memory."""

from contextlib import suppress
from datetime import timedelta

import pytest

from recognizeme.domain.errors import InvalidRequest, NotFound, ServiceBusy
from recognizeme.domain.model import (
    Consent,
    EnrolledPhoto,
    Enrollment,
    Exceptions,
    PhotoState,
    SimilarFace,
)
from recognizeme.domain.people import PersonChange
from recognizeme.domain.photo_problems import PhotoProblem
from recognizeme.domain.picture import sha256_of
from recognizeme.usecases.merge import merge
from tests.twins.faults import Died, Faults, Trouble
from tests.twins.pictures import Shown, picture
from tests.twins.world import ADA, TWINS, World

FIRST = Enrollment("ada", "1.jpg")


@pytest.fixture
def world() -> World:
    return World()


def test_a_photo_is_paid_for_once_though_its_event_follows(world: World) -> None:
    assert world.enroll("ada", ADA).state is PhotoState.INDEXED
    world.settle()
    assert world.faces.calls == 2  # IndexFaces, and SearchFaces for somebody who looks the same


def test_where_events_wait_that_of_an_enrolled_photo_need_not_come() -> None:
    world = World(can_wait=True)
    world.enroll("ada", ADA)
    assert not world.events


@pytest.mark.parametrize("can_wait", [True, False])
def test_what_is_handed_in_under_one_name_at_once_ends_as_the_picture_that_is_stored(can_wait: bool) -> None:
    """Wherever the one comes in between, and though its own event has been called off by then."""
    better = picture("ada", number=1)
    for at in range(20):
        world = World(can_wait=can_wait)
        world.enroller().put_person("ada", PersonChange(name="Ada"))

        def replaced(world: World = world) -> None:
            world.faults = Faults()
            world.enroller().enroll_now("ada", better.content, "1.jpg")

        world.faults = faults = Faults(at=at, meanwhile=replaced)
        world.enroller().enroll_now("ada", ADA.content, "1.jpg")
        world.settle()
        person = world.people.get("ada")
        assert person, at
        assert sha256_of(world.photos.read(FIRST.photo_key)) == person.photos["1.jpg"].sha256, at
        if len(faults.called) <= at:
            return
    pytest.fail("an enrollment makes fewer calls")


def test_an_enrollment_that_dies_anywhere_after_its_picture_is_stored_is_finished_by_its_event() -> None:
    for at in range(2, 20):  # the record, the picture
        world = World(can_wait=True)
        world.enroller().put_person("ada", PersonChange(name="Ada"))
        world.faults = faults = Faults(at=at, trouble=Trouble.DIES_BEFORE)
        with suppress(Died):
            world.enroller().enroll_now("ada", ADA.content, "1.jpg")
        world.faults = Faults()
        world.settle()
        person = world.people.get("ada")
        assert person, at
        assert person.photos["1.jpg"].state is PhotoState.INDEXED, at
        if len(faults.called) <= at:
            return
    pytest.fail("an enrollment makes fewer calls")


def test_the_same_name_with_another_picture_replaces_the_face(world: World) -> None:
    first = world.enroll("ada", ADA, "1.jpg")
    second = world.enroll("ada", picture("ada", number=1), "1.jpg")
    world.settle()
    assert [face.face_id for face in world.faces.all_faces()] == [second.face_id] != [first.face_id]
    assert world.faces.calls == 4


def test_a_photo_that_is_replaced_while_it_is_indexed_is_indexed_too(world: World) -> None:
    """Of two events that come together, and whichever ends last, the picture that is stored counts."""
    better = picture("ada", number=1)
    calls = calls_of_an_enrollment()
    for at in range(calls):
        world = World()
        world.photos.write(FIRST.photo_key, ADA.content, "image/jpeg")

        def replaced(world: World = world) -> None:
            world.photos.write(FIRST.photo_key, better.content, "image/jpeg")
            world.faults = Faults()
            world.settle()

        world.faults = Faults(at=at, meanwhile=replaced)
        world.enroller().enroll_stored(FIRST)
        world.settle()
        person = world.people.get("ada")
        assert person, at
        assert person.photos["1.jpg"].sha256 == better.sha256, at
        (face,) = world.faces.all_faces()
        assert face.face_id == person.photos["1.jpg"].face_id, at


def calls_of_an_enrollment() -> int:
    world = World()
    world.photos.write(FIRST.photo_key, ADA.content, "image/jpeg")
    world.settle()
    return len(world.faults.called)


def test_a_photo_that_cannot_be_used_is_refused_once_with_the_reason(world: World) -> None:
    for content, reason in (
        (picture().content, "no face was found; take a photo of head and shoulders, from the front"),
        (
            picture(Shown("ada", trouble="too_dark")).content,
            "the face is too dark; turn on a light and take another photo",
        ),
        (b"text", "the file is neither JPEG nor PNG"),
    ):
        world.photos.write(FIRST.photo_key, content, "image/jpeg")
        for _ in range(2):
            photo = world.enroller().enroll_stored(FIRST)
            assert photo
            assert (photo.state, photo.reason) == (PhotoState.REFUSED, reason)
    assert world.faces.calls == 2
    assert world.people.unsettled == {}


def test_a_face_that_looks_like_somebody_else_is_not_enrolled_and_not_kept(world: World) -> None:
    first = world.enroll("ada", ADA)
    photo = world.enroll("tom", picture("ada", number=1))
    assert (photo.state, photo.problem) == (PhotoState.REFUSED, PhotoProblem.LOOKS_LIKE_ANOTHER)
    assert photo.similar == SimilarFace(first.face_id or "", 100.0)
    world.settle()
    assert [face.person_id for face in world.faces.all_faces()] == ["ada"]


def test_how_many_photos_somebody_has_makes_no_work_for_the_next() -> None:
    asked = []
    for photos in (2, 6):
        world = World()
        for number in range(photos):
            world.enroll("ada", picture("ada", number=number))
            world.enroll("tom", picture("ada", number=10 + number), exceptions=TWINS)
        merge("tom", into="ada", people=world.people)
        world.faults = Faults()
        world.enroller().enroll_now("ada", picture("ada", number=20).content)
        asked.append(world.faults.called.count("TwinPeople.get"))
    assert asked[0] == asked[1]


def test_who_looks_a_little_alike_is_enrolled(world: World) -> None:
    world.enroll("ada", ADA)
    sister = picture(Shown("ada", similarity_pct=98.9), number=1)
    assert world.enroll("sister", sister).state is PhotoState.INDEXED


def test_a_face_whose_person_is_gone_stops_nobody(world: World) -> None:
    world.faces.add("gone", ADA)
    assert world.enroll("tom", picture("ada", number=1)).state is PhotoState.INDEXED


def test_a_duplicate_is_enrolled_when_somebody_says_why(world: World) -> None:
    world.enroll("ada", ADA)
    twin = picture("ada", number=1)
    for _ in range(2):  # and stays, also when it is handed in again without a reason
        assert world.enroll("tom", twin, "1.jpg", Exceptions(allow_duplicate="twins")).face_id
        world.settle()
        assert world.enroll("tom", twin, "1.jpg").state is PhotoState.INDEXED
        world.settle()
    assert sorted(str(face.person_id) for face in world.faces.all_faces()) == ["ada", "tom"]


def test_of_two_who_enroll_the_same_face_at_once_never_both_succeed() -> None:
    """Whichever call of the one the other comes between."""
    world = World()
    world.enroll("ada", ADA)
    for at in range(len(world.faults.called)):
        world = World()
        other: list[EnrolledPhoto] = []

        def meanwhile(world: World = world, other: list[EnrolledPhoto] = other) -> None:
            world.faults = Faults()
            other.append(world.enroll("tom", picture("ada", number=1)))

        world.faults = Faults(at=at, meanwhile=meanwhile)
        photos = [world.enroll("ada", ADA), *other]
        assert [photo.state for photo in photos].count(PhotoState.INDEXED) <= 1, at


def test_a_poor_photo_is_refused_and_let_through_on_request(world: World) -> None:
    for poor in (Shown("ada", is_turned=True), Shown("ada", trouble="turned_away")):
        shown = picture(poor)
        photo = world.enroll("ada", shown, "1.jpg")
        assert photo.problem is PhotoProblem.TURNED_AWAY
        assert list(world.faces.all_faces()) == []
        assert world.enroll("ada", shown, "1.jpg", Exceptions(accept_poor=True)).state is PhotoState.INDEXED
        world.settle()  # the event of the stored picture changes nothing
        person = world.people.get("ada")
        assert person
        assert person.photos["1.jpg"].state is PhotoState.INDEXED
        world.forgetter().forget("ada")
        world.settle()


def test_no_exception_enrolls_what_shows_nobody_or_nobody_in_particular(world: World) -> None:
    for shown in (picture(), picture("ada", "bob")):
        assert world.enroll("ada", shown, exceptions=Exceptions(True, "twins")).state is PhotoState.REFUSED


def test_a_folder_copied_into_the_store_creates_people_named_after_their_ids(world: World) -> None:
    world.photos.write(FIRST.photo_key, ADA.content, "image/jpeg")
    world.settle()
    person = world.people.get("ada")
    assert person
    assert (person.name, person.faces) == ("ada", 1)


def test_a_photo_of_nobody_known_is_not_enrolled_through_the_api(world: World) -> None:
    with pytest.raises(NotFound, match="PUT /people/ada"):
        world.enroller().enroll_now("ada", ADA.content)
    assert world.photos.versions == {}


def test_consent_that_is_still_to_be_given_is_refused(world: World) -> None:
    for ahead, is_refused in ((timedelta(), False), (timedelta(minutes=4), False), (timedelta(days=1), True)):
        consent = Consent(world.now() + ahead)
        if is_refused:
            with pytest.raises(InvalidRequest, match="future"):
                world.enroller().put_person("ada", PersonChange(name="Ada", consent=consent))
        else:
            assert (
                world.enroller().put_person("ada", PersonChange(name="Ada", consent=consent)).consent
                == consent
            )


def test_nobody_is_created_while_somebody_of_this_id_is_being_forgotten(world: World) -> None:
    world.enroll("ada", ADA)

    def put() -> None:
        world.faults = Faults()
        with pytest.raises(ServiceBusy, match="being forgotten"):
            world.enroller().put_person("ada", PersonChange(name="Ada"))

    forgetter = world.forgetter()
    world.faults.at, world.faults.meanwhile = len(world.faults.called) + 4, put
    forgetter.forget("ada")
    assert world.people.get("ada") is None
    assert world.enroller().put_person("ada", PersonChange(name="Ada")).faces == 0


def test_a_photo_may_look_like_the_other_record_of_the_same_human(world: World) -> None:
    world.enroll("ada", ADA)
    world.enroll("king", picture("ada", number=1), exceptions=TWINS)
    merge("king", into="ada", people=world.people)
    assert world.enroll("ada", picture("ada", number=2)).state is PhotoState.INDEXED
    assert world.enroll("king", picture("ada", number=3)).state is PhotoState.INDEXED
