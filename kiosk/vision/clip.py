"""A video file as a stream of frames, in its own time."""

import queue
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import cv2
import numpy as np

from kiosk.vision.camera import Pace, SourceUnusable, View
from kiosk.vision.frame import Frame

_USUAL_FPS = 25.0
_READ_AHEAD_FRAMES = 4


class Clip:
    """Every frame of a video file; a frame's time is its index / frames per second.

    A thread of its own reads a few frames ahead. Use it in a `with` statement.
    """

    dropped = 0
    trouble = None

    def __init__(self, path: Path, view: View | None = None) -> None:
        """Raises `SourceUnusable` when OpenCV cannot read the file."""
        self._video = cv2.VideoCapture(str(path))
        if not self._video.isOpened():
            raise SourceUnusable(f"{path} is no video that OpenCV can read")
        self._view = view or View()
        self.fps = self._video.get(cv2.CAP_PROP_FPS) or _USUAL_FPS
        self._ready: queue.Queue[Frame | None] = queue.Queue(_READ_AHEAD_FRAMES)
        self._left = threading.Event()
        self._thread = threading.Thread(target=self._read, name="clip", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._left.set()
        self._thread.join()

    def __iter__(self) -> Iterator[Frame]:
        """The frames, once."""
        while (frame := self._ready.get()) is not None:
            yield frame

    def _read(self) -> None:
        try:
            for frame in self._frames():
                if not self._offer(frame):
                    return
        finally:
            self._video.release()
            self._offer(None)

    def _offer(self, frame: Frame | None) -> bool:
        while not self._left.is_set():
            try:
                self._ready.put(frame, timeout=0.1)
                return True
            except queue.Full:
                pass
        return False

    def _frames(self) -> Iterator[Frame]:
        pace = Pace(self._view.max_fps)
        index = 0
        while self._video.grab():
            if pace.takes(index / self.fps):
                ok, image = self._video.retrieve()
                if not ok:
                    return
                yield Frame(self._view.of(image.astype(np.uint8, copy=False)), index / self.fps, index)
            index += 1
