"""The failure queue: where Lambda puts an asynchronous event whose function failed three times."""

import json
import re
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Self

from recognizeme.adapters.aws import make_client, translated
from recognizeme.domain.errors import Misconfigured
from recognizeme.domain.ports import Replayed

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

_RECEIVE_AT_ONCE = 10  # ReceiveMessage gives no more
# Without waiting, ReceiveMessage asks some of the queue's servers only, and may miss what is there.
_WAIT_S = 2
# The function has 29 s and the API waits for 30: the last round, of a wait and ten calls, must end before.
_BUDGET_S = 18.0
_HIDDEN_S = 60  # so that no message is seen twice by one request
_FUNCTION = re.compile(r"((?:arn:[^:]+:lambda:[^:]+:\d+:function:)?[\w-]+)(?::[^:]+)?")  # what was called


class SqsFailedEvents:
    """`FailedEvents` in an SQS queue that is the functions' on-failure destination.

    A message there is an invocation record ("Capturing records of Lambda asynchronous invocations"): the
    function's ARN, and as `requestPayload` the event it was given.
    """

    def __init__(
        self,
        queue: "SQSClient",
        functions: Any,
        queue_url: str,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._queue = queue
        self._functions = functions
        self._queue_url = queue_url
        self._clock = clock

    @classmethod
    def connect(cls, queue_url: str) -> Self:
        """The queue behind a URL; raises `Misconfigured` without one."""
        if not queue_url:
            raise Misconfigured("the environment variable RECOGNIZEME_FAILURE_QUEUE_URL is not set")
        return cls(make_client("sqs"), make_client("lambda"), queue_url)

    def replay(self, *, limit: int) -> Replayed:
        """Invoke each event's function with it again. The message goes only once Lambda has the event.

        A message that is no failed event of our functions stays in the queue, for a person to look at.
        """
        ends_at = self._clock() + _BUDGET_S
        given_back, skipped = 0, list[str]()
        while given_back < limit and self._clock() < ends_at:
            messages = self._receive(min(limit - given_back, _RECEIVE_AT_ONCE))
            if not messages:
                break
            for message in messages:
                if self._give_back(message):
                    given_back += 1
                else:
                    skipped.append(message["MessageId"])
        return Replayed(given_back, tuple(skipped))

    def _receive(self, most: int) -> "list[MessageTypeDef]":
        with translated("the failure queue"):
            answer = self._queue.receive_message(
                QueueUrl=self._queue_url,
                MaxNumberOfMessages=most,
                WaitTimeSeconds=_WAIT_S,
                VisibilityTimeout=_HIDDEN_S,
            )
        return answer.get("Messages", [])

    def _give_back(self, message: "MessageTypeDef") -> bool:
        try:
            record = json.loads(message["Body"])
            arn, event = record["requestContext"]["functionArn"], record["requestPayload"]
            function = _FUNCTION.fullmatch(arn)
        except (ValueError, TypeError, KeyError):
            return False
        if function is None:
            return False
        try:
            with translated("a failed event's function"):
                self._functions.invoke(
                    # Whichever version failed: what serves now has the fix.
                    FunctionName=f"{function[1]}:live",
                    InvocationType="Event",
                    Payload=json.dumps(event).encode(),
                )
        except Misconfigured:  # a function that we may not call, or that there is no more
            return False
        with translated("the failure queue"):
            self._queue.delete_message(QueueUrl=self._queue_url, ReceiptHandle=message["ReceiptHandle"])
        return True
