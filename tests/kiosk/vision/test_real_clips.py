"""The loop on clips of real people, with YuNet; skipped where the sample data is not."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from kiosk.vision.camera import Camera
from kiosk.vision.clip import Clip
from kiosk.vision.detect import YuNet
from kiosk.vision.frame import Frame, Image
from kiosk.visits.events import Captured, Event, TooFar, TooUnclear
from kiosk.visits.loop import Loop, Visit
from kiosk.visits.watch import watch
from tests.kiosk.pictures import sample
from tests.kiosk.visits.test_loop import Api

FPS = 12.5
HEAD_POSES = ("clips/head-pose-face-detection-male.gif", "clips/head-pose-face-detection-female.gif")


@pytest.fixture
def detector() -> YuNet:
    return YuNet()


def images_of(path: Path) -> list[Image]:
    with Clip(path) as camera:
        return [frame.image for frame in camera]


def captured(images: Sequence[Image], detector: YuNet, outcome: str = "recognized") -> list[Captured]:
    loop = Loop("door", detector, Api(lambda number: outcome), live=False)
    events = [
        event for n, image in enumerate(images) for event in loop.step(Frame(image, n / FPS, n))
    ] + list(loop.finish())
    return [event for event in events if isinstance(event, Captured)]


@pytest.mark.parametrize("outcome", ["recognized", "unknown"])
def test_people_who_come_and_go_are_handed_in_once_a_visit(detector: YuNet, outcome: str) -> None:
    clips = [images_of(sample(path)) for path in HEAD_POSES]
    nobody = [np.full_like(clips[0][0], 170)] * round(3 * FPS)
    day = [image for _ in range(2) for clip in clips for part in (clip, nobody) for image in part]
    captures = captured(day, detector, outcome)
    assert [event.capture.origin for event in captures] == [f"track {n}" for n in (1, 2, 3, 4)]
    assert all((event.capture.score or 0) > 0.6 for event in captures)


def test_somebody_who_comes_in_in_profile_is_handed_in_with_the_face_to_the_camera(detector: YuNet) -> None:
    (event,) = captured(images_of(sample(HEAD_POSES[1])), detector)
    assert 0.5 < event.time_s < 1.6


def test_a_clip_read_twice_gives_the_same_pictures_at_the_same_times(detector: YuNet) -> None:
    """Whatever the machine is doing meanwhile: a clip has its own time."""
    path = sample("clips/head-pose-face-detection-male.gif")
    seen = []
    for _ in range(2):
        loop = Loop("door", detector, Api(), live=False)
        with Clip(path) as camera:
            events = [event for event in watch(camera, loop) if isinstance(event, Captured)]
        seen.append([(event.time_s, event.capture.score, event.capture.picture) for event in events])
    assert seen[0] == seen[1]


def test_a_cut_from_one_performer_to_another_is_another_visit(detector: YuNet) -> None:
    captures = captured(images_of(sample("clips/short_hamilton_clip.mp4"))[:120], detector)
    assert len(captures) >= 2
    assert len({event.capture.origin for event in captures}) == len(captures)


def test_everybody_on_a_stage_and_before_it_who_is_seen_for_half_a_second_is_handed_in_once(
    detector: YuNet,
) -> None:
    """Singers in turn, a pianist far behind, and some ten of the audience, mostly dark and in profile."""
    loop = Loop("door", detector, Api(), live=False)
    events: list[Event] = []
    visits: dict[str, Visit] = {}
    with Clip(sample("clips/short_hamilton_clip.mp4")) as camera:
        for event in watch(camera, loop, [Noting(visits)]):
            events.append(event)
    origins = [event.capture.origin for event in events if isinstance(event, Captured)]
    assert len(origins) == len(set(origins)) > 10
    unclear = {event.origin for event in events if isinstance(event, TooUnclear)}
    assert len(unclear) <= 1  # a shadow in the last scene
    long = {name for name, visit in visits.items() if visit.is_long and visit.is_near}
    assert long - unclear <= set(origins)
    assert {name for name, visit in visits.items() if visit.is_near} >= set(origins)
    (pianist,) = [event for event in events if isinstance(event, TooFar)]
    assert pianist.face_px < pianist.min_face_px == 40


@dataclass
class Noting:
    """An onlooker that remembers everybody who was there."""

    visits: dict[str, Visit]

    def look(self, frame: Frame | None, camera: Camera, loop: Loop) -> None:
        self.visits |= {f"track {visit.track.track_id}": visit for visit in loop._visits.values()}
