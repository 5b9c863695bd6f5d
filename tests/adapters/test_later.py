"""What a function puts off comes back to it, and is a failed event like others when it fails for good."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from recognizeme.adapters.later import SqsLater
from recognizeme.adapters.sqs import SqsFailedEvents
from recognizeme.domain.errors import Misconfigured
from recognizeme.domain.ports import Replayed
from recognizeme.entry.s3_event import unwrapped

pytestmark = pytest.mark.integration
FUNCTION = "recognizeme-recognition:live"


@pytest.fixture(scope="module")
def sqs() -> Iterator[Any]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    yield boto3.client(
        "sqs",
        endpoint_url=f"http://{host}:{port}",
        region_name="us-east-1",
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
    )
    server.stop()


@pytest.fixture
def queue_url(sqs: Any, request: pytest.FixtureRequest) -> str:
    return str(sqs.create_queue(QueueName=f"later-{abs(hash(request.node.name))}")["QueueUrl"])


def received(sqs: Any, queue_url: str) -> list[object]:
    messages = sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10).get("Messages", [])
    return [
        unwrapped({"Records": [{"eventSource": "aws:sqs", "body": message["Body"]}]}) for message in messages
    ]


def test_what_is_put_off_comes_back_as_an_event(sqs: Any, queue_url: str) -> None:
    later = SqsLater(sqs, queue_url, function=FUNCTION)
    later.recognize("captures/front/a b+ü.jpg", delay_s=0)
    later.forget("ada", delay_s=0)
    later.drop_photos("ada")
    key = "captures/front/a+b%2B%C3%BC.jpg"
    expected = [{"Records": [{"s3": {"object": {"key": key}}}]}, {"forget": "ada"}]
    assert sorted(map(json.dumps, received(sqs, queue_url))) == sorted(map(json.dumps, expected))


def test_daily_work_goes_on_as_an_event(sqs: Any, queue_url: str) -> None:
    later = SqsLater(sqs, queue_url, function=FUNCTION)
    later.look_through_people("cursor")
    later.drop_pictures(datetime(2026, 11, 1, tzinfo=UTC), "cursor")
    later.leave("ada")
    assert sorted(map(json.dumps, received(sqs, queue_url))) == [
        '{"check": "people", "cursor": "cursor"}',
        '{"check": "pictures", "before": "2026-11-01T00:00:00.000000+00:00", "cursor": "cursor"}',
        '{"leave": "ada"}',
    ]


def test_it_does_not_come_before_its_time(sqs: Any, queue_url: str) -> None:
    SqsLater(sqs, queue_url, function=FUNCTION).forget("ada", delay_s=35.0)
    assert received(sqs, queue_url) == []


def test_one_that_failed_for_good_is_replayed_like_any_other(sqs: Any, queue_url: str) -> None:
    SqsLater(sqs, queue_url, function=FUNCTION).forget("ada", delay_s=0)
    invoked: list[dict[str, Any]] = []

    class Functions:
        def invoke(self, **request: Any) -> None:
            invoked.append(request)

    assert SqsFailedEvents(sqs, Functions(), queue_url).replay(limit=10) == Replayed(1)
    assert [json.loads(request["Payload"]) for request in invoked] == [{"forget": "ada"}]


def test_a_function_without_a_queue_works_until_it_puts_something_off() -> None:
    later = SqsLater.connect("", function=FUNCTION)
    with pytest.raises(Misconfigured, match="RECOGNIZEME_LATER_QUEUE_URL"):
        later.forget("ada", delay_s=0)
