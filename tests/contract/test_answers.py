"""What was answered under an idempotency key is remembered, once, until it expires."""

import secrets
from datetime import timedelta

import pytest

from local.adapters.answers import SqliteAnswers
from recognizeme.adapters.dynamodb import DynamoDbAnswers
from recognizeme.domain.ports import Answers, Remembered
from tests.contract.conftest import SetClock
from tests.contract.tables import make_table
from tests.twins.answers import TwinAnswers

LEASE, KEPT = timedelta(seconds=30), timedelta(days=1)


@pytest.fixture
def answers(backend: str, request: pytest.FixtureRequest) -> Answers:
    if backend == "twin":
        return TwinAnswers()
    if backend == "local":
        return SqliteAnswers(request.getfixturevalue("database"))
    client = request.getfixturevalue("aws_client")("dynamodb")
    return DynamoDbAnswers(client, make_table(client, "Answers", f"answers-{secrets.token_hex(4)}"))


def begin(answers: Answers, clock: SetClock, request: str = "r", answer_id: str = "id") -> Remembered | None:
    now = clock()
    return answers.begin(answer_id, request, now=now, leased_until=now + LEASE, expires_at=now + KEPT)


def test_an_id_is_ours_until_its_lease_ends_and_others_see_what_was_asked(
    answers: Answers, clock: SetClock
) -> None:
    assert begin(answers, clock) is None
    clock.advance(LEASE - timedelta(microseconds=1))
    assert begin(answers, clock, "another") == Remembered("r", None)
    assert begin(answers, clock, answer_id="other") is None
    clock.advance(timedelta(microseconds=1))
    assert begin(answers, clock, "another") is None


def test_an_answer_is_remembered_beyond_the_lease_until_it_expires(answers: Answers, clock: SetClock) -> None:
    begin(answers, clock)
    answers.finish("id", b"\x00\xffanswer", leased_until=clock() + LEASE)

    clock.advance(KEPT - timedelta(seconds=1))
    assert begin(answers, clock) == Remembered("r", b"\x00\xffanswer")
    clock.advance(timedelta(seconds=1))
    assert begin(answers, clock) is None


def test_what_is_given_up_is_free(answers: Answers, clock: SetClock) -> None:
    begin(answers, clock)
    answers.give_up("id", leased_until=clock() + LEASE)

    assert begin(answers, clock, "another") is None


def test_whoever_outlived_their_lease_neither_answers_nor_gives_up_for_its_new_holder(
    answers: Answers, clock: SetClock
) -> None:
    first = clock() + LEASE
    begin(answers, clock)
    clock.advance(LEASE)
    second = clock() + LEASE
    begin(answers, clock)

    answers.finish("id", b"late", leased_until=first)
    answers.give_up("id", leased_until=first)
    assert begin(answers, clock) == Remembered("r", None)

    answers.finish("id", b"ours", leased_until=second)
    answers.finish("id", b"again", leased_until=second)
    answers.give_up("id", leased_until=second)
    assert begin(answers, clock) == Remembered("r", b"ours")
