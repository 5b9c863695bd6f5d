"""Who may talk to the gateway."""

import hmac

from starlette.types import ASGIApp, Receive, Scope, Send

from local.gateway.replies import problem, response
from local.runtime.events import Reply


class Access:
    """Who may talk to the host. With a token: whoever sends it. Without: programs on this machine.

    A web page on another site can make a browser on this machine send requests here; its requests show
    themselves by their Origin, or by a Host that is not ours (DNS rebinding), and are turned away. The
    picture store's URLs are signed, so they need no token, as at S3.
    """

    def __init__(self, *, hosts: set[str], token: str | None) -> None:
        self._hosts = hosts
        self._token = token

    def refusal(self, path: str, headers: dict[bytes, bytes]) -> Reply | None:
        """Why a request is turned away, or None."""
        if path.startswith("/_local/"):
            return None
        if self._token is not None:
            expected = f"Bearer {self._token}".encode()
            if hmac.compare_digest(headers.get(b"authorization", b""), expected):
                return None
            return problem(
                "unauthorized", "send the token of RECOGNIZEME_TOKEN as Authorization: Bearer TOKEN"
            )
        if _host_name(headers.get(b"host", b"")) not in self._hosts:
            return problem("invalid-request", "this host goes by another name; use the address it printed")
        if b"origin" in headers:
            return problem("unauthorized", "pages of other sites may not use this API")
        return None

    def guard(self, app: ASGIApp) -> ASGIApp:
        """`app`, behind this check."""

        async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
            refusal = self.refusal(scope["path"], dict(scope["headers"])) if scope["type"] == "http" else None
            await (response(refusal) if refusal else app)(scope, receive, send)

        return guarded


def _host_name(host: bytes) -> str:
    name = host.decode("latin-1").lower()
    return name[: name.rfind("]") + 1] if name.startswith("[") else name.partition(":")[0]
