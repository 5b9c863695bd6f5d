"""Forgetting, in memory: nothing is left, whatever happens at the same time."""

from collections.abc import Iterable
from dataclasses import replace

import pytest

from recognizeme.domain.errors import NotFound
from recognizeme.domain.model import Trace
from recognizeme.domain.policy import MatchBy
from recognizeme.domain.receipts import Found, Removed
from recognizeme.usecases.check_collection import CollectionCheck, check_collection
from recognizeme.usecases.correct import correct
from tests.twins.faults import Faults
from tests.twins.pictures import picture
from tests.twins.world import ADA, LEASE_S, TWINS, World

AT_THE_DOOR = picture("ada", number=1)


@pytest.fixture
def world() -> World:
    world = World()
    world.enroll("ada", ADA)
    world.enroll("bob", picture("bob"))
    world.settle()
    return world


def nothing_left(world: World) -> None:
    assert world.left_of("ada", ADA) + world.left_of("ada", AT_THE_DOOR) == []


def test_all_that_is_known_of_a_person_goes_and_nobody_elses(world: World) -> None:
    visit = world.seen(AT_THE_DOOR)
    receipt = world.forgetter().forget("ada")
    assert receipt.removed == Removed(people=1, faces=1, photos=1, captures=1, sightings=1)
    assert receipt.is_verified
    nothing_left(world)
    stored = world.sightings.get(visit.capture.capture_id)
    assert stored
    assert (stored.outcome, stored.person_id, stored.photo_key) == (visit.outcome, None, None)
    assert world.people.get("bob")
    assert world.seen(picture("bob", number=1)).person_id == "bob"


def test_forgetting_again_gives_the_receipt_again_and_somebody_who_never_was_is_not_found(
    world: World,
) -> None:
    world.seen(AT_THE_DOOR)
    receipt = world.forgetter().forget("ada")
    world.settle()
    assert world.forgetter().forget("ada").removed == receipt.removed
    with pytest.raises(NotFound):
        world.forgetter().forget("nobody")


def test_every_version_of_a_photo_goes_also_under_a_delete_marker(world: World) -> None:
    (key,) = world.photos.keys("enrollments/ada/")
    world.photos.write(key, AT_THE_DOOR.content, "image/jpeg")
    world.photos.mark_deleted(key)
    world.forgetter().forget("ada")
    nothing_left(world)


def test_every_picture_of_a_capture_goes_whatever_kiosk_and_type_it_came_under(world: World) -> None:
    visit = world.seen(AT_THE_DOOR)
    for of in (visit.capture, replace(visit.capture, kiosk_id="back")):
        for content_type in ("image/jpeg", "image/png"):
            world.photos.write(of.photo_key(content_type), AT_THE_DOOR.content, content_type)
    world.photos.mark_deleted(replace(visit.capture, kiosk_id="back").photo_key("image/png"))
    world.forgetter().forget("ada")
    nothing_left(world)


def test_a_picture_that_comes_late_under_a_sighting_of_the_forgotten_is_removed(world: World) -> None:
    visit = world.seen(AT_THE_DOOR)
    world.forgetter().forget("ada")
    world.photos.write(visit.capture.photo_key("image/jpeg"), AT_THE_DOOR.content, "image/jpeg")
    world.hand_in_now(visit.capture, AT_THE_DOOR)
    world.settle()
    nothing_left(world)


def test_what_a_correction_replaced_is_forgotten_too(world: World) -> None:
    visit = world.seen(AT_THE_DOOR)
    corrected = correct(
        visit.capture.capture_id, "bob", sightings=world.sightings, people=world.people, now=world.now
    )
    world.forgetter().forget("ada")
    stored = world.sightings.get(visit.capture.capture_id)
    assert stored
    assert corrected.correction
    assert corrected.decision
    assert stored == replace(
        corrected,
        correction=replace(corrected.correction, was_person_id=None),
        decision=corrected.decision.without("ada"),
    )


def test_whoever_was_only_considered_is_forgotten_and_the_others_picture_stays(world: World) -> None:
    world.enroll("twin", picture("ada", number=5), exceptions=TWINS)
    visit = world.seen(AT_THE_DOOR)
    assert visit.decision
    assert [each.person_id for each in visit.decision.candidates] == ["ada", "twin"]
    assert world.forgetter().forget("twin").removed == Removed(
        people=1, faces=1, photos=1, sightings=1, mentions=1
    )
    nothing = [row for row in world.sightings.rows.values() if list(world.sightings.traces("twin"))]
    assert nothing == []
    stored = world.sightings.get(visit.capture.capture_id)
    assert stored
    assert stored.photo_key == visit.photo_key


def test_nobody_is_named_by_a_correction_who_is_forgotten_at_that_moment(world: World) -> None:
    visit = world.seen(picture("carol"))
    people = Faults(at=1, meanwhile=lambda: world.forgetter().forget("ada"))
    with pytest.raises(NotFound):
        correct(
            visit.capture.capture_id,
            "ada",
            sightings=people.before(world.sightings),
            people=people.before(world.people),
            now=lambda: (world.forgetter().forget("ada"), world.now())[1],
        )
    nothing_left(world)


def test_a_receipt_says_what_of_every_store_was_removed(world: World) -> None:
    world.faces.match_by = MatchBy.USERS
    world.enroll("ada", picture("ada", number=3), "2.jpg")
    visit = world.seen(AT_THE_DOOR)
    other = world.seen(picture("carol"))
    world.teacher().remember_not(other.capture.capture_id, "ada")
    found = Found(people=1, faces=2, vectors=1, photos=2, sightings=1, lessons=1)
    assert world.forgetter().look("ada") == found
    receipt = world.forgetter().forget("ada")
    assert receipt.person_ids == ("ada",)
    assert receipt.removed == Removed(
        people=1, faces=2, vectors=1, photos=2, captures=1, sightings=1, lessons=1
    )
    assert receipt.is_verified
    assert world.forgetter().look("ada") == Found()
    assert world.forgetter().look("bob") == Found(people=1, faces=1, photos=1)
    assert visit.person_id == "ada"


def test_a_receipt_says_what_is_found_all_the_same(world: World) -> None:
    world.faces.add("ada", picture("ada", number=9))
    receipt = world.forgetter().forget("ada")
    assert not receipt.is_verified
    assert receipt.found == Found(faces=1)
    world.settle()
    again = world.forgetter().forget("ada")
    assert again.is_verified
    assert again.removed.faces == 2


def test_whoever_is_enrolled_anew_has_a_receipt_of_their_own(world: World) -> None:
    world.seen(AT_THE_DOOR)
    world.forgetter().forget("ada")
    world.settle()
    world.enroll("ada", ADA)
    assert world.forgetter().forget("ada").removed == Removed(people=1, faces=1, photos=1)


def test_what_takes_longer_than_a_function_may_run_goes_on_by_itself(world: World) -> None:
    visits = [world.seen(picture("ada", number=number)) for number in range(3)]
    monotonous = world.sightings.forget

    def slow(person_id: str, traces: Iterable[Trace]) -> int:
        world.wait(21)
        return monotonous(person_id, list(traces)[:1])

    world.sightings.forget = slow  # type: ignore[method-assign]
    receipt = world.forgetter().forget("ada")
    assert receipt.found is None
    assert not receipt.is_verified
    world.wait(LEASE_S)
    world.settle()
    again = world.forgetter().forget("ada")
    assert again.is_verified
    assert again.removed == Removed(people=1, faces=1, photos=1, captures=3, sightings=3)
    assert len(visits) == 3


def test_a_face_that_was_never_recorded_is_found_in_the_collection(world: World) -> None:
    world.faces.add("ada", picture("ada", number=9))
    world.forgetter().forget("ada")
    world.settle()
    nothing_left(world)


def test_whoever_is_enrolled_anew_keeps_everything(world: World) -> None:
    world.forgetter().forget("ada")
    world.enroll("ada", ADA)
    world.settle()
    assert world.faults.called.count("TwinPeople.begin_forgetting") == 2
    assert world.seen(AT_THE_DOOR).person_id == "ada"


def test_the_collections_check_removes_the_forgotten_and_reports_the_rest(world: World) -> None:
    world.forgetter().forget("ada")
    world.settle()
    world.faces.add("ada", ADA)
    stranger = world.faces.add("of-another-application", picture("dan"))
    world.faces.put_there_by_others(picture("eve"))
    check = _check(world)
    assert (check.faces, check.removing) == (4, 1)
    assert sorted(str(face.person_id) for face in check.orphans) == ["None", "of-another-application"]
    world.settle()
    nothing_left(world)
    assert stranger.face_id in world.faces.faces, "it may belong to somebody who knows what it is for"


def test_the_collections_check_removes_all_orphans_when_it_is_told_to(world: World) -> None:
    for number in range(3):
        world.faces.add("gone", picture("dan", number=number))
    world.faces.put_there_by_others(picture("eve"))
    check = _check(world, remove_orphans=True)
    assert (check.faces, check.removing, len(check.orphans)) == (6, 3, 1)
    world.settle()
    assert sorted(str(face.person_id) for face in world.faces.all_faces()) == ["None", "ada", "bob"]


def _check(world: World, *, remove_orphans: bool = False) -> CollectionCheck:
    return check_collection(
        faces=world.faces,
        people=world.people,
        lessons=world.lessons,
        later=world.later,
        now=world.now,
        remove_orphans=remove_orphans,
    )
