"""The failure queue: where Lambda puts an asynchronous event whose function failed three times."""

import json
from typing import TYPE_CHECKING, Any, Self

from recognizeme.adapters.aws import make_client, translated
from recognizeme.domain.errors import Misconfigured

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

_RECEIVE_AT_ONCE = 10  # ReceiveMessage gives no more


class SqsFailedEvents:
    """`FailedEvents` in an SQS queue that is the functions' on-failure destination.

    A message there is an invocation record ("Capturing records of Lambda asynchronous invocations"): the
    function's ARN, and as `requestPayload` the event it was given.
    """

    def __init__(self, queue: "SQSClient", functions: Any, queue_url: str) -> None:
        self._queue = queue
        self._functions = functions
        self._queue_url = queue_url

    @classmethod
    def connect(cls, queue_url: str) -> Self:
        """The queue behind a URL; raises `Misconfigured` without one."""
        if not queue_url:
            raise Misconfigured("the environment variable RECOGNIZEME_FAILURE_QUEUE_URL is not set")
        return cls(make_client("sqs"), make_client("lambda"), queue_url)

    def replay(self, *, limit: int) -> int:
        """Invoke each event's function with it again. The message goes only once Lambda has the event."""
        replayed = 0
        while replayed < limit:
            messages = self._receive(min(limit - replayed, _RECEIVE_AT_ONCE))
            if not messages:
                break
            for message in messages:
                self._give_back(message)
                replayed += 1
        return replayed

    def _receive(self, most: int) -> "list[MessageTypeDef]":
        with translated("the failure queue"):
            answer = self._queue.receive_message(QueueUrl=self._queue_url, MaxNumberOfMessages=most)
        return answer.get("Messages", [])

    def _give_back(self, message: "MessageTypeDef") -> None:
        try:
            record = json.loads(message["Body"])
            function, event = record["requestContext"]["functionArn"], record["requestPayload"]
        except (ValueError, TypeError, KeyError) as error:
            raise Misconfigured(
                "the failure queue holds a message that Lambda did not write; look at it in the console"
            ) from error
        with translated("a failed event's function"):
            self._functions.invoke(
                FunctionName=function, InvocationType="Event", Payload=json.dumps(event).encode()
            )
        with translated("the failure queue"):
            self._queue.delete_message(QueueUrl=self._queue_url, ReceiptHandle=message["ReceiptHandle"])
