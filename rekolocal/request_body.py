"""Reading bodies: each of limited size and time, all of them together of limited memory."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TypedDict

from rekolocal.errors import (
    InvalidParameterException,
    RekognitionError,
    ThrottlingException,
    ValidationException,
)


class Message(TypedDict, total=False):
    """What an ASGI server and application say to each other; `type` is always there."""

    type: str
    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes
    more_body: bool


Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class ClientGone(Exception):
    """The client hung up; there is nobody to answer."""


@dataclass
class RequestBodies:
    """`max_body_bytes`: 5 MB of image as base64, and the rest. `room_bytes`: what all bodies may hold now.

    A body that is refused is read on and thrown away, up to `discarded_bytes`, so that the client, which may
    read only when it has sent everything, gets the answer.
    """

    max_body_bytes: int = 7_100_000
    room_bytes: int = 256 * 1024 * 1024
    timeout_s: float = 20.0
    discarded_bytes: int = 64_000_000

    @asynccontextmanager
    async def body(self, receive: Receive) -> AsyncIterator[bytearray]:
        """The whole body; its room is free again when the block ends.

        Raises ValidationException, ThrottlingException (no room), InvalidParameterException (too slow) and
        ClientGone.
        """
        body = bytearray()
        try:
            try:
                async with asyncio.timeout(self.timeout_s):
                    await self._read(receive, body)
            except TimeoutError:
                raise InvalidParameterException("The body did not arrive in time") from None
            yield body
        finally:
            self.room_bytes += len(body)

    async def _read(self, receive: Receive, body: bytearray) -> None:
        seen = 0
        refusal: RekognitionError | None = None
        async for chunk in _chunks(receive):
            seen += len(chunk)
            refusal = refusal or self._refusal(seen, len(chunk))
            if refusal is None:
                self.room_bytes -= len(chunk)
                body += chunk
            elif seen > self.discarded_bytes:
                break
        if refusal is not None:
            raise refusal

    def _refusal(self, seen_bytes: int, more_bytes: int) -> RekognitionError | None:
        if seen_bytes > self.max_body_bytes:
            return ValidationException(f"The request has more than {self.max_body_bytes} bytes")
        if more_bytes > self.room_bytes:
            return ThrottlingException("Too many bytes are being received")
        return None


async def _chunks(receive: Receive) -> AsyncIterator[bytes]:
    more = True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            raise ClientGone
        yield message.get("body", b"")
        more = message.get("more_body", False)
