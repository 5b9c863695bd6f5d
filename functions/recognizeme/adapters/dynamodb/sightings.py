"""Sightings in DynamoDB. A capture id is a UUIDv7: key, order, time range and cursor in one."""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Self

from recognizeme.adapters import cursor as cursors
from recognizeme.adapters.aws import make_client, translated, utc_now
from recognizeme.adapters.capture_ids import (
    IdRange,
    id_range,
    id_range_of_days,
    newest_month_first,
)
from recognizeme.adapters.dynamodb import items, totals
from recognizeme.adapters.dynamodb.items import Item, Value
from recognizeme.adapters.dynamodb.sighting_items import (
    RESULT,
    capture_of,
    counted_as,
    from_item,
    identity,
    kiosk_result,
    of_group,
    pass_day,
    pointer,
    pointers,
    to_item,
)
from recognizeme.adapters.dynamodb.transactions import transact
from recognizeme.domain.errors import CallsSpent, CaptureInProgress, NotFound, PersonGone, ServiceBusy
from recognizeme.domain.model import Capture, Correction, Outcome, Sighting, Status, Trace, check_capture_id
from recognizeme.domain.ports import Clock, Page, SightingQuery
from recognizeme.domain.presence import Pass
from recognizeme.domain.totals import Count

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import QueryOutputTypeDef

# A page costs at most this many reads (a tenth of a second) of this many items, and then goes on with its
# cursor. They walk through every month of a year in one page.
_MAX_READS = 15
_READ_ITEMS = 1000

# Who forgets somebody meets others who change the same sighting.
_TRIES = 8

# What no correction changes.
_KEPT = frozenset({"Decision", "Candidates", "StrangerId", "Ignored"})

# Kiosks' clocks: how far ahead of ours, and how long a capture may have waited to be handed in.
_CLOCK_AHEAD = timedelta(days=1)
_SPOOLED = timedelta(days=7)

# (index, its hash key, the key's value, the capture ids to read)
Partition = tuple[str, str, str, IdRange]


class DynamoDbSightings:
    """`Sightings` in one table, and their daily totals in another.

    `retention_days` counts from the claim, by our clock: a kiosk whose clock is wrong can neither make its
    sightings vanish nor keep them for ever. Whoever a sighting names must be in `people_table`.
    """

    def __init__(
        self,
        client: "DynamoDBClient",
        table: str,
        *,
        totals_table: str,
        people_table: str,
        retention_days: int,
        now: Clock = utc_now,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._table = table
        self._totals_table = totals_table
        self._people_table = people_table
        self._sleep = sleep
        self._retention = timedelta(days=retention_days)
        self._now = now

    @classmethod
    def connect(cls, table: str, *, totals_table: str, people_table: str, retention_days: int) -> Self:
        """The tables in the SDK's region, or at AWS_ENDPOINT_URL_DYNAMODB."""
        return cls(
            make_client("dynamodb"),
            table,
            totals_table=totals_table,
            people_table=people_table,
            retention_days=retention_days,
        )

    def claim(self, capture: Capture, *, now: datetime, lease_s: float) -> Sighting:
        """One conditional update: DynamoDB orders the writes of an item, so the condition holds for one.

        The number of calls already paid for stays, so that a second try adds to it.
        """
        expressions = items.update(
            {
                **dict.fromkeys(RESULT),
                **identity(capture, Status.PENDING),
                "Status": {"S": Status.PENDING},
                "ClaimedUntil": items.milliseconds(now + timedelta(seconds=lease_s)),
                "ExpiresAt": items.seconds(now + self._retention),
            },
            keep={"RekognitionCalls": {"N": "0"}},
            condition="attribute_not_exists(#CaptureId) OR #ExpiresAt <= :now_s OR #Status = :failed"
            " OR (#Status = :pending AND (#ClaimedUntil <= :now_ms OR #ClaimedUntil > :longest))",
            given={
                ":now_s": items.seconds(now),
                ":now_ms": items.milliseconds(now),
                ":longest": items.milliseconds(now + timedelta(seconds=2 * lease_s)),
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

    def begin_call(self, capture_id: str, *, most: int) -> int:
        """One conditional update."""
        with translated(self._name):
            try:
                answer = self._client.update_item(
                    TableName=self._table,
                    Key=_key(capture_id),
                    UpdateExpression="ADD #RekognitionCalls :one",
                    ConditionExpression="#Status = :pending AND #RekognitionCalls < :most",
                    ExpressionAttributeNames={"#RekognitionCalls": "RekognitionCalls", "#Status": "Status"},
                    ExpressionAttributeValues={
                        ":one": {"N": "1"},
                        ":most": {"N": str(most)},
                        ":pending": {"S": Status.PENDING},
                    },
                    ReturnValues="UPDATED_NEW",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
            except self._client.exceptions.ConditionalCheckFailedException as error:
                stored: Any = error.response.get("Item")
                if stored and stored["Status"]["S"] == Status.PENDING:
                    raise CallsSpent(
                        f"Rekognition was asked {most} times about this capture, without an answer"
                    ) from error
                raise CaptureInProgress(
                    "somebody else has decided this capture; ask for its sighting"
                ) from error
        return int(answer["Attributes"]["RekognitionCalls"]["N"])

    def cancel_call(self, capture_id: str) -> None:
        """One conditional update."""
        with translated(self._name), suppress(self._client.exceptions.ConditionalCheckFailedException):
            self._client.update_item(
                TableName=self._table,
                Key=_key(capture_id),
                UpdateExpression="ADD #RekognitionCalls :less",
                ConditionExpression="#Status = :pending AND #RekognitionCalls > :none",
                ExpressionAttributeNames={"#RekognitionCalls": "RekognitionCalls", "#Status": "Status"},
                ExpressionAttributeValues={
                    ":less": {"N": "-1"},
                    ":none": {"N": "0"},
                    ":pending": {"S": Status.PENDING},
                },
            )

    def begin_calls_of_unknown(self, capture: Capture, calls: int, *, most: int) -> bool:
        """One transaction with the totals, which count it with the sighting's others."""
        condition = "#Outcome = :unknown AND #RekognitionCalls <= :most"
        expression = "ADD #RekognitionCalls :calls"
        call = {
            "TableName": self._table,
            "Key": _key(capture.capture_id),
            "UpdateExpression": expression,
            "ConditionExpression": condition,
            "ExpressionAttributeNames": items.placeholders(expression, condition),
            "ExpressionAttributeValues": {
                ":calls": {"N": str(calls)},
                ":most": {"N": str(most - calls)},
                ":unknown": {"S": Outcome.UNKNOWN},
            },
        }
        counted = totals.change(self._totals_table, capture, {str(Outcome.UNKNOWN): (0, calls)})
        if not transact(self._client, [{"Update": call}, counted], resource=self._name, sleep=self._sleep):
            return True
        item = self._item(capture.capture_id)
        if item and items.read_string(item, "Outcome") == Outcome.UNKNOWN:
            raise CallsSpent(f"Rekognition was asked {most} times about this capture")
        return False

    def set_stranger(self, capture_id: str, stranger_id: str) -> bool:
        """One conditional update."""
        return self._update(
            capture_id,
            items.update(
                {"StrangerId": {"S": stranger_id}},
                condition="#Outcome = :unknown AND attribute_exists(#PhotoKey)",
                given={":unknown": {"S": Outcome.UNKNOWN}},
            ),
        )

    def save(self, sighting: Sighting) -> bool:
        """Store the result, unless there is one.

        Whoever claimed a capture may outlive the lease, and who took over may be done before them: the first
        `done` stands, and nothing undoes it. (A late `failed` may end a lease that still runs: that can cost
        a call, never a result.)
        """
        values = {name: value for name, value in to_item(sighting).items() if name != "RekognitionCalls"}
        calls = sighting.rekognition_calls
        # On condition that these are all calls, so that the totals count those of somebody else, too.
        while not self._store(
            sighting,
            values,
            dict.fromkeys(counted_as(sighting), (1, calls)),
            keep={"RekognitionCalls": {"N": str(calls)}},
            condition="attribute_not_exists(#Status) OR #Status <> :done AND #RekognitionCalls = :calls",
            given={":done": {"S": Status.DONE}, ":calls": {"N": str(calls)}},
            beside=[self._pointer(key, person_id) for person_id, key in pointers(sighting).items()],
        ):
            item = self._item(sighting.capture.capture_id)
            if item and item["Status"]["S"] == Status.DONE:
                return False
            calls = int(item["RekognitionCalls"]["N"]) if item else sighting.rekognition_calls
        return True

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
            counts[was] -= 1
            counts.subtract(map(of_group, from_item(item).groups))
        calls = sighting.rekognition_calls
        corrected = to_item(replace(sighting, correction=correction))
        if not self._store(
            sighting,
            {name: value for name, value in corrected.items() if name not in _KEPT},
            {counted: (number, number * calls) for counted, number in counts.items() if number},
            condition="#Result = :was"
            if was
            else "attribute_exists(#Status) AND attribute_not_exists(#Result)",
            given={":was": {"S": was}} if was else None,
        ):
            raise ServiceBusy("this sighting is being changed by somebody else; try again in a moment")

    def _store(
        self,
        sighting: Sighting,
        values: Mapping[str, Value | None],
        counted: Mapping[str, tuple[int, int]],
        *,
        condition: str,
        keep: Mapping[str, Value] | None = None,
        given: dict[str, Value] | None = None,
        beside: Sequence[Any] = (),
    ) -> bool:
        expressions = items.update(
            {**values, "ClaimedUntil": None},
            keep={"ExpiresAt": items.seconds(self._now() + self._retention), **(keep or {})},
            condition=condition,
            given=given,
        )
        capture = sighting.capture
        changes: list[Any] = [
            {"Update": {"TableName": self._table, "Key": _key(capture.capture_id), **expressions}}
        ]
        if counted:
            changes.append(totals.change(self._totals_table, capture, counted))
        if sighting.person_id is not None:
            exists = {
                "TableName": self._people_table,
                "Key": {"PersonId": {"S": sighting.person_id}},
                "ConditionExpression": "attribute_exists(PersonId)",
            }
            changes.append({"ConditionCheck": exists})
        changes += beside
        if len(changes) == 1:
            return self._update(capture.capture_id, expressions)
        unmet = transact(self._client, changes, resource=self._name, sleep=self._sleep)
        if unmet and 0 not in unmet:
            raise PersonGone("the person was forgotten meanwhile")
        return not unmet

    def _pointer(self, key: str, person_id: str) -> Any:
        """The part of a transaction that lets a person's sightings be found where they were considered."""
        expires_at = items.seconds(self._now() + self._retention)
        values = items.update({"MentionsId": {"S": person_id}, "ExpiresAt": expires_at})
        return {"Update": {"TableName": self._table, "Key": _key(key), **values}}

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

    def counts(self, first: date, last: date, *, group: str | None = None) -> Iterator[Count]:
        """The totals, by month; and what the index by result finds that is not done, which is never much."""
        if group is not None:
            counted = {of_group(group): Outcome.RECOGNIZED}
            yield from totals.read(self._client, self._totals_table, first, last, counted)
            return
        yield from totals.read(self._client, self._totals_table, first, last, {str(o): o for o in Outcome})
        ids = id_range_of_days(first, last)
        for status in (Status.PENDING, Status.FAILED):
            number: Counter[tuple[date, str]] = Counter()
            calls: Counter[tuple[date, str]] = Counter()
            start: Item | None = None
            while True:
                partition = ("result-time", "Result", str(status), ids)
                answer = self._read(partition, {}, None, self._now(), limit=_READ_ITEMS, start=start)
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

        A page may be short and still have a cursor: it stops after 15 reads. Without person and kiosk the
        months are walked backwards, from a day ahead of our clock to a week before the retention's beginning;
        a capture whose kiosk's clock was further off is found by person, kiosk or id only.
        """
        if query.merged:
            return self._of_merged(query, limit, cursor)
        now = self._now()
        if query.group and query.outcome is None:
            query = replace(query, outcome=Outcome.RECOGNIZED)  # nobody else is in a group
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
                answer = self._read(partition, wanted, query.group, now, limit=limit, start=start)
                reads += 1
                found += map(from_item, answer["Items"])
                if len(found) > limit:
                    return Page(tuple(found[:limit]), _cursor(found[limit - 1].capture.capture_id))
                start = answer.get("LastEvaluatedKey")
                position = start["CaptureId"]["S"] if start else partition[3].low
                if not start:
                    break
        return Page(tuple(found))

    def passes(self, since: datetime, until: datetime) -> Iterator[Pass]:
        """From an index of small entries, moments late; those of a day are read from the newest on."""
        ids = id_range(since, until)
        day, first = until.astimezone(UTC).date(), since.astimezone(UTC).date()
        while ids and day >= first:
            pages = self._client.get_paginator("query").paginate(
                TableName=self._table,
                IndexName="passes",
                KeyConditionExpression="PassDay = :day AND CaptureId BETWEEN :low AND :high",
                ExpressionAttributeValues={
                    ":day": {"S": pass_day(day)},
                    ":low": {"S": ids.low},
                    ":high": {"S": ids.high},
                },
                ScanIndexForward=False,
            )
            with translated(self._name):
                for page in pages:
                    for item in page["Items"]:
                        yield Pass(item["CaptureId"]["S"], item["PersonId"]["S"], item["KioskId"]["S"])
            day -= timedelta(days=1)

    def _of_merged(self, query: SightingQuery, limit: int, cursor: str | None) -> Page[Sighting]:
        """What was asked of each of several people, put in order, as far as all of them have been read."""
        pages = [
            self.query(replace(query, person_id=person_id, merged=()), limit=limit, cursor=cursor)
            for person_id in (query.person_id, *query.merged)
        ]
        ends = (cursors.decode("sightings", page.next_cursor) for page in pages if page.next_cursor)
        read_to = max(ends, default="")
        found = sorted((each for page in pages for each in page.items), key=_capture_id, reverse=True)
        found = [each for each in found if _capture_id(each) >= read_to]
        if len(found) > limit:
            return Page(tuple(found[:limit]), _cursor(_capture_id(found[limit - 1])))
        return Page(tuple(found), _cursor(read_to) if read_to else None)

    def _partitions(self, query: SightingQuery, before: str | None, now: datetime) -> Iterator[Partition]:
        if query.person_id is None and query.kiosk_id is None and query.outcome is None:
            oldest, newest = now - self._retention - _SPOOLED, now + _CLOCK_AHEAD
            since, until = max(query.since or oldest, oldest), min(query.until or newest, newest)
            for month, ids in newest_month_first(since, until, before):
                yield "month-time", "Month", month, ids
        elif ids := id_range(query.since, query.until, before):
            yield *_index(query), ids

    def _read(
        self,
        partition: Partition,
        wanted: Mapping[str, Value],
        group: str | None,
        now: datetime,
        *,
        limit: int,
        start: Item | None,
    ) -> "QueryOutputTypeDef":
        index, attribute, key, ids = partition
        condition = f"#{attribute} = :key AND #CaptureId BETWEEN :low AND :high"
        filters = " AND ".join(["#ExpiresAt > :now", *(f"#{name} = :{name}" for name in wanted)])
        if group:
            filters += " AND contains(#Groups, :group)"
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
                    ":now": items.seconds(now),
                    **{f":{name}": value for name, value in wanted.items()},
                    **({":group": {"S": group}} if group else {}),
                },
                ScanIndexForward=False,
                # A limit counts items before they are filtered.
                Limit=_READ_ITEMS if wanted or group else limit + 1,
                **more,
            )

    def drop_picture(self, capture_id: str) -> None:
        """One update, unless the sighting was corrected meanwhile."""
        self._update(
            capture_id,
            items.update(
                {"PhotoKey": None, "PictureSha256": None, "StrangerId": None},
                condition="#Outcome = :unknown",
                given={":unknown": {"S": Outcome.UNKNOWN}},
            ),
        )

    def traces(self, person_id: str) -> Iterator[Trace]:
        """From the indexes, which follow the table within moments, not at once."""
        found: set[str] = set()
        for item in self._of_person("person-time", "PersonId", person_id):
            found.add(item["CaptureId"]["S"])
            yield Trace(item["CaptureId"]["S"], is_shown=True)
        for index, attribute in (("was-person", "WasPersonId"), ("mentions", "MentionsId")):
            for item in self._of_person(index, attribute, person_id):
                capture_id = capture_of(item["CaptureId"]["S"])
                if capture_id not in found:
                    found.add(capture_id)
                    yield Trace(capture_id, is_shown=False)

    def mentions(self, person_id: str) -> int:
        """Whatever the indexes name, looked at in the table: they may be moments late."""
        return sum(self._still_mentions(trace.capture_id, person_id) for trace in self.traces(person_id))

    def _still_mentions(self, capture_id: str, person_id: str) -> bool:
        item = self._item(capture_id) or {}
        return (
            person_id in (items.read_string(item, "PersonId"), items.read_string(item, "WasPersonId"))
            or ("Candidates" in item and person_id in item["Candidates"]["M"])
            or self._item(pointer(capture_id, person_id)) is not None
        )

    def forget(self, person_id: str, traces: Iterable[Trace]) -> int:
        """One conditional update each, and the pointer that led there, last."""
        forgotten = 0
        for trace in traces:
            forgotten += self._forget(person_id, trace)
            with translated(self._name):
                self._client.delete_item(
                    TableName=self._table, Key=_key(pointer(trace.capture_id, person_id))
                )
        return forgotten

    def _forget(self, person_id: str, trace: Trace) -> bool:
        for _ in range(_TRIES):
            item = self._item(trace.capture_id) or {}
            removed, conditions = [], []
            if trace.is_shown and items.read_string(item, "PersonId") == person_id:
                removed += ["#PersonId", "#PassDay", "#Name", "#Groups", "#PhotoKey", "#PictureSha256"]
                removed.append("#StrangerId")
                conditions.append("#PersonId = :person")
            if items.read_string(item, "WasPersonId") == person_id:
                removed.append("#WasPersonId")
                conditions.append("#WasPersonId = :person")
            if "Candidates" in item and person_id in item["Candidates"]["M"]:
                removed.append("#Candidates.#_person")
                conditions.append("attribute_exists(#Candidates.#_person)")
            if not removed:
                return False
            expression, condition = f"REMOVE {', '.join(removed)}", " AND ".join(conditions)
            names = items.placeholders(expression, condition)
            values = {":person": {"S": person_id}} if ":person" in condition else None
            update = {
                "UpdateExpression": expression,
                "ConditionExpression": condition,
                "ExpressionAttributeNames": {
                    key: person_id if key == "#_person" else name for key, name in names.items()
                },
                **({"ExpressionAttributeValues": values} if values else {}),
            }
            if self._update(trace.capture_id, update):
                return True
        raise ServiceBusy(f"{self._name} is busy; try again in a moment")

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

    @property
    def _name(self) -> str:
        return f"the table {self._table!r}"


def _capture_id(sighting: Sighting) -> str:
    return sighting.capture.capture_id


def _index(query: SightingQuery) -> tuple[str, str, str]:
    """The index that fits best, its hash key and the key's value."""
    if query.person_id is not None:
        return "person-time", "PersonId", query.person_id
    if query.kiosk_id is None:
        return "result-time", "Result", str(query.outcome)
    if query.outcome is None:
        return "kiosk-time", "KioskId", query.kiosk_id
    return "kiosk-result-time", "KioskResult", kiosk_result(query.kiosk_id, query.outcome)


def _key(capture_id: str) -> dict[str, Value]:
    return {"CaptureId": {"S": capture_id}}


def _cursor(position: str) -> str:
    return cursors.encode("sightings", position)
