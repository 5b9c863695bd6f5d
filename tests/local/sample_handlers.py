"""Handlers that the tests run in place of the real ones."""

import os
import signal
import sys
import time
from typing import Any

from recognizeme.domain.errors import RecordsFailed


def echo(event: dict[str, Any], context: Any) -> dict[str, Any]:
    print("the handler writes to standard output")
    return {
        "event": event,
        "pid": os.getpid(),
        "function": context.function_name,
        "arn": context.invoked_function_arn,
        "remaining_ms": context.get_remaining_time_in_millis(),
    }


def misbehave(event: dict[str, Any], context: Any) -> object:
    match event.get("how"):
        case "raise":
            raise ValueError("no good")
        case "wait":
            raise RecordsFailed("others are at it", retry_after_s=float(event["seconds"]))
        case "crash":
            os.kill(os.getpid(), signal.SIGKILL)
        case "exit":
            sys.exit(3)
        case "sleep":
            time.sleep(float(event["seconds"]))
        case "unserializable":
            return object()
        case "large":
            return "x" * int(event["bytes"])
    return {"pid": os.getpid()}
