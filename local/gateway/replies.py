"""Answers that the gateway itself gives."""

import json

from starlette.responses import Response

from local.runtime.events import Reply

_TITLES = {
    "invalid-request": (400, "Bad Request"),
    "unauthorized": (401, "Unauthorized"),
    "forbidden": (403, "Forbidden"),
    "not-found": (404, "Not Found"),
    "too-large": (413, "Content Too Large"),
    "busy": (503, "Service Unavailable"),
    "internal": (500, "Internal Server Error"),
}


def problem(kind: str, detail: str) -> Reply:
    """An RFC 9457 answer of docs/api.md."""
    status, title = _TITLES[kind]
    body = {"type": f"urn:recognizeme:problem:{kind}", "title": title, "status": status, "detail": detail}
    headers = [("content-type", "application/problem+json")]
    if kind == "busy":
        headers.append(("retry-after", "1"))
    if kind == "unauthorized":
        headers.append(("www-authenticate", "Bearer"))
    return Reply(status, tuple(headers), json.dumps(body).encode())


def response(reply: Reply) -> Response:
    """A reply as Starlette sends it."""
    answer = Response(reply.body, reply.status)
    for name, value in reply.headers:
        answer.headers.append(name, value)
    return answer
