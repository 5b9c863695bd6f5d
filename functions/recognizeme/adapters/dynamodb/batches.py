"""Many items in few requests. A busy table does a part of a batch and leaves the rest: it is sent again."""

import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from recognizeme.adapters.aws import translated
from recognizeme.adapters.dynamodb.items import Item, Value
from recognizeme.domain.errors import ServiceBusy

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# What a request takes (DynamoDB's API reference, BatchGetItem and BatchWriteItem).
_READ_AT_ONCE, _WRITTEN_AT_ONCE = 100, 25
_TRIES = 8
_FIRST_WAIT_S = 0.02


def read(
    client: "DynamoDBClient",
    table: str,
    keys: Sequence[dict[str, Value]],
    *,
    resource: str,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[Item]:
    """Those of the items, named by different keys, that are there, in any order; strongly consistent.

    Raises `ServiceBusy` when the table leaves some of them again and again.
    """
    for start in range(0, len(keys), _READ_AT_ONCE):
        wanted: Any = {table: {"Keys": keys[start : start + _READ_AT_ONCE], "ConsistentRead": True}}
        for wait_s in _waits_s(resource):
            with translated(resource):
                answer = client.batch_get_item(RequestItems=wanted)
            yield from answer["Responses"].get(table, ())
            wanted = answer.get("UnprocessedKeys")
            if not wanted:
                break
            sleep(wait_s)


def write(
    client: "DynamoDBClient",
    table: str,
    items: Sequence[dict[str, Value]],
    *,
    resource: str,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Put all items, each in place of one of its key; others than these see some of them before all.

    Raises `ServiceBusy` as `read` does.
    """
    for start in range(0, len(items), _WRITTEN_AT_ONCE):
        some = items[start : start + _WRITTEN_AT_ONCE]
        wanted: Any = {table: [{"PutRequest": {"Item": item}} for item in some]}
        for wait_s in _waits_s(resource):
            with translated(resource):
                wanted = client.batch_write_item(RequestItems=wanted).get("UnprocessedItems")
            if not wanted:
                break
            sleep(wait_s)


def _waits_s(resource: str) -> Iterator[float]:
    """How long to wait after each try; raises `ServiceBusy` after the last."""
    for attempt in range(_TRIES):
        yield _FIRST_WAIT_S * 2**attempt
    raise ServiceBusy(f"{resource} is busy; try again in a moment")
