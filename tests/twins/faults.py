"""Trouble at any use of any port: the n-th call fails, loses its answer or is the last of its process."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from recognizeme.domain.errors import ServiceBusy


class Died(BaseException):
    """The process is gone: nothing in it catches this, or does anything more."""


class Trouble(Enum):
    """What becomes of a call."""

    FAILS = "fails before anything is done"
    LOSES_ANSWER = "is done, but the answer never comes, as when a call times out"
    DIES_BEFORE = "dies before it"
    DIES_AFTER = "dies after it"


@dataclass
class Faults:
    """Counts the calls of all ports it is put before, and lets trouble happen at call `at`, once.

    Instead of trouble, `meanwhile` may be something that others do just then. `called` names each call.
    """

    at: int | None = None
    trouble: Trouble | None = None
    meanwhile: Callable[[], object] = lambda: None

    def __post_init__(self) -> None:
        self.called: list[str] = []

    def before(self, port: Any) -> Any:
        """The port, with trouble."""
        return _Troubled(port, self)

    def _call(self, name: str, method: Callable[..., Any], *args: Any, **options: Any) -> Any:
        self.called.append(name)
        if len(self.called) - 1 != self.at:
            return method(*args, **options)
        if self.trouble is Trouble.FAILS:
            raise ServiceBusy(f"{name} is busy")
        if self.trouble is Trouble.DIES_BEFORE:
            raise Died(name)
        self.meanwhile()
        answer = method(*args, **options)
        if self.trouble is Trouble.LOSES_ANSWER:
            raise ServiceBusy(f"{name} did not answer")
        if self.trouble is Trouble.DIES_AFTER:
            raise Died(name)
        return answer


class _Troubled:
    def __init__(self, port: Any, faults: Faults) -> None:
        self._port, self._faults = port, faults

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._port, name)

        def call(*args: Any, **options: Any) -> Any:
            full_name = f"{type(self._port).__name__}.{name}"
            return self._faults._call(full_name, method, *args, **options)

        return call
