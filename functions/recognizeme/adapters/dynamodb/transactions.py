"""Transactions over several items. DynamoDB lets those that meet fail, not wait: they are tried again."""

import random
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from recognizeme.adapters.aws import translated
from recognizeme.domain.errors import ServiceBusy

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# Photos uploaded together end in transactions on the same person.
_TRIES = 8
_FIRST_WAIT_S = 0.02
_PASSING = frozenset({"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"})


def transact(
    client: "DynamoDBClient",
    changes: Sequence[Any],
    *,
    resource: str,
    sleep: Callable[[float], None] = time.sleep,
) -> frozenset[int]:
    """Make all changes or none; return which of them (from 0) did not meet their condition: then none was."""
    for attempt in range(_TRIES):
        with translated(resource):
            try:
                client.transact_write_items(TransactItems=changes)
                return frozenset()
            except client.exceptions.TransactionCanceledException as error:
                codes = _codes(error)
                if unmet := frozenset(n for n, code in enumerate(codes) if code == "ConditionalCheckFailed"):
                    return unmet
                if not _PASSING & set(codes):
                    raise
        sleep(_FIRST_WAIT_S * 2**attempt * random.random())
    raise ServiceBusy(f"{resource} is busy; try again in a moment")


def _codes(error: ClientError) -> list[str]:
    reasons: Any = error.response.get("CancellationReasons", ())
    return [str(reason.get("Code")) for reason in reasons]
