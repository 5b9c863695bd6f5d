"""Lessons in DynamoDB: one item a capture, in a table so small that it is read as a whole."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self, cast

from recognizeme.adapters.aws import make_client, translated, utc_now
from recognizeme.adapters.dynamodb import items
from recognizeme.adapters.dynamodb.items import Item
from recognizeme.domain.lessons import Lesson
from recognizeme.domain.ports import Clock

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoDbLessons:
    """`Lessons` in one table; DynamoDB deletes what has expired, hours or days late."""

    def __init__(self, client: "DynamoDBClient", table: str, *, now: Clock = utc_now) -> None:
        self._client = client
        self._table = table
        self._now = now

    @classmethod
    def connect(cls, table: str) -> Self:
        """The table in the SDK's region, or at AWS_ENDPOINT_URL_DYNAMODB."""
        return cls(make_client("dynamodb"), table)

    def get(self, capture_id: str) -> Lesson | None:
        """A strongly consistent read: what was taken back counts no more."""
        with translated(self._name):
            item = self._client.get_item(
                TableName=self._table, Key={"CaptureId": {"S": capture_id}}, ConsistentRead=True
            ).get("Item")
        lesson = _lesson(item) if item else None
        return lesson if lesson and lesson.expires_at > self._now() else None

    def all(self) -> Iterator[Lesson]:
        """A strongly consistent scan."""
        pages = self._client.get_paginator("scan").paginate(TableName=self._table, ConsistentRead=True)
        with translated(self._name):
            for page in pages:
                yield from map(_lesson, page["Items"])

    def add(self, capture_id: str, person_id: str, *, taught_at: datetime, expires_at: datetime) -> Lesson:
        """One update, so that two who teach at once are both heard."""
        with translated(self._name):
            answer = self._client.update_item(
                TableName=self._table,
                Key={"CaptureId": {"S": capture_id}},
                UpdateExpression="SET TaughtAt = :taught, ExpiresAt = :expires ADD NotPersonIds :people",
                ExpressionAttributeValues={
                    ":taught": {"S": taught_at.isoformat()},
                    ":expires": items.seconds(expires_at),
                    ":people": {"SS": [person_id]},
                },
                ReturnValues="ALL_NEW",
            )
        return _lesson(answer["Attributes"])

    def settle(self, capture_id: str, face_id: str) -> Lesson | None:
        """One conditional update."""
        with translated(self._name):
            try:
                answer = self._client.update_item(
                    TableName=self._table,
                    Key={"CaptureId": {"S": capture_id}},
                    UpdateExpression="SET FaceId = :face",
                    ConditionExpression="attribute_exists(CaptureId)",
                    ExpressionAttributeValues={":face": {"S": face_id}},
                    ReturnValues="ALL_NEW",
                )
            except self._client.exceptions.ConditionalCheckFailedException:
                return None
        return _lesson(answer["Attributes"])

    def remove(self, capture_id: str) -> None:
        """One delete."""
        with translated(self._name):
            self._client.delete_item(TableName=self._table, Key={"CaptureId": {"S": capture_id}})

    @property
    def _name(self) -> str:
        return f"the table {self._table!r}"


def _lesson(item: Item) -> Lesson:
    return Lesson(
        capture_id=item["CaptureId"]["S"],
        not_person_ids=tuple(sorted(item["NotPersonIds"]["SS"])),
        taught_at=cast(datetime, items.read_moment(item, "TaughtAt")),
        expires_at=datetime.fromtimestamp(int(item["ExpiresAt"]["N"]), UTC),
        face_id=items.read_string(item, "FaceId"),
    )
