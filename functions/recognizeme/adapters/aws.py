"""Clients for AWS's services, and their errors in the domain's words."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
    IncompleteReadError,
)

from recognizeme.domain.errors import Misconfigured, NotServed, RecognizeMeError, ServiceBusy

if TYPE_CHECKING:
    from botocore.session import Session

_BUSY = frozenset(
    {
        "InternalError",
        "InternalServerError",
        "LimitExceededException",
        "OperationAborted",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestTimeout",
        "ServiceUnavailable",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionConflictException",
        "TransactionInProgressException",
    }
)
_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "403"})
_MISSING = frozenset({"NoSuchBucket", "ResourceNotFoundException"})


def make_client(service: str, *, read_timeout_s: float = 5, attempts: int = 3, **options: Any) -> Any:
    """A low-level client; region, credentials and endpoint are the SDK's own settings, from the environment.

    It comes from botocore, which boto3 wraps: that saves boto3's import and its resource machinery, about
    50 ms of a cold start. Three attempts of at most 2 + 5 seconds stay below a function's timeout, so that
    what does not answer becomes `ServiceBusy` and not a killed function.
    """
    from botocore.config import Config

    config = Config(
        connect_timeout=2,
        read_timeout=read_timeout_s,
        # Adaptive also slows down before the next call when it was throttled, by either of AWS's codes.
        retries={"mode": "adaptive", "total_max_attempts": attempts},
        **options,
    )
    with translated(f"the {service} client"):
        return _session().create_client(service, config=config)


@cache
def _session() -> "Session":
    # One for all clients: it keeps the loaded service data and the credentials.
    from botocore.session import get_session

    return get_session()


@contextmanager
def translated(resource: str) -> Iterator[None]:
    """Turn whatever the SDK raises in the block into `ServiceBusy` or `Misconfigured`, naming `resource`.

    `NotServed` is the kind of busy where nothing was done.
    """
    try:
        yield
    except ClientError as error:
        raise _from_answer(error, resource) from error
    except (EndpointConnectionError, ConnectTimeoutError) as error:
        raise NotServed(f"{resource} did not answer; try again in a moment") from error
    except (ConnectionError, HTTPClientError, IncompleteReadError) as error:
        raise ServiceBusy(f"{resource} did not answer; try again in a moment") from error
    except BotoCoreError as error:
        raise Misconfigured(
            f"{resource} cannot be asked: {type(error).__name__}; check region, credentials and endpoint"
        ) from error


def error_code(error: ClientError) -> str:
    """AWS's name for what went wrong."""
    return str(error.response.get("Error", {}).get("Code", ""))


def _from_answer(error: ClientError, resource: str) -> RecognizeMeError:
    # AWS's own messages may quote what was sent (a person's id): they stay in the chained error.
    code, operation = error_code(error), error.operation_name
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code in _BUSY or status >= 500:
        return NotServed(f"{resource} is busy; try again in a moment")
    if code in _DENIED:
        return Misconfigured(f"no permission for {operation} on {resource}; check the function's policy")
    if code in _MISSING:
        return Misconfigured(f"{resource} does not exist in this account and region; check the settings")
    return Misconfigured(f"{resource} refused {operation} ({code}); check the settings")


def utc_now() -> datetime:
    """The machine's clock."""
    return datetime.now(UTC)
