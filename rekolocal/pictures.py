"""The bytes of a request's Image: given in the request, or an object in S3."""

import hashlib
import threading
import uuid
from typing import TYPE_CHECKING, TypedDict

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from rekolocal.errors import ImageTooLargeException, InvalidParameterException, InvalidS3ObjectException

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import GetObjectRequestTypeDef

MAX_S3_BYTES = 15 * 1024 * 1024  # Rekognition: "Maximum image size stored as an Amazon S3 object is 15 MB"


class S3Object(TypedDict, total=False):
    """Where an object is in S3."""

    Bucket: str
    Name: str
    Version: str


class Image(TypedDict, total=False):
    """A request's Image: one of the two."""

    Bytes: bytes
    S3Object: S3Object


def image_id(content: bytes) -> uuid.UUID:
    """A picture's ImageId: the same bytes have the same one, as in AWS's answers."""
    return uuid.UUID(bytes=hashlib.sha256(content).digest()[:16], version=4)


class Pictures:
    """Reads images; S3 is asked through boto3's own settings, so AWS_ENDPOINT_URL_S3 holds."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._client: S3Client | None = None

    def read(self, image: Image) -> bytes:
        """The bytes of a request's Image.

        Raises InvalidParameterException (not exactly one source), InvalidS3ObjectException,
        ImageTooLargeException.
        """
        if ("Bytes" in image) == ("S3Object" in image):
            raise InvalidParameterException(
                "Request has invalid parameters: Image takes either Bytes or S3Object"
            )
        if "Bytes" in image:
            return image["Bytes"]
        return self._from_s3(image["S3Object"])

    def _from_s3(self, where: S3Object) -> bytes:
        if "Bucket" not in where or "Name" not in where:
            raise InvalidParameterException("Request has invalid parameters: S3Object takes Bucket and Name")
        request: GetObjectRequestTypeDef = {"Bucket": where["Bucket"], "Key": where["Name"]}
        if "Version" in where:
            request["VersionId"] = where["Version"]
        try:
            found = self._s3().get_object(**request)
            with found["Body"] as body:
                content = body.read(MAX_S3_BYTES + 1)
        except (BotoCoreError, ClientError) as error:
            raise InvalidS3ObjectException(
                "Unable to get object metadata from S3. Check object key, region and/or access permissions."
            ) from error
        if len(content) > MAX_S3_BYTES:
            raise ImageTooLargeException(f"The S3 object is larger than {MAX_S3_BYTES} bytes")
        return content

    def _s3(self) -> "S3Client":
        with self._lock:  # boto3's client creation is not safe between threads
            if self._client is None:
                settings = Config(connect_timeout=3, read_timeout=10, retries={"total_max_attempts": 2})
                self._client = boto3.client("s3", config=settings)
            return self._client
