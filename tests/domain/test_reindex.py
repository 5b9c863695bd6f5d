"""A new collection from everybody's photos: built, compared, switched to, and back."""

from dataclasses import dataclass, field, replace

import pytest

from recognizeme.domain.errors import InvalidRequest
from recognizeme.domain.model import Enrollment, IndexedFace, Person, PhotoState
from recognizeme.domain.picture import Picture
from recognizeme.domain.policy import Policy
from recognizeme.usecases.reindex import Difference, Progress, Reindexer, Step
from tests.twins.collections import TwinCollectionRoles
from tests.twins.faces import TwinFaces
from tests.twins.pictures import picture
from tests.twins.world import World


class Beside(TwinFaces):
    """Another collection: its ids of the same faces are others. `call_s` is how long one takes to index."""

    world: World | None = None
    call_s = 0.0

    def add(self, person_id: str, picture: Picture, *, accept_poor: bool = False) -> IndexedFace:
        face = super().add(person_id, picture, accept_poor=accept_poor)
        if self.world:
            self.world.wait(self.call_s)
        face_id = f"beside-{face.face_id}"
        self.faces[face_id] = self.faces.pop(face.face_id)
        return replace(face, face_id=face_id)


@dataclass
class Collections:
    """A stack whose collections are the world's first one and those that were made beside it."""

    world: World
    roles: TwinCollectionRoles = field(default_factory=lambda: TwinCollectionRoles("employees"))
    made: dict[str, TwinFaces] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.made["employees"] = self.world.faces

    def index_of(self, collection: str) -> TwinFaces:
        return self.made[collection]

    def make(self, collection: str) -> None:
        self.made.setdefault(collection, Beside())

    def reindexer(self) -> Reindexer:
        world = self.world
        return Reindexer(
            roles=self.roles, first="employees", index_of=self.index_of, make=self.make, people=world.people,
            photos=world.photos, sightings=world.sightings, lessons=world.lessons,
            policy=Policy(), now=world.now,
        )  # fmt: skip

    def all_of(self, step: Step) -> list[Progress]:
        parts = [self.reindexer().step(step)]
        while parts[-1].next_cursor:
            parts.append(self.reindexer().step(step, parts[-1].next_cursor))
        return parts


@pytest.fixture
def world() -> World:
    """Ada with two photos and Grace with two."""
    world = World()
    for person_id in ("ada", "grace"):
        world.people.put(Person(person_id, person_id.title(), world.time), now=world.time)
        for number in range(2):
            content = picture(person_id, number=number).content
            world.enroller().enroll_now(person_id, content, f"{number}.jpg")
    return world


@pytest.fixture
def stack(world: World) -> Collections:
    return Collections(world)


def test_what_it_will_cost_can_be_counted_first_and_changes_nothing(stack: Collections) -> None:
    calls = stack.world.faces.calls
    (counted,) = stack.all_of(Step.COUNT)
    assert (counted.people, counted.photos) == (2, 4)
    assert stack.world.faces.calls == calls
    assert stack.roles.read().building is None


def test_everybodys_photos_are_indexed_in_a_collection_beside_the_one_in_use(stack: Collections) -> None:
    (built,) = stack.all_of(Step.BUILD)
    assert (built.photos, built.refused) == (4, [])
    assert built.collections.building == "employees-2"
    assert built.collections.is_built
    assert built.collections.in_use == "employees"
    assert len(stack.made["employees-2"].faces) == 4


def test_building_goes_on_where_it_was_interrupted_and_pays_for_no_photo_twice(stack: Collections) -> None:
    slow = stack.made["employees-2"] = Beside()
    slow.world, slow.call_s = stack.world, 10
    first = stack.reindexer().step(Step.BUILD)
    assert first.photos == 2
    assert first.next_cursor is not None
    second = stack.reindexer().step(Step.BUILD)
    assert (second.photos, second.next_cursor, second.collections.is_built) == (2, None, True)
    again = stack.reindexer().step(Step.BUILD)
    assert again.photos == 0
    assert stack.made["employees-2"].calls == 4


def test_nobody_is_recognized_differently_by_the_same_model(stack: Collections) -> None:
    stack.all_of(Step.BUILD)
    assert [part.differences for part in stack.all_of(Step.COMPARE)] == [[]]


def test_who_would_be_recognized_differently_is_told_by_name(stack: Collections) -> None:
    stack.all_of(Step.BUILD)
    faces = stack.made["employees-2"].faces
    for face_id, (person_id, shown) in list(faces.items()):
        if person_id == "ada":
            faces[face_id] = (person_id, replace(shown, who="grace"))
    (compared,) = stack.all_of(Step.COMPARE)
    ada = next(each for each in compared.differences if each.person_id == "ada")
    assert ada == Difference("ada", "Ada", ("Ada", "Ada"), ada.now)
    assert ada.now != ada.before


def test_a_switch_is_one_step_and_the_records_follow(stack: Collections) -> None:
    stack.all_of(Step.BUILD)
    # Enrolled after the new collection was built, so only in the one in use.
    stack.world.enroller().enroll_now("ada", picture("ada", number=9).content, "late.jpg")
    switched = stack.reindexer().step(Step.SWITCH).collections
    assert (switched.in_use, switched.kept, switched.building) == ("employees-2", "employees", None)
    assert not switched.is_settled
    assert stack.all_of(Step.SETTLE)[-1].collections.is_settled
    for person_id in ("ada", "grace"):
        person = stack.world.people.get(person_id)
        assert person
        for photo in person.photos.values():
            assert photo.face_id in stack.made["employees-2"].faces
    assert len(stack.made["employees-2"].faces) == 5


def test_the_way_back_is_one_step_as_well(stack: Collections) -> None:
    stack.all_of(Step.BUILD)
    stack.reindexer().step(Step.SWITCH)
    stack.all_of(Step.SETTLE)
    back = stack.reindexer().step(Step.BACK).collections
    assert (back.in_use, back.kept) == ("employees", "employees-2")


def test_of_the_third_collection_the_first_is_emptied(stack: Collections) -> None:
    for _ in range(2):
        stack.all_of(Step.BUILD)
        stack.reindexer().step(Step.SWITCH)
        stack.all_of(Step.SETTLE)
    now = stack.roles.read()
    assert (now.in_use, now.kept, now.leaving) == ("employees-3", "employees-2", ())
    assert stack.made["employees"].faces == {}


def test_nothing_is_switched_to_before_it_is_built_nor_back_to_what_never_was(stack: Collections) -> None:
    for step in (Step.SWITCH, Step.BACK, Step.COMPARE):
        with pytest.raises(InvalidRequest):
            stack.reindexer().step(step)


def test_a_photo_that_the_new_model_does_not_take_is_told_and_recorded_at_the_switch(
    stack: Collections, world: World
) -> None:
    key = Enrollment("ada", "0.jpg").photo_key
    world.photos.write(key, picture().content, "image/jpeg")  # shows nobody
    (built,) = stack.all_of(Step.BUILD)
    assert [(each.name, each.photo_id) for each in built.refused] == [("Ada", "0.jpg")]
    stack.reindexer().step(Step.SWITCH)
    stack.all_of(Step.SETTLE)
    ada = world.people.get("ada")
    assert ada
    assert ada.photos["0.jpg"].state is PhotoState.REFUSED


def test_a_cursor_that_is_none_is_refused(stack: Collections) -> None:
    for cursor in ("", "x", "x:", "99999999:ada"):
        with pytest.raises(InvalidRequest):
            stack.reindexer().step(Step.COUNT, cursor)


def test_a_photo_that_is_removed_while_a_collection_is_built_is_not_recognized_by_after_the_switch(
    stack: Collections,
) -> None:
    stack.all_of(Step.BUILD)
    stack.world.photo_remover().remove(Enrollment("ada", "1.jpg"))
    stack.all_of(Step.SWITCH)
    assert len(stack.made["employees-2"].faces) == 4
    stack.all_of(Step.SETTLE)
    owners = sorted(str(owner) for owner, _ in stack.made["employees-2"].faces.values())
    assert owners == ["ada", "grace", "grace"]
