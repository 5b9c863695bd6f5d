"""Unknown visitors who look alike, as groups: the same stranger, four times since Monday, front door."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Self

from recognizeme.domain.model import Capture, captured_at, check_capture_id


class StrangerState(StrEnum):
    """What was decided about a stranger."""

    WAITING = "waiting"
    NAMED = "named"
    IGNORED = "ignored"  # known and uninteresting: a visit joins, and is nothing new
    DISCARDED = "discarded"  # written down before anything is removed, so that a crash in between is finished


@dataclass(frozen=True, slots=True)
class StrangerVisit:
    """One visit of a stranger, and its face in the strangers' collection, under the capture's id there."""

    capture: Capture
    stranger_id: str
    face_id: str


@dataclass(frozen=True, slots=True)
class Stranger:
    """Visits that look alike; the id is that of the capture that it began with.

    `first_capture_id` and `last_capture_id` are the oldest and the newest of all its visits, also of those
    that are gone; `visits` counts the ones that were not taken away. `version` tells who changed it first.
    """

    stranger_id: str
    first_capture_id: str
    last_capture_id: str
    visits: int = 0
    kiosks: tuple[str, ...] = ()
    state: StrangerState = StrangerState.WAITING
    person_id: str | None = None
    version: int = 0

    @classmethod
    def of(cls, capture: Capture) -> Self:
        """Somebody who was never seen before; this visit still has to be added."""
        return cls(capture.capture_id, capture.capture_id, capture.capture_id)

    @property
    def first_seen(self) -> datetime:
        """By the kiosk's clock."""
        return captured_at(self.first_capture_id)

    @property
    def last_seen(self) -> datetime:
        """By the kiosk's clock."""
        return captured_at(self.last_capture_id)

    @property
    def is_open(self) -> bool:
        """Whether visits may join."""
        return self.state in (StrangerState.WAITING, StrangerState.IGNORED)

    def with_visit(self, capture: Capture) -> Self:
        """With one visit more, which may be older than others: a kiosk may hand it in late."""
        return replace(
            self,
            first_capture_id=min(self.first_capture_id, capture.capture_id),
            last_capture_id=max(self.last_capture_id, capture.capture_id),
            visits=self.visits + 1,
            kiosks=tuple(sorted({*self.kiosks, capture.kiosk_id})),
        )

    def without_visit(self) -> Self:
        """With one visit less."""
        return replace(self, visits=self.visits - 1)


def check_stranger_id(stranger_id: str) -> str:
    """Return the id, or raise `InvalidRequest`: it is that of a capture."""
    return check_capture_id(stranger_id)
