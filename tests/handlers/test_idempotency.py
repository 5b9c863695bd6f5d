"""Requests under an Idempotency-Key, through the real handlers."""

import base64
from typing import Any

import pytest

from recognizeme.domain.errors import ServiceBusy
from recognizeme.domain.model import IndexedFace
from recognizeme.domain.picture import Picture
from tests.handlers.conftest import Json, Stack

pytestmark = pytest.mark.integration

KEY = {"idempotency-key": '"8e03978e-40d5-43dd-bc93-6894a57f9324"'}
PHOTOS = "/people/ada/photos"


def add(stack: Stack, picture: bytes, headers: dict[str, str] = KEY, **options: Any) -> tuple[int, Json]:
    content = {"picture": base64.b64encode(picture).decode()}
    return stack.http("enrollment", "POST", PHOTOS, content, headers=headers, **options)


@pytest.fixture(autouse=True)
def enrolled(stack: Stack) -> None:
    stack.http("enrollment", "PUT", "/people/ada", {"name": "Ada Lovelace"})


def test_the_same_photo_under_the_same_key_is_indexed_once_and_answered_the_same(
    stack: Stack, ada: bytes
) -> None:
    first = add(stack, ada)
    again = add(stack, ada, {"Idempotency-Key": KEY["idempotency-key"].strip('"')})

    assert first[0] == 201
    assert again == first
    assert stack.faces.additions == 1


def test_another_photo_under_the_same_key_is_refused_and_not_indexed(
    stack: Stack, ada: bytes, grace: bytes
) -> None:
    add(stack, ada)
    status, problem = add(stack, grace)

    assert (status, problem["type"]) == (422, "urn:recognizeme:problem:idempotency-key-reused")
    assert stack.faces.additions == 1


def test_somebody_elses_key_is_another_one(stack: Stack, ada: bytes, grace: bytes) -> None:
    add(stack, ada)

    assert add(stack, grace, principal="token 2")[0] == 201


def test_a_request_that_failed_may_be_made_again_under_its_key(stack: Stack, ada: bytes) -> None:
    stack.faces.failures.append(ServiceBusy("later"))

    assert add(stack, ada)[0] == 503
    assert add(stack, ada)[0] == 201


def test_while_it_is_being_answered_a_second_one_is_told_so(
    stack: Stack, ada: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    second: list[tuple[int, Json]] = []
    index = stack.faces.add

    def add_and_ask(person_id: str, picture: Picture, **options: Any) -> IndexedFace:
        monkeypatch.setattr(stack.faces, "add", index)
        second.append(add(stack, ada))
        return index(person_id, picture, **options)

    monkeypatch.setattr(stack.faces, "add", add_and_ask)

    assert add(stack, ada)[0] == 201
    ((status, problem),) = second
    assert (status, problem["type"]) == (409, "urn:recognizeme:problem:idempotency-key-in-use")


def test_a_key_that_is_none_is_refused_and_none_at_all_is_as_it_was(stack: Stack, ada: bytes) -> None:
    assert add(stack, ada, {"idempotency-key": "two words"})[0] == 400
    assert add(stack, ada, {})[0] == 201


def test_what_is_answered_from_memory_is_a_line_of_the_audit_log_that_says_so(
    stack: Stack, ada: bytes
) -> None:
    add(stack, ada)
    stack.forget_audit_log()
    add(stack, ada)

    ended = [line for line in stack.audit_log.lines.values() if line.status]
    assert [line.detail for line in ended] == [{"answered": "before"}]
