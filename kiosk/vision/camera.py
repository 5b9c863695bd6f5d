"""What a camera is to the loop. Clips: clip.py; live cameras: live.py; what `--source` means: source.py."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np

from kiosk.client.errors import KioskError
from kiosk.vision.frame import Frame, Image

_TURNS = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}


class SourceUnusable(KioskError):
    """A source that cannot be used; the text is one sentence that says what to do."""


class Camera(Protocol):
    """A stream of frames. `None` comes when for a second there was none: time to do other things."""

    @property
    def dropped(self) -> int:
        """Frames that came while an earlier one was worked on; 0 for a clip."""

    @property
    def trouble(self) -> str | None:
        """What is wrong with the source now, in one sentence; None when all is well."""

    def __iter__(self) -> Iterator[Frame | None]:
        """The frames, until the source ends."""


@dataclass(frozen=True, slots=True)
class View:
    """How pictures are made ready: at most `size` (width, height), turned clockwise, so many a second."""

    size: tuple[int, int] | None = None
    rotate_deg: int = 0
    max_fps: float | None = None

    def of(self, image: Image) -> Image:
        """The picture as the loop sees it."""
        if self.size:
            factor = min(self.size[0] / image.shape[1], self.size[1] / image.shape[0])
            if factor < 1:
                size = (max(1, round(image.shape[1] * factor)), max(1, round(image.shape[0] * factor)))
                image = cv2.resize(image, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
        if self.rotate_deg:
            image = cv2.rotate(image, _TURNS[self.rotate_deg]).astype(np.uint8, copy=False)
        return image


class Pace:
    """Lets through at most so many frames a second, given the time of each."""

    def __init__(self, max_fps: float | None) -> None:
        self._interval_s = 1 / max_fps if max_fps else 0.0
        self._next_s: float | None = None

    def takes(self, time_s: float) -> bool:
        """Whether the frame of this time is one of them."""
        if self._next_s is None:
            self._next_s = time_s
        if time_s < self._next_s - 1e-6:
            return False
        # After a gap the pace starts again: missed frames are not made up for.
        due_s = self._next_s + self._interval_s
        self._next_s = due_s if due_s > time_s else time_s + self._interval_s
        return True
