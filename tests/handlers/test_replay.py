"""What failed for good comes back: from the failure queue on AWS, from the dead jobs on one machine."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from recognizeme.adapters.sqs import SqsFailedEvents
from recognizeme.domain.errors import Misconfigured
from tests.handlers.conftest import Stack

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

pytestmark = pytest.mark.integration

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:recognition:live"


class Functions:
    """Lambda's client, as far as it is used: no emulator runs our functions without a container."""

    def __init__(self) -> None:
        self.invocations: list[dict[str, Any]] = []

    def invoke(self, **request: Any) -> None:
        self.invocations.append(request)


@pytest.fixture(scope="module")
def sqs() -> Iterator["SQSClient"]:
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
def queue_url(sqs: "SQSClient", request: pytest.FixtureRequest) -> str:
    return sqs.create_queue(QueueName=f"failures-{abs(hash(request.node.name))}")["QueueUrl"]


def fail(sqs: "SQSClient", queue_url: str, event: object) -> None:
    record = {
        "version": "1.0",
        "requestContext": {
            "functionArn": FUNCTION,
            "condition": "RetriesExhausted",
            "approximateInvokeCount": 3,
        },
        "requestPayload": event,
        "responsePayload": {"errorType": "RecordsFailed"},
    }
    sqs.send_message(QueueUrl=queue_url, MessageBody=json.dumps(record))


def test_every_failed_event_is_given_back_to_its_function_and_leaves_the_queue(
    sqs: "SQSClient", queue_url: str
) -> None:
    events = [{"Records": [{"number": number}]} for number in range(13)]
    for event in events:
        fail(sqs, queue_url, event)
    functions = Functions()
    assert SqsFailedEvents(sqs, functions, queue_url).replay(limit=100) == 13
    given_back = [json.loads(request["Payload"]) for request in functions.invocations]
    assert sorted(given_back, key=str) == sorted(events, key=str)
    assert {request["FunctionName"] for request in functions.invocations} == {FUNCTION}
    assert SqsFailedEvents(sqs, functions, queue_url).replay(limit=100) == 0


def test_no_more_events_than_asked_are_given_back(sqs: "SQSClient", queue_url: str) -> None:
    for number in range(5):
        fail(sqs, queue_url, {"number": number})
    failed = SqsFailedEvents(sqs, Functions(), queue_url)
    assert (failed.replay(limit=3), failed.replay(limit=3)) == (3, 2)


def test_a_message_lambda_did_not_write_is_left_for_a_person(sqs: "SQSClient", queue_url: str) -> None:
    sqs.send_message(QueueUrl=queue_url, MessageBody="what is this?")
    with pytest.raises(Misconfigured, match="did not write"):
        SqsFailedEvents(sqs, Functions(), queue_url).replay(limit=10)
    attributes = sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["All"])["Attributes"]
    assert attributes["ApproximateNumberOfMessagesNotVisible"] == "1"


def test_without_a_queue_the_setting_is_named() -> None:
    with pytest.raises(Misconfigured, match="RECOGNIZEME_FAILURE_QUEUE_URL"):
        SqsFailedEvents.connect("")


def test_the_api_says_how_many_were_replayed(stack: Stack) -> None:
    job_id = stack.jobs.add("recognition", {"Records": []})
    for _ in range(3):
        job = stack.jobs.take("recognition")
        assert job is not None
        stack.jobs.failed(job, "out of order")
        stack.clock_s += 3600
    assert [job.state for job in stack.jobs.jobs()] == ["dead"]
    assert stack.http("enrollment", "POST", "/replays") == (200, {"replayed": 1})
    assert [(job.id, job.state) for job in stack.jobs.jobs()] == [(job_id, "waiting")]
    assert stack.http("enrollment", "POST", "/replays") == (200, {"replayed": 0})
    assert stack.http("enrollment", "POST", "/replays", query={"limit": "0"})[0] == 400
