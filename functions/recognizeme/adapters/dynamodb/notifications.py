"""Rules and messages in DynamoDB: one table, whose items are of three kinds."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Self

from recognizeme.adapters.aws import make_client, translated
from recognizeme.adapters.dynamodb import items
from recognizeme.adapters.dynamodb.items import Item, Value
from recognizeme.adapters.dynamodb.transactions import transact
from recognizeme.adapters.notification_records import notice_text, read_notice, read_rule, rule_text
from recognizeme.domain.notifications import NOTICE_DAYS, Last, Notice, Rule

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_RULE, _NOTICE, _LAST = "rule", "notice", "last"
_NEW, _IS_LAST = 0, 1  # the two conditions of a transaction


class DynamoDbNotifications:
    """`Notifications`: messages, and which was the last about somebody, expire."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    @classmethod
    def connect(cls, table: str) -> Self:
        """The table in the SDK's region, or at AWS_ENDPOINT_URL_DYNAMODB."""
        return cls(make_client("dynamodb"), table)

    def rules(self) -> tuple[Rule, ...]:
        """A strongly consistent query."""
        return tuple(read_rule(item["Id"]["S"], item["Text"]["S"]) for item in self._query(_RULE))

    def put_rule(self, rule: Rule) -> None:
        """Its item."""
        with translated(self._name):
            self._client.put_item(
                TableName=self._table, Item={**_key(_RULE, rule.rule_id), "Text": {"S": rule_text(rule)}}
            )

    def remove_rule(self, rule_id: str) -> None:
        """Its item."""
        with translated(self._name):
            self._client.delete_item(TableName=self._table, Key=_key(_RULE, rule_id))

    def last(self, rule_id: str, about: str) -> Last | None:
        """A strongly consistent read."""
        item = self._item(_LAST, f"{rule_id} {about}")
        if item is None:
            return None
        return Last(item["NoticeId"]["S"], datetime.fromisoformat(item["DecidedAt"]["S"]))

    def add(self, notice: Notice, *, after: Last | None) -> bool:
        """One transaction of two items."""
        is_last = "#NoticeId = :last" if after else "attribute_not_exists(#NoticeId)"
        given: dict[str, Value] = {":last": {"S": after.notice_id}} if after else {}
        last = {
            **_key(_LAST, f"{notice.rule_id} {notice.about}"),
            "NoticeId": {"S": notice.notice_id},
            "DecidedAt": items.moment(notice.decided_at),
            "ExpiresAt": _expiry(notice),
        }
        new = {
            "TableName": self._table,
            "Item": _item(notice),
            "ConditionExpression": "attribute_not_exists(#Id)",
            "ExpressionAttributeNames": {"#Id": "Id"},
        }
        become_last = {
            "TableName": self._table,
            "Item": last,
            "ConditionExpression": is_last,
            "ExpressionAttributeNames": {"#NoticeId": "NoticeId"},
            **({"ExpressionAttributeValues": given} if given else {}),
        }
        unmet = transact(self._client, [{"Put": new}, {"Put": become_last}], resource=self._name)
        return not unmet or (_NEW in unmet and _IS_LAST not in unmet)

    def get(self, notice_id: str) -> Notice | None:
        """A strongly consistent read."""
        item = self._item(_NOTICE, notice_id)
        return _notice(item) if item else None

    def update(self, notice: Notice) -> None:
        """Its item."""
        with translated(self._name):
            self._client.put_item(TableName=self._table, Item=_item(notice))

    def newest(self, *, limit: int) -> tuple[Notice, ...]:
        """Ids begin with UUIDv7s: they sort by time."""
        return tuple(map(_notice, self._query(_NOTICE, newest=limit)))

    def _query(self, kind: str, *, newest: int | None = None) -> list[Item]:
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="#Kind = :kind",
            ExpressionAttributeNames={"#Kind": "Kind"},
            ExpressionAttributeValues={":kind": {"S": kind}},
            ConsistentRead=True,
            ScanIndexForward=newest is None,
            PaginationConfig={"MaxItems": newest} if newest else {},
        )
        with translated(self._name):
            return [item for page in pages for item in page["Items"]]

    def _item(self, kind: str, name: str) -> Item | None:
        with translated(self._name):
            answer = self._client.get_item(TableName=self._table, Key=_key(kind, name), ConsistentRead=True)
        return answer.get("Item")

    @property
    def _name(self) -> str:
        return f"the table {self._table!r}"


def _key(kind: str, name: str) -> dict[str, Value]:
    return {"Kind": {"S": kind}, "Id": {"S": name}}


def _expiry(notice: Notice) -> Value:
    return items.seconds(notice.decided_at + timedelta(days=NOTICE_DAYS))


def _item(notice: Notice) -> dict[str, Value]:
    text: Value = {"S": notice_text(notice)}
    return {**_key(_NOTICE, notice.notice_id), "Text": text, "ExpiresAt": _expiry(notice)}


def _notice(item: Item) -> Notice:
    return read_notice(item["Id"]["S"], item["Text"]["S"])
