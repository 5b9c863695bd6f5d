"""Copy what a restored table holds and the live table lacks back into the live table.

usage: python -m tests.cloud.copy_back employees_people_restored employees_people [--only ada --only grace]
What exists in the live table stays as it is, and what has expired is left out.
"""

import argparse
import sys
import time
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

_AT_ONCE = 10  # connections that a client keeps
_KEPT, _EXPIRED, _COPIED = "kept", "expired", "copied"


@dataclass(frozen=True)
class Copied:
    """How many items were copied, existed already, and had expired."""

    copied: int
    kept: int
    expired: int


def copy_back(
    dynamodb: Any,
    restored: str,
    live: str,
    *,
    only: Collection[str] = (),
    now: Callable[[], float] = time.time,
) -> Copied:
    """Copy items; with `only`, those of these people (or keys). Raises botocore's `ClientError`."""
    # Of a key of two parts either one tells whether the item is there.
    key = dynamodb.describe_table(TableName=live)["Table"]["KeySchema"][0]["AttributeName"]
    pages = dynamodb.get_paginator("scan").paginate(TableName=restored, ConsistentRead=True)
    items = (item for page in pages for item in page["Items"] if not only or _belongs(item, key, only))
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        done = list(pool.map(partial(_put, dynamodb, live, key, now), items))
    return Copied(done.count(_COPIED), done.count(_KEPT), done.count(_EXPIRED))


def _belongs(item: dict[str, Any], key: str, only: Collection[str]) -> bool:
    return any(item.get(name, {}).get("S") in only for name in (key, "PersonId"))


def _put(dynamodb: Any, live: str, key: str, now: Callable[[], float], item: dict[str, Any]) -> str:
    if "ExpiresAt" in item and float(item["ExpiresAt"]["N"]) <= now():
        return _EXPIRED
    try:
        dynamodb.put_item(
            TableName=live,
            Item=item,
            ConditionExpression="attribute_not_exists(#key)",
            ExpressionAttributeNames={"#key": key},
        )
    except dynamodb.exceptions.ConditionalCheckFailedException:
        return _KEPT
    return _COPIED


def main() -> None:
    """Exit with 0 and the counts, or with a reason."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("restored", help="the table that was restored under another name")
    parser.add_argument("live", help="the stack's table")
    parser.add_argument("--only", action="append", default=[], metavar="ID", help="a person's id, or a key")
    asked = parser.parse_args()
    try:
        done = copy_back(boto3.client("dynamodb"), asked.restored, asked.live, only=asked.only)
    except (ClientError, BotoCoreError) as error:
        sys.exit(f"copy_back: {error}")
    print(f"{done.copied} copied, {done.kept} were there already, {done.expired} had expired")


if __name__ == "__main__":
    main()
