"""The application without a socket: bodies that come slowly, or not at all, or together too large."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest

from rekolocal.app import Application, Scope
from rekolocal.engine.faces import FaceEngine
from rekolocal.request_body import Message, Receive
from rekolocal.server import application
from rekolocal.service import Service


@pytest.fixture
def app(engine: FaceEngine) -> Iterator[Application]:
    service = Service.open(None, engine=engine)
    app = application(service)
    yield app
    app.engine_workers.close()
    app.quick_workers.close()
    service.close()


async def call(app: Application, receive: Receive) -> tuple[int, dict[str, Any]] | None:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    headers = [(b"x-amz-target", b"RekognitionService.ListCollections"), (b"host", b"127.0.0.1:8010")]
    scope: Scope = {"type": "http", "method": "POST", "path": "/", "query_string": b"", "headers": headers}
    await app(scope, receive, send)
    return (sent[0]["status"], json.loads(sent[1]["body"])) if sent else None


def chunks(*contents: bytes, then: Receive | None = None) -> Receive:
    left = list(contents)

    async def receive() -> Message:
        if left:
            return {"type": "http.request", "body": left.pop(0), "more_body": bool(left) or then is not None}
        assert then is not None
        return await then()

    return receive


async def never() -> Message:
    await asyncio.Event().wait()
    raise AssertionError


async def hung_up() -> Message:
    return {"type": "http.disconnect"}


def test_a_body_in_pieces_is_put_together(app: Application) -> None:
    assert asyncio.run(call(app, chunks(b"{", b'"MaxResults"', b":1}")))[0] == 200  # type: ignore[index]


def test_a_body_that_does_not_come_in_time_is_answered_and_given_back_to_the_budget(app: Application) -> None:
    app.bodies.timeout_s, before = 0.05, app.bodies.room_bytes
    answer = asyncio.run(call(app, chunks(b"{" * 1000, then=never)))
    assert answer is not None
    assert answer[0] == 400
    assert answer[1]["__type"] == "InvalidParameterException"
    assert app.bodies.room_bytes == before


def test_a_client_that_hangs_up_is_not_answered_and_its_bytes_are_given_back(app: Application) -> None:
    before = app.bodies.room_bytes
    assert asyncio.run(call(app, chunks(b"{" * 1000, then=hung_up))) is None
    assert app.bodies.room_bytes == before


def test_bodies_beyond_the_budget_are_throttled(app: Application) -> None:
    app.bodies.room_bytes = 1500
    answer = asyncio.run(call(app, chunks(b" " * 1000, b" " * 1000)))
    assert answer is not None
    assert answer[1]["__type"] == "ThrottlingException"
    assert app.bodies.room_bytes == 1500


def test_a_body_beyond_the_limit_is_read_and_refused(app: Application) -> None:
    app.bodies.max_body_bytes = 1000
    before = app.bodies.room_bytes
    answer = asyncio.run(call(app, chunks(*[b" " * 400] * 5)))
    assert answer is not None
    assert answer[1]["__type"] == "ValidationException"
    assert app.bodies.room_bytes == before
