"""Answers to requests with an idempotency key, in DynamoDB: one item each, which expires."""

from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

from recognizeme.adapters.aws import make_client, translated
from recognizeme.adapters.dynamodb import items
from recognizeme.domain.ports import Remembered

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_OURS = "LeasedUntil = :leased_until AND attribute_not_exists(Answer)"


class DynamoDbAnswers:
    """`Answers`: every method is one conditional write."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    @classmethod
    def connect(cls, table: str) -> Self:
        """The table in the SDK's region, or at AWS_ENDPOINT_URL_DYNAMODB."""
        return cls(make_client("dynamodb"), table)

    def begin(
        self, answer_id: str, request: str, *, now: datetime, leased_until: datetime, expires_at: datetime
    ) -> Remembered | None:
        """The item's own condition holds for one of many.

        The SDK's second try of a put whose answer was lost meets its own lease, which then has to end.
        """
        with translated(self._name):
            try:
                self._client.put_item(
                    TableName=self._table,
                    Item={
                        "AnswerId": {"S": answer_id},
                        "Request": {"S": request},
                        "LeasedUntil": _microseconds(leased_until),
                        "ExpiresAt": items.seconds(expires_at),
                    },
                    ConditionExpression="attribute_not_exists(AnswerId) OR ExpiresAt <= :now_s"
                    " OR (attribute_not_exists(Answer) AND LeasedUntil <= :now)",
                    ExpressionAttributeValues={":now_s": items.seconds(now), ":now": _microseconds(now)},
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
            except self._client.exceptions.ConditionalCheckFailedException as error:
                stored: Any = error.response["Item"]  # type: ignore[typeddict-item]  # unknown to the stubs
            else:
                return None
        return Remembered(stored["Request"]["S"], stored["Answer"]["B"] if "Answer" in stored else None)

    def finish(self, answer_id: str, answer: bytes, *, leased_until: datetime) -> None:
        """Only where our lease is."""
        with translated(self._name), suppress(self._client.exceptions.ConditionalCheckFailedException):
            self._client.update_item(
                TableName=self._table,
                Key={"AnswerId": {"S": answer_id}},
                UpdateExpression="SET Answer = :answer",
                ConditionExpression=_OURS,
                ExpressionAttributeValues={
                    ":answer": {"B": answer},
                    ":leased_until": _microseconds(leased_until),
                },
            )

    def give_up(self, answer_id: str, *, leased_until: datetime) -> None:
        """Only where our lease is."""
        with translated(self._name), suppress(self._client.exceptions.ConditionalCheckFailedException):
            self._client.delete_item(
                TableName=self._table,
                Key={"AnswerId": {"S": answer_id}},
                ConditionExpression=_OURS,
                ExpressionAttributeValues={":leased_until": _microseconds(leased_until)},
            )

    @property
    def _name(self) -> str:
        return f"the table {self._table!r}"


def _microseconds(moment: datetime) -> items.Value:
    return {"N": str(round(moment.timestamp() * 1_000_000))}
