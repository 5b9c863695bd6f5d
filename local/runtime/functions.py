"""Calls Lambda functions, each in processes of its own, as Lambda's execution environments.

An environment handles one event at a time (Powertools keeps state on its classes, so threads would mix
requests up), is kept warm for the next, killed when it takes too long and replaced after a crash.
"""

import json
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from typing import Any, Protocol
from uuid import uuid4

from local.runtime import child_process
from local.runtime.events import MAX_PAYLOAD_BYTES, Event

# What the system says when it has no process, thread, memory or file descriptor left.
_NO_ROOM = (OSError, RuntimeError)


class InvocationError(Exception):
    """The function did not answer.

    With `retry_after_s` that is no fault of the event, which is to be given again after so many seconds.
    """

    retry_after_s: float | None = None


class FunctionRaised(InvocationError):
    """The handler raised; the text is the exception's, and so is its `retry_after_s` where it has one."""

    def __init__(self, text: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(text)
        self.retry_after_s = retry_after_s


class FunctionCrashed(InvocationError):
    """The process ended in the middle of an event."""


class FunctionTimedOut(InvocationError):
    """The handler took longer than its timeout and was killed."""


class FunctionBusy(InvocationError):
    """Every environment is busy, and stayed so, or the system lets no further one start."""

    retry_after_s = 1.0


class PayloadTooLarge(InvocationError):
    """The event is larger than Lambda takes."""


class Invoke(Protocol):
    """Calls a function with an event and returns its answer."""

    def __call__(self, function: str, event: Event, /) -> object:
        """Raises `InvocationError`."""


@dataclass(frozen=True, slots=True)
class Function:
    """A Lambda function: its handler as in the template (`recognition.app.lambda_handler`) and its limits."""

    name: str
    handler: str
    timeout_s: float = 30.0
    memory_mb: int = 512
    at_once: int = 2


class Functions:
    """Every function of a stack, with the environments that run them; threads may call it at the same time.

    `on_log` gets each line that a handler writes, with the name of its function.
    """

    def __init__(
        self,
        functions: Iterable[Function],
        *,
        env: Mapping[str, str],
        on_log: Callable[[str, str], None] = lambda name, line: None,
        wait_s: float = 10.0,
    ) -> None:
        self._pools = {function.name: _Pool(function, env, on_log, wait_s) for function in functions}

    def invoke(self, name: str, event: Event) -> object:
        """Call the function `name` and return its answer. Raises `InvocationError`."""
        return self._pools[name].invoke(event)

    def warm(self, name: str, event: Event | None = None) -> None:
        """Begin to start an environment of a function, so that its first event need not wait for that.

        `event` is one it ignores, after having made what it needs for others.
        """
        threading.Thread(target=self._pools[name].warm, args=(event,), daemon=True).start()

    def close(self) -> None:
        """End every environment; callers in the middle of an event get `FunctionCrashed`."""
        for pool in self._pools.values():
            pool.close()


class _Pool:
    def __init__(
        self, function: Function, env: Mapping[str, str], on_log: Callable[[str, str], None], wait_s: float
    ) -> None:
        self._function, self._env, self._on_log, self._wait_s = function, env, on_log, wait_s
        self._slots = threading.Semaphore(function.at_once)
        self._lock = threading.Lock()
        self._idle: list[_Environment] = []
        self._all: set[_Environment] = set()
        self._closed = False

    def invoke(self, event: Event) -> object:
        line = json.dumps({"event": event, "request_id": str(uuid4())}).encode() + b"\n"
        if len(line) > MAX_PAYLOAD_BYTES:
            raise PayloadTooLarge(f"the event has {len(line)} bytes; Lambda takes {MAX_PAYLOAD_BYTES}")
        if not self._slots.acquire(timeout=self._wait_s):
            raise FunctionBusy(f"all environments of {self._function.name} are busy")
        try:
            environment = self._get()
            try:
                answer = environment.call(line, self._function.timeout_s)
            except BaseException:
                self._drop(environment)
                raise
            self._put(environment)
        except _NO_ROOM as error:
            raise FunctionBusy(f"{self._function.name} cannot be started right now ({error})") from error
        finally:
            self._slots.release()
        if raised := answer.get("error"):
            text = f"{raised['errorType']}: {raised['errorMessage']}"
            raise FunctionRaised(text, retry_after_s=raised["retryAfterS"])
        return answer["result"]

    def warm(self, event: Event | None) -> None:
        # Whatever is wrong with it shows again when it is needed.
        with suppress(InvocationError, *_NO_ROOM):
            if event is not None:
                self.invoke(event)
                return
            with self._slots:
                self._put(self._get())

    def close(self) -> None:
        with self._lock:
            self._closed = True
            environments = list(self._all)
        for environment in environments:
            environment.end()

    def _get(self) -> "_Environment":
        with self._lock:
            if self._closed:
                raise FunctionCrashed("the host is stopping")
            # The one used last, as Lambda does: the others may rest.
            while self._idle:
                environment = self._idle.pop()
                if environment.alive:
                    return environment
                self._all.discard(environment)
            environment = _Environment(self._function, self._env, self._on_log)
            self._all.add(environment)
            return environment

    def _put(self, environment: "_Environment") -> None:
        with self._lock:
            self._idle.append(environment)

    def _drop(self, environment: "_Environment") -> None:
        environment.kill()
        with self._lock:
            self._all.discard(environment)


class _Environment:
    _numbers = count(1)

    def __init__(
        self, function: Function, env: Mapping[str, str], on_log: Callable[[str, str], None]
    ) -> None:
        self._name = function.name
        self._process = child_process.start(
            [
                "-m",
                "local.worker",
                function.handler,
                *("--name", function.name),
                *("--timeout", str(function.timeout_s)),
                *("--memory", str(function.memory_mb)),
            ],
            env=env,
        )
        try:
            threading.Thread(target=self._pass_log_on, args=(on_log,), daemon=True).start()
        except RuntimeError:
            self.kill()
            raise

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def call(self, line: bytes, timeout_s: float) -> dict[str, Any]:
        assert self._process.stdin
        assert self._process.stdout
        deadline = time.monotonic() + timeout_s
        # Killing the process ends the read below: a timeout that needs no second reader.
        timer = threading.Timer(timeout_s, self._process.kill)
        timer.daemon = True
        timer.start()
        try:
            self._process.stdin.write(line)
            self._process.stdin.flush()
            answer = self._process.stdout.readline()
        except (OSError, ValueError):
            answer = b""
        finally:
            timer.cancel()
        if answer.endswith(b"\n"):
            parsed: dict[str, Any] = json.loads(answer)
            return parsed
        if time.monotonic() >= deadline:
            raise FunctionTimedOut(f"{self._name} took longer than {timeout_s:g} seconds")
        raise FunctionCrashed(f"{self._name} ended in the middle of an event; its log says why")

    def end(self) -> None:
        child_process.end(self._process, grace_s=1.0)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def _pass_log_on(self, on_log: Callable[[str, str], None]) -> None:
        assert self._process.stderr
        for line in self._process.stderr:
            on_log(self._name, line.decode(errors="replace").rstrip("\n"))
