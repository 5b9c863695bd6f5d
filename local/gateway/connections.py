"""Connections that are held open without a request: each has a deadline, and none keeps others out.

Uvicorn waits for ever for a request that was begun, and answers plain text when it has too many connections.
"""

import asyncio
from collections import Counter
from dataclasses import dataclass, field

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from local.gateway.replies import problem
from recognizeme.entry.problems import Problem


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a client may take, and how many connections there may be."""

    header_s: float = 10.0
    # API Gateway waits 30 s for a request too.
    body_s: float = 30.0
    # Connections whose request is not complete, from one address and from all; more make way for newer ones.
    unfinished_of_one: int = 64
    unfinished: int = 96
    # A burst of honest clients has sent its requests by then.
    grace_s: float = 1.0
    # Each may hold a picture of 10 MB.
    connections: int = 160


@dataclass(slots=True)
class Unfinished:
    """The connections of one server whose request is not complete, the oldest first."""

    limits: Limits
    _since_s: dict["GuardedProtocol", float] = field(default_factory=dict)

    def add(self, connection: "GuardedProtocol", now_s: float) -> None:
        """A request is awaited on this connection; others may be closed for it."""
        self._since_s.pop(connection, None)
        self._since_s[connection] = now_s
        while (crowd := self._crowd()) is not None:
            oldest = next(each for each in self._since_s if each.address == crowd)
            if now_s - self._since_s[oldest] < self.limits.grace_s:
                return
            self.remove(oldest)
            oldest.give_up()

    def remove(self, connection: "GuardedProtocol") -> None:
        """Its request is complete, or it is closed."""
        self._since_s.pop(connection, None)

    def _crowd(self) -> str | None:
        """The address that holds the most, when that or all together are too many."""
        counts = Counter(each.address for each in self._since_s).most_common(1)
        if not counts:
            return None
        address, count = counts[0]
        too_many = count > self.limits.unfinished_of_one or len(self._since_s) > self.limits.unfinished
        return address if too_many else None


class GuardedProtocol(H11Protocol):
    """Uvicorn's HTTP/1.1 with the limits of `unfinished`; `serve` makes a subclass with its own."""

    unfinished: Unfinished
    address = ""
    _deadline: asyncio.TimerHandle | None = None
    _awaits_body = False
    _is_refused = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a connection, or answer 503 when there are too many."""
        super().connection_made(transport)
        self.address = self.client[0] if self.client else ""
        limits = self.unfinished.limits
        self._is_refused = len(self.connections) > limits.connections
        self._await_request()
        if self._is_refused:
            self._complete()
            transport.write(_BUSY)
            transport.write_eof()
            # Closing at once, with the request unread, would take the answer away from the client.
            self._deadline = self.loop.call_later(limits.grace_s, self.give_up)

    def data_received(self, data: bytes) -> None:
        """Take what the client sends, and note how far its request is."""
        if self._is_refused or self.transport.is_closing():
            return
        was_idle = self.conn.their_state is h11.IDLE and self._deadline is None
        super().data_received(data)
        match self.conn.their_state:
            case h11.SEND_BODY if not self._awaits_body:
                self._await_request(body=True)
            case h11.IDLE if was_idle:
                self._await_request()
            case h11.DONE | h11.MUST_CLOSE | h11.CLOSED | h11.ERROR:
                self._complete()

    def on_response_complete(self) -> None:
        """The next request of this connection may come."""
        super().on_response_complete()
        if self.conn.their_state is h11.IDLE and not self.transport.is_closing():
            self._await_request()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._complete()
        super().connection_lost(exc)

    def give_up(self) -> None:
        """Close the connection, whatever is under way."""
        self._complete()
        self.transport.abort()

    def _await_request(self, *, body: bool = False) -> None:
        self._complete()
        limits = self.unfinished.limits
        self._awaits_body = body
        self._deadline = self.loop.call_later(limits.body_s if body else limits.header_s, self.give_up)
        self.unfinished.add(self, self.loop.time())

    def _complete(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        self._deadline = None
        self._awaits_body = False
        self.unfinished.remove(self)


def _raw_busy() -> bytes:
    reply = problem(Problem.BUSY, "too many connections are open; try again in a moment")
    head = [f"HTTP/1.1 {reply.status} Service Unavailable", f"content-length: {len(reply.body)}"]
    head += [f"{name}: {value}" for name, value in reply.headers] + ["connection: close", "", ""]
    return "\r\n".join(head).encode() + reply.body


_BUSY = _raw_busy()
