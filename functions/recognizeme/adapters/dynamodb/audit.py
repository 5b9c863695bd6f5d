"""The audit log in DynamoDB: a table to which items are added, and from which only time removes them."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Self

from recognizeme.adapters import cursor as cursors
from recognizeme.adapters.aws import make_client, translated, utc_now
from recognizeme.adapters.capture_ids import IdRange, id_range, newest_month_first
from recognizeme.adapters.dynamodb import items
from recognizeme.adapters.dynamodb.items import Item, Value
from recognizeme.domain.audit import AuditLine, AuditQuery, Result
from recognizeme.domain.model import check_capture_id
from recognizeme.domain.ports import Page

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# A page may be short: looking through much that does not fit the filters ends after so many reads.
_MAX_READS = 15
_READ_ITEMS = 500
_CLOCK_AHEAD = timedelta(days=1)


class DynamoDbAuditLog:
    """`AuditLog`: a partition a month; what began has the key `<line_id>#0`, what ended `<line_id>#1`.

    It puts new items and reads: the template gives nobody the permission to do anything else.
    """

    def __init__(
        self,
        client: "DynamoDBClient",
        table: str,
        *,
        retention_days: int,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._client = client
        self._table = table
        self._retention = timedelta(days=retention_days)
        self._now = now

    @classmethod
    def connect(cls, table: str, *, retention_days: int) -> Self:
        """The table in the SDK's region, or at AWS_ENDPOINT_URL_DYNAMODB."""
        return cls(make_client("dynamodb"), table, retention_days=retention_days)

    def append(self, line: AuditLine) -> None:
        """Only where there is none: the SDK's second try of a put whose answer was lost finds its first."""
        there = self._client.exceptions.ConditionalCheckFailedException
        with translated(self._name), suppress(there):
            self._client.put_item(
                TableName=self._table,
                Item=_to_item(line, expires_at=line.at + self._retention),
                ConditionExpression="attribute_not_exists(Line)",
            )

    def query(self, query: AuditQuery, *, limit: int, cursor: str | None = None) -> Page[AuditLine]:
        """By person from an index; else the months backwards, as far as lines are kept."""
        before = check_capture_id(cursors.decode("audit", cursor)) if cursor else None
        found: list[AuditLine] = []
        position, reads = "", 0
        for partition in self._partitions(query, before):
            start: Item | None = None
            while True:
                if reads == _MAX_READS:
                    return Page(tuple(found), cursors.encode("audit", position))
                answer = self._read(partition, query, start)
                reads += 1
                for item in answer["Items"]:
                    line = _from_item(item)
                    if line.line_id == position:
                        continue  # as it began; how it ended has been read before it
                    if len(found) == limit:
                        return Page(tuple(found), cursors.encode("audit", position))
                    found.append(line)
                    position = line.line_id
                start = answer.get("LastEvaluatedKey")
                if not start:
                    break
                position = start["Line"]["S"].partition("#")[0]
        return Page(tuple(found))

    def _partitions(self, query: AuditQuery, before: str | None) -> Iterator[tuple[str, str, IdRange]]:
        now = self._now()
        oldest, newest = now - self._retention, now + _CLOCK_AHEAD
        since, until = max(query.since or oldest, oldest), min(query.until or newest, newest)
        if query.person is None:
            for month, ids in newest_month_first(since, until, before):
                yield "Month", month, ids
        elif ids := id_range(since, until, before):
            yield "Person", query.person, ids

    def _read(self, partition: tuple[str, str, IdRange], query: AuditQuery, start: Item | None) -> Any:
        attribute, key, ids = partition
        wanted = items.present(
            Principal=items.string(query.principal),
            OnBehalfOf=items.string(query.on_behalf_of),
            Action=items.string(query.action),
        )
        condition = f"#{attribute} = :key AND #Line BETWEEN :low AND :high"
        filters = " AND ".join(["#ExpiresAt > :now", *(f"#{name} = :{name}" for name in wanted)])
        more: dict[str, Any] = {"ExclusiveStartKey": start} if start else {}
        if attribute == "Person":
            more["IndexName"] = "person-time"
        else:
            more["ConsistentRead"] = True
        with translated(self._name):
            return self._client.query(
                TableName=self._table,
                KeyConditionExpression=condition,
                FilterExpression=filters,
                ExpressionAttributeNames=items.placeholders(condition, filters),
                ExpressionAttributeValues={
                    ":key": {"S": key},
                    ":low": {"S": ids.low},
                    ":high": {"S": f"{ids.high}$"},  # the next character after #
                    ":now": items.seconds(self._now()),
                    **{f":{name}": value for name, value in wanted.items()},
                },
                ScanIndexForward=False,
                Limit=_READ_ITEMS,
                **more,
            )

    @property
    def _name(self) -> str:
        return f"the table {self._table!r}"


def _to_item(line: AuditLine, *, expires_at: datetime) -> dict[str, Value]:
    part = 0 if line.result is Result.BEGAN else 1
    return items.present(
        Month={"S": f"{line.at:%Y-%m}"},
        Line={"S": f"{line.line_id}#{part}"},
        At=items.moment(line.at),
        Principal={"S": line.principal},
        OnBehalfOf=items.string(line.on_behalf_of),
        Action={"S": line.action},
        Person=items.string(line.person),
        About=_texts(line.about),
        Source={"S": line.source},
        Result={"S": line.result},
        Status=items.number(line.status),
        Detail=_texts(line.detail),
        ExpiresAt=items.seconds(expires_at),
    )


def _from_item(item: Item) -> AuditLine:
    status = items.read_number(item, "Status")
    return AuditLine(
        line_id=item["Line"]["S"].partition("#")[0],
        at=datetime.fromisoformat(item["At"]["S"]),
        principal=item["Principal"]["S"],
        action=item["Action"]["S"],
        result=Result(item["Result"]["S"]),
        source=item["Source"]["S"],
        on_behalf_of=items.read_string(item, "OnBehalfOf"),
        person=items.read_string(item, "Person"),
        about={name: value["S"] for name, value in item["About"]["M"].items()},
        status=None if status is None else int(status),
        detail={name: value["S"] for name, value in item["Detail"]["M"].items()},
    )


def _texts(texts: Mapping[str, str]) -> Value:
    return {"M": {name: {"S": value} for name, value in texts.items()}}
