"""Answers that the gateway itself gives."""

import json

from starlette.responses import Response

from local.runtime.events import Reply
from recognizeme.entry.problems import Problem


def problem(found: Problem, detail: str, *more: tuple[str, str]) -> Reply:
    """An RFC 9457 answer of docs/api.md, with headers beyond those of its kind."""
    headers = [("content-type", "application/problem+json"), *more]
    if found is Problem.BUSY:
        headers.append(("retry-after", "1"))
    if found is Problem.UNAUTHORIZED:
        headers.append(("www-authenticate", "Bearer"))
    return Reply(found.status, tuple(headers), json.dumps(found.content(detail)).encode())


def response(reply: Reply) -> Response:
    """A reply as Starlette sends it."""
    answer = Response(reply.body, reply.status)
    for name, value in reply.headers:
        answer.headers.append(name, value)
    return answer
