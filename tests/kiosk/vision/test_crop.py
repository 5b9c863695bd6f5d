"""Head and shoulders out of a picture, and pictures in and out of bytes."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.vision.crop import CROP_PX, STILL_PX, encode_jpeg, head_and_shoulders, whole
from kiosk.vision.frame import Box
from tests.kiosk.pictures import astronaut, room

FACE = Box(173, 61, 96, 124)


def test_the_crop_holds_the_hair_and_the_shoulders() -> None:
    crop = head_and_shoulders(astronaut(), FACE)
    factor = max(crop.shape) / (2.4 * FACE.height)
    assert crop.shape[0] > 2 * FACE.height * factor
    assert crop.shape[1] > 2 * FACE.width * factor


@given(st.floats(-100, 700), st.floats(-100, 500), st.floats(20, 700), st.floats(20, 700))
def test_the_crop_is_part_of_the_picture_and_never_too_large(
    left: float, top: float, width: float, height: float
) -> None:
    image = room(640, 480)
    box = Box(left, top, width, height)
    if box.overlap(Box(0, 0, 640, 480)).area > 25:
        crop = head_and_shoulders(image, box)
        assert min(crop.shape[:2]) >= 1
        assert max(crop.shape[:2]) <= CROP_PX


def test_a_small_face_is_enlarged_but_not_without_end() -> None:
    crop = head_and_shoulders(room(640, 480), Box(300, 200, 40, 50))
    assert max(crop.shape[:2]) == pytest.approx(2 * 2.4 * 50, abs=3)


def test_another_face_in_the_crop_is_blurred_beyond_recognition_and_this_one_is_not() -> None:
    """Two people cheek by cheek: Rekognition would compare whoever is the larger."""
    pair = np.ascontiguousarray(np.hstack([astronaut()[:, 130:290], astronaut()[:, 150:360]]))
    one, other = FACE.moved(-130, 0), FACE.moved(160 - 150, 0)
    crop, untouched = head_and_shoulders(pair, one, [other]), head_and_shoulders(pair, one)
    factor = max(crop.shape) / (2.4 * FACE.height)
    top, bottom = round(0.7 * FACE.height * factor), round(1.4 * FACE.height * factor)
    mine = slice(0, round((one.right - 2) * factor))
    theirs = slice(round((other.left + 8) * factor), crop.shape[1])
    assert (crop[top:bottom, mine] == untouched[top:bottom, mine]).mean() > 0.9
    detail = [cv2.Laplacian(view[top:bottom, theirs], cv2.CV_32F).var() for view in (crop, untouched)]
    assert detail[0] < 0.1 * detail[1]


def test_faces_elsewhere_change_nothing() -> None:
    plain = head_and_shoulders(astronaut(), FACE)
    assert (head_and_shoulders(astronaut(), FACE, [Box(450, 400, 40, 50)]) == plain).all()


@given(st.floats(-300, 900), st.floats(-300, 700), st.floats(1, 900), st.floats(1, 700))
def test_others_may_be_anywhere_and_of_any_size(left: float, top: float, width: float, height: float) -> None:
    before = astronaut().copy()
    head_and_shoulders(astronaut(), FACE, [Box(left, top, width, height)])
    assert (astronaut() == before).all()


def test_the_whole_picture_is_made_smaller_but_never_larger() -> None:
    assert max(whole(room(2560, 1440)).shape[:2]) == STILL_PX
    assert whole(room(320, 240)).shape == (240, 320, 3)


def test_a_jpeg_of_the_crop_is_small() -> None:
    assert len(encode_jpeg(head_and_shoulders(astronaut(), FACE))) < 60_000
