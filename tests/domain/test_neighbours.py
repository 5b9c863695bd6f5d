"""Comparing a person's faces with all others, in memory."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

import pytest

from recognizeme.domain.errors import NotFound, ServiceBusy
from recognizeme.domain.lessons import counter_id
from recognizeme.domain.model import Enrollment, Match
from recognizeme.domain.ports import Page
from recognizeme.usecases.merge import merge
from recognizeme.usecases.neighbours import Neighbours, neighbours
from tests.twins.faces import TwinFaces
from tests.twins.pictures import Shown, picture
from tests.twins.world import TWINS, World


@pytest.fixture
def world() -> World:
    """Ada with three photos, of which the last shows Bob; Bob with one."""
    world = World()
    world.enroll("ada", picture("ada", number=1), "1.jpg", TWINS)
    world.enroll("ada", picture(Shown("ada", similarity_pct=97.0), number=2), "2.jpg", TWINS)
    world.enroll("ada", picture("bob", number=3), "3.jpg", TWINS)
    world.enroll("bob", picture("bob", number=4), "4.jpg", TWINS)
    return world


def compare(world: World, person_id: str = "ada", cursor: str | None = None) -> Page[Neighbours]:
    return neighbours(person_id, cursor=cursor, faces=world.faces, people=world.people, now=world.now)


def by_photo(page: Page[Neighbours]) -> dict[str, Neighbours]:
    return {each.photo_id: each for each in page.items}


def test_each_face_is_compared_with_the_persons_own_and_with_those_of_others(world: World) -> None:
    found = by_photo(compare(world))
    assert found.keys() == {"1.jpg", "2.jpg", "3.jpg"}
    (own,) = found["1.jpg"].own
    assert (own.face_id, own.similarity_pct) == (found["2.jpg"].face_id, 97.0)
    assert found["1.jpg"].others == ()
    assert found["3.jpg"].own == ()
    assert [other.person_id for other in found["3.jpg"].others] == ["bob"]


def test_of_each_other_person_there_is_the_nearest_face(world: World) -> None:
    world.enroll("ada", picture(Shown("bob", similarity_pct=96.0), number=5), "5.jpg", TWINS)
    (bob,) = compare(world, "bob").items
    (nearest,) = bob.others
    assert (nearest.person_id, nearest.similarity_pct) == ("ada", 100.0)


def test_who_has_no_record_is_no_neighbour(world: World) -> None:
    world.faces.add("forgotten", picture("ada", number=6))
    assert by_photo(compare(world))["1.jpg"].others == ()


def test_a_face_that_two_photos_share_is_compared_once(world: World) -> None:
    world.enroll("bob", picture("bob", number=4), "copy.jpg", TWINS)
    assert len(compare(world, "bob").items) == 1


def test_a_face_that_the_collection_has_lost_is_said_to_be_lost(world: World) -> None:
    lost = by_photo(compare(world))["2.jpg"].face_id
    world.faces.remove([lost])
    found = by_photo(compare(world))
    assert found["2.jpg"] == Neighbours("2.jpg", lost, is_lost=True)
    assert found["1.jpg"].own == ()


def test_two_records_of_one_human_are_one_person(world: World) -> None:
    world.enroll("a-king", picture("ada", number=7), "7.jpg", TWINS)
    merge("a-king", into="ada", people=world.people)
    first = by_photo(compare(world))["1.jpg"]
    assert (len(first.own), first.others) == (2, ())
    (merged,) = compare(world, "a-king").items
    assert (len(merged.own), merged.others) == (2, ())

    world.enroll("countess", picture("ada", number=8), "8.jpg", TWINS)
    (countess,) = compare(world, "countess").items
    assert [other.person_id for other in countess.others] == ["ada"]


def test_what_is_remembered_as_not_showing_somebody_is_no_neighbour(world: World) -> None:
    world.faces.add(counter_id("01a20779-07e8-71c0-84d5-e2f7a90b3c6d"), picture("ada", number=9))
    assert by_photo(compare(world))["1.jpg"].others == ()


def test_a_photo_that_was_removed_is_not_paid_for(world: World) -> None:
    world.photo_remover().remove(Enrollment("ada", "2.jpg"))
    begun = world.faces.calls
    assert by_photo(compare(world)).keys() == {"1.jpg", "3.jpg"}
    assert world.faces.calls == begun + 2


def test_nobody_enrolled_has_no_neighbours(world: World) -> None:
    with pytest.raises(NotFound, match="no person 'eve'"):
        compare(world, "eve")


def walk(world: World) -> Iterator[Page[Neighbours]]:
    cursor = None
    while True:
        yield (page := compare(world, cursor=cursor))
        if (cursor := page.next_cursor) is None:
            return


def test_a_step_ends_with_its_time_and_the_next_goes_on_there(world: World) -> None:
    at_once = compare(world)
    begun = world.faces.calls

    class Slow(TwinFaces):
        def search_face(self, face_id: str) -> Sequence[Match] | None:
            world.time += timedelta(seconds=20)
            return super().search_face(face_id)

    world.faces = Slow(world.faces.faces, world.faces.calls)
    pages = list(walk(world))
    assert [len(page.items) for page in pages] == [1, 1, 1]
    assert tuple(item for page in pages for item in page.items) == at_once.items
    assert world.faces.calls - begun == 3


def test_what_was_paid_for_is_answered_though_the_service_became_busy(world: World) -> None:
    at_once = compare(world)

    class Throttled(TwinFaces):
        def search_face(self, face_id: str) -> Sequence[Match] | None:
            if self.calls % 2:
                self.calls += 1
                raise ServiceBusy("slow down")
            return super().search_face(face_id)

    world.faces = Throttled(world.faces.faces)
    first = compare(world)
    assert first.items == at_once.items[:1]
    assert first.next_cursor == at_once.items[0].face_id
    world.faces.calls = 1
    with pytest.raises(ServiceBusy):
        compare(world, cursor=first.next_cursor)
    assert compare(world, cursor=first.next_cursor).items == at_once.items[1:2]
