import io
import json
from typing import Any
from urllib.parse import quote_plus

import pytest
from aws_lambda_powertools import Logger
from hypothesis import given
from hypothesis import strategies as st

from recognizeme.domain.errors import CaptureInProgress, NotServed, RecordsFailed, ServiceBusy
from recognizeme.entry.s3_event import handle_objects, unwrapped

json_values = st.recursive(
    st.none() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["Records", "s3", "object", "key", "Event"]), inner, max_size=3)
    ),
    max_leaves=15,
)


def event(*keys: str) -> dict[str, Any]:
    return {"Records": [{"s3": {"object": {"key": quote_plus(key)}}} for key in keys]}


@pytest.fixture(scope="module")
def log() -> Logger:
    return Logger(service="test", stream=io.StringIO())


@given(st.lists(st.text(min_size=1), max_size=5))
def test_every_record_is_handled_with_its_key_decoded(keys: list[str]) -> None:
    result = handle_objects(event(*keys), lambda key: {"key": key}, log=Logger(service="test"))
    assert result.items == [{"key": key} for key in keys]


def test_one_bad_record_does_not_harm_its_neighbours_and_is_asked_for_again(log: Logger) -> None:
    seen: list[str] = []

    def handle(key: str) -> dict[str, Any]:
        if key == "bad":
            raise ServiceBusy("Rekognition is throttling us")
        seen.append(key)
        return {}

    with pytest.raises(RecordsFailed, match="1 of 3 records failed: Rekognition is throttling us"):
        handle_objects(event("first", "bad", "last"), handle, log=log)
    assert seen == ["first", "last"]


@pytest.mark.parametrize(
    ("errors", "retry_after_s"),
    [
        ([CaptureInProgress("elsewhere")], CaptureInProgress.retry_after_s),
        ([CaptureInProgress("elsewhere"), NotServed("throttled")], NotServed.retry_after_s),
        ([CaptureInProgress("elsewhere"), ServiceBusy("no answer")], None),
    ],
)
def test_what_others_are_recognizing_only_asks_to_wait(
    log: Logger, errors: list[Exception], retry_after_s: float | None
) -> None:
    def handle(key: str) -> dict[str, Any]:
        raise errors[int(key)]

    with pytest.raises(RecordsFailed) as raised:
        handle_objects(event(*map(str, range(len(errors)))), handle, log=log)
    assert raised.value.retry_after_s == retry_after_s


def test_an_error_nobody_foresaw_is_told_by_its_type_only(log: Logger) -> None:
    def handle(key: str) -> None:
        raise ZeroDivisionError("secret of " + key)

    with pytest.raises(RecordsFailed, match=r"1 of 1 records failed: ZeroDivisionError$"):
        handle_objects(event("ada"), handle, log=log)


def test_a_test_event_of_the_bucket_is_ignored(log: Logger) -> None:
    result = handle_objects({"Service": "Amazon S3", "Event": "s3:TestEvent"}, lambda key: key, log=log)
    assert (result.items, result.ignored) == ([], 0)


def test_records_that_are_none_are_ignored_beside_good_ones(log: Logger) -> None:
    mixed = {"Records": [None, {}, {"s3": {"object": {"key": 5}}}, {"s3": {"object": {"key": "a+b%2Bc"}}}]}
    result = handle_objects(mixed, lambda key: {"key": key}, log=log)
    assert result.items == [{"key": "a b+c"}]
    assert result.ignored == 3


@given(json_values)
def test_any_event_is_handled_or_ignored(value: Any) -> None:
    log = Logger(service="test", stream=io.StringIO())
    result = handle_objects(value, lambda key: {"key": key}, log=log)
    assert all(isinstance(item["key"], str) for item in result.items)


def test_what_was_put_off_comes_back_as_the_event_it_was() -> None:
    payload = {"Records": [{"s3": {"object": {"key": "captures/a"}}}]}
    body = json.dumps({"requestContext": {"functionArn": "f:live"}, "requestPayload": payload})
    assert unwrapped({"Records": [{"eventSource": "aws:sqs", "body": body}]}) == payload
    others: list[object] = [payload, {"Records": [{"eventSource": "aws:sqs", "body": "{"}]}, [], None]
    for other in others:
        assert unwrapped(other) == other
