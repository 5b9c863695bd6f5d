"""Kiosks in DynamoDB: one item a kiosk, and one that holds every group."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Self

from recognizeme.adapters.aws import make_client, translated
from recognizeme.adapters.dynamodb import items
from recognizeme.adapters.dynamodb.items import Item, Value
from recognizeme.adapters.kiosk_records import (
    heartbeat_text,
    kiosk_text,
    read_heartbeat,
    read_kiosk,
    read_sureness,
    sureness_text,
)
from recognizeme.domain.kiosks import Door, Heartbeat, Kiosk, Sureness

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_GROUPS = ":groups"  # no kiosk_id holds a colon
_KEY = "KioskId"


class DynamoDbKiosks:
    """`Kiosks`: `Settings` is the office's, `Heartbeat` and `SeenAt` are the kiosk's."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    @classmethod
    def connect(cls, table: str) -> Self:
        """The table in the SDK's region, or at AWS_ENDPOINT_URL_DYNAMODB."""
        return cls(make_client("dynamodb"), table)

    def get(self, kiosk_id: str) -> Door:
        """A strongly consistent read."""
        return _door(kiosk_id, self._item(kiosk_id))

    def put(self, kiosk: Kiosk) -> None:
        """Heartbeats stay."""
        self._update(kiosk.kiosk_id, Settings={"S": kiosk_text(kiosk)})

    def remove(self, kiosk_id: str) -> None:
        """Its item."""
        with translated(self._name):
            self._client.delete_item(TableName=self._table, Key={_KEY: {"S": kiosk_id}})

    def all(self) -> tuple[Door, ...]:
        """A scan: an item has a few hundred bytes, so a thousand kiosks are one read."""
        pages = self._client.get_paginator("scan").paginate(TableName=self._table, ConsistentRead=True)
        with translated(self._name):
            found = [item for page in pages for item in page["Items"] if item[_KEY]["S"] != _GROUPS]
        return tuple(_door(item[_KEY]["S"], item) for item in sorted(found, key=lambda item: item[_KEY]["S"]))

    def beat(self, kiosk_id: str, heartbeat: Heartbeat) -> Door:
        """One write, whose answer holds what the office says, too."""
        seen = {} if heartbeat.seen_at is None else {"SeenAt": items.moment(heartbeat.seen_at)}
        return _door(kiosk_id, self._update(kiosk_id, Heartbeat={"S": heartbeat_text(heartbeat)}, **seen))

    def groups(self) -> Mapping[str, Sureness]:
        """All of one item."""
        stored = self._item(_GROUPS) or {}
        return {name: read_sureness(value["S"]) for name, value in sorted(stored.items()) if name != _KEY}

    def put_group(self, group: str, sureness: Sureness) -> None:
        """An attribute of that item."""
        self._update(_GROUPS, **{group: {"S": sureness_text(sureness)}})

    def _item(self, key: str) -> Item | None:
        with translated(self._name):
            answer = self._client.get_item(TableName=self._table, Key={_KEY: {"S": key}}, ConsistentRead=True)
        return answer.get("Item")

    def _update(self, key: str, **values: Value | None) -> Item:
        names = {f"#n{number}": name for number, name in enumerate(values)}
        given = {f":n{number}": value for number, value in enumerate(values.values()) if value is not None}
        sets = ", ".join(f"#n{number} = :n{number}" for number in range(len(values)))
        with translated(self._name):
            return self._client.update_item(
                TableName=self._table,
                Key={_KEY: {"S": key}},
                UpdateExpression=f"SET {sets}",
                ExpressionAttributeNames=names,
                ExpressionAttributeValues=given,
                ReturnValues="ALL_NEW",
            )["Attributes"]

    @property
    def _name(self) -> str:
        return f"the table {self._table!r}"


def _door(kiosk_id: str, item: Item | None) -> Door:
    item = item or {}
    text = items.read_string(item, "Settings")
    beat = read_heartbeat(items.read_string(item, "Heartbeat"), items.read_string(item, "SeenAt"))
    return Door(read_kiosk(kiosk_id, text), text is not None, beat)
