"""What the loop hands its captures to: it keeps them safe, delivers them and brings back answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from kiosk.client.sighting import Sighting


@dataclass(frozen=True, slots=True)
class Capture:
    """The one picture handed in for a track or a picture file, and its quality's score when it was judged.

    `origin` says where it came from, for people: `track 3`, `anna.jpg`. `picture` is a JPEG, unless a file
    that is no picture was handed in as it is. `liveness` is one of kiosk/visits/liveness.py.
    """

    capture_id: str
    kiosk_id: str
    picture: bytes
    origin: str
    score: float | None = None
    liveness: str = "not_asked"


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a capture. Without a sighting, `trouble` is one sentence that says why.

    `late` when the capture outlived the time in which somebody still waits at the door: it is recorded (now
    or once the API is back), but nobody is greeted and nothing is opened for it. A capture may be answered
    twice: first late and without a sighting, later with it.
    """

    capture_id: str
    sighting: Sighting | None
    late: bool = False
    trouble: str | None = None


class Outbox(Protocol):
    """Keeps captures until they are delivered. Every capture is answered sooner or later."""

    def hand_in(self, capture: Capture) -> None:
        """Take a capture over: when this returns it is on disk, and survives a power cut.

        Raises `OSError` when it cannot be kept (a full disk).
        """

    def answers(self, *, timeout_s: float = 0.0) -> Sequence[Answer]:
        """Answers that have come since the last call; waits up to `timeout_s` for the first."""
