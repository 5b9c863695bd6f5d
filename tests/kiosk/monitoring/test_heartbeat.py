import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from kiosk.client.errors import Unreachable
from kiosk.delivery.spool import SpoolState
from kiosk.monitoring.heartbeat import Heartbeat
from kiosk.vision.frame import Frame

NOBODY = cast(Any, None)  # the loop is asked nothing
A_FRAME = cast(Frame, object())
NOW = datetime(2026, 11, 23, 8, 15, tzinfo=UTC)


@dataclass
class Office:
    """Hears the beats, and what the kiosk hears of it."""

    error: Exception | None = None
    reports: list[Any] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)
    arrived: threading.Event = field(default_factory=threading.Event)
    trouble: str | None = None

    def beat(self, report: Any) -> dict[str, Any]:
        self.reports.append(report)
        self.arrived.set()
        if self.error:
            raise self.error
        return {"policy_version": "v2"}

    def wait(self) -> Any:
        assert self.arrived.wait(10)
        self.arrived.clear()
        return self.reports[-1]

    @contextmanager
    def kiosk(self) -> Iterator[Heartbeat]:
        heartbeat = Heartbeat(
            self.beat,
            version="0.1.0",
            delivery=self,
            spool=lambda: SpoolState(3, 81_234, 500_000, 0, 0, 0),
            policy_version=lambda: "v1",
            heard=self.heard.append,
            every_s=0.01,
            now=lambda: NOW,
        )
        with closing(heartbeat):
            yield heartbeat


@dataclass
class Camera:
    trouble: str | None = None


def look(heartbeat: Heartbeat, frame: Frame | None, trouble: str | None = None) -> None:
    heartbeat.look(frame, cast(Any, Camera(trouble)), NOBODY)


@pytest.mark.parametrize("error", [None, Unreachable("no RecognizeMe API answers")])
def test_a_kiosk_beats_again_and_again_even_when_nobody_answers(error: Exception | None) -> None:
    office = Office(error)
    with office.kiosk() as heartbeat:
        for _ in range(3):
            look(heartbeat, A_FRAME)
            office.wait()


def test_a_heartbeat_says_how_the_kiosk_is_doing_and_which_policy_it_runs() -> None:
    office = Office(trouble="no RecognizeMe API answers")
    with office.kiosk() as heartbeat:
        while not (report := office.wait())["seeing"]:
            look(heartbeat, A_FRAME)

    at = "2026-11-23T08:15:00.000Z"
    assert report == {
        "version": "0.1.0", "sent_at": at, "seeing": True, "last_frame_at": at, "camera_trouble": None,
        "delivery_trouble": "no RecognizeMe API answers", "spool": {"waiting": 3, "waiting_bytes": 81_234},
        "policy_version": "v1",
    }  # fmt: skip


def test_a_kiosk_whose_camera_is_gone_says_that_it_does_not_see() -> None:
    office = Office()
    with office.kiosk() as heartbeat:
        look(heartbeat, None, "the camera gives no frames")
        office.wait()
        report = office.wait()

    assert (report["seeing"], report["last_frame_at"]) == (False, None)
    assert report["camera_trouble"] == "the camera gives no frames"


def test_the_kiosk_hears_which_policy_it_is_to_run() -> None:
    office = Office()
    with office.kiosk():
        office.wait()
        office.wait()

    assert office.heard[0] == "v2"
