"""Who may use the page, and what a browser may do with it."""

import hmac
import time
from collections.abc import Callable
from urllib.parse import urlsplit

from flask import Flask, Request, Response, abort, g, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from kiosk.client.loopback import is_loopback
from kiosk.web.entrance import Entrance
from kiosk.web.roles import WHOEVER, least

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


# What is shown to whoever is not signed in.
_OPEN = {"static", "sign_in.form", "sign_in.enter"}

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


def guard(
    app: Flask,
    *,
    token: str | None,
    entrance: Entrance | None = None,
    is_behind_proxy: bool = False,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Check every request to a page of `app`.

    Where there is an `entrance`, everybody comes in by it, and is shown what their role is shown. Else, with
    a token, the browser asks for that (HTTP Basic: any user name, the token as password), and after a wrong
    one its address waits a second. Without either, and on this machine, only its own names are answered, so
    that a page of another site cannot reach us under a name of its own (DNS rebinding). A form is taken only
    from our own page, each way. `clock` is monotonic seconds.
    """
    guesses = _Guesses(clock)

    @app.before_request
    def check() -> AnyResponse | None:
        g.user = None if entrance else WHOEVER
        if not (is_behind_proxy or (token and not entrance) or is_loopback(_host_name(request))):
            abort(421, "This page is served on this machine only, under http://127.0.0.1.")
        if entrance:
            if answer := _check_in(entrance):
                return answer
        elif token and request.authorization and guesses.must_wait(request.remote_addr or ""):
            return Response("Wait a moment.\n", 429, {"Retry-After": "1"}, content_type="text/plain")
        elif token and not _has_token(request, token):
            if request.authorization:
                guesses.wrong(request.remote_addr or "")
            challenge = {"WWW-Authenticate": 'Basic realm="RecognizeMe", charset="UTF-8"'}
            return Response("The token is needed as password.\n", 401, challenge, content_type="text/plain")
        if request.method not in {"GET", "HEAD"} and not _is_from_our_page(request):
            abort(403, "This form was sent from another site. Open the page itself and send it from there.")
        return None

    def _check_in(entrance: Entrance) -> AnyResponse | None:
        """Turn away whoever is not signed in, has no such role, or sends a form of another session."""
        session = entrance.session()
        g.user = session.user if session else None
        g.csrf_token = session.csrf if session else None
        if request.endpoint in _OPEN:
            return None
        if session is None:
            if request.method not in {"GET", "HEAD"}:
                abort(401, "You are not signed in any more. Sign in, go back and send the form again.")
            return redirect(url_for("sign_in.form", onward=request.full_path.rstrip("?")), 303)
        is_ours = request.endpoint in {None, "sign_in.leave"}
        if not (is_ours or session.user.role.includes(least(request.endpoint or ""))):
            abort(403, "Your role is not shown this page. Ask an admin of the console for it.")
        if request.method not in {"GET", "HEAD"}:
            given = request.form.get("csrf", "").encode(errors="surrogatepass")
            if not hmac.compare_digest(given, session.csrf.encode()):
                abort(403, "This form is of another session. Open the page again and send it from there.")
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
