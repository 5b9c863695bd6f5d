"""The ASGI application: one route, POST /."""

import asyncio
import logging
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypedDict

from rekolocal import protocol, signature
from rekolocal.access import Access
from rekolocal.errors import InternalServerError, InvalidParameterException, RekognitionError
from rekolocal.faults import Faults
from rekolocal.operations import OPERATIONS
from rekolocal.request_body import ClientGone, Receive, RequestBodies, Send
from rekolocal.service import Service
from rekolocal.signature import Credentials
from rekolocal.workers import Workers

_log = logging.getLogger(__name__)


class Scope(TypedDict):
    """What an ASGI server says of a request."""

    type: str
    method: str
    path: str
    query_string: bytes
    headers: list[tuple[bytes, bytes]]


@dataclass
class Application:
    """Answers requests. The event loop only moves bytes: parsing, decoding and SQL happen in worker threads.

    `engine_workers` take the operations with a picture, `quick_workers` all others, so that a listing never
    waits behind a picture.
    """

    service: Service
    engine_workers: Workers
    quick_workers: Workers
    faults: Faults = field(default_factory=Faults)
    credentials: Credentials | None = None
    access: Access = field(default_factory=Access)
    bodies: RequestBodies = field(default_factory=RequestBodies)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI entry."""
        if scope["type"] != "http":
            return
        request_id = str(uuid.uuid4())
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        try:
            async with self.bodies.body(receive) as body:
                status, content = 200, await self._answer(scope, headers, body)
        except ClientGone:
            return
        except RekognitionError as error:
            status, content = error.status, protocol.error_body(error, request_id)
        except Exception:
            _log.exception("request %s failed", request_id)
            fault = InternalServerError(f"Internal error, request {request_id}")
            status, content = fault.status, protocol.error_body(fault, request_id)
        await _send(send, status, content, {"x-amzn-requestid": request_id, **self.access.cors(headers)})

    async def _answer(self, scope: Scope, headers: Mapping[str, str], body: bytes | bytearray) -> bytes:
        if self.credentials is None:
            self.access.check(headers)
        if scope["method"] == "OPTIONS" and self.access.allows(headers.get("origin", "")):
            return b""
        if scope["method"] != "POST" or scope["path"] != "/":
            raise InvalidParameterException("Rekognition takes POST /")
        operation = protocol.operation_name(headers.get("x-amz-target", ""))
        self.faults.before(operation)
        if self.faults.latency_s:
            await asyncio.sleep(self.faults.latency_s)
        workers = self.engine_workers if protocol.takes_image(operation) else self.quick_workers
        query = scope["query_string"].decode("latin-1")
        return await workers.run(lambda: self._work(operation, query, headers, body))

    def _work(self, operation: str, query: str, headers: Mapping[str, str], body: bytes | bytearray) -> bytes:
        signature.authenticate(query, headers, body, self.credentials, datetime.now(UTC))
        arguments = protocol.parse_request(operation, body)
        return protocol.reply_body(OPERATIONS[operation](self.service, **arguments))


async def _send(send: Send, status: int, content: bytes, more: Mapping[str, str]) -> None:
    headers = {"content-type": protocol.CONTENT_TYPE, "content-length": str(len(content)), **more}
    sent = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": sent})
    await send({"type": "http.response.body", "body": content})
