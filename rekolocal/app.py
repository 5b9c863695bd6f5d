"""The ASGI application: one route, POST /."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from . import protocol, signature
from .errors import (
    ImageTooLargeException,
    InternalServerError,
    InvalidParameterException,
    RekognitionError,
    ThrottlingException,
)
from .faults import Faults
from .operations import OPERATIONS
from .service import Service
from .signature import Credentials
from .workers import Workers

MAX_BODY_BYTES = 7_100_000  # 5 MB of image as base64, and the other members
_DISCARDED_BYTES = 8 * MAX_BODY_BYTES
_log = logging.getLogger(__name__)

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class _ClientGoneError(Exception):
    """The client hung up; there is nobody to answer."""


@dataclass
class Application:
    """Answers requests. The event loop only moves bytes: parsing, decoding and SQL happen in worker threads.

    `engine_workers` take the operations with a picture, `quick_workers` all others, so that a listing never
    waits behind a picture. `body_budget` bounds the bytes of all bodies being held together.
    """

    service: Service
    engine_workers: Workers
    quick_workers: Workers
    faults: Faults = field(default_factory=Faults)
    credentials: Credentials | None = None
    body_timeout_s: float = 20.0
    body_budget: int = 256 * 1024 * 1024

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        """ASGI entry."""
        if scope["type"] != "http":
            return
        request_id = str(uuid.uuid4())
        held = 0
        try:
            try:
                body = await self._body_in_time(receive)
                held = len(body)
                status, content = 200, await self._answer(scope, body)
            except RekognitionError as error:
                status, content = error.status, protocol.error_body(error)
            except _ClientGoneError:
                return
            except Exception:
                _log.exception("request %s failed", request_id)
                status, content = (
                    500,
                    protocol.error_body(InternalServerError(f"Internal error, request {request_id}")),
                )
            await _send(send, status, content, request_id)
        finally:
            self.body_budget += held

    async def _body_in_time(self, receive: Receive) -> bytes:
        try:
            async with asyncio.timeout(self.body_timeout_s):
                return await self._body(receive)
        except TimeoutError:
            raise InvalidParameterException("The body did not arrive in time") from None

    async def _body(self, receive: Receive) -> bytes:
        """The whole body, counted against the budget while it grows.

        A body past the limit is read to its end and thrown away, so that the client gets to read the answer.
        """
        chunks: list[bytes] = []
        held = seen = 0
        kept = False
        refusal: RekognitionError | None = None
        try:
            while True:
                message = await receive()
                if message["type"] != "http.request":
                    raise _ClientGoneError
                chunk: bytes = message.get("body", b"")
                seen += len(chunk)
                if refusal is None and seen > MAX_BODY_BYTES:
                    refusal = ImageTooLargeException(f"The request has more than {MAX_BODY_BYTES} bytes")
                elif refusal is None and len(chunk) > self.body_budget:
                    refusal = ThrottlingException("Too many bytes are being received")
                if refusal is None:
                    chunks.append(chunk)
                    held += len(chunk)
                    self.body_budget -= len(chunk)
                else:
                    chunks.clear()
                if not message.get("more_body", False) or seen > _DISCARDED_BYTES:
                    break
            if refusal is not None:
                raise refusal
            kept = True
            return b"".join(chunks)
        finally:
            if not kept:
                self.body_budget += held

    async def _answer(self, scope: Mapping[str, Any], body: bytes) -> bytes:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        if scope["method"] != "POST" or scope["path"] != "/":
            raise InvalidParameterException("Rekognition takes POST /")
        operation = protocol.operation_name(headers.get("x-amz-target", ""))
        self.faults.before(operation)
        if self.faults.latency_s:
            await asyncio.sleep(self.faults.latency_s)
        workers = self.engine_workers if protocol.takes_image(operation) else self.quick_workers
        return await workers.run(lambda: self._work(operation, headers, body))

    def _work(self, operation: str, headers: Mapping[str, str], body: bytes) -> bytes:
        signature.authenticate("POST", "/", headers, body, self.credentials, datetime.now(UTC))
        request = protocol.parse_request(operation, body)
        reply = OPERATIONS[operation](self.service, request)
        return protocol.reply_body(reply)


async def _send(send: Send, status: int, content: bytes, request_id: str) -> None:
    headers = [
        (b"content-type", protocol.CONTENT_TYPE.encode()),
        (b"content-length", str(len(content)).encode()),
        (b"x-amzn-requestid", request_id.encode()),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})
