"""The kiosk's client makes every call that the route table has, and none that it has not."""

import inspect
import itertools
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from kiosk.client.api import ApiClient
from kiosk.client.errors import ApiError, NotFound
from recognizeme.entry.routes import ROUTES, match

GIVEN: dict[str, Any] = {
    "capture_id": "01a20779-07e8-71c0-84d5-e2f7a90b3c6d",
    "person_id": "ada",
    "photo_id": "1.jpg",
    "rollcall_id": "01a20779-07e8-71c0-84d5-e2f7a90b3c6d",
    "kiosk_id": "front",
    "picture": b"picture",
    "change": {},
    "report": {},
    "limit": 1,
    "timeout_s": 1.0,
    "remove_orphans": False,
}
CALLS = [
    name
    for name, each in inspect.getmembers(ApiClient, inspect.isfunction)
    if not name.startswith("_") and name not in {"act_for", "close", "refuse_plain_http"}
]


class Wire:
    """Writes down what is called, and has nothing to answer."""

    url = "http://127.0.0.1"

    def __init__(self) -> None:
        self.called: list[tuple[str, str, bool]] = []

    def call(self, method: str, route: str, *, is_once: bool = False, **_: object) -> None:
        self.called.append((method, route, is_once))
        raise NotFound("nothing here")

    def clock_ahead_s(self, *, timeout_s: float) -> None:
        self.called.append(("GET", "/health", False))


def called(name: str) -> list[tuple[str, str, bool]]:
    """The calls that a method makes, with everything given that it takes, and with only what it must have."""
    wire = Wire()
    api = ApiClient(clock=itertools.count(0, 0.1).__next__, sleep=lambda _: None)
    api._wire = wire  # type: ignore[assignment]
    for is_full in (False, True):
        arguments = {
            each.name: GIVEN.get(each.name, "x")
            for each in inspect.signature(getattr(api, name)).parameters.values()
            if each.default is each.empty or (is_full and each.name in GIVEN)
        }
        with suppress(ApiError):
            answer = getattr(api, name)(**arguments)
            if isinstance(answer, Iterator):
                next(answer)
    return wire.called


@pytest.mark.parametrize("name", CALLS)
def test_a_method_of_the_client_calls_a_route(name: str) -> None:
    made = called(name)

    assert made
    assert [(method, path) for method, path, _ in made if match(method, path) is None] == []


def test_the_client_makes_every_call_that_there_is() -> None:
    made = {
        found.route.key
        for name in CALLS
        for method, path, _ in called(name)
        if (found := match(method, path))
    }

    assert {route.key for route in ROUTES} - made == set()


def test_the_client_has_a_key_for_each_call_that_takes_one() -> None:
    for name in CALLS:
        for method, path, is_once in called(name):
            found = match(method, path)
            assert found
            assert is_once is found.route.takes_key, name
