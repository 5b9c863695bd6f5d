"""Who may use the page, and what a browser may do with it."""

import hmac
import time
from collections.abc import Callable
from urllib.parse import urlsplit

from flask import Flask, Request, Response, abort, g, request

from kiosk.client.loopback import is_loopback
from kiosk.web.roles import WHOEVER

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
        "form-action 'self'; frame-ancestors 'none'; base-uri 'none'; "
        "require-trusted-types-for 'script'; trusted-types fragment"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), geolocation=(), microphone=()",
    "Referrer-Policy": "same-origin",  # `no-referrer` would turn the Origin of our own form into `null`
    "X-Content-Type-Options": "nosniff",
}


# Whoever guesses waits before each guess; from the same address nobody is looked at meanwhile.
_WRONG_TOKEN_S = 1.0


class _Guesses:
    """The addresses that a wrong token came from just now."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._until_s: dict[str, float] = {}

    def wrong(self, address: str) -> None:
        now_s = self._clock()
        self._until_s = {each: until_s for each, until_s in self._until_s.items() if until_s > now_s}
        self._until_s[address] = now_s + _WRONG_TOKEN_S

    def must_wait(self, address: str) -> bool:
        return self._until_s.get(address, 0.0) > self._clock()


def guard(app: Flask, *, token: str | None, clock: Callable[[], float] = time.monotonic) -> None:
    """Check every request to a page of `app`.

    Without a token only this machine's names are answered, so that a page of another site cannot reach us
    under a name of its own (DNS rebinding). With one, the browser asks for it (HTTP Basic: any user name,
    the token as password), and after a wrong one its address waits a second. A form is taken only from our
    own page, either way. `clock` is monotonic seconds.
    """
    guesses = _Guesses(clock)

    @app.before_request
    def check() -> Response | None:
        g.user = WHOEVER
        if token is None:
            if not is_loopback(_host_name(request)):
                abort(421, "This page is served on this machine only, under http://127.0.0.1.")
        elif request.authorization and guesses.must_wait(request.remote_addr or ""):
            return Response("Wait a moment.\n", 429, {"Retry-After": "1"}, content_type="text/plain")
        elif not _has_token(request, token):
            if request.authorization:
                guesses.wrong(request.remote_addr or "")
            challenge = {"WWW-Authenticate": 'Basic realm="RecognizeMe", charset="UTF-8"'}
            return Response("The token is needed as password.\n", 401, challenge, content_type="text/plain")
        if request.method not in {"GET", "HEAD"} and not _is_from_our_page(request):
            abort(403, "This form was sent from another site. Open the page itself and send it from there.")
        return None

    @app.after_request
    def protect(response: Response) -> Response:
        for name, value in _HEADERS.items():
            response.headers[name] = value
        if request.endpoint != "static":
            response.headers["Cache-Control"] = "no-store"
        return response


def _host_name(request: Request) -> str | None:
    try:
        return urlsplit(f"//{request.host}").hostname
    except ValueError:  # a bracket that is not closed
        return None


def _has_token(request: Request, token: str) -> bool:
    given = request.authorization.password if request.authorization else None
    return hmac.compare_digest((given or "").encode(), token.encode())


def _is_from_our_page(request: Request) -> bool:
    """By the browser's own word: Sec-Fetch-Site, or Origin where a browser does not send that."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    origin = urlsplit(request.headers.get("Origin", ""))
    return bool(origin.netloc) and origin.netloc == request.host
