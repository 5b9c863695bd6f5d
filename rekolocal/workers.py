"""Threads that do the operations' work, with a queue that is never longer than it should be."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from rekolocal.errors import ThrottlingException

T = TypeVar("T")


class Workers:
    """`threads` threads; at most `queue` calls wait for one. Lives on one event loop."""

    def __init__(self, name: str, threads: int, queue: int) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._room = threads + queue

    async def run(self, work: Callable[[], T]) -> T:
        """What `work` returns or raises, from a thread. Raises ThrottlingException at once when the queue is
        full.

        When the caller goes away, work that has begun is finished, and its place is free only then.
        """
        if self._room == 0:
            raise ThrottlingException("Too many requests are waiting")
        self._room -= 1
        future = asyncio.get_running_loop().run_in_executor(self._pool, work)
        future.add_done_callback(self._free)
        return await asyncio.shield(future)

    def _free(self, future: asyncio.Future[T]) -> None:
        self._room += 1
        if not future.cancelled():
            future.exception()  # seen, even when nobody waits for it any more

    def close(self) -> None:
        """Wait for the work that has begun."""
        self._pool.shutdown(wait=True, cancel_futures=True)
