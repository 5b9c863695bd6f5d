"""A TCP proxy on 127.0.0.1 that fails the way networks do. Each connection takes the next of its faults."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum, auto


class Failing(Enum):
    """What happens to one connection."""

    NOT = auto()
    HANGS = auto()  # taken, and never heard of again
    ANSWER_LOST = auto()  # the request arrives, its answer does not: half-open
    CUT_REQUEST = auto()  # closed while the request is on its way
    CUT_ANSWER = auto()  # closed in the middle of the answer


class FaultProxy:
    """Passes connections on to `upstream_port`; `next_fault` is asked once a connection."""

    def __init__(self, upstream_port: int, next_fault: Callable[[], Failing]) -> None:
        self._upstream_port = upstream_port
        self.next_fault = next_fault
        self._open: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = int(self._listener.getsockname()[1])
        self.url = f"http://127.0.0.1:{self.port}"

    @contextmanager
    def running(self) -> Iterator["FaultProxy"]:
        threading.Thread(target=self._accept, daemon=True).start()
        try:
            yield self
        finally:
            self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            for connection in self._open:
                connection.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self._open.append(connection)
                fault = self.next_fault()
                if fault is not Failing.HANGS:
                    threading.Thread(target=self._pass_on, args=(connection, fault), daemon=True).start()

    def _pass_on(self, client: socket.socket, fault: Failing) -> None:
        with contextlib.suppress(OSError):
            server = socket.create_connection(("127.0.0.1", self._upstream_port))
            self._open.append(server)
            limits = {Failing.CUT_REQUEST: (100, None), Failing.CUT_ANSWER: (None, 40)}
            request_limit, answer_limit = limits.get(fault, (None, None))
            pump = threading.Thread(target=_pump, args=(client, server, request_limit), daemon=True)
            pump.start()
            _pump(server, client, answer_limit, swallow=fault is Failing.ANSWER_LOST)


def _pump(source: socket.socket, target: socket.socket, limit: int | None, *, swallow: bool = False) -> None:
    passed = 0
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            passed += len(data)
            if limit is not None and passed > limit:
                target.sendall(data[: max(0, limit - passed)])
                break
            if not swallow:
                target.sendall(data)
        if not swallow:
            for each in (source, target):
                with contextlib.suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
