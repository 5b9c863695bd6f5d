"""Who may use the page, and what a browser may do with it."""

import hmac
from urllib.parse import urlsplit

from flask import Flask, Request, Response, abort, request

from kiosk.client.loopback import is_loopback

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; img-src 'self'; style-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "same-origin",  # `no-referrer` would turn the Origin of our own form into `null`
    "X-Content-Type-Options": "nosniff",
}


def guard(app: Flask, *, token: str | None) -> None:
    """Check every request to a page of `app`.

    Without a token only this machine's names are answered, so that a page of another site cannot reach us
    under a name of its own (DNS rebinding). With one, the browser asks for it (HTTP Basic: any user name,
    the token as password). A form is taken only from our own page, either way.
    """

    @app.before_request
    def check() -> Response | None:
        if token is None:
            if not is_loopback(_host_name(request)):
                abort(421, "This page is served on this machine only, under http://127.0.0.1.")
        elif not _has_token(request, token):
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
