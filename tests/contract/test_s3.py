"""What is S3's alone: versions, batches, missing buckets."""

import secrets
from collections.abc import Callable
from typing import Any

import pytest

from recognizeme.adapters import s3 as module
from recognizeme.adapters.s3 import S3PhotoStore
from recognizeme.domain.errors import Misconfigured, UnusablePicture

pytestmark = pytest.mark.integration


@pytest.fixture
def client(aws_client: Callable[[str], Any]) -> Any:
    return aws_client("s3")


@pytest.fixture
def bucket(client: Any) -> str:
    name = f"photos-{secrets.token_hex(4)}"
    client.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    return name


def test_deleting_removes_every_version_and_every_delete_marker(
    client: Any, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_DELETE_AT_ONCE", 2)  # several batches
    client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    photos = S3PhotoStore(client, bucket)
    for key in ("a", "a", "a", "b", "ab"):
        photos.write(key, b"x", "image/jpeg")
    client.delete_object(Bucket=bucket, Key="b")
    assert photos.delete(["a", "b", "c"]) == 2
    left = client.list_object_versions(Bucket=bucket)
    assert [version["Key"] for version in left["Versions"]] == ["ab"]
    assert "DeleteMarkers" not in left


def test_what_lies_under_a_delete_marker_is_found_and_removed_too(client: Any, bucket: str) -> None:
    client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    photos = S3PhotoStore(client, bucket)
    for key in ("enrollments/ada/1.jpg", "enrollments/ada/1.jpg", "captures/front/2.jpg"):
        photos.write(key, b"x", "image/jpeg")
        client.delete_object(Bucket=bucket, Key=key)
    assert list(photos.keys("")) == []
    assert photos.folders("captures/") == {"front"}
    assert photos.delete_below(["enrollments/ada/", "captures/front/2."]) == 2
    left = client.list_object_versions(Bucket=bucket)
    assert "Versions" not in left
    assert "DeleteMarkers" not in left


def test_deleting_works_without_versions(client: Any, bucket: str) -> None:
    photos = S3PhotoStore(client, bucket)
    photos.write("a", b"x", "image/jpeg")
    photos.write("ab", b"x", "image/jpeg")
    assert photos.delete(["a", "b"]) == 1
    assert list(photos.keys("")) == ["ab"]


def test_more_keys_than_one_answer_holds_are_all_listed(client: Any, bucket: str) -> None:
    photos = S3PhotoStore(client, bucket)
    keys = [f"captures/{number:02}" for number in range(12)]
    for key in keys:
        photos.write(key, b"x", "image/jpeg")
    assert list(photos.keys("captures/")) == keys


def test_a_picture_is_stored_with_its_type(client: Any, bucket: str) -> None:
    S3PhotoStore(client, bucket).write("a", b"x", "image/png")
    assert client.head_object(Bucket=bucket, Key="a")["ContentType"] == "image/png"


def test_a_file_that_cannot_be_a_picture_for_its_size_is_not_loaded(
    client: Any, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_MAX_READ_BYTES", 4)
    client.put_object(Bucket=bucket, Key="a", Body=b"12345")
    with pytest.raises(UnusablePicture, match="larger than"):
        S3PhotoStore(client, bucket).read("a")


def test_a_bucket_that_does_not_exist_is_named(client: Any) -> None:
    nowhere = S3PhotoStore(client, "no-such-bucket")
    for use in (
        lambda: nowhere.read("a"),
        lambda: nowhere.write("a", b"x", "image/jpeg"),
        lambda: list(nowhere.keys("")),
        lambda: nowhere.delete(["a"]),
    ):
        with pytest.raises(Misconfigured, match="no-such-bucket"):
            use()
