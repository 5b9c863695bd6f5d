"""What is Rekognition's alone, on real faces over a real engine: quality, trouble, user vectors."""

from collections.abc import Iterator
from functools import cache
from unittest.mock import Mock

import cv2
import numpy as np
import pytest
from botocore.exceptions import ClientError

from recognizeme.adapters.rekognition import RekognitionFaceIndex
from recognizeme.adapters.user_index import RekognitionUserIndex
from recognizeme.adapters.user_vectors import UserVectors
from recognizeme.domain.errors import Misconfigured, ServiceBusy, UnusablePicture
from recognizeme.domain.picture import Picture, inspect
from rekolocal.errors import (
    AccessDeniedException,
    InternalServerError,
    ProvisionedThroughputExceededException,
    RekognitionError,
    ThrottlingException,
)
from rekolocal.faults import Failure, Faults
from rekolocal.testing import LocalRekognition, local_rekognition
from tests.kiosk.pictures import sample
from tests.portraits import ASTRONAUT, HOPPER

pytestmark = pytest.mark.integration

Pixels = np.ndarray[tuple[int, ...], np.dtype[np.uint8]]


def encoded(pixels: Pixels) -> Picture:
    return inspect(cv2.imencode(".png", pixels)[1].tobytes())


@cache
def portrait(of: str, *, scale: float = 1) -> Pixels:
    """The astronaut's face is half as wide as the admiral's."""
    pixels = cv2.imread(str({"ada": ASTRONAUT, "grace": HOPPER}[of]))
    assert pixels is not None
    return np.asarray(cv2.resize(pixels, None, fx=scale, fy=scale), np.uint8)


def side_by_side(left: Pixels, right: Pixels) -> Picture:
    height = max(left.shape[0], right.shape[0])
    canvas = np.full((height, left.shape[1] + right.shape[1], 3), 127, np.uint8)
    canvas[: left.shape[0], : left.shape[1]] = left
    canvas[: right.shape[0], left.shape[1] :] = right
    return encoded(canvas)


ADA = inspect(ASTRONAUT.read_bytes())
GRACE = inspect(HOPPER.read_bytes())


@cache
def nobody() -> Picture:
    gradient = np.tile(np.linspace(0, 255, 320, dtype=np.uint8), (240, 1))
    return encoded(np.dstack([gradient, gradient.copy(), 255 - gradient]))


@pytest.fixture(scope="module")
def server() -> Iterator[LocalRekognition]:
    with local_rekognition() as server:
        yield server


@pytest.fixture
def faces(server: LocalRekognition) -> Iterator[RekognitionFaceIndex]:
    server.client.create_collection(CollectionId="employees")
    yield RekognitionFaceIndex(server.client, "employees")
    server.client.delete_collection(CollectionId="employees")


def kept(server: LocalRekognition) -> list[str]:
    """The people whose faces the collection holds."""
    listed = server.client.list_faces(CollectionId="employees")["Faces"]
    return [face["ExternalImageId"] for face in listed]


def test_a_runner_up_is_not_hidden_by_one_person_with_many_faces(
    faces: RekognitionFaceIndex,
) -> None:
    blurred = np.asarray(cv2.GaussianBlur(portrait("ada"), (0, 0), 2), np.uint8)
    faces.add("twin", encoded(blurred))  # less similar than any face of hers
    for step in range(12):
        darker = np.asarray(portrait("ada") * (0.98 - step / 100), np.uint8)
        faces.add("ada", encoded(darker))
    assert {match.person_id for match in faces.search(ADA).matches} == {"ada", "twin"}


def test_a_face_that_is_part_of_a_vector_from_before_is_removed_by_faces_too(
    faces: RekognitionFaceIndex, server: LocalRekognition
) -> None:
    added = faces.add("ada", ADA)
    server.client.create_user(CollectionId="employees", UserId="ada")
    server.client.associate_faces(CollectionId="employees", UserId="ada", FaceIds=[added.face_id])
    assert faces.remove([added.face_id]) == 1
    assert server.client.list_users(CollectionId="employees")["Users"] == []


def test_a_face_in_the_dark_is_recognized_but_not_enrolled(faces: RekognitionFaceIndex) -> None:
    faces.add("ada", ADA)
    dark = encoded(np.asarray(portrait("ada") * 0.1, np.uint8))
    (match,) = faces.search(dark).matches
    assert match.person_id == "ada"
    with pytest.raises(UnusablePicture, match="the face is too dark"):
        faces.add("ada", dark)


def test_a_blurred_photo_is_refused_with_the_reason(
    faces: RekognitionFaceIndex, server: LocalRekognition
) -> None:
    blurred = np.asarray(cv2.GaussianBlur(portrait("ada"), (0, 0), 12), np.uint8)
    with pytest.raises(UnusablePicture, match="face"):
        faces.add("ada", encoded(blurred))
    assert kept(server) == []


def test_a_ghost_beside_a_good_face_is_no_second_person(faces: RekognitionFaceIndex) -> None:
    """The detector takes part of this photo's background for a face, at 70 %."""
    assert faces.add("biden", inspect(sample("photos/enroll/biden/biden2.jpg").read_bytes()))


def test_a_picture_that_cannot_be_decoded_is_refused_in_a_plain_sentence(faces: RekognitionFaceIndex) -> None:
    cut_short = inspect(ADA.content[:2000])
    with pytest.raises(UnusablePicture, match=r"^the file"):
        faces.search(cut_short)
    with pytest.raises(UnusablePicture, match=r"^the file"):
        faces.add("ada", cut_short)


def test_a_collection_that_does_not_exist_is_named(server: LocalRekognition) -> None:
    nowhere = RekognitionFaceIndex(server.client, "nowhere")
    with pytest.raises(Misconfigured, match="'nowhere'"):
        nowhere.search(ADA)
    with pytest.raises(Misconfigured, match="'nowhere'"):
        nowhere.add("ada", ADA)
    with pytest.raises(Misconfigured, match="'nowhere'"):
        nowhere.remove(["00000000-0000-4000-8000-000000000000"])


def test_an_id_that_no_collection_can_have_is_refused_at_once(server: LocalRekognition) -> None:
    with pytest.raises(Misconfigured, match="collection"):
        RekognitionFaceIndex(server.client, "my:collection")


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (ThrottlingException, ServiceBusy),
        (ProvisionedThroughputExceededException, ServiceBusy),
        (InternalServerError, ServiceBusy),
        (AccessDeniedException, Misconfigured),
    ],
)
def test_trouble_of_the_service_is_told_apart(fault: type[RekognitionError], error: type[Exception]) -> None:
    with local_rekognition(faults=Faults(failures=[Failure("SearchFacesByImage", fault, 1)])) as server:
        server.client.create_collection(CollectionId="employees")
        with pytest.raises(error, match="face collection 'employees'"):
            RekognitionFaceIndex(server.client, "employees").search(ADA)


@pytest.mark.usefixtures("faces")
def test_nobody_is_left_in_the_collection_of_whom_there_is_no_face(server: LocalRekognition) -> None:
    index = RekognitionUserIndex(server.client, "employees")
    added = index.add("ada", ADA)
    users = server.client.list_users(CollectionId="employees")["Users"]
    assert [user["UserId"] for user in users] == ["ada"]
    index.remove([added.face_id])
    assert server.client.list_users(CollectionId="employees")["Users"] == []


@pytest.mark.usefixtures("faces")
def test_more_faces_than_a_vector_takes_are_kept_and_left_out(
    server: LocalRekognition, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rekolocal.operations.users._MAX_FACES_A_USER", 1)
    index = RekognitionUserIndex(server.client, "employees")
    for shown in (ADA, encoded(portrait("ada", scale=2))):
        index.add("ada", shown)
    assert sorted(str(face.user_id) for face in index.all_faces()) == ["None", "ada"]


def test_a_user_whom_somebody_else_is_changing_is_waited_for_and_then_is_busy() -> None:
    waits: list[float] = []
    conflict = ClientError({"Error": {"Code": "ConflictException"}}, "DeleteUser")
    client = Mock(**{"delete_user.side_effect": [conflict, conflict, None, *[conflict] * 5]})
    users = UserVectors(client, "employees", name="the collection", sleep=waits.append)
    users.remove("ada")
    assert waits == [0.1, 0.2]
    with pytest.raises(ServiceBusy, match="right now"):
        users.remove("ada")
