"""What `FaceIndex` promises: of Rekognition on real faces, of the twin on pictures that say who is there."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from recognizeme.adapters.user_index import index_of
from recognizeme.domain.errors import PoorPhoto
from recognizeme.domain.model import FaceSearch, ListedFace
from recognizeme.domain.picture import Picture
from recognizeme.domain.policy import MatchBy
from recognizeme.domain.ports import FaceIndex
from rekolocal.testing import LocalRekognition, local_rekognition
from tests.contract.test_faces import ADA, GRACE, nobody, portrait, side_by_side
from tests.twins.faces import TwinFaces
from tests.twins.pictures import Shown, picture


@dataclass
class Faces:
    """An index, and pictures to show it."""

    index: FaceIndex
    ada: Picture
    grace: Picture
    nobody: Picture
    both: Picture
    ada_before_grace: Picture
    put_there_by_others: Callable[[Picture], object]


@pytest.fixture(scope="module")
def server() -> Iterator[LocalRekognition]:
    with local_rekognition() as server:
        yield server


@pytest.fixture(params=list(MatchBy))
def match_by(request: pytest.FixtureRequest) -> MatchBy:
    return MatchBy(request.param)


@pytest.fixture(params=[pytest.param("rekognition", marks=pytest.mark.integration), "twin"])
def faces(request: pytest.FixtureRequest, match_by: MatchBy) -> Iterator[Faces]:
    if request.param == "twin":
        twin = TwinFaces(match_by=match_by)
        yield Faces(
            twin,
            ada=picture("ada"),
            grace=picture("grace"),
            nobody=picture(),
            both=picture("ada", "grace"),
            ada_before_grace=picture("ada", Shown("grace", area=0.01)),
            put_there_by_others=twin.put_there_by_others,
        )
        return
    client = request.getfixturevalue("server").client
    client.create_collection(CollectionId="employees")
    yield Faces(
        index_of(match_by)(client, "employees"),
        ada=ADA,
        grace=GRACE,
        nobody=nobody(),
        both=side_by_side(portrait("ada", scale=2), portrait("grace")),
        ada_before_grace=side_by_side(portrait("ada", scale=2), portrait("grace", scale=0.4)),
        put_there_by_others=lambda shown: client.index_faces(
            CollectionId="employees", Image={"Bytes": shown.content}
        ),
    )
    client.delete_collection(CollectionId="employees")


def kept(faces: Faces) -> list[str | None]:
    return [face.person_id for face in faces.index.all_faces()]


def test_searching_an_empty_collection_finds_nobody(faces: Faces) -> None:
    search = faces.index.search(faces.ada)
    assert search.matches == ()
    assert search.face_box is not None
    assert 0 < search.face_box.left < search.face_box.left + search.face_box.width < 1
    assert kept(faces) == []


def test_an_added_face_is_found_again_under_its_person(faces: Faces) -> None:
    added = faces.index.add("ada", faces.ada)
    search = faces.index.search(faces.ada)
    (match,) = search.matches
    assert (match.face_id or added.face_id, match.person_id) == (added.face_id, "ada")
    assert match.similarity_pct > 99.9
    assert search.face_box is not None
    assert search.face_box.left == pytest.approx(added.face_box.left, abs=0.05)
    assert search.face_box.height == pytest.approx(added.face_box.height, rel=0.2)


def test_somebody_else_is_not_found(faces: Faces) -> None:
    faces.index.add("ada", faces.ada)
    assert faces.index.search(faces.grace).matches == ()


def test_adding_the_same_picture_twice_stores_one_face(faces: Faces) -> None:
    assert faces.index.add("ada", faces.ada) == faces.index.add("ada", faces.ada)
    assert kept(faces) == ["ada"]


def test_all_faces_are_listed_with_their_people_also_those_that_others_put_there(faces: Faces) -> None:
    ada = faces.index.add("ada", faces.ada)
    twin = faces.index.add("twin", faces.ada)
    faces.put_there_by_others(faces.grace)
    listed = list(faces.index.all_faces())
    assert {ListedFace(ada.face_id, "ada"), ListedFace(twin.face_id, "twin")} < set(listed)
    assert sorted(str(face.person_id) for face in listed) == ["None", "ada", "twin"]


def test_a_face_that_nobody_of_ours_put_there_is_ignored(faces: Faces) -> None:
    faces.put_there_by_others(faces.ada)
    assert faces.index.search(faces.ada).matches == ()


def test_a_face_of_the_collection_is_compared_with_the_others_but_not_with_itself(faces: Faces) -> None:
    ada = faces.index.add("ada", faces.ada)
    twin = faces.index.add("twin", faces.ada)
    faces.index.add("grace", faces.grace)
    faces.put_there_by_others(faces.ada)
    matches = faces.index.search_face(ada.face_id)
    assert matches
    assert (matches[0].face_id, matches[0].person_id) == (twin.face_id, "twin")
    assert matches[0].similarity_pct > 99.9
    assert [match.person_id for match in matches[1:] if match.similarity_pct > 50] == []
    assert ada.face_id not in {match.face_id for match in matches}


def test_a_face_that_the_collection_does_not_hold_is_not_compared(faces: Faces) -> None:
    assert faces.index.search_face("00000000-0000-4000-8000-000000000000") is None


def test_removing_says_how_many_there_were(faces: Faces) -> None:
    added = faces.index.add("ada", faces.ada)
    stranger = "00000000-0000-4000-8000-000000000000"
    assert faces.index.remove([added.face_id, stranger]) == 1
    assert faces.index.remove([added.face_id]) == 0
    assert faces.index.remove([]) == 0
    assert faces.index.search(faces.ada).matches == ()


def test_a_search_tells_how_many_faces_it_looked_at_and_which_model_compared_them(faces: Faces) -> None:
    faces.index.add("ada", faces.ada)
    found = faces.index.search(faces.ada)
    assert found.gallery_size == 1
    assert found.model_version


def test_a_picture_without_a_face_is_searched_without_finding_one(faces: Faces) -> None:
    assert faces.index.search(faces.nobody) == FaceSearch(face_box=None)


def test_a_photo_without_a_face_is_refused(faces: Faces) -> None:
    with pytest.raises(PoorPhoto, match="no face"):
        faces.index.add("ada", faces.nobody)


def test_two_people_of_similar_size_are_refused_and_neither_is_kept(faces: Faces) -> None:
    with pytest.raises(PoorPhoto, match="two people of similar size"):
        faces.index.add("ada", faces.both)
    assert kept(faces) == []


def test_somebody_small_in_the_background_does_not_disturb(faces: Faces) -> None:
    faces.index.add("ada", faces.ada_before_grace)
    assert kept(faces) == ["ada"]
    assert faces.index.search(faces.grace).matches == ()


def vectors(faces: Faces) -> list[str | None]:
    return sorted((face.user_id for face in faces.index.all_faces()), key=str)


def test_by_users_a_person_of_several_photos_is_one_match_and_by_faces_each_photo_is(
    faces: Faces, match_by: MatchBy
) -> None:
    faces.index.add("ada", faces.ada)
    faces.index.add("ada", faces.ada_before_grace)
    matches = faces.index.search(faces.ada).matches
    assert {match.person_id for match in matches} == {"ada"}
    assert [bool(match.face_id) for match in matches] == (
        [False] if match_by is MatchBy.USERS else [True] * 2
    )


def test_what_is_compared_is_counted(faces: Faces, match_by: MatchBy) -> None:
    faces.index.add("ada", faces.ada)
    faces.index.add("ada", faces.ada_before_grace)
    assert faces.index.search(faces.ada).gallery_size == (1 if match_by is MatchBy.USERS else 2)


def test_a_face_joins_its_persons_vector_when_it_is_added_by_users_alone(
    faces: Faces, match_by: MatchBy
) -> None:
    faces.index.add("ada", faces.ada)
    assert vectors(faces) == (["ada"] if match_by is MatchBy.USERS else [None])


def test_faces_that_were_there_before_are_adopted_however_often(faces: Faces) -> None:
    added = [faces.index.add("ada", shown).face_id for shown in (faces.ada, faces.ada_before_grace)]
    for _ in range(2):
        faces.index.adopt("ada", added)
    assert vectors(faces) == ["ada", "ada"]
    assert {match.person_id for match in faces.index.search(faces.ada).matches} == {"ada"}


def test_a_face_of_a_vector_can_be_removed_and_the_others_are_still_found(faces: Faces) -> None:
    first, second = (faces.index.add("ada", shown) for shown in (faces.ada, faces.ada_before_grace))
    faces.index.adopt("ada", [first.face_id, second.face_id])
    assert faces.index.remove([first.face_id]) == 1
    assert vectors(faces) == ["ada"]
    assert {match.person_id for match in faces.index.search(faces.ada).matches} == {"ada"}
    assert faces.index.remove([second.face_id]) == 1
    assert faces.index.search(faces.ada).matches == ()


def test_nothing_is_kept_of_a_person_who_is_removed_with_their_faces(faces: Faces) -> None:
    added = faces.index.add("ada", faces.ada)
    faces.index.adopt("ada", [added.face_id])
    assert faces.index.has_vector("ada")
    assert not faces.index.has_vector("bob")
    for _ in range(2):
        faces.index.remove_person("ada")
    assert not faces.index.has_vector("ada")
    assert vectors(faces) == [None]
    assert faces.index.remove([added.face_id]) == 1
    faces.index.remove_person("nobody")
    faces.index.add("ada", faces.ada)
    assert {match.person_id for match in faces.index.search(faces.ada).matches} == {"ada"}
