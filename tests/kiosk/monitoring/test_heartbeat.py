import threading
from typing import Any, cast

import pytest

from kiosk.client.errors import Unreachable
from kiosk.monitoring.heartbeat import Heartbeat
from kiosk.vision.frame import Frame

NOBODY = cast(Any, None)  # neither camera nor loop is asked anything
A_FRAME = cast(Frame, object())


class Beats:
    def __init__(self, error: Exception | None = None) -> None:
        self.count = 0
        self.counted = threading.Event()
        self.error = error

    def __call__(self) -> None:
        self.count += 1
        self.counted.set()
        if self.error:
            raise self.error

    def wait(self) -> bool:
        arrived = self.counted.wait(10)
        self.counted.clear()
        return arrived


@pytest.mark.parametrize("error", [None, Unreachable("no RecognizeMe API answers")])
def test_a_kiosk_that_sees_beats_again_and_again_even_when_nobody_answers(error: Exception | None) -> None:
    beats = Beats(error)
    heartbeat = Heartbeat(beats, every_s=0.01)
    for _ in range(3):
        heartbeat.look(A_FRAME, NOBODY, NOBODY)
        assert beats.wait()
    heartbeat.close()


def test_a_kiosk_whose_camera_is_gone_falls_silent() -> None:
    beats = Beats()
    heartbeat = Heartbeat(beats, every_s=0.01)
    for _ in range(20):
        heartbeat.look(None, NOBODY, NOBODY)
        heartbeat._closed.wait(0.01)
    heartbeat.close()
    assert beats.count == 0
