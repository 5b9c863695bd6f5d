"""Pictures in an S3 bucket: private, encrypted by the bucket's default, removed with all their versions."""

from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import TYPE_CHECKING, Self

from botocore.exceptions import ClientError

from recognizeme.adapters.aws import error_code, make_client, translated, utc_now
from recognizeme.adapters.photo_keys import check_key
from recognizeme.domain.errors import NotFound, UnusablePicture
from recognizeme.domain.ports import Clock, UploadTicket

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import ObjectIdentifierTypeDef

# Rekognition takes no larger picture from S3; whoever may write to the bucket could store 5 TB.
_MAX_READ_BYTES = 15 * 1024 * 1024
_DELETE_AT_ONCE = 1000  # DeleteObjects takes no more
_LIST_AT_ONCE = 8  # ten connections are botocore's pool


class S3PhotoStore:
    """A `PhotoStore` in one bucket, versioned or not."""

    def __init__(self, client: "S3Client", bucket: str, *, now: Clock = utc_now) -> None:
        self._client = client
        self._bucket = bucket
        self._now = now

    @classmethod
    def connect(cls, bucket: str) -> Self:
        """The bucket in the SDK's region, or at AWS_ENDPOINT_URL_S3."""
        # Signed links for the regional host: the global one redirects for hours after a bucket is made.
        client = make_client("s3", signature_version="s3v4", s3={"addressing_style": "virtual"})
        if "amazonaws.com" not in client.meta.endpoint_url:
            client = make_client("s3", signature_version="s3v4", s3={"addressing_style": "path"})
        return cls(client, bucket)

    def ticket(self, key: str, content_type: str, *, max_bytes: int, expires_at: datetime) -> UploadTicket:
        """A presigned POST that S3 checks: this key, this type, 1 to `max_bytes` bytes."""
        with translated(self._name):
            post = self._client.generate_presigned_post(
                self._bucket,
                check_key(key),
                Fields={"Content-Type": content_type},
                Conditions=[{"Content-Type": content_type}, ["content-length-range", 1, max_bytes]],
                ExpiresIn=self._seconds_until(expires_at),
            )
        return UploadTicket(post["url"], post["fields"], key, max_bytes, expires_at)

    def write(self, key: str, picture: bytes, content_type: str, *, busy_s: float = 0.0) -> None:
        """Put the object. S3's events wait for nobody."""
        with translated(self._name):
            self._client.put_object(
                Bucket=self._bucket, Key=check_key(key), Body=picture, ContentType=content_type
            )

    def write_new(self, key: str, picture: bytes, content_type: str) -> bool:
        """Put the object on condition that there is none (`If-None-Match`)."""
        with translated(self._name):
            try:
                self._client.put_object(
                    Bucket=self._bucket,
                    Key=check_key(key),
                    Body=picture,
                    ContentType=content_type,
                    IfNoneMatch="*",
                )
            except ClientError as error:
                # 409: another one is being stored at this moment.
                if error_code(error) in {"PreconditionFailed", "ConditionalRequestConflict"}:
                    return False
                raise
        return True

    def read(self, key: str) -> bytes:
        """Get the object. Raises `NotFound`, and `UnusablePicture` above 15 MiB, before loading it."""
        with translated(self._name):
            try:
                answer = self._client.get_object(Bucket=self._bucket, Key=key)
            except self._client.exceptions.NoSuchKey as error:
                raise NotFound("the picture is not stored; it may have expired or been removed") from error
            with answer["Body"] as body:
                if answer["ContentLength"] > _MAX_READ_BYTES:
                    raise UnusablePicture(f"the stored file is larger than {_MAX_READ_BYTES // 1024**2} MiB")
                return body.read()

    def link(self, key: str, *, expires_at: datetime) -> str:
        """A presigned GET; it ends earlier when the credentials that sign it do."""
        with translated(self._name):
            return self._client.generate_presigned_url(
                "get_object",
                Params={"Bucket": self._bucket, "Key": key},
                ExpiresIn=self._seconds_until(expires_at),
            )

    def keys(self, prefix: str) -> Iterator[str]:
        """Keys in S3's order, a page at a time."""
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix)
        with translated(self._name):
            for page in pages:
                yield from (item["Key"] for item in page.get("Contents", ()))

    def folders(self, prefix: str) -> frozenset[str]:
        """By listing versions, since a list of objects leaves out what has a delete marker."""
        pages = self._client.get_paginator("list_object_versions").paginate(
            Bucket=self._bucket, Prefix=prefix, Delimiter="/"
        )
        with translated(self._name):
            found = [each["Prefix"] for page in pages for each in page.get("CommonPrefixes", ())]
        return frozenset(each.removeprefix(prefix).rstrip("/") for each in found)

    def delete(self, keys: Iterable[str]) -> int:
        """Remove every version and delete marker of the keys; return how many keys had any."""
        wanted = frozenset(keys)
        return self._delete(wanted, lambda key: key in wanted)

    def delete_below(
        self, prefixes: Iterable[str], *, before: Callable[[Collection[str]], object] = len
    ) -> int:
        """Remove every version and delete marker below the prefixes; return how many keys had any."""
        return self._delete(prefixes, lambda key: True, before)

    def count_below(self, prefix: str) -> int:
        """By listing versions, delete markers included."""
        return len({version["Key"] for version in self._versions(prefix)})

    def _delete(
        self,
        prefixes: Iterable[str],
        is_doomed: Callable[[str], bool],
        before: Callable[[Collection[str]], object] = len,
    ) -> int:
        with ThreadPoolExecutor(_LIST_AT_ONCE) as pool:
            listed = [version for some in pool.map(self._versions, prefixes) for version in some]
        unique = {(version["Key"], version["VersionId"]): version for version in listed}
        doomed = [version for (key, _), version in unique.items() if is_doomed(key)]
        keys = {version["Key"] for version in doomed}
        before(keys)
        for start in range(0, len(doomed), _DELETE_AT_ONCE):
            self._delete_versions(doomed[start : start + _DELETE_AT_ONCE])
        return len(keys)

    def _versions(self, prefix: str) -> "list[ObjectIdentifierTypeDef]":
        pages = self._client.get_paginator("list_object_versions").paginate(
            Bucket=self._bucket, Prefix=prefix
        )
        with translated(self._name):
            return [
                {"Key": version["Key"], "VersionId": version["VersionId"]}
                for page in pages
                for version in (*page.get("Versions", ()), *page.get("DeleteMarkers", ()))
            ]

    def _delete_versions(self, versions: "list[ObjectIdentifierTypeDef]") -> None:
        with translated(self._name):
            answer = self._client.delete_objects(
                Bucket=self._bucket, Delete={"Objects": versions, "Quiet": True}
            )
            # DeleteObjects answers 200 whatever became of the single objects.
            for refused in answer.get("Errors", ()):
                raise ClientError({"Error": {"Code": refused.get("Code", "")}}, "DeleteObjects")

    def _seconds_until(self, expires_at: datetime) -> int:
        return max(1, int((expires_at - self._now()).total_seconds()))

    @property
    def _name(self) -> str:
        return f"the bucket {self._bucket!r}"
