"""A kiosk that sees says so every minute; an alarm of template.yaml misses one that does not."""

import threading
from collections.abc import Callable
from contextlib import suppress

from kiosk.client.errors import ApiError
from kiosk.vision.camera import Camera
from kiosk.vision.frame import Frame
from kiosk.visits.loop import Loop

EVERY_S = 60.0


class Heartbeat:
    """An `Onlooker` that calls `beat` every `every_s` seconds in which a frame was looked at.

    A beat that fails is not made up for: being missed is what it is for.
    """

    def __init__(self, beat: Callable[[], object], *, every_s: float = EVERY_S) -> None:
        self._beat = beat
        self._every_s = every_s
        self._seeing = threading.Event()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)
        self._thread.start()

    def look(self, frame: Frame | None, camera: Camera, loop: Loop) -> None:
        """Called after every frame, and each second without one."""
        if frame is not None:
            self._seeing.set()

    def close(self) -> None:
        """Stop; a beat that is under way ends by itself."""
        self._closed.set()

    def _run(self) -> None:
        while not self._closed.wait(self._every_s):
            if self._seeing.is_set():
                self._seeing.clear()
                with suppress(ApiError):
                    self._beat()
