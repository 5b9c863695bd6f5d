"""What happens at a kiosk, for its listeners: the terminal, the status file, actions."""

from dataclasses import dataclass
from typing import Protocol

from kiosk.delivery.outbox import Answer, Capture


@dataclass(frozen=True, slots=True)
class Captured:
    """A picture was handed in and is on disk. `time_s` is the source's time."""

    capture: Capture
    time_s: float


@dataclass(frozen=True, slots=True)
class NotKept:
    """A picture could not be handed in; `trouble` is one sentence that says why."""

    origin: str
    trouble: str


@dataclass(frozen=True, slots=True)
class TooFar:
    """Somebody was here and has left, whose face was never larger than `face_px`: nothing was handed in."""

    origin: str
    face_px: int
    min_face_px: int


@dataclass(frozen=True, slots=True)
class Prompted:
    """Whoever stands there should be asked for this, as a sign of life; None: for nothing any more."""

    prompt: str | None


@dataclass(frozen=True, slots=True)
class TooUnclear:
    """Somebody has left in whose pictures no face was found a second time: none was handed in."""

    origin: str


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer came, to a capture of this run or of an earlier one."""

    answer: Answer


@dataclass(frozen=True, slots=True)
class CameraTrouble:
    """The camera has stopped giving pictures, or gives them again when `trouble` is None."""

    trouble: str | None


@dataclass(slots=True)
class Counts:
    """What has happened since the start. A picture file is a frame, and a track of its own."""

    frames: int = 0
    tracks: int = 0
    captures: int = 0
    sightings: int = 0
    dropped_frames: int = 0
    too_far: int = 0
    too_unclear: int = 0


Event = Captured | NotKept | TooFar | TooUnclear | Prompted | Answered | CameraTrouble


class Origins:
    """What captures are pictures of, until their sighting is known; of the last thousand without one."""

    def __init__(self, most: int = 1000) -> None:
        self._most = most
        self._origins: dict[str, str] = {}

    def __len__(self) -> int:
        return len(self._origins)

    def note(self, capture: Capture) -> None:
        """Remember a capture."""
        self._origins[capture.capture_id] = capture.origin
        if len(self._origins) > self._most:
            del self._origins[next(iter(self._origins))]  # the oldest

    def of(self, answer: Answer) -> str | None:
        """What an answer is about; None for a capture of an earlier run."""
        if answer.sighting is None:  # the sighting may still come
            return self._origins.get(answer.capture_id)
        return self._origins.pop(answer.capture_id, None)


class Listener(Protocol):
    """Something that hears what happens: the terminal, the status file, actions."""

    def tell(self, event: Event) -> None:
        """One event, in the thread of the loop: it must not take long."""
