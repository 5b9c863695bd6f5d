"""The detector on real faces."""

from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest

from kiosk.vision.detect import AGAIN_PX, DETECT_PX, YuNet, _Network
from kiosk.vision.frame import Box, Detection, Image
from kiosk.vision.models import ModelUnusable
from tests.kiosk.pictures import astronaut, room, sample

FACE = Box(173, 61, 96, 124)


@pytest.fixture(scope="module")
def detector() -> YuNet:
    return YuNet()


def test_a_portraits_face_is_found_where_it_is(detector: YuNet) -> None:
    (face,) = detector.detect(astronaut())
    assert face.box.iou(FACE) > 0.5
    assert face.score > 0.7


def test_an_empty_room_has_no_face(detector: YuNet) -> None:
    assert not detector.detect(room(640, 480))


@pytest.mark.parametrize("factor", [0.5, 1.0, 4.0])
def test_boxes_are_in_the_pictures_own_pixels_at_any_size(detector: YuNet, factor: float) -> None:
    image = cv2.resize(astronaut(), None, fx=factor, fy=factor).astype(np.uint8)
    (face,) = detector.detect(image)
    assert face.box.iou(FACE.scaled(factor)) > 0.5


def test_the_largest_face_comes_first(detector: YuNet) -> None:
    large = cv2.resize(astronaut(), None, fx=1.5, fy=1.5).astype(np.uint8)
    side_by_side: Image = np.zeros((768, 512 + 768, 3), np.uint8)
    side_by_side[:512, :512] = astronaut()
    side_by_side[:, 512:] = large
    first, second = detector.detect(side_by_side)
    assert first.box.left > 512 > second.box.left
    assert first.box.area > second.box.area


def test_a_picture_of_another_size_than_the_one_before_is_no_trouble(detector: YuNet) -> None:
    for width, height in ((640, 480), (321, 243), (90, 700), (640, 480)):
        detector.detect(room(width, height))
    assert len(detector.detect(astronaut())) == 1


@pytest.mark.parametrize(("width", "height"), [(1, 1), (1, 500), (2000, 3)])
def test_strange_sizes_have_no_face(detector: YuNet, width: int, height: int) -> None:
    assert not detector.detect(np.zeros((height, width, 3), np.uint8))


def test_it_knows_where_eyes_nose_and_mouth_are(detector: YuNet) -> None:
    (face,) = detector.detect(astronaut())
    points = face.landmarks
    assert points is not None
    assert points.left_eye[0] < points.nose[0] < points.right_eye[0]
    assert points.left_eye[1] < points.nose[1] < points.left_mouth[1]
    assert points.left_mouth[0] < points.right_mouth[0]


def test_a_turned_head_at_a_door_is_found_in_every_frame(detector: YuNet) -> None:
    from kiosk.vision.clip import Clip

    with Clip(sample("clips/head-pose-face-detection-female.gif")) as camera:
        assert [len(detector.detect(frame.image)) for frame in camera] == [1] * 23


def too_near() -> Image:
    """The face fills the whole picture."""
    face = astronaut()[75:175, 180:260]
    return cv2.resize(face, (640, 800), interpolation=cv2.INTER_CUBIC).astype(np.uint8)


def too_dark() -> Image:
    """Under-exposed, with the noise of a sensor in the dark."""
    large = cv2.resize(astronaut()[0:300, 90:340], (800, 960)).astype(float)
    noise = np.random.default_rng(1).normal(0, 3, large.shape)
    return np.clip(large * 0.05 + noise, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("hard", [too_near, too_dark])
def test_a_face_too_near_or_too_dark_is_found_at_a_second_look(
    detector: YuNet, hard: Callable[[], Image]
) -> None:
    assert not detector._frames.look(hard(), DETECT_PX)
    assert len(detector.detect(hard())) == 1


def test_there_is_no_second_look_where_the_first_found_somebody(
    detector: YuNet, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = []
    look = _Network.look

    def counted(network: _Network, image: Image, side_px: int) -> Sequence[Detection]:
        sizes.append(side_px)
        return look(network, image, side_px)

    monkeypatch.setattr(_Network, "look", counted)
    detector.detect(astronaut())
    assert sizes == [DETECT_PX]
    detector.detect(room(640, 480))
    assert sizes == [DETECT_PX, DETECT_PX, AGAIN_PX]


def test_a_crop_shows_a_face_or_none_whatever_its_shape(detector: YuNet) -> None:
    crop = astronaut()[20:300, 100:340]
    assert detector.shows_face(crop)
    assert detector.shows_face(np.ascontiguousarray(crop[40:200]))
    assert not detector.shows_face(room(300, 400))
    assert not detector.shows_face(np.zeros((400, 9, 3), np.uint8))


def test_a_look_at_a_crop_leaves_the_networks_for_frames_at_their_size(detector: YuNet) -> None:
    detector.detect(room(640, 480))
    sizes = [network._size for network in (detector._frames, detector._frames_again)]
    detector.shows_face(astronaut())
    assert [network._size for network in (detector._frames, detector._frames_again)] == sizes


def test_pictures_of_any_shape_have_boxes_of_numbers(detector: YuNet) -> None:
    """OpenCV returns what its memory held, infinite boxes too, where a side has 32 pixels or fewer."""
    random = np.random.default_rng(0)
    for _ in range(300):
        height, width = random.integers(8, 40), random.integers(8, 640)
        noise = random.integers(0, 255, (height, width, 3), dtype=np.uint8)
        assert not detector.detect(noise)
        assert not detector.detect(np.ascontiguousarray(noise.swapaxes(0, 1)))


def test_a_file_that_is_no_model_is_said_to_be_none(tmp_path: Path) -> None:
    fake = tmp_path / "model.onnx"
    fake.write_bytes(b"no model")
    with pytest.raises(ModelUnusable, match="is not a YuNet model"):
        YuNet(fake)
