"""Serving the page: on loopback, or anywhere with a token."""

import socket
from typing import Protocol

import waitress

from kiosk.client.api import ApiClient
from kiosk.client.errors import KioskError
from kiosk.client.loopback import is_loopback
from kiosk.web.app import make_app
from kiosk.web.connections import GuardedChannel, Limits
from kiosk.web.desk import MAX_UPLOAD_BYTES
from kiosk.web.users import Users

MIN_TOKEN_LENGTH = 16

_THREADS = 4  # each may hold one decoded picture


class WebRefused(KioskError):
    """The page will not be served like this; the text says what to do."""


class Server(Protocol):
    """A listening server."""

    effective_host: str
    effective_port: int

    def run(self) -> None:
        """Answer requests until the process is interrupted."""

    def close(self) -> None:
        """Stop listening; for a server that does not run."""


def web_server(
    api: ApiClient,
    *,
    host: str = "127.0.0.1",
    port: int = 8080,
    token: str | None = None,
    users: Users | None = None,
    is_behind_proxy: bool = False,
    development: bool = False,
    limits: Limits = Limits(),  # noqa: B008  # it never changes
) -> Server:
    """A server that listens already. Port 0 is any free one; `effective_port` says which.

    Raises `WebRefused` for an address beyond this machine with neither users and a proxy that speaks TLS nor
    a token of 16 characters or more, and when the address is taken.
    """
    if token is not None and len(token) < MIN_TOKEN_LENGTH:
        raise WebRefused(f"the token is too short; RECOGNIZEME_WEB_TOKEN needs {MIN_TOKEN_LENGTH} characters")
    if not is_loopback(host) and not (is_behind_proxy and users) and (users or token is None):
        raise WebRefused(
            f"{host} can be reached from other machines; put a proxy that speaks TLS in front and say"
            " --behind-proxy, or, where nobody signs in, set RECOGNIZEME_WEB_TOKEN to serve there"
        )
    app = make_app(api, token=token, users=users, is_behind_proxy=is_behind_proxy, development=development)
    server = waitress.create_server(
        app,
        sockets=[_listening(host, port)],
        threads=_THREADS,
        ident=None,
        clear_untrusted_proxy_headers=not is_behind_proxy,
        connection_limit=4 * limits.connections,  # ours counts
        asyncore_use_poll=True,
        # Larger than the page takes, so that the page itself can say that a picture is too large.
        max_request_body_size=8 * MAX_UPLOAD_BYTES,
    )
    server.channel_class = type("Channel", (GuardedChannel,), {"limits": limits})
    found: Server = server
    return found


def _listening(host: str, port: int) -> socket.socket:
    # One address: a name like localhost may have several, and waitress shows the port of none of them then.
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(address[:2], family=family, backlog=1024)
    except OSError as error:
        reason = error.strerror or "cannot be used"
        raise WebRefused(f"cannot listen on {host}:{port}: {reason}; choose another --port") from error
