"""Roll calls in DynamoDB: an item each, and one for each person on a list; all of them expire."""

import time
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Self

from recognizeme.adapters import cursor as cursors
from recognizeme.adapters.aws import make_client, translated, utc_now
from recognizeme.adapters.dynamodb import batches, items
from recognizeme.adapters.dynamodb.items import Item, Value
from recognizeme.adapters.dynamodb.transactions import transact
from recognizeme.adapters.rollcall_records import by_text, read_by, read_tick, tick_text
from recognizeme.domain.errors import NotFound, NotPossible
from recognizeme.domain.model import captured_at
from recognizeme.domain.ports import Clock, Page
from recognizeme.domain.rollcalls import By, Entry, Kind, RollCall, Tick, check_rollcall_id

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_HEADS = "rollcalls"  # the partition of the roll calls themselves; no id has such a form


class DynamoDbRollCalls:
    """`RollCalls`: ticks of one person are a list that every writer adds to, so that none is lost."""

    def __init__(
        self,
        client: "DynamoDBClient",
        table: str,
        *,
        retention_days: int,
        now: Clock = utc_now,
        sleep: Callable[[float], None] = time.sleep,
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

    def start(self, roll_call: RollCall, entries: Iterable[Entry]) -> None:
        """The list first: what can be found is whole."""
        rollcall_id = roll_call.rollcall_id
        listed = [self._entry_item(rollcall_id, entry) for entry in entries]
        batches.write(self._client, self._table, listed, resource=self._name, sleep=self._sleep)
        head = {
            **_key(_HEADS, rollcall_id),
            "Kind": {"S": roll_call.kind},
            "StartedAt": items.moment(roll_call.started_at),
            "StartedBy": {"S": by_text(roll_call.started_by)},
            "ExpiresAt": self._expires_at(rollcall_id),
        }
        with translated(self._name):
            self._client.put_item(TableName=self._table, Item=items.present(**head))

    def _entry_item(self, rollcall_id: str, entry: Entry) -> dict[str, Value]:
        return items.present(
            **_key(rollcall_id, entry.person_id),
            SeenAt=items.moment(entry.seen_at),
            SeenBy=items.string(entry.seen_by),
            Ticks={"L": [{"S": tick_text(tick)} for tick in entry.ticks]},
            ExpiresAt=self._expires_at(rollcall_id),
        )

    def get(self, rollcall_id: str) -> RollCall | None:
        """A strongly consistent read."""
        item = self._item(_HEADS, rollcall_id)
        # DynamoDB deletes expired items hours or days late.
        if item is None or float(item["ExpiresAt"]["N"]) <= self._now().timestamp():
            return None
        return _roll_call(item)

    def has(self, rollcall_id: str, person_id: str) -> bool:
        """A strongly consistent read."""
        return self._item(rollcall_id, person_id) is not None

    def entries(self, rollcall_id: str) -> list[Entry]:
        """One partition."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="RollCallId = :id",
            ExpressionAttributeValues={":id": {"S": rollcall_id}},
            ConsistentRead=True,
        )
        with translated(self._name):
            return [_entry(item) for page in pages for item in page["Items"]]

    def list(self, *, limit: int, cursor: str | None = None) -> Page[RollCall]:
        """Of one partition, from the newest on."""
        before = check_rollcall_id(cursors.decode("rollcall", cursor)) if cursor else "g"
        with translated(self._name):
            answer = self._client.query(
                TableName=self._table,
                KeyConditionExpression="RollCallId = :heads AND #Entry < :before",
                FilterExpression="ExpiresAt > :now",
                ExpressionAttributeNames={"#Entry": "Entry"},
                ExpressionAttributeValues={
                    ":heads": {"S": _HEADS},
                    ":before": {"S": before},
                    ":now": items.seconds(self._now()),
                },
                ScanIndexForward=False,
                Limit=limit,
            )
        last = answer["LastEvaluatedKey"]["Entry"]["S"] if "LastEvaluatedKey" in answer else None
        return Page(tuple(map(_roll_call, answer["Items"])), last and cursors.encode("rollcall", last))

    def tick(self, rollcall_id: str, person_id: str, tick: Tick) -> Entry:
        """One transaction, on condition that the roll call goes on."""
        is_open = {
            "TableName": self._table,
            "Key": _key(_HEADS, rollcall_id),
            "ConditionExpression": "attribute_exists(RollCallId) AND attribute_not_exists(EndedAt)"
            " AND ExpiresAt > :now",
            "ExpressionAttributeValues": {":now": items.seconds(self._now())},
        }
        added = {
            "TableName": self._table,
            "Key": _key(rollcall_id, person_id),
            "UpdateExpression": "SET Ticks = list_append(if_not_exists(Ticks, :none), :tick),"
            " ExpiresAt = :expires_at",
            "ExpressionAttributeValues": {
                ":none": {"L": []},
                ":tick": {"L": [{"S": tick_text(tick)}]},
                ":expires_at": self._expires_at(rollcall_id),
            },
        }
        changes = [{"ConditionCheck": is_open}, {"Update": added}]
        if transact(self._client, changes, resource=self._name, sleep=self._sleep):
            raise _unmet(self.get(rollcall_id), rollcall_id)
        item = self._item(rollcall_id, person_id)
        return _entry(item) if item else Entry(person_id, ticks=(tick,))

    def end(self, rollcall_id: str, *, at: datetime, by: By) -> RollCall:
        """One conditional update; of several the first counts."""
        with translated(self._name):
            try:
                answer = self._client.update_item(
                    TableName=self._table,
                    Key=_key(_HEADS, rollcall_id),
                    UpdateExpression="SET EndedAt = if_not_exists(EndedAt, :at),"
                    " EndedBy = if_not_exists(EndedBy, :by)",
                    ConditionExpression="attribute_exists(RollCallId) AND ExpiresAt > :now",
                    ExpressionAttributeValues={
                        **items.present(**{":at": items.moment(at)}),
                        ":by": {"S": by_text(by)},
                        ":now": items.seconds(self._now()),
                    },
                    ReturnValues="ALL_NEW",
                )
            except self._client.exceptions.ConditionalCheckFailedException as error:
                raise _unmet(None, rollcall_id) from error
        return _roll_call(answer["Attributes"])

    def mentions(self, person_id: str) -> int:
        """From an index, which follows the table within moments."""
        return len(self._lists_with(person_id))

    def forget(self, person_id: str) -> int:
        """An item each."""
        found = self._lists_with(person_id)
        for rollcall_id in found:
            with translated(self._name):
                self._client.delete_item(TableName=self._table, Key=_key(rollcall_id, person_id))
        return len(found)

    def _lists_with(self, person_id: str) -> tuple[str, ...]:
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            IndexName="person",
            KeyConditionExpression="#Entry = :person",
            ExpressionAttributeNames={"#Entry": "Entry"},
            ExpressionAttributeValues={":person": {"S": person_id}},
        )
        with translated(self._name):
            ids = [item["RollCallId"]["S"] for page in pages for item in page["Items"]]
        return tuple(each for each in ids if each != _HEADS)

    def _item(self, rollcall_id: str, entry: str) -> Item | None:
        with translated(self._name):
            return self._client.get_item(
                TableName=self._table, Key=_key(rollcall_id, entry), ConsistentRead=True
            ).get("Item")

    def _expires_at(self, rollcall_id: str) -> Value:
        return items.seconds(captured_at(rollcall_id) + self._retention)

    @property
    def _name(self) -> str:
        return f"the table {self._table!r}"


def _unmet(roll_call: RollCall | None, rollcall_id: str) -> Exception:
    if roll_call is None:
        return NotFound(f"there is no roll call {rollcall_id!r}")
    return NotPossible("this roll call has ended; start another one")


def _key(rollcall_id: str, entry: str) -> dict[str, Value]:
    return {"RollCallId": {"S": rollcall_id}, "Entry": {"S": entry}}


def _roll_call(item: Item) -> RollCall:
    started_at, ended_by = items.read_moment(item, "StartedAt"), items.read_string(item, "EndedBy")
    assert started_at is not None
    return RollCall(
        item["Entry"]["S"],
        Kind(item["Kind"]["S"]),
        started_at,
        read_by(item["StartedBy"]["S"]),
        items.read_moment(item, "EndedAt"),
        read_by(ended_by) if ended_by else None,
    )


def _entry(item: Item) -> Entry:
    ticks: Any = item["Ticks"]["L"]
    return Entry(
        item["Entry"]["S"],
        items.read_moment(item, "SeenAt"),
        items.read_string(item, "SeenBy"),
        tuple(read_tick(each["S"]) for each in ticks),
    )
