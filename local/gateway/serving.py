"""The gateway's HTTP server, in a thread."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

# Beyond, answers are 503: each connection may hold a picture of 10 MB.
_MOST_CONNECTIONS = 128


@contextmanager
def serve(app: ASGIApp, listening: socket.socket, *, grace_s: float) -> Iterator[None]:
    """Serve `app` on a listening socket until the block ends; requests under way then have `grace_s`."""
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="off",
        limit_concurrency=_MOST_CONNECTIONS,
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
