"""Daily totals as items: one a day and kiosk, with two numbers for each outcome
and group, in a partition a month.
"""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from recognizeme.adapters.aws import translated
from recognizeme.adapters.capture_ids import midnight
from recognizeme.adapters.dynamodb import items
from recognizeme.domain.model import Capture, Outcome
from recognizeme.domain.totals import TOTAL_DAYS, Count

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_SIGHTINGS, _CALLS = "{}", "{}-calls"


def change(table: str, capture: Capture, changes: Mapping[str, tuple[int, int]]) -> Any:
    """The part of a transaction that counts so many more sightings, and calls for them, by `counted_as`."""
    day = capture.captured_at.date()
    names: dict[str, str] = {"#ExpiresAt": "ExpiresAt"}
    values = {":expires_at": items.seconds(midnight(day) + timedelta(days=TOTAL_DAYS))}
    adds: list[str] = []
    for counted, numbers in changes.items():
        for form, number in zip((_SIGHTINGS, _CALLS), numbers, strict=True):
            place = f"n{len(adds)}"
            names[f"#{place}"] = form.format(counted)
            values[f":{place}"] = {"N": str(number)}
            adds.append(f"#{place} :{place}")
    return {
        "Update": {
            "TableName": table,
            "Key": {"Month": {"S": f"{day:%Y-%m}"}, "DayKiosk": {"S": f"{day:%Y-%m-%d}#{capture.kiosk_id}"}},
            "UpdateExpression": f"SET #ExpiresAt = :expires_at ADD {', '.join(adds)}",
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": values,
        }
    }


def read(
    client: "DynamoDBClient", table: str, first: date, last: date, counted: Mapping[str, Outcome]
) -> Iterator[Count]:
    """What was counted so on the days from `first` to `last`: a query for each month."""
    for month in _months(first, last):
        pages = client.get_paginator("query").paginate(
            TableName=table,
            KeyConditionExpression="#Month = :month AND DayKiosk BETWEEN :first AND :last",
            ExpressionAttributeNames={"#Month": "Month"},
            ExpressionAttributeValues={
                ":month": {"S": month},
                ":first": {"S": f"{first:%Y-%m-%d}"},
                ":last": {"S": f"{last:%Y-%m-%d}$"},  # the next character after #
            },
            ConsistentRead=True,
        )
        with translated(f"the table {table!r}"):
            for page in pages:
                for item in page["Items"]:
                    yield from _counts(item, counted)


def _counts(item: items.Item, counted: Mapping[str, Outcome]) -> Iterator[Count]:
    day, _, kiosk_id = item["DayKiosk"]["S"].partition("#")
    for name, outcome in counted.items():
        sightings = int(items.read_number(item, _SIGHTINGS.format(name)) or 0)
        if sightings:
            calls = int(items.read_number(item, _CALLS.format(name)) or 0)
            yield Count(date.fromisoformat(day), kiosk_id, outcome, sightings, calls)


def _months(first: date, last: date) -> Iterator[str]:
    month = first.replace(day=1)
    while month <= last:
        yield f"{month:%Y-%m}"
        month = (month + timedelta(days=31)).replace(day=1)
