"""One execution environment: takes events as JSON lines on standard input, answers on standard output.

`python -m local.worker recognition.app.lambda_handler --name recognition --timeout 30 --memory 512`
"""

import argparse
import importlib
import json
import os
import queue
import sys
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from local.runtime.events import ACCOUNT_ID, MAX_PAYLOAD_BYTES, REGION

Handler = Callable[[Any, "Context"], object]


@dataclass(frozen=True, slots=True)
class Context:
    """What a Lambda handler gets to know about its invocation; the names are Lambda's."""

    function_name: str
    memory_limit_in_mb: int
    aws_request_id: str
    deadline: float
    function_version: str = "$LATEST"
    log_group_name: str = "/aws/lambda/local"
    log_stream_name: str = "local"
    identity: None = None
    client_context: None = None
    clock: Callable[[], float] = field(default=time.monotonic, repr=False)

    @property
    def invoked_function_arn(self) -> str:
        """The function's name in AWS's form."""
        return f"arn:aws:lambda:{REGION}:{ACCOUNT_ID}:function:{self.function_name}"

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the invocation is killed."""
        return max(0, int((self.deadline - self.clock()) * 1000))


def answer(handler: Handler, event: object, context: Context) -> dict[str, object]:
    """The handler's result, or what it raised in the form Lambda reports it."""
    try:
        result = handler(event, context)
        size = len(json.dumps(result))
        if size > MAX_PAYLOAD_BYTES:
            return _error("Function.ResponseSizeTooLarge", f"the answer has {size} bytes, which is too much")
        return {"result": result}
    except Exception as error:
        # Where and what kind; its text may name somebody, and stays with the job instead.
        sys.stderr.writelines([*traceback.format_tb(error.__traceback__), f"{type(error).__name__}\n"])
        retry_after_s = getattr(error, "retry_after_s", None)
        return _error(type(error).__name__, str(error), retry_after_s=retry_after_s)


def _error(kind: str, message: str, *, retry_after_s: float | None = None) -> dict[str, object]:
    return {"error": {"errorType": kind, "errorMessage": message, "retryAfterS": retry_after_s}}


def _lines(events: "queue.Queue[bytes]") -> None:
    # Not sys.stdin: the interpreter could not close that at its end while this thread waits on it.
    for line in os.fdopen(os.dup(0), "rb"):
        events.put(line)
    # The parent is gone, maybe killed: what we were doing will be done again, so there is nothing to save.
    os._exit(0)


def _own_stdout() -> BinaryIO:
    # Handlers log and count to standard output, as on Lambda; here that belongs to the answers.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return answers


def main() -> None:
    """Serve events until standard input ends."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("handler")
    parser.add_argument("--name", required=True)
    parser.add_argument("--timeout", type=float, required=True)
    parser.add_argument("--memory", type=int, required=True)
    arguments = parser.parse_args()

    answers = _own_stdout()
    events: queue.Queue[bytes] = queue.Queue()
    threading.Thread(target=_lines, args=(events,), daemon=True).start()

    from local.wiring import LocalParts
    from recognizeme import wiring

    wiring.use(LocalParts.from_env(os.environ))
    module, _, name = arguments.handler.rpartition(".")
    handler: Handler = getattr(importlib.import_module(module), name)
    while True:
        call = json.loads(events.get())
        context = Context(
            function_name=arguments.name,
            memory_limit_in_mb=arguments.memory,
            aws_request_id=call["request_id"],
            deadline=time.monotonic() + arguments.timeout,
        )
        answers.write(json.dumps(answer(handler, call["event"], context)).encode() + b"\n")
        answers.flush()


if __name__ == "__main__":
    main()
