"""The bytes of a request's Image: given in the request, or an object in S3."""

import threading
from collections.abc import Mapping
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from rekolocal.errors import ImageTooLargeException, InvalidParameterException, InvalidS3ObjectException

MAX_S3_BYTES = 15 * 1024 * 1024  # Rekognition: "Maximum image size stored as an Amazon S3 object is 15 MB"


class Pictures:
    """Reads images; S3 is asked through boto3's own settings, so AWS_ENDPOINT_URL_S3 holds."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._client: Any = None

    def read(self, image: Mapping[str, Any]) -> bytes:
        """The bytes of a request's Image.

        Raises InvalidParameterException (not exactly one source), InvalidS3ObjectException,
        ImageTooLargeException.
        """
        if ("Bytes" in image) == ("S3Object" in image):
            raise InvalidParameterException(
                "Request has invalid parameters: Image takes either Bytes or S3Object"
            )
        if "Bytes" in image:
            content: bytes = image["Bytes"]
            return content
        return self._from_s3(image["S3Object"])

    def _from_s3(self, where: Mapping[str, str]) -> bytes:
        if "Bucket" not in where or "Name" not in where:
            raise InvalidParameterException("Request has invalid parameters: S3Object takes Bucket and Name")
        version = {"VersionId": where["Version"]} if "Version" in where else {}
        try:
            found = self._s3().get_object(Bucket=where["Bucket"], Key=where["Name"], **version)
            with found["Body"] as body:
                content: bytes = body.read(MAX_S3_BYTES + 1)
        except (BotoCoreError, ClientError) as error:
            raise InvalidS3ObjectException(
                "Unable to get object metadata from S3. Check object key, region and/or access permissions."
            ) from error
        if len(content) > MAX_S3_BYTES:
            raise ImageTooLargeException(f"The S3 object is larger than {MAX_S3_BYTES} bytes")
        return content

    def _s3(self) -> Any:
        with self._lock:  # boto3's client creation is not safe between threads
            if self._client is None:
                settings = Config(connect_timeout=3, read_timeout=10, retries={"total_max_attempts": 2})
                self._client = boto3.client("s3", config=settings)
            return self._client
