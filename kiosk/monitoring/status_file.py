"""How a kiosk is doing, in one small file that others read: the web console, `doctor`, monitoring.

    <state>/kiosks/<kiosk_id>/status.json     replaced whole, every other second,
                                              and with every prompt and answer

`<state>` is the user's state folder of RecognizeMe, `XDG_STATE_HOME/recognizeme` on Linux. The document:

    {"kiosk_id": "front", "running": true, "started_at": "...Z", "updated_at": "...Z", "detector": "yunet",
     "camera_trouble": null or "one sentence", "delivery_trouble": null or "one sentence",
     "frames_per_s": 14.8, "frames": 9000, "tracks": 12, "captures": 12, "sightings": 12, "dropped_frames": 3,
     "too_far": 0, "too_unclear": 0,
     "spool": {"waiting": 0, "waiting_bytes": 0, "max_bytes": 524288000, "refused": 0, "damaged": 0,
               "dropped": 0},
     "policy_version": null or "of the unlock policy that it runs",
     "present": [{"track_id": 12, "box": {"left": 0.3, ...}, "outcome": "recognized", "name": "Ada"}],
     "prompt": null or "what whoever stands there is asked for",
     "latest": [{"origin": "track 12", "late": false, "told_at": "...Z", "sighting": {...}}, ...]}

`running` false, or an `updated_at` of more than ten seconds ago, is a kiosk that does not run. Boxes are
fractions of the picture; `latest` is newest first. Who it was is in it for a minute, and no longer than the
kiosk runs: after that a sighting has its id, times, status and outcome, and the API knows the rest.
"""

import json
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import platformdirs

from kiosk.client.moment import iso_text
from kiosk.client.sighting import Sighting
from kiosk.delivery.atomic_file import write_atomic
from kiosk.delivery.spool import SpoolState
from kiosk.vision.camera import Camera
from kiosk.vision.frame import Frame
from kiosk.visits.events import Answered, Captured, Counts, Event, Origins, Prompted
from kiosk.visits.loop import Loop, Visit

_EVERY_S = 2.0
_LATEST = 10
_NAMED_S = 60.0


class Delivery(Protocol):
    """What is known about getting captures to the API."""

    @property
    def trouble(self) -> str | None:
        """Why nothing can be delivered right now."""


def state_folder(kiosk_id: str) -> Path:
    """Where one kiosk keeps what must outlive it: its spool and its status."""
    return platformdirs.user_state_path("recognizeme") / "kiosks" / kiosk_id


def statuses() -> Iterator[dict[str, Any]]:
    """The status of every kiosk that ever ran here, by id; unreadable files are passed over."""
    for file in sorted((platformdirs.user_state_path("recognizeme") / "kiosks").glob("*/status.json")):
        try:
            status = json.loads(file.read_text("utf-8"))
        except (OSError, ValueError):
            continue
        if isinstance(status, dict):
            yield status


class StatusFile:
    """Keeps a kiosk's status file. A disk that is full costs the status, not the kiosk."""

    def __init__(
        self,
        file: Path,
        *,
        kiosk_id: str,
        detector: str,
        counts: Counts,
        delivery: Delivery,
        spool: Callable[[], SpoolState],
        policy_version: Callable[[], str | None] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._file = file
        self._counts = counts
        self._delivery = delivery
        self._spool = spool
        self._policy_version = policy_version
        self._clock = clock
        self._now = now
        self._origins = Origins()
        self._latest: deque[_Latest] = deque(maxlen=_LATEST)
        self._measured_s = clock() - _EVERY_S
        self._is_news = False
        self._frames_then = 0
        self._known: dict[str, Any] = {
            "kiosk_id": kiosk_id,
            "running": True,
            "started_at": iso_text(now()),
            "detector": detector,
            "camera_trouble": None,
            "frames_per_s": 0.0,
            "present": [],
            "prompt": None,
        }

    def tell(self, event: Event) -> None:
        """Remember what happened for the next writing."""
        match event:
            case Captured(capture):
                self._origins.note(capture)
            case Answered(answer):
                origin = self._origins.of(answer)
                if answer.sighting:
                    self._latest.appendleft(
                        _Latest(origin, answer.late, answer.sighting, self._clock(), self._now())
                    )
                    self._is_news = True
            case Prompted():
                self._is_news = True

    def look(self, frame: Frame | None, camera: Camera, loop: Loop) -> None:
        """Write the file when it is time to, or there is news for whoever stands there."""
        passed_s = self._clock() - self._measured_s
        is_time = passed_s >= _EVERY_S
        if not is_time and not self._is_news:
            return
        self._known |= {
            "camera_trouble": camera.trouble,
            "present": [_present(visit, frame) for visit in loop.visits] if frame else [],
            "prompt": loop.prompt,
        }
        if is_time:
            self._known["frames_per_s"] = round((self._counts.frames - self._frames_then) / passed_s, 1)
            self._measured_s += passed_s
            self._frames_then = self._counts.frames
        self._is_news = False
        self._write()

    def close(self) -> None:
        """Say that the kiosk has stopped."""
        self._known |= {"running": False, "present": [], "prompt": None}
        self._write(named_s=0.0)

    def _write(self, *, named_s: float = _NAMED_S) -> None:
        named_since_s = self._clock() - named_s
        status = self._known | {
            **asdict(self._counts),
            "updated_at": iso_text(self._now()),
            "delivery_trouble": self._delivery.trouble,
            "spool": asdict(self._spool()),
            "policy_version": self._policy_version(),
            "latest": [latest.to_json(is_named=latest.told_s > named_since_s) for latest in self._latest],
        }
        with suppress(OSError):
            self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_atomic(self._file, json.dumps(status).encode(), lasting=False)


@dataclass(frozen=True, slots=True)
class _Latest:
    origin: str | None
    late: bool
    sighting: Sighting
    told_s: float
    told_at: datetime

    def to_json(self, *, is_named: bool) -> dict[str, Any]:
        sighting = self.sighting if is_named else self.sighting.anonymous()
        return {
            "origin": self.origin,
            "late": self.late,
            "told_at": iso_text(self.told_at),
            "sighting": sighting.to_json(),
        }


def _present(visit: Visit, frame: Frame) -> dict[str, Any]:
    height, width = frame.image.shape[:2]
    box, sighting = visit.track.box.divided(width, height), visit.sighting
    return {
        "track_id": visit.track.track_id,
        "box": asdict(box),
        "outcome": sighting.outcome if sighting else None,
        "name": sighting.name if sighting else None,
    }
