"""Notices that a kiosk has fallen silent or blind, and that it is back; each is said once."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from local.adapters.kiosks import SqliteKiosks
from recognizeme.domain.errors import RecognizeMeError
from recognizeme.domain.kiosks import DEFAULT_MINUTES, KioskState
from recognizeme.domain.ports import Clock

_LOG = logging.getLogger(__name__)
_EVERY_S = 15.0


@dataclass(frozen=True, slots=True)
class KioskEvent:
    """A kiosk is gone (`offline` or `blind`), or back (`online`); `seen_at` is when it last saw."""

    kiosk_id: str
    state: KioskState
    seen_at: datetime | None


class KioskWatch:
    """Looks at the last heartbeats every fifteen seconds, in a thread of its own.

    `tell` hears of each outage once, and once that it is over, also across restarts; of one of which it died
    or raised, again. While nobody ran that could have heard them, kiosks were not silent.
    """

    def __init__(
        self,
        kiosks: SqliteKiosks,
        *,
        minutes: float,
        now: Clock,
        tell: Callable[[KioskEvent], object] | None = None,
    ) -> None:
        self._kiosks = kiosks
        self._minutes = minutes or DEFAULT_MINUTES
        self._now = now
        self._tell = tell or log
        self._began = now()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="kiosk-watch", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(1.0)

    def look(self) -> None:
        """Tell of whoever is gone or back since the last time."""
        now = self._now()
        told = self._kiosks.told_gone()
        # A clock that was set back would let nobody be missed for long.
        is_settled = not now - timedelta(minutes=self._minutes) < self._began <= now
        for door in self._kiosks.all():
            kiosk_id, state = door.kiosk.kiosk_id, door.state(now, minutes=self._minutes)
            gone = state in (KioskState.OFFLINE, KioskState.BLIND)
            if gone == (kiosk_id in told) or state is KioskState.NEVER or (gone and not is_settled):
                continue
            self._tell(KioskEvent(kiosk_id, state, door.heartbeat.seen_at if door.heartbeat else None))
            self._kiosks.set_told_gone(kiosk_id, gone)

    def _run(self) -> None:
        while not self._stopping.wait(_EVERY_S):
            try:
                self.look()
            except RecognizeMeError as error:
                _LOG.warning("kiosks were not looked at: %s", error)
            except Exception as error:  # whatever it is: the next outage is to be noticed
                _LOG.error("kiosks were not looked at: %s", type(error).__name__)


def log(event: KioskEvent) -> None:
    """A line in the stack's log."""
    since = f", and last saw at {event.seen_at:%Y-%m-%d %H:%M} UTC" if event.seen_at else ""
    if event.state is KioskState.ONLINE:
        _LOG.info("kiosk %s is back", event.kiosk_id)
    else:
        _LOG.warning("kiosk %s is %s%s", event.kiosk_id, event.state, since)
