"""Every operation, driven by boto3, AWS CLI and JavaScript, and held against botocore's model."""

import base64
import inspect
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from botocore import xform_name
from botocore.exceptions import ClientError
from botocore.model import StructureShape
from botocore.validate import ParamValidator

from rekolocal.attributes import Attributes
from rekolocal.operations import OPERATIONS
from rekolocal.pictures import Image
from rekolocal.shapes import operation_model, read, service_model, violations
from rekolocal.testing import LocalRekognition, local_rekognition
from tests.rekolocal.integration.other_clients import COMMANDS, Refused, other_client
from tests.rekolocal.integration.wire import post

pytestmark = pytest.mark.integration

UNKNOWN_FACE = "00000000-0000-4000-8000-000000000000"


Call = Callable[..., dict[str, Any]]


class Boto3:
    """Calls operations by boto3 and holds what comes over the wire against the model."""

    def __init__(self, server: LocalRekognition) -> None:
        self._client = server.client
        server.client.meta.events.register("after-call.rekognition.*", self._check)

    def __call__(self, operation: str, **request: Any) -> dict[str, Any]:
        reply: dict[str, Any] = getattr(self._client, xform_name(operation))(**request)
        return reply

    def _check(self, http_response: Any, model: Any, **_: Any) -> None:
        if http_response.status_code == 200:
            conforms(model.name, http_response.content)
        assert http_response.headers["x-amzn-requestid"]
        assert http_response.headers["content-type"] == "application/x-amz-json-1.1"


def conforms(operation: str, content: bytes) -> None:
    """The reply has no member that the output shape does not have, and each member is as the shape says."""
    shape, body = operation_model(operation).output_shape, json.loads(content)
    assert shape is not None
    reply = read(shape, body)
    assert isinstance(reply, dict)
    assert strip(reply, shape) == reply
    assert reply.keys() == body.keys(), "members the model does not know"
    broken = [each for each in violations(shape, reply) if "'a list of 0'" not in each]
    assert broken == [], "AWS sends empty lists where its model says otherwise; anything else is wrong"
    problems = ParamValidator().validate(reply, shape).generate_report()
    assert [line for line in problems.splitlines() if "Invalid length" not in line] == []


def strip(value: Any, shape: Any) -> Any:
    """`value` without the members that `shape` lacks, all the way down."""
    if isinstance(shape, StructureShape):
        return {
            name: strip(item, shape.members[name]) for name, item in value.items() if name in shape.members
        }
    if shape.type_name == "list":
        return [strip(item, shape.member) for item in value]
    return value


@pytest.fixture(params=["boto3", *COMMANDS])
def call(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Call]:
    with local_rekognition(attributes=Attributes.load("neutral")) as server:
        if request.param == "boto3":
            yield Boto3(server)
        else:
            with other_client(request.param, server.endpoint_url, tmp_path) as client:
                yield client


def test_every_operation_works_through_every_client_and_answers_in_its_output_shape(
    call: Call, astronaut: bytes, hopper: bytes, both: bytes, nobody: bytes
) -> None:
    called: set[str] = set()

    def walk(operation: str, **request: Any) -> dict[str, Any]:
        called.add(operation)
        return call(operation, **request)

    collection = {"CollectionId": "employees"}
    created = walk("CreateCollection", **collection, Tags={"team": "door"})
    assert created["StatusCode"] == 200
    assert created["CollectionArn"].endswith(":collection/employees")
    arn = walk("DescribeCollection", **collection)["CollectionARN"]
    assert walk("ListCollections")["CollectionIds"] == ["employees"]

    walk("TagResource", ResourceArn=arn, Tags={"floor": "2"})
    walk("UntagResource", ResourceArn=arn, TagKeys=["team"])
    assert walk("ListTagsForResource", ResourceArn=arn)["Tags"] == {"floor": "2"}

    assert len(walk("DetectFaces", Image={"Bytes": both}, Attributes=["ALL"])["FaceDetails"]) == 2
    assert walk("DetectFaces", Image={"Bytes": nobody})["FaceDetails"] == []
    compared = walk("CompareFaces", SourceImage={"Bytes": astronaut}, TargetImage={"Bytes": both})
    assert (len(compared["FaceMatches"]), len(compared["UnmatchedFaces"])) == (1, 1)

    ids: dict[str, str] = {}
    for name, photo in (("eileen", astronaut), ("grace", hopper)):
        indexed = walk("IndexFaces", **collection, Image={"Bytes": photo}, ExternalImageId=name)
        ids[name] = indexed["FaceRecords"][0]["Face"]["FaceId"]
    assert walk("IndexFaces", **collection, Image={"Bytes": nobody})["FaceRecords"] == []
    crowd = walk(
        "IndexFaces", **collection, Image={"Bytes": both}, MaxFaces=1, DetectionAttributes=["DEFAULT"]
    )
    assert [face["Reasons"] for face in crowd["UnindexedFaces"]] == [["EXCEEDS_MAX_FACES"]]
    extra = crowd["FaceRecords"][0]["Face"]["FaceId"]

    listed = walk("ListFaces", **collection)["Faces"]
    assert [face["FaceId"] for face in listed] == [ids["eileen"], ids["grace"], extra]
    assert [face["FaceId"] for face in walk("ListFaces", **collection, FaceIds=[extra])["Faces"]] == [extra]

    searched = walk("SearchFaces", **collection, FaceId=ids["grace"])
    assert [match["Face"]["FaceId"] for match in searched["FaceMatches"]] == [extra]
    by_image = walk("SearchFacesByImage", **collection, Image={"Bytes": astronaut}, MaxFaces=1)
    assert by_image["FaceMatches"][0]["Face"]["ExternalImageId"] == "eileen"

    for name in ("eileen", "grace"):
        walk("CreateUser", **collection, UserId=name)
        associated = walk("AssociateFaces", **collection, UserId=name, FaceIds=[ids[name]])
        assert associated["UserStatus"] == "UPDATING"
    refused = walk(
        "AssociateFaces", **collection, UserId="eileen", FaceIds=[extra, UNKNOWN_FACE, ids["grace"]]
    )
    assert sorted(failure["Reasons"][0] for failure in refused["UnsuccessfulFaceAssociations"]) == [
        "ASSOCIATED_TO_A_DIFFERENT_USER", "FACE_NOT_FOUND", "LOW_MATCH_CONFIDENCE",
    ]  # fmt: skip
    assert {user["UserStatus"] for user in walk("ListUsers", **collection)["Users"]} == {"ACTIVE"}
    assert walk("SearchUsers", **collection, FaceId=extra)["UserMatches"][0]["User"]["UserId"] == "grace"
    assert walk("SearchUsers", **collection, UserId="grace")["UserMatches"] == []
    found = walk("SearchUsersByImage", **collection, Image={"Bytes": both})
    assert found["UserMatches"][0]["User"]["UserId"] == "grace"
    assert [face["Reasons"] for face in found["UnsearchedFaces"]] == [["FACE_NOT_LARGEST"]]
    assert walk("SearchUsersByImage", **collection, Image={"Bytes": nobody})["UserMatches"] == []

    kept = walk("DeleteFaces", **collection, FaceIds=[ids["grace"], UNKNOWN_FACE, extra])
    assert kept["DeletedFaces"] == [extra]
    assert {failure["Reasons"][0] for failure in kept["UnsuccessfulFaceDeletions"]} == {
        "ASSOCIATED_TO_AN_EXISTING_USER", "FACE_NOT_FOUND",
    }  # fmt: skip
    left = walk("DisassociateFaces", **collection, UserId="grace", FaceIds=[ids["grace"], UNKNOWN_FACE])
    assert [face["FaceId"] for face in left["DisassociatedFaces"]] == [ids["grace"]]
    walk("DeleteUser", **collection, UserId="grace")
    counted = walk("DescribeCollection", **collection)
    assert (counted["FaceCount"], counted["UserCount"]) == (2, 1)
    assert walk("DeleteCollection", **collection)["StatusCode"] == 200
    assert walk("ListCollections")["CollectionIds"] == []

    assert called == set(OPERATIONS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_client_understands_an_error(rekolocal: LocalRekognition, tmp_path: Path, name: str) -> None:
    with other_client(name, rekolocal.endpoint_url, tmp_path) as client:
        with pytest.raises(Refused) as missing:
            client("DescribeCollection", CollectionId="nowhere")
        with pytest.raises(Refused) as empty:
            client("DetectFaces", Image={"Bytes": bytes(5_242_881)})
    assert missing.value.code == "ResourceNotFoundException"
    assert missing.value.message == "The collection id: nowhere does not exist"
    assert missing.value.members == ({"Code": missing.value.code} if name == "javascript" else {})
    assert empty.value.code == "ValidationException"
    assert "less than or equal to 5242880" in empty.value.message


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_operation_takes_exactly_the_members_of_its_input_shape(operation: str) -> None:
    shape = operation_model(operation).input_shape
    assert shape is not None
    parameters = dict(inspect.signature(OPERATIONS[operation]).parameters)
    del parameters["service"]
    required = {name for name, each in parameters.items() if each.default is inspect.Parameter.empty}

    assert parameters.keys() == {xform_name(name) for name in shape.members}
    assert required == {xform_name(name) for name in shape.required_members}
    for name, member in shape.members.items():
        kind = KINDS[member.type_name]
        assert parameters[xform_name(name)].annotation in (kind, kind | None)


KINDS: dict[str, Any] = {
    "string": str, "integer": int, "float": float, "list": Sequence[str], "map": Mapping[str, str],
    "structure": Image,
}  # fmt: skip
"""How a parameter for each kind of member is annotated."""


OUTSIDE = sorted(set(service_model().operation_names) - set(OPERATIONS))


def test_every_other_operation_of_rekognition_says_that_it_is_not_here(rekolocal: LocalRekognition) -> None:
    for operation in [*OUTSIDE, "MakeCoffee", ""]:
        answer = post(rekolocal.endpoint_url, operation, {})
        assert (answer.status, answer.code) == (400, "UnknownOperationException"), operation
        assert answer.body.keys() == {"__type", "message"}


@pytest.mark.parametrize("operation", sorted(OPERATIONS))
def test_every_operation_refuses_what_its_input_shape_refuses(
    rekolocal: LocalRekognition, operation: str, astronaut: bytes
) -> None:
    shape = operation_model(operation).input_shape
    assert shape is not None
    for request in broken_requests(shape, valid_request(shape, astronaut)):
        answer = post(rekolocal.endpoint_url, operation, request)
        assert answer.status == 400, request
        assert answer.code in (
            "InvalidParameterException",
            "SerializationException",
            "ValidationException",
        )


@pytest.mark.parametrize(
    "operation",
    sorted(
        name
        for name in OPERATIONS
        if name not in ("CreateCollection", "ListCollections", "DetectFaces", "CompareFaces")
    ),
)
def test_every_operation_on_something_that_is_not_there_says_so(
    rekolocal: LocalRekognition, operation: str, astronaut: bytes
) -> None:
    shape = operation_model(operation).input_shape
    assert shape is not None
    answer = post(rekolocal.endpoint_url, operation, valid_request(shape, astronaut))
    assert (answer.status, answer.code) == (400, "ResourceNotFoundException")


def valid_request(shape: StructureShape, image: bytes) -> dict[str, Any]:
    """The required members, as small as they may be."""
    examples: dict[str, Any] = {
        "CollectionId": "nowhere", "UserId": "somebody", "FaceId": UNKNOWN_FACE, "FaceIds": [UNKNOWN_FACE],
        "ResourceArn": "arn:aws:rekognition:us-east-1:000000000000:collection/nowhere", "Tags": {"a": "b"},
        "TagKeys": ["a"],
        "Image": {"Bytes": image}, "SourceImage": {"Bytes": image}, "TargetImage": {"Bytes": image},
    }  # fmt: skip
    request = {name: examples[name] for name in shape.metadata.get("required", [])}
    if "UserId" in shape.members and "FaceId" in shape.members:
        request["FaceId"] = UNKNOWN_FACE
    return request


def broken_requests(shape: StructureShape, valid: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The valid request with one thing wrong: a member missing, of another type, or beyond a bound."""
    for name in shape.metadata.get("required", []):
        yield {key: value for key, value in valid.items() if key != name}
    for name, member in shape.members.items():
        yield {**valid, name: {"wrong": 1} if member.type_name != "structure" else "wrong"}
        metadata = member.metadata
        if member.type_name == "string":
            if "max" in metadata:
                yield {**valid, name: "a" * (metadata["max"] + 1)}
            if "pattern" in metadata or getattr(member, "enum", None):
                yield {**valid, name: "no such value !"}
        if member.type_name in ("integer", "float"):
            yield {**valid, name: "7"}
            if "min" in metadata:
                yield {**valid, name: metadata["min"] - 1}
            if "max" in metadata:
                yield {**valid, name: metadata["max"] + 1}
        if member.type_name == "list" and "max" in metadata:
            item = [UNKNOWN_FACE] if "Face" in name else ["a"]
            yield {**valid, name: item * (metadata["max"] + 1)}
        if member.type_name == "structure":
            yield {**valid, name: {}}
            yield {**valid, name: {"Bytes": ""}}
            yield {**valid, name: {"Bytes": "not base64!"}}
            yield {
                **valid,
                name: {
                    "Bytes": base64.b64encode(b"GIF89a").decode(),
                    "S3Object": {"Bucket": "abc", "Name": "x"},
                },
            }
            yield {**valid, name: {"S3Object": {"Bucket": "abc"}}}


def test_a_null_member_counts_as_left_out(rekolocal: LocalRekognition) -> None:
    assert post(rekolocal.endpoint_url, "ListCollections", {"MaxResults": None}).status == 200
    answer = post(rekolocal.endpoint_url, "CreateCollection", {"CollectionId": None})
    assert answer.code == "InvalidParameterException"


def test_a_fault_of_our_own_is_an_internal_error_without_a_trace(
    rekolocal: LocalRekognition, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> dict[str, Any]:
        raise RuntimeError("secret detail")

    monkeypatch.setitem(OPERATIONS, "ListCollections", broken)
    with pytest.raises(ClientError) as caught:
        rekolocal.client.list_collections()
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500
    assert caught.value.response["Error"]["Code"] == "InternalServerError"
    assert "secret" not in str(caught.value)
