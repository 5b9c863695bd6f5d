"""Live cameras: the newest frame wins, dropped ones are counted, lost cameras come back."""

import threading
import time
from collections.abc import Callable
from typing import Any

import cv2

from kiosk.vision.camera import View
from kiosk.vision.live import LiveCamera
from tests.kiosk.pictures import room

PICTURE = room(32, 24)


class Scripted:
    """A video that gives so many pictures, each when `tick` allows it, and then breaks off."""

    def __init__(self, pictures: int, tick: Callable[[], object] = lambda: None) -> None:
        self.left = pictures
        self.tick = tick
        self.released = False

    def grab(self) -> bool:
        self.tick()
        self.left -= 1
        return self.left >= 0

    def retrieve(self) -> tuple[bool, Any]:
        return True, PICTURE

    def release(self) -> None:
        self.released = True


def test_a_slow_user_gets_the_newest_frame_and_the_others_are_counted() -> None:
    all_read = threading.Event()

    def tick() -> None:
        if video.left == 0:
            all_read.set()

    video = Scripted(50, tick)
    with LiveCamera(lambda: video, name="camera", ends=True) as camera:
        all_read.wait(5)
        frames = [frame for frame in camera if frame]
    assert [frame.index for frame in frames][-1] == 49
    assert len(frames) + camera.dropped == 50
    assert video.released


def test_frames_left_out_for_the_frame_rate_do_not_count_as_dropped() -> None:
    times = iter([n / 20 for n in range(200)])
    video = Scripted(100, lambda: time.sleep(0.001))
    with LiveCamera(
        lambda: video, name="camera", ends=True, view=View(max_fps=2), clock=lambda: next(times)
    ) as camera:
        frames = [frame for frame in camera if frame]
    assert len(frames) + camera.dropped == 10


def test_a_camera_that_breaks_off_is_opened_again() -> None:
    videos = [Scripted(3), None, Scripted(10_000, lambda: time.sleep(0.01))]
    opened = []

    def open_video() -> Scripted | None:
        opened.append(time.monotonic())
        return videos[min(len(opened), len(videos)) - 1]

    with LiveCamera(open_video, name="camera 0") as camera:
        troubles: list[str | None] = []
        for frame in camera:
            if not troubles or troubles[-1] != camera.trouble:
                troubles.append(camera.trouble)
            if frame is not None and frame.index > 5:
                break
    assert len(opened) == 3
    assert opened[2] - opened[1] > 1.5 * (opened[1] - opened[0])  # it waits longer each time
    assert troubles[-1] is None
    assert "camera 0 gives no pictures; the kiosk keeps trying" in troubles


def test_a_camera_that_is_not_there_is_waited_for_and_its_user_is_woken() -> None:
    with LiveCamera(lambda: None, name="camera 7") as camera:
        began = time.monotonic()
        assert next(iter(camera)) is None
        assert time.monotonic() - began < 2
        assert camera.trouble is not None


def test_a_camera_that_hangs_is_said_to_have_stalled() -> None:
    now = [0.0]
    hangs = threading.Event()
    video = Scripted(10, lambda: hangs.wait(30) if video.left == 9 else None)
    with LiveCamera(lambda: video, name="camera 0", clock=lambda: now[0]) as camera:
        assert next(iter(camera)) is not None
        assert camera.trouble is None
        now[0] = 11.0
        assert camera.trouble == "camera 0 has given no picture for 10 s; check its cable and its driver"
        hangs.set()


def test_a_pipe_that_ends_ends_the_stream() -> None:
    with LiveCamera(lambda: Scripted(1), name="standard input", ends=True) as camera:
        assert [frame.index for frame in camera if frame] == [0]


def test_closing_a_camera_lets_go_of_it() -> None:
    video = Scripted(10_000, lambda: time.sleep(0.005))
    with LiveCamera(lambda: video, name="camera") as camera:
        next(iter(camera))
    assert video.released


def test_a_driver_that_fails_in_its_own_way_is_a_lost_camera() -> None:
    opened = []

    def open_video() -> Scripted:
        opened.append(1)
        if len(opened) == 1:
            raise cv2.error("VIDIOC_STREAMON")
        return Scripted(10_000, lambda: time.sleep(0.01))

    with LiveCamera(open_video, name="camera 0") as camera:
        assert any(frame is not None for frame in camera)
