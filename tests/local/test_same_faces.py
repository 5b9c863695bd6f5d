"""What the kiosk hands in, the engine finds a face in: both have the same detector."""

from collections.abc import Sequence

import cv2
import numpy as np
import pytest

from kiosk.vision.clip import Clip
from kiosk.vision.detect import YuNet
from kiosk.vision.frame import Frame, Image
from kiosk.visits.events import Captured
from kiosk.visits.loop import Loop
from rekolocal.engine.faces import FaceEngine
from tests.kiosk.pictures import noisy, room, sample, with_visitor
from tests.kiosk.visits.test_loop import Api

CLIPS = (
    "clips/head-pose-face-detection-female.gif",
    "clips/head-pose-face-detection-male.gif",
    "clips/short_hamilton_clip.mp4",
)
FPS = 12.5


@pytest.fixture(scope="module")
def engine() -> FaceEngine:
    return FaceEngine.load()


def handed_in(images: Sequence[Image], outcome: str) -> list[bytes]:
    loop = Loop("door", YuNet(), Api(lambda number: outcome), live=False)
    events = [event for n, image in enumerate(images) for event in loop.step(Frame(image, n / FPS, n))]
    return [event.capture.picture for event in (*events, *loop.finish()) if isinstance(event, Captured)]


@pytest.mark.parametrize("clip", CLIPS)
def test_every_capture_of_a_clip_has_a_face_for_the_engine(engine: FaceEngine, clip: str) -> None:
    """`unknown` asks for further pictures; turned, blurred and dark faces of an audience are among them."""
    with Clip(sample(clip)) as camera:
        images = [frame.image for frame in camera if frame is not None]
    pictures = handed_in(images, "unknown")
    assert pictures
    assert [n for n, picture in enumerate(pictures) if engine.largest_face(picture) is None] == []


@pytest.mark.parametrize("light", [1.0, 0.2])
@pytest.mark.parametrize("turned_degrees", [0, 30])
def test_who_walks_past_in_any_light_is_found_in_what_is_handed_in(
    engine: FaceEngine, light: float, turned_degrees: int
) -> None:
    scenes = [with_visitor(room(320, 240), left) for left in range(-160, 320, 16)]
    turn = cv2.getRotationMatrix2D((160, 120), turned_degrees, 1)
    walk = [
        noisy((cv2.warpAffine(scene, turn, (320, 240)) * light).astype(np.uint8), seed=n, sigma=3)
        for n, scene in enumerate(scenes)
    ]
    pictures = handed_in(walk, "recognized")
    assert pictures
    assert all(engine.largest_face(picture) for picture in pictures)
