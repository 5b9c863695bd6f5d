"""Users, and the faces that make up their vectors."""

from typing import Any

import cv2
import numpy as np
import pytest

from rekolocal.testing import LocalRekognition, local_rekognition
from tests.rekolocal.conftest import encoded, pixels_of

pytestmark = pytest.mark.integration


class Employees:
    """The collection `employees`, its name filled in."""

    def __init__(self, client: Any) -> None:
        self.client = client
        client.create_collection(CollectionId="employees")

    def __getattr__(self, operation: str) -> Any:
        return lambda **request: getattr(self.client, operation)(CollectionId="employees", **request)

    def enroll(self, photo: bytes, **options: Any) -> str:
        reply = self.client.index_faces(CollectionId="employees", Image={"Bytes": photo}, **options)
        return str(reply["FaceRecords"][0]["Face"]["FaceId"])


@pytest.fixture
def employees(rekolocal: LocalRekognition) -> Employees:
    return Employees(rekolocal.client)


def test_a_user_is_found_by_a_photo_of_any_of_the_faces(employees: Employees, hopper: bytes) -> None:
    dark = encoded((pixels_of(hopper) * 0.4).astype(np.uint8))
    faces = [employees.enroll(hopper), employees.enroll(dark)]
    employees.create_user(UserId="grace")
    employees.associate_faces(UserId="grace", FaceIds=faces)
    found = employees.search_users_by_image(Image={"Bytes": dark})
    assert [match["User"] for match in found["UserMatches"]] == [{"UserId": "grace", "UserStatus": "ACTIVE"}]
    assert found["UserMatches"][0]["Similarity"] > 99


def test_a_user_goes_from_created_over_updating_to_active(hopper: bytes) -> None:
    with local_rekognition(updating_s=60) as server:
        employees = Employees(server.client)
        face = employees.enroll(hopper)
        employees.create_user(UserId="grace")
        assert status(employees) == "CREATED"
        assert employees.associate_faces(UserId="grace", FaceIds=[face])["UserStatus"] == "UPDATING"
        assert status(employees) == "UPDATING"
        server.service.now = lambda: 1e12
        assert status(employees) == "ACTIVE"
        employees.disassociate_faces(UserId="grace", FaceIds=[face])
        server.service.now = lambda: 2e12
        assert status(employees) == "CREATED"


def status(employees: Employees) -> Any:
    (user,) = employees.list_users()["Users"]
    return user["UserStatus"]


def test_a_user_whose_faces_left_is_found_no_more(employees: Employees, hopper: bytes) -> None:
    face = employees.enroll(hopper)
    employees.create_user(UserId="grace")
    employees.associate_faces(UserId="grace", FaceIds=[face])
    employees.disassociate_faces(UserId="grace", FaceIds=[face])
    assert employees.search_users_by_image(Image={"Bytes": hopper})["UserMatches"] == []
    assert employees.search_users(UserId="grace")["UserMatches"] == []
    assert employees.delete_faces(FaceIds=[face])["DeletedFaces"] == [face]


def test_faces_of_a_deleted_user_stay_and_can_belong_to_another(employees: Employees, hopper: bytes) -> None:
    face = employees.enroll(hopper)
    for name in ("grace", "hopper"):
        employees.create_user(UserId=name)
        assert employees.associate_faces(UserId=name, FaceIds=[face])["AssociatedFaces"] == [{"FaceId": face}]
        employees.delete_user(UserId=name)
    assert "UserId" not in employees.list_faces()["Faces"][0]


def test_listed_faces_name_their_user_and_can_be_asked_for_by_user(
    employees: Employees, hopper: bytes, astronaut: bytes
) -> None:
    face, _ = employees.enroll(hopper), employees.enroll(astronaut)
    employees.create_user(UserId="grace")
    employees.associate_faces(UserId="grace", FaceIds=[face])
    (listed,) = employees.list_faces(UserId="grace")["Faces"]
    assert (listed["FaceId"], listed["UserId"]) == (face, "grace")


def test_associating_again_is_ignored(employees: Employees, hopper: bytes) -> None:
    face = employees.enroll(hopper)
    employees.create_user(UserId="grace")
    employees.associate_faces(UserId="grace", FaceIds=[face])
    again = employees.associate_faces(UserId="grace", FaceIds=[face])
    assert again["AssociatedFaces"] == again["UnsuccessfulFaceAssociations"] == []
    assert again["UserStatus"] == "ACTIVE"


def test_a_user_has_at_most_100_faces(employees: Employees, hopper: bytes) -> None:
    small = encoded(np.asarray(cv2.resize(pixels_of(hopper), (192, 224)), np.uint8), ".jpg")
    faces = [employees.enroll(small, ExternalImageId=str(number)) for number in range(101)]
    employees.create_user(UserId="grace")
    assert len(employees.associate_faces(UserId="grace", FaceIds=faces[:100])["AssociatedFaces"]) == 100
    with pytest.raises(employees.client.exceptions.ServiceQuotaExceededException):
        employees.associate_faces(UserId="grace", FaceIds=faces[100:])
    assert len(employees.list_faces(UserId="grace")["Faces"]) == 100


def test_a_user_exists_once(employees: Employees) -> None:
    employees.create_user(UserId="grace")
    with pytest.raises(employees.client.exceptions.ConflictException):
        employees.create_user(UserId="grace")


def test_a_request_token_gets_the_first_answer_again_and_no_other_request(employees: Employees) -> None:
    employees.create_user(UserId="grace", ClientRequestToken="t-1")
    employees.create_user(UserId="grace", ClientRequestToken="t-1")
    assert len(employees.list_users()["Users"]) == 1
    with pytest.raises(employees.client.exceptions.IdempotentParameterMismatchException):
        employees.create_user(UserId="eileen", ClientRequestToken="t-1")
    employees.delete_user(UserId="grace", ClientRequestToken="t-1")
    employees.delete_user(UserId="grace", ClientRequestToken="t-1")
    assert employees.list_users()["Users"] == []


def test_searching_users_needs_either_a_face_or_a_user(employees: Employees) -> None:
    with pytest.raises(employees.client.exceptions.InvalidParameterException):
        employees.search_users()
