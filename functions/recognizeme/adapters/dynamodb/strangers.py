"""Strangers in DynamoDB: an item a stranger and an item a visit, each found by its id."""

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import timedelta
from time import sleep
from typing import TYPE_CHECKING, Any, Self

from recognizeme.adapters import cursor as cursors
from recognizeme.adapters.aws import make_client, translated, utc_now
from recognizeme.adapters.dynamodb import batches, items
from recognizeme.adapters.dynamodb.items import Item, Value
from recognizeme.adapters.dynamodb.transactions import transact
from recognizeme.domain.model import Capture, check_capture_id
from recognizeme.domain.ports import Clock, Page
from recognizeme.domain.strangers import Stranger, StrangerState, StrangerVisit

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoDbStrangers:
    """`Strangers` in one table; DynamoDB deletes what has expired, hours or days late.

    A stranger is kept for `retention_days` after they last changed, and a visit since it was stored.
    """

    def __init__(
        self,
        client: "DynamoDBClient",
        table: str,
        *,
        retention_days: int,
        now: Clock = utc_now,
        sleep: Callable[[float], None] = sleep,
    ) -> None:
        self._client = client
        self._table = table
        self._retention = timedelta(days=retention_days)
        self._now = now
        self._sleep = sleep

    @classmethod
    def connect(cls, table: str, *, retention_days: int) -> Self:
        """The table in the SDK's region, or at AWS_ENDPOINT_URL_DYNAMODB."""
        return cls(make_client("dynamodb"), table, retention_days=retention_days)

    def get(self, stranger_id: str) -> Stranger | None:
        """A strongly consistent read."""
        with translated(self._name):
            item = self._client.get_item(
                TableName=self._table, Key=_group_key(stranger_id), ConsistentRead=True
            ).get("Item")
        return _stranger(item) if item and self._is_kept(item) else None

    def list(self, state: StrangerState, *, limit: int, cursor: str | None = None) -> Page[Stranger]:
        """From the index by state, a page a read."""
        condition, values = "#State = :state", {":state": items.string(state)}
        if cursor is not None:
            condition += " AND #LastCaptureId < :before"
            values[":before"] = {"S": check_capture_id(cursors.decode("strangers", cursor))}
        with translated(self._name):
            found = self._client.query(
                TableName=self._table,
                IndexName="state-time",
                KeyConditionExpression=condition,
                ExpressionAttributeNames=items.placeholders(condition),
                ExpressionAttributeValues=items.present(**values),
                ScanIndexForward=False,
                Limit=limit,
            )
        kept = tuple(_stranger(item) for item in found["Items"] if self._is_kept(item))
        if "LastEvaluatedKey" not in found:
            return Page(kept)
        return Page(kept, cursors.encode("strangers", found["LastEvaluatedKey"]["LastCaptureId"]["S"]))

    def visits(self, capture_ids: Collection[str]) -> Mapping[str, StrangerVisit]:
        """Strongly consistent batches."""
        keys = [_visit_key(each) for each in dict.fromkeys(capture_ids)]
        found = batches.read(self._client, self._table, keys, resource=self._name, sleep=self._sleep)
        return {item["CaptureId"]["S"]: _visit(item) for item in found if self._is_kept(item)}

    def visits_of(self, stranger_id: str) -> Iterator[StrangerVisit]:
        """From the index by stranger, which follows the table within moments."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            IndexName="stranger-time",
            KeyConditionExpression="StrangerId = :stranger",
            ExpressionAttributeValues={":stranger": {"S": stranger_id}},
            ScanIndexForward=False,
        )
        with translated(self._name):
            for page in pages:
                yield from (_visit(item) for item in page["Items"] if self._is_kept(item))

    def save(
        self, stranger: Stranger, *, joins: StrangerVisit | None = None, leaves: str | None = None
    ) -> bool:
        """One transaction."""
        expires_at = items.seconds(self._now() + self._retention)
        changes = [self._change(stranger, expires_at)]
        if joins is not None:
            item = {**_visit_item(joins), "ExpiresAt": expires_at}
            unless_there = {"ConditionExpression": "attribute_not_exists(Id)"}
            changes.append({"Put": {"TableName": self._table, "Item": item, **unless_there}})
        if leaves is not None:
            there = {"ConditionExpression": "attribute_exists(Id)"}
            changes.append({"Delete": {"TableName": self._table, "Key": _visit_key(leaves), **there}})
        return not transact(self._client, changes, resource=self._name, sleep=self._sleep)

    def _change(self, stranger: Stranger, expires_at: Value) -> Any:
        condition: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(Id)"}
        if stranger.version:
            condition = {
                "ConditionExpression": "#Version = :version",
                "ExpressionAttributeNames": {"#Version": "Version"},
                "ExpressionAttributeValues": {":version": {"N": str(stranger.version)}},
            }
        if stranger.visits < 1:
            key = _group_key(stranger.stranger_id)
            return {"Delete": {"TableName": self._table, "Key": key, **condition}}
        item = {**_group_item(stranger), "ExpiresAt": expires_at}
        return {"Put": {"TableName": self._table, "Item": item, **condition}}

    def _is_kept(self, item: Item) -> bool:
        return float(item["ExpiresAt"]["N"]) > self._now().timestamp()

    @property
    def _name(self) -> str:
        return f"the table {self._table!r}"


def _group_key(stranger_id: str) -> dict[str, Value]:
    return {"Id": {"S": f"stranger {stranger_id}"}}


def _visit_key(capture_id: str) -> dict[str, Value]:
    return {"Id": {"S": f"visit {capture_id}"}}


def _group_item(stranger: Stranger) -> dict[str, Value]:
    return {
        **_group_key(stranger.stranger_id),
        **items.present(
            Is=items.string(stranger.stranger_id),
            State=items.string(stranger.state),
            FirstCaptureId=items.string(stranger.first_capture_id),
            LastCaptureId=items.string(stranger.last_capture_id),
            Visits={"N": str(stranger.visits)},
            Kiosks={"SS": list(stranger.kiosks)},
            PersonId=items.string(stranger.person_id),
            Version={"N": str(stranger.version + 1)},
        ),
    }


def _stranger(item: Item) -> Stranger:
    return Stranger(
        item["Is"]["S"],
        item["FirstCaptureId"]["S"],
        item["LastCaptureId"]["S"],
        int(item["Visits"]["N"]),
        tuple(sorted(item["Kiosks"]["SS"])),
        StrangerState(item["State"]["S"]),
        items.read_string(item, "PersonId"),
        int(item["Version"]["N"]),
    )


def _visit_item(visit: StrangerVisit) -> dict[str, Value]:
    return {
        **_visit_key(visit.capture.capture_id),
        "CaptureId": {"S": visit.capture.capture_id},
        "KioskId": {"S": visit.capture.kiosk_id},
        "StrangerId": {"S": visit.stranger_id},
        "FaceId": {"S": visit.face_id},
    }


def _visit(item: Item) -> StrangerVisit:
    capture = Capture(item["CaptureId"]["S"], item["KioskId"]["S"])
    return StrangerVisit(capture, item["StrangerId"]["S"], item["FaceId"]["S"])
