"""The event host as an ASGI application, in front of functions that answer from memory."""

import asyncio
import base64
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import pytest
from starlette.types import ASGIApp, Message

from local.gateway.access import Access
from local.gateway.host import MAX_BODY_BYTES, event_host
from local.runtime.events import Event
from local.runtime.functions import (
    FunctionBusy,
    FunctionCrashed,
    FunctionRaised,
    FunctionTimedOut,
    PayloadTooLarge,
)
from recognizeme.entry.routes import Caller

RECOGNITIONS = "/kiosks/front/recognitions"


@dataclass
class Handed:
    """Tokens that were handed out."""

    known: dict[str, Caller] = field(default_factory=dict)

    def any(self) -> bool:
        return bool(self.known)

    def caller(self, token: str) -> Caller | None:
        return self.known.get(token)


def access(known: dict[str, Caller] | None = None, **changes: Any) -> Access:
    tokens = Handed({} if known is None else known)
    usual = {"hosts": {"127.0.0.1", "[::1]"}, "tokens": tokens, "own": {}, "required": False}
    return Access(**{**usual, **changes})


@dataclass
class Recorded:
    """Answers every event alike and keeps what it got."""

    answer: Callable[[], object] = lambda: {"statusCode": 200, "body": "{}"}
    events: list[tuple[str, Event]] = field(default_factory=list)
    changes: int = 0

    def invoke(self, function: str, event: Event, /) -> object:
        self.events.append((function, event))
        return self.answer()

    def changed(self) -> None:
        self.changes += 1

    def app(self, guarded_by: Access | None = None) -> ASGIApp:
        guarded_by = guarded_by or access()
        return event_host(self.invoke, store=[], access=guarded_by, after_change=self.changed)


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def problem(self) -> dict[str, Any]:
        assert self.headers["content-type"] == "application/problem+json"
        content: dict[str, Any] = json.loads(self.body)
        assert content["status"] == self.status
        assert content["detail"]
        return content


def ask(app: ASGIApp, method: str, path: str, **request: Any) -> Answer:
    return asyncio.run(asking(app, method, path, **request))


async def asking(
    app: ASGIApp,
    method: str,
    path: str,
    *,
    query: str = "",
    headers: Iterable[tuple[str, str]] = (),
    chunks: Iterable[bytes] = (b"",),
    address: str = "127.0.0.1",
) -> Answer:
    sent: list[Message] = []
    waiting = list(chunks)

    async def receive() -> Message:
        chunk = waiting.pop(0)
        return {"type": "http.request", "body": chunk, "more_body": bool(waiting)}

    async def send(message: Message) -> None:
        sent.append(message)

    given = [("host", "127.0.0.1:8000"), *headers]
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in dict(given).items()],
        "client": (address, 1),
        "server": ("127.0.0.1", 8000),
    }
    await app(scope, receive, send)
    start = sent[0]
    body = b"".join(message.get("body", b"") for message in sent[1:])
    return Answer(start["status"], {n.decode(): v.decode() for n, v in start["headers"]}, body)


def test_a_request_reaches_the_function_that_owns_its_route() -> None:
    functions = Recorded(lambda: {"statusCode": 201, "headers": {"X-A": "b"}, "body": "done"})
    answer = ask(functions.app(), "PUT", "/people/ada lovelace", query="a=1", chunks=[b"{", b"}"])
    assert (answer.status, answer.body, answer.headers["x-a"]) == (201, b"done", "b")
    ((name, event),) = functions.events
    assert name == "enrollment"
    assert event["routeKey"] == "PUT /people/{person_id}"
    assert event["pathParameters"] == {"person_id": "ada lovelace"}
    assert event["rawQueryString"] == "a=1"
    assert base64.b64decode(event["body"]) == b"{}"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/sight\r\nings"),
        ("BREW", "/coffee"),
        ("GET", "/nothing"),
        ("GET", "/people/a/b/c"),
        ("GET", "//"),
    ],
)
def test_a_route_that_is_not_there_is_not_found(method: str, path: str) -> None:
    functions = Recorded()
    assert ask(functions.app(), method, path).problem["type"] == "urn:recognizeme:problem:not-found"
    assert functions.events == []


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/sightings", "GET"),
        ("HEAD", "/health", "GET"),
        ("POST", "/people/ada", "DELETE, GET, PUT"),
    ],
)
def test_a_method_that_a_path_does_not_take_is_answered_with_those_it_does(
    method: str, path: str, allowed: str
) -> None:
    functions = Recorded()
    answer = ask(functions.app(), method, path)

    assert (answer.status, answer.headers["allow"]) == (405, allowed)


def test_a_body_beyond_ten_megabytes_is_too_large_however_it_comes() -> None:
    functions = Recorded()
    declared = ask(
        functions.app(),
        "POST",
        RECOGNITIONS,
        headers=[("content-length", str(MAX_BODY_BYTES + 1))],
    )
    streamed = ask(functions.app(), "POST", RECOGNITIONS, chunks=[b"x" * 1024 * 1024] * 11)
    assert declared.problem["status"] == streamed.problem["status"] == 413
    assert functions.events == []


def raising(error: Exception) -> Callable[[], object]:
    def answer() -> object:
        raise error

    return answer


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (PayloadTooLarge("7 MB"), "too-large"),
        (FunctionBusy("all"), "busy"),
        (FunctionTimedOut("30 s"), "busy"),
        (FunctionCrashed("gone"), "internal"),
        (FunctionRaised("KeyError: 'ada'"), "internal"),
    ],
)
def test_a_function_that_fails_gives_a_problem_that_tells_no_secrets(error: Exception, kind: str) -> None:
    problem = ask(Recorded(raising(error)).app(), "GET", "/people").problem
    assert problem["type"] == f"urn:recognizeme:problem:{kind}"
    assert "ada" not in problem["detail"]


def test_busy_says_when_to_try_again() -> None:
    assert ask(Recorded(raising(FunctionBusy("all"))).app(), "GET", "/people").headers["retry-after"] == "1"


def test_an_answer_that_is_no_response_is_an_internal_problem() -> None:
    assert ask(Recorded(lambda: {"statusCode": 7}).app(), "GET", "/people").problem["status"] == 500


def test_only_requests_that_may_change_something_are_announced() -> None:
    functions = Recorded()
    ask(functions.app(), "GET", "/people")
    assert functions.changes == 0
    ask(functions.app(), "POST", RECOGNITIONS)
    assert functions.changes == 1


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "[::2]:8000"])
def test_a_name_that_is_not_ours_is_turned_away(host: str) -> None:
    assert ask(Recorded().app(), "GET", "/people", headers=[("host", host)]).problem["status"] == 400


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:8000", "[::1]:8000"])
def test_our_own_names_pass(host: str) -> None:
    assert ask(Recorded().app(), "GET", "/people", headers=[("host", host)]).status == 200


def test_a_page_of_another_site_is_turned_away() -> None:
    functions = Recorded()
    headers = [("origin", "https://evil.example"), ("content-type", "text/plain")]
    assert ask(functions.app(), "POST", RECOGNITIONS, headers=headers).status == 401
    assert functions.events == []
