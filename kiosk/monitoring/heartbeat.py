"""Every minute a kiosk says how it is doing; an alarm misses one that does not, or does not see."""

import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from kiosk.client.errors import ApiError
from kiosk.client.moment import iso_text
from kiosk.delivery.spool import SpoolState
from kiosk.monitoring.status_file import Delivery
from kiosk.vision.camera import Camera
from kiosk.vision.frame import Frame
from kiosk.visits.loop import Loop

EVERY_S = 60.0

Report = Mapping[str, Any]


class Heartbeat:
    """An `Onlooker` that calls `beat` with a report (docs/api.md) every `every_s` seconds.

    A beat that fails is not made up for: being missed is what it is for. `heard` is given the policy version
    that the kiosk is to run, as the answer says it; `policy_version` is asked which one it runs.
    """

    def __init__(
        self,
        beat: Callable[[Report], Mapping[str, Any]],
        *,
        version: str,
        delivery: Delivery,
        spool: Callable[[], SpoolState],
        policy_version: Callable[[], str | None],
        heard: Callable[[str], object],
        every_s: float = EVERY_S,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._beat = beat
        self._version = version
        self._delivery = delivery
        self._spool = spool
        self._policy_version = policy_version
        self._heard = heard
        self._every_s = every_s
        self._now = now
        self._seeing = False
        self._last_frame_at: datetime | None = None
        self._camera_trouble: str | None = None
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)
        self._thread.start()

    def look(self, frame: Frame | None, camera: Camera, loop: Loop) -> None:
        """Called after every frame, and each second without one."""
        if frame is not None:
            self._seeing = True
            self._last_frame_at = self._now()
        self._camera_trouble = camera.trouble

    def close(self) -> None:
        """Stop; a beat that is under way ends by itself."""
        self._closed.set()

    def _run(self) -> None:
        while not self._closed.wait(self._every_s):
            report = self._report()
            with suppress(ApiError):
                wanted = self._beat(report).get("policy_version")
                if isinstance(wanted, str):
                    self._heard(wanted)

    def _report(self) -> Report:
        seeing, self._seeing = self._seeing, False
        spool = self._spool()
        return {
            "version": self._version,
            "sent_at": iso_text(self._now()),
            "seeing": seeing,
            "last_frame_at": self._last_frame_at and iso_text(self._last_frame_at),
            "camera_trouble": self._camera_trouble,
            "delivery_trouble": self._delivery.trouble,
            "spool": {"waiting": spool.waiting, "waiting_bytes": spool.waiting_bytes},
            "policy_version": self._policy_version(),
        }
