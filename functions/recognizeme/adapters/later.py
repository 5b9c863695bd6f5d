"""What is to be done after a while: an SQS queue whose messages come back to the same function."""

import json
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote_plus

from recognizeme.adapters.aws import make_client, translated
from recognizeme.domain.errors import Misconfigured
from recognizeme.domain.times import to_text

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

CHECK_EVENT = {"check": "collection"}
_LONGEST_DELAY_S = 900  # DelaySeconds takes no more


class SqsLater:
    """`Later` in a queue that feeds `function` (a name with its alias).

    A message is written as the record of a failed invocation is, so that one that fails for good lies in the
    failure queue like any other, and is replayed like any other. Without a client one is made when something
    is put off: most invocations put nothing off, and the door has no queue at all.
    """

    def __init__(self, client: "SQSClient | None", queue_url: str, *, function: str) -> None:
        self._given = client
        self._queue_url = queue_url
        self._function = function

    @classmethod
    def connect(cls, queue_url: str, *, function: str) -> Self:
        """The queue behind a URL; what is put off without one raises `Misconfigured`."""
        return cls(None, queue_url, function=function)

    def recognize(self, photo_key: str, *, delay_s: float) -> None:
        """As an object-created event."""
        self._send(stored_event(photo_key), delay_s)

    def enroll(self, photo_key: str, *, delay_s: float) -> None:
        """As an object-created event."""
        self._send(stored_event(photo_key), delay_s)

    def forget(self, person_id: str, *, delay_s: float) -> None:
        """As an event of our own."""
        self._send(forget_event(person_id), delay_s)

    def remove_photo(self, person_id: str, photo_id: str, *, delay_s: float) -> None:
        """As an event of our own."""
        self._send(remove_photo_event(person_id, photo_id), delay_s)

    def look_through_people(self, cursor: str) -> None:
        """As an event of our own."""
        self._send(people_event(cursor), 0)

    def drop_pictures(self, before: datetime, cursor: str) -> None:
        """As an event of our own."""
        self._send(pictures_event(before, cursor), 0)

    def leave(self, person_id: str) -> None:
        """As an event of our own."""
        self._send(leave_event(person_id), 0)

    def check_collection(self, *, delay_s: float) -> None:
        """As the schedule's event."""
        self._send(CHECK_EVENT, delay_s)

    def call_off(self, event: str) -> None:
        """Nothing: S3 does not take its events back."""

    def send_notice(self, notice_id: str, *, delay_s: float) -> None:
        """As an event of our own."""
        self._send(notice_event(notice_id), delay_s)

    def drop_photos(self, person_id: str) -> None:
        """Nothing: SQS cannot be searched. Late events find the photos gone, and expire in 14 days."""

    @cached_property
    def _client(self) -> "SQSClient":
        if not self._queue_url:
            raise Misconfigured("the environment variable RECOGNIZEME_LATER_QUEUE_URL is not set")
        return self._given or make_client("sqs")

    def _send(self, event: dict[str, Any], delay_s: float) -> None:
        body = {"requestContext": {"functionArn": self._function}, "requestPayload": event}
        with translated("the queue of what is done later"):
            self._client.send_message(
                QueueUrl=self._queue_url,
                MessageBody=json.dumps(body),
                DelaySeconds=min(round(delay_s), _LONGEST_DELAY_S),
            )


def stored_event(photo_key: str) -> dict[str, Any]:
    """An S3 event of one stored object, as far as anybody reads it."""
    return {"Records": [{"s3": {"object": {"key": quote_plus(photo_key, safe="/")}}}]}


def forget_event(person_id: str) -> dict[str, Any]:
    """The event that has the enrollment function finish forgetting a person."""
    return {"forget": person_id}


def remove_photo_event(person_id: str, photo_id: str) -> dict[str, Any]:
    """The event that has the enrollment function finish removing a photo."""
    return {"remove_photo": {"person_id": person_id, "photo_id": photo_id}}


def people_event(cursor: str | None = None) -> dict[str, Any]:
    """The event that has the enrollment function look for people who are to be forgotten by themselves."""
    return {"check": "people", "cursor": cursor}


def pictures_event(before: datetime, cursor: str | None = None) -> dict[str, Any]:
    """The event that has the enrollment function remove pictures of strangers captured before that."""
    return {"check": "pictures", "before": to_text(before), "cursor": cursor}


def leave_event(person_id: str) -> dict[str, Any]:
    """The event that has the enrollment function forget a person, if it is time."""
    return {"leave": person_id}


def notice_event(notice_id: str) -> dict[str, Any]:
    """The event that has the notification function send a message."""
    return {"notice": notice_id}


def noticed_event(capture_id: str) -> dict[str, Any]:
    """The event that has the notification function look whether a sighting is to be announced."""
    return {"noticed": capture_id}


def kiosk_event(kiosk_id: str, kind: str, at: datetime) -> dict[str, Any]:
    """The event that has the notification function look whether a kiosk's is to be announced."""
    return {"kiosk": {"kiosk_id": kiosk_id, "kind": kind, "at": to_text(at)}}
