"""Who may talk to the gateway."""

import asyncio
import hmac
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

from starlette.types import ASGIApp, Receive, Scope, Send

from local.gateway.replies import problem, response
from local.runtime.events import Reply
from recognizeme.domain.errors import RecognizeMeError
from recognizeme.entry.problems import Problem
from recognizeme.entry.routes import WEB_KIOSK_ID, Caller, Matched, Role

# Whoever guesses tokens waits for each answer; whoever has one does not.
WRONG_TOKEN_S = 1.0
# From one address: more requests than these wait for no answer, and are not looked at.
_GUESSES_AT_ONCE = 8


class Tokens(Protocol):
    """Tokens that were handed out, and may be revoked at any time."""

    def any(self) -> bool:
        """Whether there is one at all."""

    def caller(self, token: str) -> Caller | None:
        """Whose token this is."""


class Access:
    """Who may talk to the host, and as whom. With tokens: their holders. Without: programs on this machine.

    A web page on another site can make a browser on this machine send requests here; its requests show
    themselves by their Origin, or by a Host that is not ours (DNS rebinding), and are turned away. The
    picture store's URLs are signed, so they need no token, as at S3.

    `own` are tokens that the stack itself knows. When `required`, or as soon as there is one in `tokens`,
    nobody comes in without one of either.
    """

    def __init__(
        self,
        *,
        hosts: set[str],
        tokens: Tokens,
        own: Mapping[str, Caller],
        required: bool,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._hosts = hosts
        self._tokens = tokens
        self._own = {token.encode(): caller for token, caller in own.items()}
        self._required = required
        self._sleep = sleep
        self._guessing: Counter[str] = Counter()

    def guard(self, app: ASGIApp) -> ASGIApp:
        """`app`, behind this check; it finds who calls as `scope["caller"]`."""

        async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http" or scope["path"].startswith("/_local/"):
                return await app(scope, receive, send)
            address = scope["client"][0] if scope["client"] else ""
            try:
                known = await self._identify(dict(scope["headers"]), address)
            except RecognizeMeError as error:
                known = problem(Problem.BUSY, str(error))
            if isinstance(known, Reply):
                return await response(known)(scope, receive, send)
            return await app({**scope, "caller": known}, receive, send)

        return guarded

    async def _identify(self, headers: Mapping[bytes, bytes], address: str) -> Caller | Reply:
        """Who calls, or why they are turned away."""
        if not (self._required or self._tokens.any()):
            return self._refusal(headers) or Caller(Role.ADMIN, principal="this machine")
        given = headers.get(b"authorization", b"")
        if not given:
            return problem(Problem.UNAUTHORIZED, "send a token of this stack as Authorization: Bearer TOKEN")
        if self._guessing[address] >= _GUESSES_AT_ONCE:
            return problem(
                Problem.BUSY, "too many wrong tokens came from this address; try again in a moment"
            )
        scheme, _, token = given.partition(b" ")
        caller = self._holder(token.strip()) if scheme.lower() == b"bearer" else None
        if caller is None:
            self._guessing[address] += 1
            try:
                await self._sleep(WRONG_TOKEN_S)
            finally:
                self._guessing -= Counter([address])
            return problem(
                Problem.UNAUTHORIZED, "this is no token of this stack; see recognizeme-local token list"
            )
        return caller

    def _holder(self, token: bytes) -> Caller | None:
        for own, caller in self._own.items():
            if hmac.compare_digest(own, token):
                return caller
        return self._tokens.caller(token.decode(errors="surrogateescape"))

    def _refusal(self, headers: Mapping[bytes, bytes]) -> Reply | None:
        if _host_name(headers.get(b"host", b"")) not in self._hosts:
            return problem(
                Problem.INVALID_REQUEST, "this host goes by another name; use the address it printed"
            )
        if b"origin" in headers:
            return problem(Problem.UNAUTHORIZED, "pages of other sites may not use this API")
        return None


def refusal(caller: Caller, matched: Matched) -> Reply | None:
    """Why this caller may not make this request, or None."""
    if matched.route.allows(caller, matched.path_parameters):
        return None
    if caller.role is Role.DOOR:
        return problem(Problem.FORBIDDEN, f"this token is for /kiosks/{caller.kiosk_id}/ alone")
    if matched.route.role is Role.DOOR:
        return problem(
            Problem.FORBIDDEN, f"the role {caller.role} hands in as the kiosk {WEB_KIOSK_ID} alone"
        )
    return problem(
        Problem.FORBIDDEN, f"this takes the role {matched.route.role}; the token has {caller.role}"
    )


def _host_name(host: bytes) -> str:
    name = host.decode("latin-1").lower()
    return name[: name.rfind("]") + 1] if name.startswith("[") else name.partition(":")[0]
