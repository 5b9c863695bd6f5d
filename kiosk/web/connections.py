"""Connections to the page that are held open without a request: each has a deadline, none keeps others out.

Waitress closes what was silent for two minutes, and accepts nobody while too many connections are open.
"""

import time
from collections import Counter
from dataclasses import dataclass
from typing import Any

from waitress.channel import HTTPChannel


@dataclass(frozen=True)
class Limits:
    """How long a browser may take, and how many connections there may be."""

    header_s: float = 10.0
    body_s: float = 120.0  # 32 MB from a phone
    # Connections whose request is not complete, from one address and from all; more make way for newer ones.
    unfinished_of_one: int = 32
    unfinished: int = 64
    # A burst of honest browsers has sent its requests by then.
    grace_s: float = 1.0
    connections: int = 160


class GuardedChannel(HTTPChannel):  # type: ignore[misc]  # waitress has no types
    """Waitress's connection with limits."""

    limits = Limits()

    def __init__(self, server: Any, sock: Any, addr: Any, adj: Any, map: Any = None) -> None:
        super().__init__(server, sock, addr, adj, map=map)
        self._awaits_since_s: float | None = time.monotonic()
        self._make_room()
        if len(server.active_channels) > self.limits.connections:
            with self.outbuf_lock:
                self.outbufs[-1].append(_BUSY)
                self.total_outbufs_len += len(_BUSY)
            self.close_when_flushed = True

    def readable(self) -> bool:
        """Whether to read on; asked about each connection, every second at least."""
        now_s = time.monotonic()
        if self.requests or self.total_outbufs_len:
            self._awaits_since_s = None
        elif self._awaits_since_s is None:
            self._awaits_since_s = now_s
        if self._awaits_since_s is not None and now_s - self._awaits_since_s > self._allowed_s():
            self.will_close = True
        return bool(super().readable())

    def _allowed_s(self) -> float:
        has_header = self.request is not None and self.request.headers_finished
        return self.limits.body_s if has_header else self.limits.header_s

    def _make_room(self) -> None:
        """Close the oldest unfinished connections of whoever holds the most, while there are too many."""
        unfinished = [
            channel
            for channel in self.server.active_channels.values()
            if channel._awaits_since_s is not None and not channel.will_close
        ]
        unfinished.sort(key=lambda channel: channel._awaits_since_s)
        while unfinished:
            ((address, count),) = Counter(channel.addr[0] for channel in unfinished).most_common(1)
            if count <= self.limits.unfinished_of_one and len(unfinished) <= self.limits.unfinished:
                return
            oldest = next(channel for channel in unfinished if channel.addr[0] == address)
            if time.monotonic() - oldest._awaits_since_s < self.limits.grace_s:
                return
            oldest.will_close = True
            unfinished.remove(oldest)


_BUSY = (
    b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\nconnection: close\r\n"
    b"content-type: text/plain\r\ncontent-length: 54\r\n\r\n"
    b"Too many connections are open; try again in a moment.\n"
)
