"""What `Lessons` promises: of which pictures it is remembered whom they do not show, and until when."""

import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from local.adapters.lessons import SqliteLessons
from recognizeme.adapters.dynamodb import DynamoDbLessons
from recognizeme.domain.lessons import Lesson
from recognizeme.domain.ports import Lessons
from tests.contract.conftest import SetClock
from tests.contract.samples import capture
from tests.contract.tables import make_table, resource
from tests.twins.lessons import TwinLessons

MONTH = timedelta(days=30)


@pytest.fixture
def lessons(backend: str, clock: SetClock, request: pytest.FixtureRequest) -> Lessons:
    if backend == "twin":
        return TwinLessons(clock)
    if backend == "local":
        return SqliteLessons(request.getfixturevalue("database"), now=clock)
    client = request.getfixturevalue("aws_client")("dynamodb")
    return DynamoDbLessons(client, make_table(client, "Lessons", f"l-{secrets.token_hex(4)}"), now=clock)


@pytest.fixture
def teach(lessons: Lessons, clock: SetClock) -> Callable[..., Lesson]:
    return lambda capture_id, person_id: lessons.add(
        capture_id, person_id, taught_at=clock(), expires_at=clock() + MONTH
    )


def test_a_lesson_is_there_before_its_face_is_and_then_with_it(
    lessons: Lessons, clock: SetClock, teach: Any
) -> None:
    capture_id = capture(clock()).capture_id
    assert lessons.get(capture_id) is None
    begun = teach(capture_id, "ada")
    assert begun == Lesson(capture_id, ("ada",), clock(), clock() + MONTH)
    assert lessons.get(capture_id) == begun
    settled = replace(begun, face_id="face-1")
    assert lessons.settle(capture_id, "face-1") == settled
    assert lessons.get(capture_id) == settled
    assert list(lessons.all()) == [settled]


def test_a_picture_may_not_show_several_people_whoever_says_so_at_once(
    lessons: Lessons, clock: SetClock, teach: Any
) -> None:
    capture_id = capture(clock()).capture_id
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda person_id: teach(capture_id, person_id), ["bob", "ada", "eve", "ada"]))
    stored = lessons.get(capture_id)
    assert stored
    assert stored.not_person_ids == ("ada", "bob", "eve")


def test_what_was_taken_back_is_not_settled(lessons: Lessons, clock: SetClock, teach: Any) -> None:
    capture_id = capture(clock()).capture_id
    teach(capture_id, "ada")
    for _ in range(2):
        lessons.remove(capture_id)
    assert lessons.settle(capture_id, "face-1") is None
    assert lessons.get(capture_id) is None
    assert list(lessons.all()) == []


def test_a_lesson_ends_by_itself_and_is_known_until_it_is_deleted(
    lessons: Lessons, clock: SetClock, teach: Any
) -> None:
    capture_id = capture(clock()).capture_id
    teach(capture_id, "ada")
    clock.advance(MONTH - timedelta(seconds=1))
    assert lessons.get(capture_id)
    clock.advance(timedelta(seconds=1))
    assert lessons.get(capture_id) is None
    assert [lesson.not_person_ids for lesson in lessons.all()] == [("ada",)], "whoever is forgotten is in it"
    renewed = teach(capture_id, "bob")
    assert renewed.expires_at == clock() + MONTH
    if isinstance(lessons, SqliteLessons):
        assert lessons.purge(now=clock()) == 0
        assert lessons.purge(now=clock.advance(MONTH)) == 1


def test_the_table_expires_by_the_attribute_that_is_written() -> None:
    assert resource("Lessons")["TimeToLiveSpecification"] == {"AttributeName": "ExpiresAt", "Enabled": True}
