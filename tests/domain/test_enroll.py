"""Enrolling, in memory."""

from datetime import timedelta

import pytest

from recognizeme.domain.errors import InvalidRequest, NotFound, ServiceBusy
from recognizeme.domain.model import Consent, Enrollment, PhotoState
from recognizeme.domain.people import PersonChange
from tests.twins.faults import Faults
from tests.twins.pictures import Shown, picture
from tests.twins.world import ADA, World

FIRST = Enrollment("ada", "1.jpg")


@pytest.fixture
def world() -> World:
    return World()


def test_a_photo_is_paid_for_once_though_its_event_follows(world: World) -> None:
    assert world.enroll("ada", ADA).state is PhotoState.INDEXED
    world.settle()
    assert world.faces.calls == 1


def test_the_same_name_with_another_picture_replaces_the_face(world: World) -> None:
    first = world.enroll("ada", ADA, "1.jpg")
    second = world.enroll("ada", picture("ada", number=1), "1.jpg")
    world.settle()
    assert [face.face_id for face in world.faces.all_faces()] == [second.face_id] != [first.face_id]
    assert world.faces.calls == 2


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
        (picture().content, "the photo shows no face"),
        (picture(Shown("ada", trouble="the face is too dark")).content, "the face is too dark"),
        (b"text", "the file is neither JPEG nor PNG"),
    ):
        world.photos.write(FIRST.photo_key, content, "image/jpeg")
        for _ in range(2):
            photo = world.enroller().enroll_stored(FIRST)
            assert photo
            assert (photo.state, photo.reason) == (PhotoState.REFUSED, reason)
    assert world.faces.calls == 2
    assert world.people.unsettled == {}


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
