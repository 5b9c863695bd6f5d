"""Faults on purpose, for tests of callers: throttling, injected errors, latency."""

import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Self

from rekolocal import errors
from rekolocal.errors import ProvisionedThroughputExceededException, RekognitionError


@dataclass(frozen=True, slots=True)
class Failure:
    """Fail calls of `operation` ("*": any) with `error`, at `rate` (0-1)."""

    operation: str
    error: type[RekognitionError]
    rate: float

    @classmethod
    def parse(cls, text: str) -> Self:
        """From OPERATION:CODE:RATE, such as SearchFacesByImage:ThrottlingException:0.1. Raises ValueError."""
        operation, code, rate = text.split(":")
        error = getattr(errors, code, None)
        if not (isinstance(error, type) and issubclass(error, RekognitionError)) or not 0 <= float(rate) <= 1:
            raise ValueError(f"{text!r} is not OPERATION:CODE:RATE")
        return cls(operation, error, float(rate))


@dataclass
class Faults:
    """`tps`: calls a second each operation may have (None: any number); `latency_s` is added to each call."""

    tps: float | None = None
    failures: Sequence[Failure] = ()
    latency_s: float = 0.0
    clock: Callable[[], float] = time.monotonic
    rng: random.Random = field(default_factory=random.Random)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _buckets: dict[str, tuple[float, float]] = field(default_factory=dict)

    def before(self, operation: str) -> None:
        """Raises ProvisionedThroughputExceededException or an injected error."""
        if self.tps is not None and not self._take(operation, self.tps):
            raise ProvisionedThroughputExceededException("Provisioned rate exceeded")
        for failure in self.failures:
            if failure.operation in ("*", operation) and self.rng.random() < failure.rate:
                raise failure.error("Injected by --fail")

    def _take(self, operation: str, tps: float) -> bool:
        """A token bucket an operation, as large as one second's calls."""
        size = max(1.0, tps)
        with self._lock:
            now = self.clock()
            tokens, filled_at = self._buckets.get(operation, (size, now))
            tokens = min(size, tokens + (now - filled_at) * tps)
            taken = tokens >= 1
            self._buckets[operation] = (tokens - taken, now)
            return taken
