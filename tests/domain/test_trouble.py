"""Every call of every port fails, loses its answer, or is the last of its process: what must hold holds."""

from collections.abc import Callable
from contextlib import suppress

import pytest

from recognizeme.domain.errors import RecognizeMeError
from recognizeme.domain.model import Enrollment, Outcome, Status
from recognizeme.domain.people import PersonChange
from recognizeme.domain.receipts import Found, Removed
from tests.twins.faults import Died, Faults, Trouble
from tests.twins.pictures import picture
from tests.twins.world import ADA, LEASE_S, TWINS, TwinWitness, World

AT_THE_DOOR = picture("ada", number=1)
SECOND = picture("ada", number=2)
SEEN_BEFORE = picture("ada", number=7)
Deed = Callable[[World], object]


def prepared() -> World:
    """Ada is enrolled, and was seen once."""
    world = World()
    world.enroll("ada", ADA)
    world.seen(SEEN_BEFORE)
    world.faces.calls = 0
    world.witness = TwinWitness()
    return world


CAPTURE = prepared().new_capture()
KEY = CAPTURE.photo_key("image/jpeg")


def visit_by_ticket(world: World) -> None:
    world.photos.write(KEY, AT_THE_DOOR.content, "image/jpeg")
    world.settle()


def visit_at_once(world: World) -> None:
    world.insist(lambda: world.hand_in_now(CAPTURE, AT_THE_DOOR))
    world.settle()


def enrollment_by_upload(world: World) -> None:
    world.photos.write(Enrollment("ada", "2.jpg").photo_key, SECOND.content, "image/jpeg")
    world.settle()


def enrollment_at_once(world: World) -> None:
    world.insist(lambda: world.enroller().put_person("ada", PersonChange(name="Ada")))
    world.insist(lambda: world.enroller().enroll_now("ada", SECOND.content, "2.jpg"))
    world.settle()


def forgetting(world: World) -> None:
    world.insist(lambda: world.forgetter().forget("ada"))
    world.settle()


def calls_of(deed: Deed) -> int:
    world = prepared()
    world.faults = Faults()
    deed(world)
    return len(world.faults.called)


def every_trouble(deed: Deed) -> list[tuple[int, Trouble]]:
    return [(at, trouble) for at in range(calls_of(deed)) for trouble in Trouble]


def in_trouble(deed: Deed, at: int, trouble: Trouble) -> World:
    world = prepared()
    world.faults = Faults(at=at, trouble=trouble)
    deed(world)
    return world


@pytest.mark.parametrize("deed", [visit_by_ticket, visit_at_once])
def test_a_visit_gives_one_sighting_one_picture_and_a_true_count_of_calls(deed: Deed) -> None:
    for at, trouble in every_trouble(deed):
        world = in_trouble(deed, at, trouble)
        where = (world.faults.called[at], trouble)
        stored = world.sightings.get(CAPTURE.capture_id)
        assert stored, where
        assert (stored.status, stored.outcome, stored.person_id) == (
            Status.DONE,
            Outcome.RECOGNIZED,
            "ada",
        ), where
        assert world.photos.versions[KEY][-1] == AT_THE_DOOR.content, where
        assert (stored.photo_key, stored.picture_sha256) == (KEY, AT_THE_DOOR.sha256), where
        call, result = (world.faults.called.index(f"Twin{n}") for n in ("Faces.search", "Sightings.save"))
        lost = (at == call and trouble is Trouble.LOSES_ANSWER) or (
            call <= at <= result and trouble in (Trouble.DIES_BEFORE, Trouble.DIES_AFTER)
        )
        assert 1 <= world.faces.calls <= stored.rekognition_calls <= 2, where
        assert world.faces.calls <= 1 + lost, where
        assert world.witness.calls <= stored.rekognition_calls, where
        assert len(world.witness.sightings) <= 1, where
        assert len(world.witness.sightings) == 1 or "die" in trouble.value or "answer" in trouble.value, where
        assert world.failed == [], where


@pytest.mark.parametrize("deed", [visit_by_ticket, visit_at_once])
def test_whoever_hangs_until_the_lease_has_ended_finds_the_visit_decided_by_others(deed: Deed) -> None:
    for at in range(calls_of(deed)):
        for trouble in (None, *Trouble):
            world = prepared()

            def hang(world: World = world, meanwhile: Deed = deed) -> None:
                world.wait(LEASE_S)
                undisturbed(world, meanwhile)()

            world.faults = Faults(at=at, trouble=trouble, meanwhile=hang)
            deed(world)
            where = (world.faults.called[at], trouble)
            stored = world.sightings.get(CAPTURE.capture_id)
            assert stored, where
            assert (stored.status, stored.person_id) == (Status.DONE, "ada"), where
            assert world.photos.versions[KEY][-1] == AT_THE_DOOR.content, where
            assert world.faces.calls <= stored.rekognition_calls, where
            assert len(world.witness.sightings) <= 1, where
            assert world.failed == [], where


@pytest.mark.parametrize("deed", [enrollment_by_upload, enrollment_at_once])
def test_an_enrollment_ends_with_one_face_that_is_recorded(deed: Deed) -> None:
    for at, trouble in every_trouble(deed):
        world = in_trouble(deed, at, trouble)
        where = (world.faults.called[at], trouble)
        person = world.people.get("ada")
        assert person, where
        assert person.photos["2.jpg"].sha256 == SECOND.sha256, where
        assert sorted(world.faces.faces) == sorted(world.people.faces), where
        assert len(world.faces.faces) == 2, where
        assert world.people.unsettled == {}, where
        assert world.failed == [], where


def test_a_forgetting_leaves_nothing() -> None:
    for at, trouble in every_trouble(forgetting):
        world = in_trouble(forgetting, at, trouble)
        where = (world.faults.called[at], trouble)
        assert left(world) == [], where
        assert world.failed == [], where


def test_a_receipt_is_right_whatever_happened_and_whoever_finished_what_it_is_about() -> None:
    def forgotten_once(at: int | None, trouble: Trouble | None) -> World:
        world = prepared()
        world.enroll("ada-2", SECOND, exceptions=TWINS)
        assert world.people.merge("ada-2", into="ada")
        world.teacher().remember_not(world.seen(picture("carol")).capture.capture_id, "ada")
        world.settle()
        world.faults = Faults(at=at, trouble=trouble)
        with suppress(RecognizeMeError, Died):
            world.forgetter().forget("ada")
        world.settle()
        return world

    removed = Removed(people=2, faces=2, photos=2, captures=1, sightings=1, lessons=1)
    for at in range(len(forgotten_once(None, None).faults.called)):
        for trouble in Trouble:
            world = forgotten_once(at, trouble)
            where = (at, world.faults.called[at], trouble)
            world.faults = Faults()
            receipt = world.forgetter().forget("ada")
            assert receipt.removed == removed, where
            assert receipt.is_verified, where
            assert world.forgetter().look("ada-2") == Found(), where


def test_a_forgetting_that_nobody_asks_for_again_is_finished_or_was_never_begun() -> None:
    def once(world: World) -> None:
        with suppress(RecognizeMeError, Died):
            world.forgetter().forget("ada")
        world.settle()

    for at, trouble in every_trouble(once):
        world = in_trouble(once, at, trouble)
        where = (world.faults.called[at], trouble)
        begun = (
            world.faults.called.index("TwinLater.forget") if "TwinLater.forget" in world.faults.called else at
        )
        if at < begun or (at == begun and trouble in (Trouble.FAILS, Trouble.DIES_BEFORE)):
            assert world.people.get("ada"), where
        elif world.people.get("ada") is None:
            assert left(world) == [], where
        else:
            # Whoever asked got no answer, and nothing was touched.
            assert sorted(world.faces.faces) == sorted(world.people.faces) != [], where


@pytest.mark.parametrize("deed", [visit_by_ticket, visit_at_once, enrollment_by_upload])
def test_somebody_forgotten_at_any_moment_of_a_deed_is_forgotten(deed: Deed) -> None:
    for at in range(calls_of(deed)):
        for trouble in (None, *Trouble):
            world = prepared()
            forget = undisturbed(world, lambda world: world.forgetter().forget("ada"))
            world.faults = Faults(at=at, trouble=trouble, meanwhile=forget)
            deed(world)
            where = (world.faults.called[at], trouble)
            if trouble not in (Trouble.FAILS, Trouble.DIES_BEFORE):
                assert left(world) == [], where
            assert world.failed == [], where


@pytest.mark.parametrize("deed", [visit_by_ticket, visit_at_once, enrollment_by_upload])
def test_a_deed_at_any_moment_of_a_forgetting_leaves_nothing_either(deed: Deed) -> None:
    for at in range(calls_of(forgetting)):
        for trouble in (None, *Trouble):
            world = prepared()
            world.faults = Faults(at=at, trouble=trouble, meanwhile=undisturbed(world, deed))
            forgetting(world)
            where = (world.faults.called[at], trouble)
            assert left(world) == [], where
            assert world.failed == [], where


def undisturbed(world: World, deed: Deed) -> Callable[[], None]:
    """The deed of somebody else, in a process that has no trouble."""

    def meanwhile() -> None:
        troubled, world.faults = world.faults, Faults()
        deed(world)
        world.faults = troubled

    return meanwhile


def left(world: World) -> list[str]:
    visit = world.sightings.get(CAPTURE.capture_id)
    # Whoever comes when nobody knows them any more is a stranger, whose picture is kept like any other's.
    is_stranger = visit is not None and visit.outcome is Outcome.UNKNOWN
    pictures = [ADA, SECOND, SEEN_BEFORE, *([] if is_stranger else [AT_THE_DOOR])]
    return [each for shown in pictures for each in world.left_of("ada", shown)]


def test_an_event_that_fails_every_time_ends_in_the_failure_queue() -> None:
    world = prepared()
    world.faces.search = lambda picture: (_ for _ in ()).throw(Died("killed"))  # type: ignore[method-assign]
    visit_by_ticket(world)
    assert world.failed == [KEY]
    stored = world.sightings.get(CAPTURE.capture_id)
    assert stored
    assert (stored.status, stored.rekognition_calls) == (Status.PENDING, 3)
