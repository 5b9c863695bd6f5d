"""Roll calls: a list of those who are in, ticked off one by one (docs/adr/0029-roll-calls.md)."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from recognizeme.domain.errors import InvalidRequest
from recognizeme.domain.model import UUID7


class Kind(StrEnum):
    """Why the roll is called."""

    DRILL = "drill"
    REAL = "real"


class State(StrEnum):
    """What is known of somebody on the list; nobody is anything but unaccounted until somebody says so."""

    SAFE = "safe"
    MISSING = "missing"
    UNACCOUNTED = "unaccounted"


@dataclass(frozen=True, slots=True)
class By:
    """Who did it: the verified caller, and whom that one says to act for."""

    principal: str
    on_behalf_of: str | None = None


@dataclass(frozen=True, slots=True)
class Tick:
    """That somebody said how it is with somebody."""

    state: State
    at: datetime
    by: By


@dataclass(frozen=True, slots=True)
class Entry:
    """Somebody on the list: where they were last seen, unless they were added later, and every tick."""

    person_id: str
    seen_at: datetime | None = None
    seen_by: str | None = None
    ticks: tuple[Tick, ...] = ()

    @property
    def state(self) -> State:
        """As the last tick says."""
        return self.ticks[-1].state if self.ticks else State.UNACCOUNTED


@dataclass(frozen=True, slots=True)
class RollCall:
    """A roll call without its list. The id is a UUIDv7, so it sorts by when it was started."""

    rollcall_id: str
    kind: Kind
    started_at: datetime
    started_by: By
    ended_at: datetime | None = None
    ended_by: By | None = None


def check_rollcall_id(rollcall_id: str) -> str:
    """Return `rollcall_id`, or raise `InvalidRequest` unless it is a lower-case UUIDv7."""
    if not re.fullmatch(UUID7, rollcall_id):
        raise InvalidRequest(f"rollcall_id {rollcall_id[:80]!r} must be a UUIDv7 in lower case")
    return rollcall_id
