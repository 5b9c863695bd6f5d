"""The wire itself, without boto3: for what boto3 would not send, and for answers as they are."""

import base64
import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

CONTENT_TYPE = "application/x-amz-json-1.1"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def body(self) -> dict[str, Any]:
        body = json.loads(self.content)
        assert isinstance(body, dict)
        return body

    @property
    def code(self) -> str | None:
        return self.body.get("__type")


def post(
    url: str, operation: str, body: bytes | Mapping[str, Any], headers: Mapping[str, str] | None = None
) -> Answer:
    """One POST on a connection of its own; a mapping is sent as JSON, its bytes as base64."""
    content = body if isinstance(body, bytes) else json.dumps(_wired(body)).encode()
    sent = {
        "X-Amz-Target": f"RekognitionService.{operation}",
        "Content-Type": CONTENT_TYPE,
        **(headers or {}),
    }
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
    try:
        connection.request("POST", "/", content, sent)
        reply = connection.getresponse()
        return Answer(reply.status, {name.lower(): value for name, value in reply.getheaders()}, reply.read())
    finally:
        connection.close()


def _wired(value: Any) -> Any:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, Mapping):
        return {key: _wired(item) for key, item in value.items()}
    return [_wired(item) for item in value] if isinstance(value, list) else value
