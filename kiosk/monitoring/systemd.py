"""Telling systemd that the kiosk is up and alive (sd_notify(3)): a datagram on a Unix socket, no library."""

import os
import socket
import time
from collections.abc import Callable, Mapping
from contextlib import suppress

from kiosk.monitoring.wording import counted
from kiosk.vision.camera import Camera
from kiosk.vision.frame import Frame
from kiosk.visits.loop import Loop


class Watchdog:
    """An onlooker of the loop: says READY at its first turn, then WATCHDOG while it goes on turning.

    A loop that hangs falls silent, and systemd restarts the kiosk after WatchdogSec. Without systemd
    (no NOTIFY_SOCKET) it does nothing.
    """

    def __init__(
        self, environ: Mapping[str, str] = os.environ, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._address = environ.get("NOTIFY_SOCKET", "").replace("@", "\0", 1)
        # Half of systemd's limit, as sd_watchdog_enabled(3) advises, and often enough for the status line.
        self._interval_s = min(10.0, int(environ.get("WATCHDOG_USEC") or 20_000_000) / 2e6)
        self._clock = clock
        self._said_s: float | None = None

    def look(self, frame: Frame | None, camera: Camera, loop: Loop) -> None:
        """Called after every frame, and each second without one."""
        now_s = self._clock()
        if self._said_s is not None and now_s - self._said_s < self._interval_s:
            return
        ready = "READY=1\n" if self._said_s is None else ""
        counts = loop.counts
        totals = f"{counted(counts.tracks, 'visits')}, {counted(counts.captures, 'pictures')} handed in"
        status = camera.trouble or totals
        self._notify(f"{ready}WATCHDOG=1\nSTATUS={status}")
        self._said_s = now_s

    def close(self) -> None:
        """Say that the kiosk stops because it was asked to."""
        self._notify("STOPPING=1")

    def _notify(self, message: str) -> None:
        if not self._address:
            return
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.sendto(message.encode(), self._address)
