"""Takes jobs off the queue and calls their function with them."""

import logging
import threading
from collections.abc import Callable, Iterable
from functools import partial
from typing import TypeVar

from local.jobs.queue import JobQueue
from local.runtime.functions import InvocationFailed, Invoke
from recognizeme.domain.errors import RecognizeMeError

_LOG = logging.getLogger(__name__)

# Jobs are announced with `wake`; looking anyway finds retries that came due and replays by another process.
_LOOK_EVERY_S = 0.5
_DISK_WAIT_S = 1.0

Result = TypeVar("Result")


class JobRunner:
    """A few threads for each function, so that a hundred enrollment photos do not hold up the door."""

    def __init__(
        self, queue: JobQueue, invoke: Invoke, *, functions: Iterable[str], at_once: int = 2
    ) -> None:
        self._queue = queue
        self._invoke = invoke
        self._news = threading.Condition()
        self._generation = 0
        self._stopping = False
        self._threads = [
            threading.Thread(target=self._run, args=(function,), name=f"jobs-{function}", daemon=True)
            for function in functions
            for _ in range(at_once)
        ]

    def start(self) -> None:
        """Begin to work, with what a killed host left behind first."""
        if recovered := self._queue.recover():
            _LOG.info("running %d interrupted jobs again", recovered)
        for thread in self._threads:
            thread.start()

    def wake(self) -> None:
        """There may be a new job."""
        with self._news:
            self._generation += 1
            self._news.notify_all()

    def hurry(self) -> None:
        """What the jobs failed of works again: try those that wait now."""
        self._queue.hurry()
        self.wake()

    def stop(self) -> None:
        """Take no further job. What is running goes on; `join` waits for it."""
        self._stopping = True
        self.wake()

    def join(self, timeout_s: float) -> None:
        """Wait until every thread has ended, or `timeout_s` each."""
        for thread in self._threads:
            thread.join(timeout_s)

    def _run(self, function: str) -> None:
        while not self._stopping:
            seen = self._generation
            if not self._step(function):
                with self._news:
                    self._news.wait_for(lambda seen=seen: self._generation != seen, _LOOK_EVERY_S)  # type: ignore[misc]

    def _step(self, function: str) -> bool:
        job = self._insist(partial(self._queue.take, function))
        if job is None:
            return False
        try:
            self._invoke(function, job.event)
        except InvocationFailed as error:
            if self._stopping:
                self._insist(partial(self._queue.put_back, job))
            else:
                self._insist(partial(self._queue.failed, job, str(error)))
                _LOG.warning(
                    "job %d, try %d: %s failed: %s", job.id, job.attempts, function, type(error).__name__
                )
        else:
            self._insist(partial(self._queue.done, job))
        return True

    def _insist(self, change: Callable[[], Result]) -> Result | None:
        """Change the queue, if need be when there is room on the disk again; None when the host stops first.

        What a job came to must be written down: it would be `running` until the next start.
        """
        while True:
            try:
                return change()
            except RecognizeMeError as error:
                _LOG.error("jobs wait: %s", error)
            with self._news:
                if self._news.wait_for(lambda: self._stopping, _DISK_WAIT_S):
                    return None
