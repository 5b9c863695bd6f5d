"""The stack's own face engine, asked over its API with keys that are made for it at each start."""

import http.client
import json
import secrets
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from local.errors import LocalError
from local.runtime.events import REGION

_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class EngineRefused(LocalError):
    """The engine answered with an error; the text holds its answer."""


@dataclass(frozen=True, slots=True)
class Engine:
    """Where a `rekolocal` listens, and the only keys whose signatures it accepts."""

    url: str
    access_key: str
    secret_key: str = field(repr=False)

    @classmethod
    def at(cls, port: int) -> Self:
        """One on this machine, with new keys."""
        return cls(f"http://127.0.0.1:{port}", f"local{secrets.token_hex(8)}", secrets.token_hex(32))

    @property
    def own_environment(self) -> Mapping[str, str]:
        """What the engine's process needs to know."""
        return {"REKOLOCAL_ACCESS_KEY": self.access_key, "REKOLOCAL_SECRET_KEY": self.secret_key}

    @property
    def clients_environment(self) -> Mapping[str, str]:
        """What the AWS SDK needs to know in the processes that ask it."""
        return {
            "AWS_ENDPOINT_URL_REKOGNITION": self.url,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
        }

    def call(
        self, operation: str, parameters: Mapping[str, object], *, timeout_s: float = 30.0
    ) -> dict[str, Any]:
        """The answer to one request. Raises `EngineRefused`, and OSError when there is no answer."""
        request = AWSRequest(
            "POST",
            self.url,
            data=json.dumps(parameters).encode(),
            headers={
                "Content-Type": "application/x-amz-json-1.1",
                "X-Amz-Target": f"RekognitionService.{operation}",
            },
        )
        SigV4Auth(Credentials(self.access_key, self.secret_key), "rekognition", REGION).add_auth(request)
        signed = urllib.request.Request(self.url, request.data, dict(request.headers))
        try:
            with _DIRECT.open(signed, timeout=timeout_s) as answer:
                content: dict[str, Any] = json.load(answer)
                return content
        except urllib.error.HTTPError as error:
            with error:
                raise EngineRefused(f"rekolocal: {error.read().decode(errors='replace')}") from error
        except http.client.HTTPException as error:
            raise ConnectionError(f"rekolocal ended in the middle of its answer: {error!r}") from error

    def make_collection(self, collection_id: str) -> None:
        """Make the collection unless it is there."""
        try:
            self.call("CreateCollection", {"CollectionId": collection_id})
        except EngineRefused as error:
            if "ResourceAlreadyExistsException" not in str(error):
                raise

    def face_count(self, collection_id: str) -> int:
        """How many faces the collection holds."""
        return int(self.call("DescribeCollection", {"CollectionId": collection_id})["FaceCount"])

    def model(self, collection_id: str) -> str:
        """The recognition network whose vectors the collection keeps."""
        return str(self.call("DescribeCollection", {"CollectionId": collection_id})["FaceModelVersion"])

    def check(self) -> None:
        """Raise OSError when it does not answer within seconds; any answer will do."""
        try:
            self.call("ListCollections", {"MaxResults": 1}, timeout_s=3.0)
        except EngineRefused:
            return
