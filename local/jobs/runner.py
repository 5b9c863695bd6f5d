"""Takes jobs off the queue and calls their function with them."""

import logging
import threading
from collections.abc import Callable, Iterable
from functools import partial
from typing import TypeVar

from local.jobs.queue import Job, JobQueue
from local.runtime.functions import InvocationError, Invoke
from recognizeme.domain.errors import RecognizeMeError

_LOG = logging.getLogger(__name__)

# Jobs are announced with `wake`; looking anyway finds retries that came due and replays by another process.
_LOOK_EVERY_S = 0.5
_DISK_WAIT_S = 1.0
# The newest visit goes first while somebody waits for it, but one job in so many is the oldest: what was
# handed in late is looked at, too, however busy the doors are.
_OLDEST_EVERY = 4

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
        taken = 0
        while not self._stopping:
            seen = self._generation
            job = self._insist(
                partial(self._queue.take, function, oldest_first=taken % _OLDEST_EVERY == _OLDEST_EVERY - 1)
            )
            if job is None:
                with self._news:
                    self._news.wait_for(lambda seen=seen: self._generation != seen, _LOOK_EVERY_S)  # type: ignore[misc]
                continue
            taken += 1
            try:
                self._invoke(function, job.event)
            except Exception as error:  # whatever it is: without this thread the jobs would wait for ever
                self._not_done(job, error)
            else:
                self._insist(partial(self._queue.done, job))

    def _not_done(self, job: Job, error: Exception) -> None:
        reason, wait_s = type(error).__name__, None
        if isinstance(error, InvocationError):
            reason, wait_s = str(error), error.retry_after_s
        if self._stopping:
            wait_s = 0.0
        if wait_s is None:
            self._insist(partial(self._queue.failed, job, reason))
        else:
            self._insist(partial(self._queue.defer, job, wait_s, reason))
        said = "failed" if wait_s is None else "waits"
        _LOG.warning(
            "job %d, try %d: %s %s: %s", job.id, job.attempts, job.function, said, type(error).__name__
        )

    def _insist(self, change: Callable[[], Result]) -> Result | None:
        """Change the queue, if need be when there is room on the disk again; None when the host stops first.

        What a job came to must be written down: it would be `running` until the next start.
        """
        while True:
            try:
                return change()
            except Exception as error:
                why = error if isinstance(error, RecognizeMeError) else type(error).__name__
                _LOG.error("jobs wait: %s", why)
            with self._news:
                if self._news.wait_for(lambda: self._stopping, _DISK_WAIT_S):
                    return None
