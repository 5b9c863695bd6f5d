"""Sightings in DynamoDB. A capture id is a UUIDv7: key, order, time range and cursor in one."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Self

from recognizeme.adapters import cursor as cursors
from recognizeme.adapters.aws import make_client, translated, utc_now
from recognizeme.adapters.capture_ids import IdRange, id_range, newest_day_first
from recognizeme.adapters.dynamodb import items, totals
from recognizeme.adapters.dynamodb.items import Item, Value
from recognizeme.adapters.dynamodb.sighting_items import (
    RESULT,
    counted_as,
    from_item,
    identity,
    kiosk_result,
    to_item,
)
from recognizeme.adapters.dynamodb.transactions import transact
from recognizeme.domain.errors import CaptureInProgress, NotFound, ServiceBusy
from recognizeme.domain.model import Capture, Correction, Outcome, Sighting, Status, check_capture_id
from recognizeme.domain.ports import Clock, Page, SightingQuery
from recognizeme.domain.totals import Count

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import QueryOutputTypeDef

# A page costs at most this many reads (below a second) of this many items, and then goes on with its
# cursor. 120 reads walk through every day of the default retention in one page.
_MAX_READS = 120
_READ_ITEMS = 1000

# Kiosks' clocks: how far ahead of ours, and how long a capture may have waited to be handed in.
_CLOCK_AHEAD = timedelta(days=1)
_SPOOLED = timedelta(days=7)

# (index, its hash key, the key's value, the capture ids to read)
Partition = tuple[str, str, str, IdRange]


class DynamoDbSightings:
    """`Sightings` in one table, and their daily totals in another.

    `retention_days` counts from the claim, by our clock: a kiosk whose clock is wrong can neither make its
    sightings vanish nor keep them for ever.
    """

    def __init__(
        self,
        client: "DynamoDBClient",
        table: str,
        *,
        totals_table: str,
        retention_days: int,
        now: Clock = utc_now,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._table = table
        self._totals_table = totals_table
        self._sleep = sleep
        self._retention = timedelta(days=retention_days)
        self._now = now

    @classmethod
    def connect(cls, table: str, *, totals_table: str, retention_days: int) -> Self:
        """The tables in the SDK's region, or at AWS_ENDPOINT_URL_DYNAMODB."""
        client = make_client("dynamodb")
        return cls(client, table, totals_table=totals_table, retention_days=retention_days)

    def claim(self, capture: Capture, *, now: datetime, lease_s: float) -> Sighting:
        """One conditional update: DynamoDB orders the writes of an item, so the condition holds for one.

        The number of calls already paid for stays, so that a second try adds to it.
        """
        expressions = items.update(
            {
                **dict.fromkeys(RESULT),
                **identity(capture, Status.PENDING),
                "Status": {"S": Status.PENDING},
                "ClaimedUntil": _milliseconds(now + timedelta(seconds=lease_s)),
                "ExpiresAt": _seconds(now + self._retention),
            },
            keep={"RekognitionCalls": {"N": "0"}},
            condition="attribute_not_exists(#CaptureId) OR #ExpiresAt <= :now_s OR #Status = :failed"
            " OR (#Status = :pending AND #ClaimedUntil <= :now_ms)",
            given={
                ":now_s": _seconds(now),
                ":now_ms": _milliseconds(now),
                ":failed": {"S": Status.FAILED},
                ":pending": {"S": Status.PENDING},
            },
        )
        with translated(self._name):
            try:
                answer = self._client.update_item(
                    TableName=self._table,
                    Key=_key(capture.capture_id),
                    **expressions,
                    ReturnValues="ALL_NEW",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
            except self._client.exceptions.ConditionalCheckFailedException as error:
                stored = from_item(error.response["Item"])  # type: ignore[typeddict-item]  # unknown to the stubs
            else:
                return from_item(answer["Attributes"])
        if stored.status is Status.DONE:
            return stored
        raise CaptureInProgress("this capture is being recognized right now; ask again in a moment")

    def save(self, sighting: Sighting) -> None:
        """Store the result, unless there is one.

        Whoever claimed a capture may outlive the lease, and who took over may be done before them: the first
        `done` stands, and nothing undoes it. (A late `failed` may end a lease that still runs: that can cost
        a call, never a result.)
        """
        self._store(
            sighting,
            dict.fromkeys(counted_as(sighting), (1, sighting.rekognition_calls)),
            condition="attribute_not_exists(#Status) OR #Status <> :done",
            given={":done": {"S": Status.DONE}},
        )

    def correct(self, sighting: Sighting, correction: Correction) -> None:
        """Replace a result by what a person said. Raises `NotFound` when there is nothing to correct."""
        capture_id = sighting.capture.capture_id
        item = self._item(capture_id)
        if item is None:
            raise NotFound(f"there is no sighting {capture_id}")
        # What it was counted as; those saved before there were totals are not, until `count_uncounted`.
        was = items.read_string(item, "Result")
        counts = Counter(counted_as(sighting))
        if was in set(Outcome):
            counts[Outcome(was)] -= 1
        corrected = replace(sighting, correction=correction)
        calls = sighting.rekognition_calls
        if not self._store(
            corrected,
            {outcome: (number, number * calls) for outcome, number in counts.items() if number},
            condition="#Result = :was"
            if was
            else "attribute_exists(#Status) AND attribute_not_exists(#Result)",
            given={":was": {"S": was}} if was else None,
        ):
            raise ServiceBusy("this sighting is being changed by somebody else; try again in a moment")

    def _store(
        self,
        sighting: Sighting,
        counted: Mapping[Outcome, tuple[int, int]],
        *,
        condition: str,
        given: dict[str, Value] | None = None,
    ) -> bool:
        expressions = items.update(
            {**to_item(sighting), "ClaimedUntil": None},
            keep={"ExpiresAt": _seconds(self._now() + self._retention)},
            condition=condition,
            given=given,
        )
        if not counted:
            return self._update(sighting.capture.capture_id, expressions)
        update = {"TableName": self._table, "Key": _key(sighting.capture.capture_id), **expressions}
        changes = [{"Update": update}, totals.change(self._totals_table, sighting.capture, counted)]
        return not transact(self._client, changes, resource=self._name, sleep=self._sleep)

    def _update(self, capture_id: str, expressions: dict[str, Any]) -> bool:
        with translated(self._name):
            try:
                self._client.update_item(TableName=self._table, Key=_key(capture_id), **expressions)
            except self._client.exceptions.ConditionalCheckFailedException:
                return False
        return True

    def get(self, capture_id: str) -> Sighting | None:
        """A strongly consistent read: a kiosk asks right after the result was written."""
        item = self._item(capture_id)
        # DynamoDB deletes expired items hours or days late.
        if item is None or float(item["ExpiresAt"]["N"]) <= self._now().timestamp():
            return None
        return from_item(item)

    def _item(self, capture_id: str) -> Item | None:
        with translated(self._name):
            return self._client.get_item(
                TableName=self._table, Key=_key(capture_id), ConsistentRead=True
            ).get("Item")

    def counts(self, first: date, last: date) -> Iterator[Count]:
        """The totals, by month; and what the index by result finds that is not done, which is never much."""
        yield from totals.read(self._client, self._totals_table, first, last)
        ids = id_range(_midnight(first), _midnight(last + timedelta(days=1)))
        for status in (Status.PENDING, Status.FAILED):
            number: Counter[tuple[date, str]] = Counter()
            calls: Counter[tuple[date, str]] = Counter()
            start: Item | None = None
            while True:
                partition = ("result-time", "Result", str(status), ids)
                answer = self._read(partition, {}, self._now(), limit=_READ_ITEMS, start=start)
                for sighting in map(from_item, answer["Items"]):
                    key = sighting.capture.captured_at.date(), sighting.capture.kiosk_id
                    number[key] += 1
                    calls[key] += sighting.rekognition_calls
                start = answer.get("LastEvaluatedKey")
                if not start:
                    break
            for key, sightings in number.items():
                yield Count(*key, status, sightings, calls[key])

    def query(self, query: SightingQuery, *, limit: int, cursor: str | None = None) -> Page[Sighting]:
        """Newest first, from the index that fits best; what it cannot tell apart is filtered.

        A page may be short and still have a cursor: it stops after 120 reads. Without person and kiosk the
        days are walked backwards, from a day ahead of our clock to a week before the retention's beginning;
        a capture whose kiosk's clock was further off is found by person, kiosk or id only.
        """
        now = self._now()
        # Only a person's sightings, which are few, are looked through; the rest has an index for each filter.
        filtered = {"Outcome": query.outcome, "KioskId": query.kiosk_id} if query.person_id else {}
        wanted = items.present(**{name: items.string(value) for name, value in filtered.items()})
        before = check_capture_id(cursors.decode("sightings", cursor)) if cursor else None
        found: list[Sighting] = []
        reads, position = 0, ""
        for partition in self._partitions(query, before, now):
            start: Item | None = None
            while True:
                if reads == _MAX_READS:
                    return Page(tuple(found), _cursor(position))
                answer = self._read(partition, wanted, now, limit=limit, start=start)
                reads += 1
                found += map(from_item, answer["Items"])
                if len(found) > limit:
                    return Page(tuple(found[:limit]), _cursor(found[limit - 1].capture.capture_id))
                start = answer.get("LastEvaluatedKey")
                position = start["CaptureId"]["S"] if start else partition[3].low
                if not start:
                    break
        return Page(tuple(found))

    def _partitions(self, query: SightingQuery, before: str | None, now: datetime) -> Iterator[Partition]:
        if query.person_id is None and query.kiosk_id is None and query.outcome is None:
            oldest, newest = now - self._retention - _SPOOLED, now + _CLOCK_AHEAD
            since, until = max(query.since or oldest, oldest), min(query.until or newest, newest)
            for day, ids in newest_day_first(since, until, before):
                yield "day-time", "Day", day, ids
        elif ids := id_range(query.since, query.until, before):
            yield *_index(query), ids

    def _read(
        self,
        partition: Partition,
        wanted: Mapping[str, Value],
        now: datetime,
        *,
        limit: int,
        start: Item | None,
    ) -> "QueryOutputTypeDef":
        index, attribute, key, ids = partition
        condition = f"#{attribute} = :key AND #CaptureId BETWEEN :low AND :high"
        filters = " AND ".join(["#ExpiresAt > :now", *(f"#{name} = :{name}" for name in wanted)])
        more: dict[str, Any] = {"ExclusiveStartKey": start} if start else {}
        with translated(self._name):
            return self._client.query(
                TableName=self._table,
                IndexName=index,
                KeyConditionExpression=condition,
                FilterExpression=filters,
                ExpressionAttributeNames=items.placeholders(condition, filters),
                ExpressionAttributeValues={
                    ":key": {"S": key},
                    ":low": {"S": ids.low},
                    ":high": {"S": ids.high},
                    ":now": _seconds(now),
                    **{f":{name}": value for name, value in wanted.items()},
                },
                ScanIndexForward=False,
                # A limit counts items before they are filtered.
                Limit=_READ_ITEMS if wanted else limit + 1,
                **more,
            )

    def forget(self, person_id: str) -> tuple[str, ...]:
        """Take the person out of every sighting, also out of what a correction replaced.

        The indexes follow the table within moments, not at once, so the passes go on until one changes
        nothing; a sighting saved at the very same time may stay behind, and calling again finds it.
        Returns the keys of the pictures that show the person, not of those corrected to somebody else.
        """
        photo_keys: dict[str, None] = {}
        while changed := self._forget_once(person_id):
            photo_keys |= dict.fromkeys(key for key in changed.values() if key)
        return tuple(photo_keys)

    def _forget_once(self, person_id: str) -> dict[str, str | None]:
        changed: dict[str, str | None] = {}
        for item in self._of_person("was-person", "WasPersonId", person_id):
            if self._remove(item, "WasPersonId", person_id):
                changed[item["CaptureId"]["S"]] = None
        for item in self._of_person("person-time", "PersonId", person_id):
            if self._remove(item, "PersonId", person_id, "Name"):
                changed[item["CaptureId"]["S"]] = items.read_string(item, "PhotoKey")
        return changed

    def _of_person(self, index: str, attribute: str, person_id: str) -> Iterator[Item]:
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            IndexName=index,
            KeyConditionExpression=f"{attribute} = :person",
            ExpressionAttributeValues={":person": {"S": person_id}},
        )
        with translated(self._name):
            for page in pages:
                yield from page["Items"]

    def _remove(self, item: Item, attribute: str, person_id: str, *with_it: str) -> bool:
        return self._update(
            item["CaptureId"]["S"],
            items.update(
                dict.fromkeys((attribute, *with_it)),
                condition=f"#{attribute} = :person",
                given={":person": {"S": person_id}},
            ),
        )

    @property
    def _name(self) -> str:
        return f"the table {self._table!r}"


def _index(query: SightingQuery) -> tuple[str, str, str]:
    """The index that fits best, its hash key and the key's value."""
    if query.person_id is not None:
        return "person-time", "PersonId", query.person_id
    if query.kiosk_id is None:
        return "result-time", "Result", str(query.outcome)
    if query.outcome is None:
        return "kiosk-time", "KioskId", query.kiosk_id
    return "kiosk-result-time", "KioskResult", kiosk_result(query.kiosk_id, query.outcome)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _key(capture_id: str) -> dict[str, Value]:
    return {"CaptureId": {"S": capture_id}}


def _cursor(position: str) -> str:
    return cursors.encode("sightings", position)


def _milliseconds(moment: datetime) -> Value:
    return {"N": str(int(moment.timestamp() * 1000))}


def _seconds(moment: datetime) -> Value:
    return {"N": str(int(moment.timestamp()))}
