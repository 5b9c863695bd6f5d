"""How many faces a collection holds: asked for beside a search, so that nobody waits for it."""

import logging
import threading
import time
from collections.abc import Callable

_LOG = logging.getLogger(__name__)


class GallerySize:
    """Asks `count` in a thread while a search goes on, and not again for `every_s`, also when it fails.

    DescribeCollection is free, but slower than nothing and limited to a few calls a second: a count that is
    minutes old says as well which gallery a threshold was for.
    """

    def __init__(
        self,
        count: Callable[[], int],
        *,
        every_s: float = 300.0,
        wait_s: float = 0.25,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._count = count
        self._every_s = every_s
        self._wait_s = wait_s
        self._clock = clock
        self._lock = threading.Lock()
        self._asked_s: float | None = None
        self._asking: threading.Thread | None = None
        self._size: int | None = None

    def ask(self) -> None:
        """Begin to ask, when the answer is old."""
        with self._lock:
            now_s = self._clock()
            if self._asked_s is not None and now_s - self._asked_s < self._every_s:
                return
            self._asked_s = now_s
            self._asking = threading.Thread(target=self._run, name="gallery-size", daemon=True)
            self._asking.start()

    def known(self) -> int | None:
        """The last answer; one that is due is waited for, but not long."""
        if (asking := self._asking) is not None:
            asking.join(self._wait_s)
        return self._size

    def _run(self) -> None:
        try:
            self._size = self._count()
        except Exception as error:  # a number for the record is no reason to turn a visitor away
            _LOG.warning("the collection's size is not known: %s", type(error).__name__)
