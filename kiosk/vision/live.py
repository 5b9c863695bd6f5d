"""Live cameras: the newest frame wins, dropped ones are counted, a camera that is lost is opened again."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, Protocol

import cv2
import numpy as np

from kiosk.vision.camera import Pace, View
from kiosk.vision.frame import Frame

# A camera that went is asked for again after this, then twice that, up to the longest.
FIRST_RETRY_S, LONGEST_RETRY_S = 0.5, 30.0
# Without a picture for so long a camera counts as stalled.
STALLED_S = 10.0
# How often whoever uses the camera is woken when there is nothing to see.
WAKE_S = 1.0


class Video(Protocol):
    """What OpenCV's VideoCapture offers: take the next picture, decode it, let go."""

    def grab(self) -> bool:
        """Take the next picture off the stream; False at its end."""

    def retrieve(self) -> tuple[bool, Any]:
        """Decode the picture taken last."""

    def release(self) -> None:
        """Let go of the source."""


class LiveCamera:
    """A live source, read by a thread of its own into one place that holds the newest frame.

    `open_video` returns None while the source is not there. With `ends` the end of the stream is the end (a
    pipe); else it is opened again, with growing pauses, for ever. Use it in a `with` statement.
    """

    def __init__(
        self,
        open_video: Callable[[], Video | None],
        *,
        name: str,
        view: View | None = None,
        ends: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.dropped = 0
        self._open_video = open_video
        self._name = name
        self._view = view or View()
        self._ends = ends
        self._clock = clock
        self._news = threading.Condition()
        self._newest: Frame | None = None
        self._over = False
        self._stop = threading.Event()
        self._lost = False
        self._last_frame_s = clock()
        self._index = 0
        self._thread = threading.Thread(target=self._read, name="camera", daemon=True)

    def __enter__(self) -> "LiveCamera":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(timeout=2)  # a driver that hangs is left behind: the thread is a daemon

    @property
    def trouble(self) -> str | None:
        """What is wrong with the camera now; None when pictures come."""
        if self._lost:
            return f"{self._name} gives no pictures; the kiosk keeps trying"
        if not self._over and self._clock() - self._last_frame_s > STALLED_S:
            return f"{self._name} has given no picture for {STALLED_S:.0f} s; check its cable and its driver"
        return None

    def __iter__(self) -> Iterator[Frame | None]:
        """The newest frame each time, or None after a second without; ends with its pipe or `with`."""
        while True:
            with self._news:
                self._news.wait_for(lambda: self._newest is not None or self._over, timeout=WAKE_S)
                frame, self._newest = self._newest, None
                if frame is None and self._over:
                    return
            yield frame

    def _read(self) -> None:
        retry_s = FIRST_RETRY_S
        while not self._stop.is_set():
            try:
                video = self._open_video()
                if video is not None and self._watch(video):
                    retry_s = FIRST_RETRY_S
            except cv2.error:  # a driver's surprise is a lost camera like any other
                pass
            if self._ends:
                break
            self._lost = True
            self._stop.wait(retry_s)
            retry_s = min(retry_s * 2, LONGEST_RETRY_S)
        with self._news:
            self._over = True
            self._news.notify()

    def _watch(self, video: Video) -> bool:
        """Read until the stream breaks off; whether it gave any picture."""
        pace = Pace(self._view.max_fps)
        seen = False
        try:
            while not self._stop.is_set() and video.grab():
                time_s = self._clock()
                self._index += 1
                self._last_frame_s = time_s
                if not pace.takes(time_s):
                    continue
                ok, image = video.retrieve()
                if not ok:
                    break
                seen, self._lost = True, False
                self._show(Frame(self._view.of(image.astype(np.uint8, copy=False)), time_s, self._index - 1))
        finally:
            video.release()
        return seen

    def _show(self, frame: Frame) -> None:
        with self._news:
            self.dropped += self._newest is not None
            self._newest = frame
            self._news.notify()
