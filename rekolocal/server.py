"""The server: the application on a socket, in this process."""

import os
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from rekolocal.access import Access
from rekolocal.app import Application
from rekolocal.faults import Faults
from rekolocal.service import Service
from rekolocal.signature import Credentials
from rekolocal.workers import Workers

_STOP_S = 5


@dataclass(frozen=True, slots=True)
class Limits:
    """`engine_threads`: pictures worked on at once (0: one a core); `queue`: calls waiting for each pool."""

    engine_threads: int = 0
    queue: int = 64
    connections: int = 512


def application(
    service: Service,
    *,
    limits: Limits | None = None,
    faults: Faults | None = None,
    credentials: Credentials | None = None,
    access: Access | None = None,
) -> Application:
    """The ASGI application of `service`."""
    limits = limits or Limits()
    threads = limits.engine_threads or os.cpu_count() or 1
    return Application(
        service,
        engine_workers=Workers("engine", threads, limits.queue),
        quick_workers=Workers("quick", 2, limits.queue),
        faults=faults or Faults(),
        credentials=credentials,
        access=access or Access(),
    )


def bind(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one. Raises OSError."""
    listening = socket.create_server(
        (host, port), backlog=256, family=socket.AF_INET6 if ":" in host else socket.AF_INET
    )
    listening.setblocking(False)
    return listening


def url_of(listening: socket.socket) -> str:
    """The socket's address as an endpoint URL."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def uvicorn_server(app: Application, *, connections: int = 512) -> uvicorn.Server:
    """uvicorn, set up to hold the limits and to say nothing of itself."""
    config = uvicorn.Config(
        app, lifespan="off", log_level="warning", access_log=False, server_header=False, ws="none",
        http="h11", limit_concurrency=connections, timeout_keep_alive=30, timeout_graceful_shutdown=_STOP_S,
    )  # fmt: skip
    return uvicorn.Server(config)


def serve(app: Application, sockets: Sequence[socket.socket], *, connections: int = 512) -> None:
    """Serve in the calling thread until SIGINT or SIGTERM."""
    uvicorn_server(app, connections=connections).run(sockets=list(sockets))


@dataclass(frozen=True, slots=True)
class RunningServer:
    """A server that is up."""

    url: str
    service: Service


@contextmanager
def serve_in_thread(
    data_dir: Path | None = None,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    service: Service | None = None,
    yunet_model: Path | None = None,
    limits: Limits | None = None,
    faults: Faults | None = None,
    credentials: Credentials | None = None,
) -> Iterator[RunningServer]:
    """A server in a thread of this process, stopped when the block ends; what was answered is on disk by
    then.

    `data_dir`: where collections are kept (None: in memory, gone afterwards). `service`: one made elsewhere,
    which the caller closes. Raises OSError when the address is taken.
    """
    listening = bind(host, port)
    owned = service is None
    try:
        opened = service or Service.open(data_dir, yunet_model=yunet_model)
        app = application(opened, limits=limits, faults=faults, credentials=credentials)
        server = uvicorn_server(app)
        thread = threading.Thread(
            target=server.run, kwargs={"sockets": [listening]}, name="rekolocal", daemon=True
        )
        thread.start()
        while not server.started:
            if not thread.is_alive():
                raise RuntimeError("rekolocal did not start")
            time.sleep(0.002)
        try:
            yield RunningServer(url_of(listening), opened)
        finally:
            server.should_exit = True
            thread.join()
            app.engine_workers.close()
            app.quick_workers.close()
            if owned:
                opened.close()
    finally:
        listening.close()
