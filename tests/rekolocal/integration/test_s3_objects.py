"""Images that are S3 objects."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from rekolocal.pictures import S3Object
from rekolocal.testing import LocalRekognition, local_rekognition

pytestmark = pytest.mark.integration


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"http://{host}:{port}")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    client = boto3.client("s3")
    client.create_bucket(Bucket="pictures")
    yield client
    server.stop()


@pytest.fixture
def rekognition(s3: Any) -> Iterator[LocalRekognition]:
    with local_rekognition() as server:
        yield server


def test_a_picture_is_read_from_s3(s3: Any, rekognition: LocalRekognition, hopper: bytes) -> None:
    s3.put_object(Bucket="pictures", Key="people/grace hopper +1.jpg", Body=hopper)
    where: S3Object = {"Bucket": "pictures", "Name": "people/grace hopper +1.jpg"}
    assert len(rekognition.client.detect_faces(Image={"S3Object": where})["FaceDetails"]) == 1


@pytest.mark.parametrize(("bucket", "key"), [("pictures", "missing.jpg"), ("no-such-bucket", "x.jpg")])
def test_an_object_that_is_not_there_is_an_invalid_s3_object(
    rekognition: LocalRekognition, bucket: str, key: str
) -> None:
    with pytest.raises(rekognition.client.exceptions.InvalidS3ObjectException):
        rekognition.client.detect_faces(Image={"S3Object": {"Bucket": bucket, "Name": key}})


def test_an_object_of_more_than_15_mb_is_too_large(s3: Any, rekognition: LocalRekognition) -> None:
    s3.put_object(Bucket="pictures", Key="large.jpg", Body=bytes(15 * 1024 * 1024 + 1))
    with pytest.raises(rekognition.client.exceptions.ImageTooLargeException):
        rekognition.client.detect_faces(Image={"S3Object": {"Bucket": "pictures", "Name": "large.jpg"}})
