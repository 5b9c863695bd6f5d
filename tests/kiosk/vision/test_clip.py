"""Video files: every frame, in the clip's own time."""

from pathlib import Path

import pytest

from kiosk.vision.camera import Pace, SourceUnusable, View
from kiosk.vision.clip import Clip
from tests.kiosk.pictures import room, write_clip


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return write_clip(tmp_path / "clip.avi", [room(160, 120, seed=n) for n in range(25)], fps=10)


def test_every_frame_of_a_clip_comes_in_the_clips_own_time(clip: Path) -> None:
    with Clip(clip) as camera:
        frames = list(camera)
    assert [frame.index for frame in frames] == list(range(25))
    assert [frame.time_s for frame in frames] == pytest.approx([n / 10 for n in range(25)])
    assert camera.dropped == 0


def test_fewer_frames_a_second_are_spread_evenly(clip: Path) -> None:
    with Clip(clip, View(max_fps=4)) as camera:
        assert [frame.index for frame in camera] == [0, 3, 5, 8, 10, 13, 15, 18, 20, 23]


def test_pictures_are_made_smaller_but_never_larger(clip: Path) -> None:
    with Clip(clip, View(size=(80, 80))) as camera:
        assert next(iter(camera)).image.shape == (60, 80, 3)
    with Clip(clip, View(size=(1280, 720))) as camera:
        assert next(iter(camera)).image.shape == (120, 160, 3)


def test_a_camera_on_its_side_is_turned_clockwise(clip: Path) -> None:
    with Clip(clip) as camera:
        upright = next(iter(camera)).image
    with Clip(clip, View(rotate_deg=90)) as camera:
        turned = next(iter(camera)).image
    assert turned.shape == (160, 120, 3)
    assert (turned[0, -1] == upright[0, 0]).all()


def test_leaving_a_clip_early_ends_its_thread(clip: Path) -> None:
    with Clip(clip) as camera:
        next(iter(camera))
    assert not camera._thread.is_alive()


def test_a_file_that_is_no_video_is_said_to_be_none(tmp_path: Path) -> None:
    fake = tmp_path / "clip.mp4"
    fake.write_bytes(b"no video")
    with pytest.raises(SourceUnusable, match="is no video that OpenCV can read"):
        Clip(fake)


def test_a_pace_does_not_catch_up_after_a_gap() -> None:
    pace = Pace(10)
    assert [pace.takes(time_s) for time_s in (0.0, 0.05, 0.1, 5.0, 5.01, 5.05, 5.1)] == [
        True, False, True, True, False, False, True,
    ]  # fmt: skip
