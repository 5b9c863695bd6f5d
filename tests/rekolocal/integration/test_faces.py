"""Faces in collections as Rekognition keeps them."""

import io
from typing import Any

import cv2
import numpy as np
import pytest
from botocore.exceptions import ClientError
from PIL import Image

from rekolocal.attributes import Attributes
from rekolocal.testing import LocalRekognition, local_rekognition
from tests.rekolocal.conftest import encoded, pixels_of

pytestmark = pytest.mark.integration


@pytest.fixture
def client(rekolocal: LocalRekognition) -> Any:
    rekolocal.client.create_collection(CollectionId="employees")
    return rekolocal.client


def index(client: Any, photo: bytes, **options: Any) -> Any:
    return client.index_faces(CollectionId="employees", Image={"Bytes": photo}, **options)


def search(client: Any, photo: bytes, **options: Any) -> Any:
    return client.search_faces_by_image(CollectionId="employees", Image={"Bytes": photo}, **options)


@pytest.mark.parametrize("external", [{"ExternalImageId": "couple"}, {}], ids=["with", "without"])
def test_the_same_picture_with_the_same_external_id_or_none_is_stored_once(
    client: Any, both: bytes, external: dict[str, str]
) -> None:
    first, second = index(client, both, **external), index(client, both, **external)
    face_ids = [[record["Face"]["FaceId"] for record in reply["FaceRecords"]] for reply in (first, second)]
    assert face_ids[0] == face_ids[1]
    assert first["FaceRecords"][0]["Face"]["ImageId"] == second["FaceRecords"][0]["Face"]["ImageId"]
    assert client.describe_collection(CollectionId="employees")["FaceCount"] == 2


def test_indexing_more_faces_of_a_known_picture_adds_only_the_missing(client: Any, both: bytes) -> None:
    one = index(client, both, ExternalImageId="couple", MaxFaces=1)
    all_of_them = index(client, both, ExternalImageId="couple")
    assert len(all_of_them["FaceRecords"]) == 2
    assert all_of_them["FaceRecords"][0]["Face"]["FaceId"] == one["FaceRecords"][0]["Face"]["FaceId"]
    assert client.describe_collection(CollectionId="employees")["FaceCount"] == 2


@pytest.mark.parametrize("second", ["another", None])
def test_the_same_picture_with_another_external_id_is_stored_again(
    client: Any, hopper: bytes, second: str | None
) -> None:
    index(client, hopper, ExternalImageId="grace")
    index(client, hopper, **({"ExternalImageId": second} if second else {}))
    first, again = client.list_faces(CollectionId="employees")["Faces"]
    assert first["FaceId"] != again["FaceId"]
    assert first["ImageId"] == again["ImageId"]


def test_a_search_looks_at_the_largest_face_only(client: Any, astronaut: bytes, both: bytes) -> None:
    index(client, astronaut, ExternalImageId="eileen")
    assert search(client, both)["FaceMatches"] == []


def test_matches_come_most_similar_first_and_no_more_than_asked_for(client: Any, hopper: bytes) -> None:
    pixels = pixels_of(hopper)
    for strength in (0.35, 1.0, 0.6):
        index(client, encoded((pixels * strength).astype(np.uint8)), ExternalImageId=str(strength))
    similarities = [match["Similarity"] for match in search(client, hopper)["FaceMatches"]]
    assert len(similarities) == 3
    assert similarities == sorted(similarities, reverse=True)
    (best,) = search(client, hopper, MaxFaces=1)["FaceMatches"]
    assert best["Face"]["ExternalImageId"] == "1.0"
    assert best["Similarity"] == similarities[0]


def test_a_lower_threshold_lets_a_stranger_in(client: Any, astronaut: bytes, hopper: bytes) -> None:
    index(client, astronaut)
    assert search(client, hopper, FaceMatchThreshold=80)["FaceMatches"] == []
    (stranger,) = search(client, hopper, FaceMatchThreshold=0)["FaceMatches"]
    assert 0 <= stranger["Similarity"] < 80


def test_a_face_that_misses_the_bar_is_not_indexed_and_the_reason_is_given(
    client: Any, hopper: bytes
) -> None:
    dark = encoded((pixels_of(hopper) * 0.06).astype(np.uint8))
    reply = index(client, dark, QualityFilter="HIGH")
    assert reply["FaceRecords"] == []
    assert "LOW_BRIGHTNESS" in reply["UnindexedFaces"][0]["Reasons"]
    assert len(index(client, dark, QualityFilter="NONE")["FaceRecords"]) == 1


def test_a_search_with_a_quality_filter_refuses_a_poor_face(client: Any, hopper: bytes) -> None:
    index(client, hopper)
    dark = encoded((pixels_of(hopper) * 0.06).astype(np.uint8))
    assert len(search(client, dark, FaceMatchThreshold=0)["FaceMatches"]) == 1
    with pytest.raises(client.exceptions.InvalidParameterException):
        search(client, dark, FaceMatchThreshold=0, QualityFilter="HIGH")


def test_boxes_are_relative_to_the_picture_as_its_exif_orientation_turns_it(
    client: Any, hopper: bytes
) -> None:
    upright = Image.open(io.BytesIO(hopper)).convert("RGB")
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera lay on its side: turn clockwise to see it upright
    file = io.BytesIO()
    upright.transpose(Image.Transpose.ROTATE_90).save(file, "JPEG", exif=exif, quality=95)
    (sideways,) = client.detect_faces(Image={"Bytes": file.getvalue()})["FaceDetails"]
    (plain,) = client.detect_faces(Image={"Bytes": hopper})["FaceDetails"]
    for edge in ("Left", "Top", "Width", "Height"):
        assert sideways["BoundingBox"][edge] == pytest.approx(plain["BoundingBox"][edge], abs=0.03)


def test_pages_join_to_the_whole_list_and_a_token_fits_its_own_list_only(client: Any, hopper: bytes) -> None:
    for number in range(5):
        index(client, hopper, ExternalImageId=str(number))
    pages = list(
        client.get_paginator("list_faces").paginate(
            CollectionId="employees", PaginationConfig={"PageSize": 2}
        )
    )
    assert [len(page["Faces"]) for page in pages] == [2, 2, 1]
    assert [face["ExternalImageId"] for page in pages for face in page["Faces"]] == list("01234")

    token = pages[0]["NextToken"]
    client.create_collection(CollectionId="other")
    for listing, collection, wrong in (
        (client.list_faces, "other", token),
        (client.list_users, "employees", token),
        (client.list_faces, "employees", token[:-4] + "AAAA"),
        (client.list_faces, "employees", "not a token"),
    ):
        with pytest.raises(client.exceptions.InvalidPaginationTokenException):
            listing(CollectionId=collection, NextToken=wrong)


def test_collections_are_listed_in_pages(rekolocal: LocalRekognition) -> None:
    names = [f"c{number}" for number in range(7)]
    for name in names:
        rekolocal.client.create_collection(CollectionId=name)
    pages = rekolocal.client.get_paginator("list_collections").paginate(PaginationConfig={"PageSize": 3})
    assert [name for page in pages for name in page["CollectionIds"]] == names


def test_a_collection_is_made_once(client: Any) -> None:
    with pytest.raises(client.exceptions.ResourceAlreadyExistsException):
        client.create_collection(CollectionId="employees")


def test_a_collection_made_anew_is_empty(client: Any, hopper: bytes) -> None:
    index(client, hopper)
    client.delete_collection(CollectionId="employees")
    client.create_collection(CollectionId="employees")
    assert search(client, hopper, FaceMatchThreshold=0)["FaceMatches"] == []


def test_comparing_pictures_without_a_face_is_an_invalid_parameter(
    client: Any, hopper: bytes, nobody: bytes
) -> None:
    for source, target in ((hopper, nobody), (nobody, hopper)):
        with pytest.raises(client.exceptions.InvalidParameterException):
            client.compare_faces(SourceImage={"Bytes": source}, TargetImage={"Bytes": target})


def of_face_px(photo: bytes, side_px: float) -> bytes:
    """The portrait so small that its face has about `side_px`, on a canvas as large as it was."""
    pixels = pixels_of(photo)
    canvas = np.full_like(pixels, 127)
    scale = side_px / 190
    small = np.asarray(cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA))
    canvas[: small.shape[0], : small.shape[1]] = small
    return encoded(canvas)


def test_a_small_face_is_compared_at_the_highest_bar(client: Any, hopper: bytes) -> None:
    small = of_face_px(hopper, 63)
    (face,) = client.detect_faces(Image={"Bytes": small})["FaceDetails"]
    assert 55 < face["BoundingBox"]["Width"] * pixels_of(small).shape[1] < 75
    compared = client.compare_faces(
        SourceImage={"Bytes": small}, TargetImage={"Bytes": hopper}, QualityFilter="HIGH"
    )
    assert compared["FaceMatches"][0]["Similarity"] > 99


def test_faces_of_the_target_that_miss_the_bar_are_not_compared(client: Any, hopper: bytes) -> None:
    dark = encoded((pixels_of(hopper) * 0.06).astype(np.uint8))
    good_and_dark = {"SourceImage": {"Bytes": hopper}, "TargetImage": {"Bytes": dark}}
    compared = client.compare_faces(**good_and_dark, QualityFilter="HIGH")
    assert (compared["FaceMatches"], compared["UnmatchedFaces"]) == ([], [])
    with pytest.raises(client.exceptions.InvalidParameterException):
        client.compare_faces(SourceImage={"Bytes": dark}, TargetImage={"Bytes": hopper}, QualityFilter="HIGH")


def test_searching_for_a_face_that_is_not_there_says_so_in_aws_words(client: Any) -> None:
    message = "faceId was not found in the collection"
    with pytest.raises(client.exceptions.InvalidParameterException, match=message):
        client.search_faces(CollectionId="employees", FaceId="00000000-0000-4000-8000-000000000000")


def test_attributes_that_were_declared_are_told_when_they_are_asked_for(astronaut: bytes) -> None:
    with local_rekognition(attributes=Attributes.load("neutral")) as server:
        client = server.client
        client.create_collection(CollectionId="employees")
        detected = client.detect_faces(Image={"Bytes": astronaut}, Attributes=["ALL"])["FaceDetails"]
        indexed = index(client, astronaut, DetectionAttributes=["ALL"])["FaceRecords"]
        plain = client.detect_faces(Image={"Bytes": astronaut})["FaceDetails"]
    assert detected[0]["Sunglasses"] == {"Value": False, "Confidence": 90.0}
    assert indexed[0]["FaceDetail"]["Emotions"][0]["Type"] == "CALM"
    assert "Sunglasses" not in plain[0]


def test_a_collection_takes_so_many_tags_and_no_more(client: Any) -> None:
    arn = client.describe_collection(CollectionId="employees")["CollectionARN"]
    client.tag_resource(ResourceArn=arn, Tags={str(number): "x" for number in range(200)})
    with pytest.raises(client.exceptions.ServiceQuotaExceededException):
        client.tag_resource(ResourceArn=arn, Tags={"one": "more"})
    assert len(client.list_tags_for_resource(ResourceArn=arn)["Tags"]) == 200


def test_tags_belong_to_collections_only(client: Any) -> None:
    for arn in (
        "arn:aws:rekognition:us-east-1:000000000000:project/x/version/1",
        "arn:aws:s3:::some-bucket-name",
    ):
        with pytest.raises(client.exceptions.ResourceNotFoundException):
            client.list_tags_for_resource(ResourceArn=arn)


def test_throttling_and_injected_errors_reach_the_caller_as_aws_sends_them(hopper: bytes) -> None:
    from rekolocal.faults import Failure, Faults

    faults = Faults(tps=2, failures=[Failure.parse("DetectFaces:ThrottlingException:1")])
    with local_rekognition(faults=faults) as server:
        server.client.list_collections()
        server.client.list_collections()
        with pytest.raises(server.client.exceptions.ProvisionedThroughputExceededException):
            server.client.list_collections()
        with pytest.raises(server.client.exceptions.ThrottlingException):
            server.client.detect_faces(Image={"Bytes": hopper})


def test_an_image_that_is_no_picture_has_an_invalid_format(client: Any) -> None:
    with pytest.raises(client.exceptions.InvalidImageFormatException):
        client.detect_faces(Image={"Bytes": b"#!/bin/sh\n"})


def test_wrong_keys_are_refused_where_keys_are_asked_for() -> None:
    from rekolocal.signature import Credentials
    from rekolocal.testing import client_for
    from tests.rekolocal.integration.wire import post

    with local_rekognition(credentials=Credentials("door", "s3cret")) as server:
        assert server.client.list_collections()["CollectionIds"] == []
        for keys, code in (
            (Credentials("door", "guessed"), "InvalidSignatureException"),
            (Credentials("window", "s3cret"), "UnrecognizedClientException"),
        ):
            with pytest.raises(ClientError) as caught:
                client_for(server.endpoint_url, keys).list_collections()
            assert caught.value.response["Error"]["Code"] == code
        assert post(server.endpoint_url, "ListCollections", {}).code == "MissingAuthenticationTokenException"
