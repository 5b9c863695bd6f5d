"""YuNet in onnxruntime finds what it finds in OpenCV, which the kiosk uses."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from rekolocal.engine.detector_network import DetectorNetwork
from rekolocal.engine.models import YUNET, ModelError, find_yunet
from tests.rekolocal.conftest import pixels_of


@pytest.mark.parametrize(("side_px", "faces"), [(640, 2), (333, 2), (160, 1)])
def test_rows_equal_those_of_opencv(both: bytes, side_px: int, faces: int) -> None:
    pixels = pixels_of(both)
    scale = side_px / max(pixels.shape[:2])
    view = np.asarray(cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
    size = (view.shape[1], view.shape[0])
    published = cv2.FaceDetectorYN.create(str(find_yunet()), "", size, score_threshold=0.7)
    _, expected = published.detect(cv2.cvtColor(view, cv2.COLOR_RGB2BGR))
    rows = DetectorNetwork().detect(view, min_score=0.7)
    assert len(rows) == faces
    np.testing.assert_allclose(rows, expected, atol=1e-3)


def test_a_picture_without_faces_has_no_rows() -> None:
    assert DetectorNetwork().detect(np.zeros((90, 200, 3), np.uint8), min_score=0.7).shape == (0, 15)


def test_a_file_that_is_no_model_of_yunet_is_said_to_be_none(tmp_path: Path) -> None:
    other = tmp_path / "other.onnx"
    for content in (
        b"no model",
        YUNET.installed().with_name("face_recognition_sface_2021dec_int8bq.onnx").read_bytes(),
    ):
        other.write_bytes(content)
        with pytest.raises(ModelError, match=r"other\.onnx is no model of YuNet in ONNX form"):
            DetectorNetwork(other, cache_dir=tmp_path / "cache")
    with pytest.raises(ModelError):
        DetectorNetwork(tmp_path / "none.onnx", cache_dir=tmp_path / "cache")
