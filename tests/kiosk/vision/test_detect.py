"""The detectors on real faces."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from kiosk.vision.detect import Detector, Haar, YuNet, make_detector
from kiosk.vision.frame import Box, Image
from kiosk.vision.models import ModelError
from tests.kiosk.pictures import YUNET, astronaut, room, sample

FACE = Box(173, 61, 96, 124)


@pytest.fixture(params=["haar", "yunet"])
def detector(request: pytest.FixtureRequest) -> Detector:
    if request.param == "haar":
        return Haar()
    if not YUNET.is_file():
        pytest.skip("YuNet's model is not here; set RECOGNIZEME_YUNET_MODEL")
    return YuNet(YUNET)


def test_a_portraits_face_is_found_where_it_is(detector: Detector) -> None:
    (face,) = detector.detect(astronaut())
    assert face.box.iou(FACE) > 0.5
    assert face.score > 0.7


def test_an_empty_room_has_no_face(detector: Detector) -> None:
    assert not detector.detect(room(640, 480))


@pytest.mark.parametrize("factor", [0.5, 1.0, 4.0])
def test_boxes_are_in_the_pictures_own_pixels_at_any_size(detector: Detector, factor: float) -> None:
    image = cv2.resize(astronaut(), None, fx=factor, fy=factor).astype(np.uint8)
    (face,) = detector.detect(image)
    assert face.box.iou(FACE.scaled(factor)) > 0.5


def test_the_largest_face_comes_first(detector: Detector) -> None:
    large = cv2.resize(astronaut(), None, fx=1.5, fy=1.5).astype(np.uint8)
    side_by_side: Image = np.zeros((768, 512 + 768, 3), np.uint8)
    side_by_side[:512, :512] = astronaut()
    side_by_side[:, 512:] = large
    first, second = detector.detect(side_by_side)
    assert first.box.left > 512 > second.box.left
    assert first.box.area > second.box.area


def test_a_picture_of_another_size_than_the_one_before_is_no_trouble(detector: Detector) -> None:
    for width, height in ((640, 480), (321, 243), (90, 700), (640, 480)):
        detector.detect(room(width, height))
    assert len(detector.detect(astronaut())) == 1


@pytest.mark.parametrize(("width", "height"), [(1, 1), (1, 500), (2000, 3)])
def test_strange_sizes_have_no_face(detector: Detector, width: int, height: int) -> None:
    assert not detector.detect(np.zeros((height, width, 3), np.uint8))


def test_yunet_knows_where_eyes_nose_and_mouth_are() -> None:
    if not YUNET.is_file():
        pytest.skip("YuNet's model is not here; set RECOGNIZEME_YUNET_MODEL")
    (face,) = YuNet(YUNET).detect(astronaut())
    points = face.landmarks
    assert points is not None
    assert points.left_eye[0] < points.nose[0] < points.right_eye[0]
    assert points.left_eye[1] < points.nose[1] < points.left_mouth[1]
    assert points.left_mouth[0] < points.right_mouth[0]


def test_yunet_finds_a_turned_head_at_a_door_in_every_frame() -> None:
    from kiosk.vision.clip import Clip

    detector = YuNet(sample("models/face_detection_yunet.onnx"))
    with Clip(sample("clips/head-pose-face-detection-female.gif")) as camera:
        assert [len(detector.detect(frame.image)) for frame in camera] == [1] * 23


def test_a_file_that_is_no_model_is_said_to_be_none(tmp_path: Path) -> None:
    fake = tmp_path / "model.onnx"
    fake.write_bytes(b"no model")
    with pytest.raises(ModelError, match="is not a YuNet model"):
        make_detector(fake)


def test_without_a_model_it_is_haar() -> None:
    assert make_detector(None).name == "haar"
