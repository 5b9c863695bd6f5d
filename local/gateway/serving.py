"""The gateway's HTTP server, in a thread."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

from local.gateway.connections import GuardedProtocol, Limits, Unfinished


@contextmanager
def serve(
    app: ASGIApp, listening: socket.socket, *, grace_s: float, limits: Limits | None = None
) -> Iterator[None]:
    """Serve `app` on a listening socket until the block ends; requests under way then have `grace_s`."""

    class Guarded(GuardedProtocol):
        unfinished = Unfinished(limits or Limits())

    config = uvicorn.Config(
        app,
        http=Guarded,
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="off",
        timeout_graceful_shutdown=int(grace_s),
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listening],), name="http", daemon=True)
    thread.start()
    while not server.started and thread.is_alive():
        thread.join(0.01)
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(3 * grace_s)
