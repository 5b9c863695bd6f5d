"""People compared by one vector each, in memory: it is right whatever becomes of photos and people."""

from contextlib import suppress

import pytest

from recognizeme.adapters.faces_of_collections import FacesOfCollections
from recognizeme.domain.errors import RecognizeMeError
from recognizeme.domain.model import Enrollment, Outcome
from recognizeme.domain.policy import MatchBy
from recognizeme.usecases.check_collection import CollectionCheck, check_collection
from recognizeme.usecases.merge import merge, unmerge
from tests.twins.faces import TwinFaces
from tests.twins.faults import Died, Faults, Trouble
from tests.twins.pictures import picture
from tests.twins.world import ADA, TWINS, World

SECOND = Enrollment("ada", "2.jpg")
AT_THE_DOOR = picture("ada", number=1)


def prepared(match_by: MatchBy = MatchBy.USERS) -> World:
    world = World()
    world.faces.match_by = match_by
    world.enroll("ada", ADA, "1.jpg")
    world.enroll("ada", picture("ada", number=2), "2.jpg")
    world.enroll("bob", picture("bob"))
    world.settle()
    return world


def check(world: World, *, builds_users: bool = True) -> CollectionCheck:
    return check_collection(
        faces=world.faces,
        people=world.people,
        lessons=world.lessons,
        later=world.later,
        now=world.now,
        builds_users=builds_users,
    )


def right(world: World) -> bool:
    """Whether each vector is made of the faces that are recorded for its person, and no others."""
    recorded: dict[str, set[str]] = {}
    for face_id, owner in world.people.faces.items():
        recorded.setdefault(owner, set()).add(face_id)
    return recorded == world.faces.users


def test_a_person_is_recognized_by_their_vector() -> None:
    world = prepared()
    seen = world.seen(AT_THE_DOOR)
    assert (seen.outcome, seen.person_id) == (Outcome.RECOGNIZED, "ada")
    assert right(world)


def test_a_removed_photo_leaves_the_vector_and_the_last_one_ends_it() -> None:
    world = prepared()
    for photo_id, outcome in (("2.jpg", Outcome.RECOGNIZED), ("1.jpg", Outcome.UNKNOWN)):
        world.photo_remover().remove(Enrollment("ada", photo_id))
        assert right(world)
        assert world.seen(AT_THE_DOOR).outcome is outcome


def test_two_records_of_one_human_count_as_one_by_their_vectors_too() -> None:
    world = prepared()
    world.enroll("a-king", picture("ada", number=5), exceptions=TWINS)
    assert world.seen(AT_THE_DOOR).outcome is Outcome.UNCERTAIN
    merge("a-king", into="ada", people=world.people)
    assert world.seen(AT_THE_DOOR).person_id == "ada"
    unmerge("a-king", people=world.people)
    assert world.seen(AT_THE_DOOR).outcome is Outcome.UNCERTAIN


@pytest.mark.parametrize("trouble", list(Trouble))
@pytest.mark.parametrize("deed", ["enroll", "remove", "forget"])
def test_whatever_dies_in_the_middle_the_vectors_are_right_in_the_end(deed: str, trouble: Trouble) -> None:
    def done(world: World) -> None:
        if deed == "enroll":
            world.insist(
                lambda: world.enroller().enroll_now("ada", picture("ada", number=9).content, "9.jpg")
            )
        elif deed == "remove":
            world.insist(lambda: world.photo_remover().remove(SECOND))
        else:
            with suppress(RecognizeMeError, Died):
                world.forgetter().forget("ada")
        world.settle()

    probe = prepared()
    probe.faults = Faults()
    done(probe)
    for at in range(len(probe.faults.called)):
        world = prepared()
        world.faults = Faults(at=at, trouble=trouble)
        done(world)
        assert right(world), (world.faults.called[at], trouble)
        assert world.failed == []


def test_a_collection_that_was_compared_by_faces_gets_its_vectors_from_a_check() -> None:
    world = prepared(MatchBy.FACES)
    assert world.faces.users == {}
    assert check(world, builds_users=False).adopted == 0
    assert world.faces.users == {}
    world.faces.match_by = MatchBy.USERS
    assert world.seen(AT_THE_DOOR).outcome is Outcome.UNKNOWN
    found = check(world)
    assert (found.faces, found.adopted, found.apart) == (3, 3, 0)
    assert right(world)
    assert world.seen(AT_THE_DOOR).person_id == "ada"
    assert check(world).adopted == 0


def test_a_check_repairs_what_a_vector_lacks_and_leaves_the_faces_of_nobody_alone() -> None:
    world = prepared()
    world.faces.users["ada"].pop()
    world.faces.match_by = MatchBy.FACES
    world.faces.add("of-another-application", picture("dan"))
    world.faces.put_there_by_others(picture("eve"))
    found = check(world)
    assert (found.adopted, len(found.orphans)) == (1, 2)
    assert right(world)


def test_of_a_great_many_people_some_are_built_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recognizeme.usecases.check_collection._MOST_ADOPTED", 1)
    world = prepared(MatchBy.FACES)
    counts = [(found.adopted, found.apart) for found in (check(world), check(world), check(world))]
    assert counts == [(2, 1), (1, 0), (0, 0)]
    assert world.later.waiting == [("check_collection", "", 5.0)], "it goes on by itself"


def test_a_vector_is_asked_to_take_no_more_faces_than_it_can(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recognizeme.usecases.check_collection.MOST_FACES_A_VECTOR", 1)
    world = prepared(MatchBy.FACES)
    assert check(world).adopted == 2
    assert {user: len(faces) for user, faces in world.faces.users.items()} == {"ada": 1, "bob": 1}
    assert (check(world).adopted, check(world).apart) == (0, 0)


def test_faces_of_a_collection_that_is_not_in_use_need_no_vector_and_are_no_strays() -> None:
    world = prepared(MatchBy.FACES)
    kept = TwinFaces()
    for number in range(3):
        kept.add("ada", picture("ada", number=20 + number))
    world.faces = FacesOfCollections(world.faces, [kept])  # type: ignore[assignment]
    assert check(world).adopted == 3
    assert (check(world).adopted, kept.users) == (0, {})
    world.people.begin_photo("ada", "a picture of which no face was recorded", now=world.now())
    world.photo_remover().remove(SECOND)
    world.settle()
    assert len(kept.faces) == 3
