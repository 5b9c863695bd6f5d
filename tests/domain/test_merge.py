"""Two records of one human, in memory: they count as one, and can be told apart again."""

from collections.abc import Callable
from contextlib import suppress

import pytest

from recognizeme.domain.errors import InvalidRequest, NotFound, RecognizeMeError
from recognizeme.domain.model import Outcome
from recognizeme.domain.receipts import Removed
from recognizeme.usecases.correct import correct
from recognizeme.usecases.merge import merge, standing_for, unmerge, with_merged
from tests.twins.faults import Died, Faults, Trouble
from tests.twins.pictures import picture
from tests.twins.world import ADA, TWINS, World

KING = picture("ada", number=3)
AT_THE_DOOR = picture("ada", number=1)


def prepared() -> World:
    """Ada was enrolled twice, by two names, and each was seen."""
    world = World()
    world.enroll("ada", ADA)
    world.seen(AT_THE_DOOR)
    world.enroll("a-king", KING, exceptions=TWINS)
    world.enroll("bob", picture("bob"))
    world.settle()
    return world


@pytest.fixture
def world() -> World:
    return prepared()


def joined(world: World, person_id: str, into: str) -> None:
    merge(person_id, into=into, people=world.people)


def test_two_records_of_one_human_make_nobody_uncertain_once_they_are_merged(world: World) -> None:
    assert world.seen(AT_THE_DOOR).outcome is Outcome.UNCERTAIN
    joined(world, "a-king", "ada")
    seen = world.seen(AT_THE_DOOR)
    assert (seen.outcome, seen.person_id, seen.name) == (Outcome.RECOGNIZED, "ada", "Ada")


def test_a_merge_can_be_taken_back_and_loses_nothing(world: World) -> None:
    before = world.people.get("a-king"), world.people.get("ada")
    joined(world, "a-king", "ada")
    assert unmerge("a-king", people=world.people) == before[0]
    assert (world.people.get("a-king"), world.people.get("ada")) == before
    assert world.seen(AT_THE_DOOR).outcome is Outcome.UNCERTAIN
    assert unmerge("a-king", people=world.people) == before[0], "again is no error"


def test_merging_again_changes_nothing(world: World) -> None:
    joined(world, "a-king", "ada")
    merged = world.people.get("a-king")
    assert merge("a-king", into="ada", people=world.people) == merged


def test_whoever_others_were_merged_into_can_be_merged_too(world: World) -> None:
    joined(world, "a-king", "ada")
    joined(world, "ada", "bob")
    assert world.seen(AT_THE_DOOR).person_id == "bob"
    bob = world.people.get("bob")
    assert bob
    assert [one.person_id for one in with_merged(bob, world.people)] == ["bob", "ada", "a-king"]
    unmerge("ada", people=world.people)
    assert world.seen(AT_THE_DOOR).person_id == "ada"


def test_circles_cannot_arise(world: World) -> None:
    joined(world, "a-king", "ada")
    for person_id, into, why in (
        ("ada", "a-king", "merge into that one instead"),
        ("bob", "a-king", "merge into that one instead"),
        ("a-king", "bob", "take that back first"),
        ("bob", "bob", "into themselves"),
    ):
        with pytest.raises(InvalidRequest, match=why):
            joined(world, person_id, into)
    for person_id, into in (("nobody", "ada"), ("ada", "nobody")):
        with pytest.raises(NotFound):
            joined(world, person_id, into)


def test_a_correction_to_somebody_merged_names_whom_they_count_as(world: World) -> None:
    joined(world, "a-king", "ada")
    visit = world.seen(picture("carol"))
    corrected = correct(
        visit.capture.capture_id, "a-king", sightings=world.sightings, people=world.people, now=world.now
    )
    assert (corrected.person_id, corrected.name) == ("ada", "Ada")


def test_forgetting_somebody_forgets_all_who_were_merged_into_them(world: World) -> None:
    joined(world, "a-king", "ada")
    joined(world, "ada", "bob")
    assert world.forgetter().forget("bob").removed == Removed(
        people=3, faces=3, photos=3, captures=1, sightings=1
    )
    world.settle()
    nothing_left(world, "bob", "ada", "a-king")


def test_forgetting_somebody_merged_leaves_the_other(world: World) -> None:
    joined(world, "a-king", "ada")
    world.forgetter().forget("a-king")
    world.settle()
    nothing_left(world, "a-king")
    ada = world.people.get("ada")
    assert ada
    assert ada.merged == ()
    assert world.seen(AT_THE_DOOR).person_id == "ada"


def test_whoever_is_enrolled_anew_is_merged_with_nobody(world: World) -> None:
    joined(world, "a-king", "ada")
    world.people.begin_forgetting("ada", now=world.now(), expires_at=world.now(), lease_s=0)
    world.enroll("ada", picture("ada", number=8), exceptions=TWINS)
    orphan = world.people.get("a-king")
    assert standing_for(orphan, world.people) == orphan


def test_whoever_is_merged_into_somebody_who_is_being_forgotten_names_nobody(world: World) -> None:
    joined(world, "a-king", "ada")
    world.people.begin_forgetting("ada", now=world.now(), expires_at=world.now(), lease_s=30)
    assert standing_for(world.people.get("a-king"), world.people) is None
    assert world.seen(AT_THE_DOOR).outcome is Outcome.UNKNOWN


def nothing_left(world: World, *person_ids: str, where: object = None) -> None:
    shown = (ADA, KING, picture("bob"), AT_THE_DOOR)
    for person_id in person_ids:
        pictures = shown if person_id != "a-king" or len(person_ids) > 1 else (KING,)
        assert [each for one in pictures for each in world.left_of(person_id, one)] == [], where


@pytest.mark.parametrize("trouble", list(Trouble))
@pytest.mark.parametrize("insists", [True, False])
def test_forgetting_those_who_were_merged_is_finished_whatever_happens(
    trouble: Trouble, insists: bool
) -> None:
    def forgotten(world: World) -> None:
        ask: Callable[[], object] = lambda: world.forgetter().forget("ada")  # noqa: E731
        if insists:
            world.insist(ask)
        else:
            with suppress(RecognizeMeError, Died):
                ask()
        world.settle()

    def merged_world() -> World:
        world = prepared()
        joined(world, "a-king", "ada")
        world.faults = Faults()
        return world

    probe = merged_world()
    forgotten(probe)
    for at in range(len(probe.faults.called)):
        world = merged_world()
        world.faults = Faults(at=at, trouble=trouble)
        forgotten(world)
        where = (world.faults.called[at], trouble)
        if world.people.get("ada") is None:
            for person_id in ("ada", "a-king"):
                assert [
                    each for one in (ADA, KING, AT_THE_DOOR) for each in world.left_of(person_id, one)
                ] == [], where
        else:
            assert not insists, where
            assert world.people.get("a-king"), where
        assert world.failed == [], where
