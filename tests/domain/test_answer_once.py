"""A request under an idempotency key is done once, and answered the same."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from recognizeme.domain.errors import InvalidRequest, KeyInUse, KeyReused, ServiceBusy
from recognizeme.usecases.answer_once import KEPT, Request, answer_once
from tests.twins.answers import TwinAnswers


class Desk:
    """Somebody who answers, and counts how often they were asked."""

    def __init__(self) -> None:
        self.answers = TwinAnswers()
        self.time = datetime(2026, 11, 24, tzinfo=UTC)
        self.asked = 0
        self.salts = 0

    def ask(
        self,
        content: str = "a photo",
        key: str = "8e03978e-40d5-43dd-bc93-6894a57f9324",
        principal: str = "token 1",
        route: str = "POST /people/ada/photos",
        error: Exception | None = None,
    ) -> tuple[bytes, bool]:
        def act() -> bytes:
            self.asked += 1
            if error:
                raise error
            return f"answer {self.asked} to Ada Lovelace".encode()

        return answer_once(
            Request(key, principal, route, content.encode()),
            act,
            answers=self.answers,
            now=lambda: self.time,
            lease_s=30,
            randomness=self.salt,
        )

    def salt(self, size: int) -> bytes:
        self.salts += 1
        return self.salts.to_bytes(size)


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_the_same_request_again_has_the_same_answer_and_is_not_done_again(desk: Desk) -> None:
    assert desk.ask() == (b"answer 1 to Ada Lovelace", False)
    assert desk.ask() == (b"answer 1 to Ada Lovelace", True)
    assert desk.asked == 1


@pytest.mark.parametrize(
    "other", [{"principal": "token 2"}, {"route": "POST /people/bob/photos"}, {"key": "another"}]
)
def test_a_key_counts_for_one_caller_and_one_path(desk: Desk, other: dict[str, Any]) -> None:
    desk.ask()

    assert desk.ask(**other) == (b"answer 2 to Ada Lovelace", False)


def test_another_request_under_a_used_key_is_refused(desk: Desk) -> None:
    desk.ask()

    with pytest.raises(KeyReused):
        desk.ask("another photo")
    assert desk.asked == 1


def test_while_the_first_is_being_answered_a_second_is_told_so_until_the_lease_ends(desk: Desk) -> None:
    # Its first holder died before it could give the key up.
    desk.ask()
    ((answer_id, (found, until, expires)),) = desk.answers.kept.items()
    desk.answers.kept[answer_id] = (replace(found, answer=None), until, expires)

    with pytest.raises(KeyInUse):
        desk.ask()
    desk.time += timedelta(seconds=30)
    assert desk.ask() == (b"answer 2 to Ada Lovelace", False)


def test_what_failed_may_be_tried_again(desk: Desk) -> None:
    with pytest.raises(ServiceBusy):
        desk.ask(error=ServiceBusy("later"))

    assert desk.ask() == (b"answer 2 to Ada Lovelace", False)


def test_an_answer_is_forgotten_after_a_day(desk: Desk) -> None:
    desk.ask()
    desk.time += KEPT

    assert desk.ask() == (b"answer 2 to Ada Lovelace", False)


def test_what_is_stored_says_nothing_to_whoever_does_not_know_the_key(desk: Desk) -> None:
    desk.ask()
    desk.ask(key="another")
    stored = [(answer_id, found) for answer_id, (found, _, _) in desk.answers.kept.items()]

    assert "Ada" not in repr(stored)
    assert "1 to" not in repr(stored)
    assert "8e03978e" not in repr(stored)


@pytest.mark.parametrize("key", ["", "two words", "ü", "x" * 256, "line\nbreak"])
def test_a_key_that_is_none_is_refused(desk: Desk, key: str) -> None:
    with pytest.raises(InvalidRequest, match="Idempotency-Key"):
        desk.ask(key=key)
    assert desk.asked == 0
