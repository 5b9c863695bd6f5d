"""What failed for good comes back: from the failure queue on AWS, from the dead jobs on one machine."""

import json
from collections.abc import Iterator
from itertools import count
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto.server import ThreadedMotoServer

from recognizeme.adapters.sqs import SqsFailedEvents
from recognizeme.domain.errors import Misconfigured
from recognizeme.domain.ports import Replayed
from tests.cloud.template import function
from tests.handlers.conftest import Stack

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

pytestmark = pytest.mark.integration

UNQUALIFIED = "arn:aws:lambda:us-east-1:123456789012:function:recognition"
FUNCTION = f"{UNQUALIFIED}:live"


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


def fail(sqs: "SQSClient", queue_url: str, event: object, function: str = FUNCTION) -> None:
    record = {
        "version": "1.0",
        "requestContext": {
            "functionArn": function,
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
    assert SqsFailedEvents(sqs, functions, queue_url).replay(limit=100) == Replayed(13)
    given_back = [json.loads(request["Payload"]) for request in functions.invocations]
    assert sorted(given_back, key=str) == sorted(events, key=str)
    assert {request["FunctionName"] for request in functions.invocations} == {FUNCTION}
    assert SqsFailedEvents(sqs, functions, queue_url).replay(limit=100) == Replayed(0)


def test_no_more_events_than_asked_are_given_back(sqs: "SQSClient", queue_url: str) -> None:
    for number in range(5):
        fail(sqs, queue_url, {"number": number})
    failed = SqsFailedEvents(sqs, Functions(), queue_url)
    assert (failed.replay(limit=3), failed.replay(limit=3)) == (Replayed(3), Replayed(2))


@pytest.mark.parametrize("qualifier", ["", ":live", ":41", ":$LATEST"])
def test_whichever_version_failed_the_one_that_serves_gets_the_event(
    sqs: "SQSClient", queue_url: str, qualifier: str
) -> None:
    fail(sqs, queue_url, {"number": 1}, function=UNQUALIFIED + qualifier)
    functions = Functions()

    assert SqsFailedEvents(sqs, functions, queue_url).replay(limit=10) == Replayed(1)
    assert [request["FunctionName"] for request in functions.invocations] == [f"{UNQUALIFIED}:live"]


@pytest.mark.parametrize(
    "body",
    [
        "what is this?",
        "[]",
        "{}",
        json.dumps({"requestContext": {"functionArn": "arn:aws:sqs:us-east-1:1:q"}, "requestPayload": {}}),
        json.dumps({"requestContext": {"functionArn": 7}, "requestPayload": {}}),
    ],
)
def test_a_message_lambda_did_not_write_is_left_for_a_person_and_stops_nothing(
    sqs: "SQSClient", queue_url: str, body: str
) -> None:
    foreign = sqs.send_message(QueueUrl=queue_url, MessageBody=body)["MessageId"]
    fail(sqs, queue_url, {"number": 1})

    assert SqsFailedEvents(sqs, Functions(), queue_url).replay(limit=10) == Replayed(1, (foreign,))
    attributes = sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["All"])["Attributes"]
    assert attributes["ApproximateNumberOfMessagesNotVisible"] == "1"


def test_an_event_of_a_function_that_may_not_be_called_stays(sqs: "SQSClient", queue_url: str) -> None:
    class Denied:
        def invoke(self, **_request: Any) -> None:
            raise ClientError({"Error": {"Code": "AccessDeniedException"}}, "Invoke")

    fail(sqs, queue_url, {"number": 1})
    replayed = SqsFailedEvents(sqs, Denied(), queue_url).replay(limit=10)

    assert (replayed.given_back, len(replayed.skipped)) == (0, 1)


def test_a_large_queue_does_not_outlast_the_function(sqs: "SQSClient", queue_url: str) -> None:
    """Each look at the clock takes five seconds here: what began within the budget is the last round."""
    for number in range(60):
        fail(sqs, queue_url, {"number": number})
    moments = count(0.0, 5.0)

    replayed = SqsFailedEvents(sqs, Functions(), queue_url, clock=lambda: next(moments)).replay(limit=1000)

    assert replayed == Replayed(30)
    # The last wait, and ten events of half a second.
    assert function("Enrollment")["Timeout"] - 18 > 2 + 10 * 0.5


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
    assert stack.http("enrollment", "POST", "/replays") == (200, {"replayed": 1, "skipped": []})
    assert [(job.id, job.state) for job in stack.jobs.jobs()] == [(job_id, "waiting")]
    assert stack.http("enrollment", "POST", "/replays") == (200, {"replayed": 0, "skipped": []})
    assert stack.http("enrollment", "POST", "/replays", query={"limit": "0"})[0] == 400
