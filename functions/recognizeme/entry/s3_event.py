"""Object-created events: every record is handled, and one that fails does not harm its neighbours."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar
from urllib.parse import unquote_plus

from aws_lambda_powertools import Logger

from recognizeme.domain.errors import RecognizeMeError, RecordsFailed

Item = TypeVar("Item")


@dataclass(slots=True)
class EventResult(Generic[Item]):
    """What became of an event's records: what the handled ones came to, and how many were none of ours."""

    items: list[Item] = field(default_factory=list)
    ignored: int = 0


def handle_objects(event: object, handle: Callable[[str], Item | None], *, log: Logger) -> EventResult[Item]:
    """Call `handle` with the key of every object of the event; None means that it is not for us.

    Raises `RecordsFailed`, after all records have had their turn, when any of them raised. Records
    that are no S3 records, and `s3:TestEvent`, are ignored with a log line.
    """
    result = EventResult[Item]()
    reasons: list[str] = []
    waits_s: list[float | None] = []
    for key in _keys(event, log):
        try:
            item = handle(key) if key is not None else None
        except Exception as error:
            reason = str(error) if isinstance(error, RecognizeMeError) else type(error).__name__
            reasons.append(reason)
            waits_s.append(getattr(error, "retry_after_s", None))
            log.error("record failed", error=type(error).__name__)
            continue
        if item is None:
            result.ignored += 1
        else:
            result.items.append(item)
    if reasons:
        total = len(result.items) + result.ignored + len(reasons)
        raise RecordsFailed(
            f"{len(reasons)} of {total} records failed: {'; '.join(dict.fromkeys(reasons))}",
            retry_after_s=None if None in waits_s else max(filter(None, waits_s)),
        )
    return result


def put_by(event: object) -> tuple[str, str]:
    """Who stored the object, as the store knows them, and from which address.

    Of the first record: S3 sends one an event.
    """
    try:
        record = event["Records"][0]  # type: ignore[index]  # anything may be sent to us
        principal = record["userIdentity"]["principalId"]
        return str(principal), str(record["requestParameters"]["sourceIPAddress"])
    except (TypeError, KeyError, IndexError):
        return "nobody known", ""


def unwrapped(event: object) -> object:
    """The event, or what `Later` had put into the queue that it comes from, one at a time."""
    try:
        (record,) = event["Records"]  # type: ignore[index]  # anything may be sent to us
        if record["eventSource"] != "aws:sqs":
            return event
        payload: object = json.loads(record["body"])["requestPayload"]
        return payload
    except (TypeError, KeyError, ValueError):
        return event


def _keys(event: object, log: Logger) -> list[str | None]:
    if isinstance(event, Mapping) and event.get("Event") == "s3:TestEvent":
        log.info("test event of the bucket's notification ignored")
        return []
    records = event.get("Records") if isinstance(event, Mapping) else None
    if not isinstance(records, list):
        log.warning("event ignored: it holds no list of records")
        return [None]
    return [_key(record, log) for record in records]


def _key(record: object, log: Logger) -> str | None:
    try:
        key = record["s3"]["object"]["key"]  # type: ignore[index]  # anything may be sent to us
        if not isinstance(key, str):
            raise TypeError(type(key).__name__)
    except (TypeError, KeyError, LookupError):
        log.warning("record ignored: it names no stored object")
        return None
    return unquote_plus(key)
