"""What makes a picture of a face good or bad, on a real face."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.vision.frame import Box, Detection, Image, Landmarks
from kiosk.vision.quality import pose, quality
from tests.kiosk.pictures import astronaut

# Where the astronaut's face and its landmarks are in the 512x512 picture.
FACE = Box(173, 61, 96, 124)
FRONTAL = Landmarks((201, 107), (243, 106), (224, 135), (205, 154), (243, 153))
SEEN = Detection(FACE, 0.95, FRONTAL)


def moved(landmarks: Landmarks, x: float, y: float) -> Landmarks:
    """The same face with its nose elsewhere: turned or nodding."""
    nose = (landmarks.nose[0] + x, landmarks.nose[1] + y)
    return Landmarks(
        landmarks.left_eye, landmarks.right_eye, nose, landmarks.left_mouth, landmarks.right_mouth
    )


def turned(landmarks: Landmarks, degrees: float) -> Landmarks:
    """The face with its head on one side."""
    turn = cv2.getRotationMatrix2D((220.0, 130.0), degrees, 1.0)
    points = [landmarks.left_eye, landmarks.right_eye, landmarks.nose, landmarks.left_mouth]
    points.append(landmarks.right_mouth)
    return Landmarks(*[(float(x), float(y)) for x, y in ((turn @ [*point, 1.0]) for point in points)])


def test_a_clear_portrait_is_excellent() -> None:
    assert quality(astronaut(), SEEN).score > 0.85


@pytest.mark.parametrize(
    ("part", "change"),
    [
        ("sharpness", lambda image: cv2.GaussianBlur(image, (0, 0), 5)),
        ("light", lambda image: (image * 0.15).astype(np.uint8)),
        ("light", lambda image: np.clip(image.astype(int) + 150, 0, 255).astype(np.uint8)),
        ("light", lambda image: (image * 0.1 + 120).astype(np.uint8)),  # fog
    ],
)
def test_a_spoiled_picture_is_worse_in_the_part_that_was_spoiled(part: str, change: object) -> None:
    spoiled = change(astronaut())  # type: ignore[operator]
    assert getattr(quality(spoiled, SEEN), part) < 0.5 * getattr(quality(astronaut(), SEEN), part)


def test_a_small_face_is_worse_than_a_large_one() -> None:
    small = cv2.resize(astronaut(), None, fx=0.4, fy=0.4, interpolation=cv2.INTER_AREA).astype(np.uint8)
    seen = Detection(FACE.scaled(0.4), 0.95, None)
    assert quality(small, seen).size < 0.5


@pytest.mark.parametrize("cut", [30, 60, 90])
def test_a_face_cut_off_at_the_edge_is_bad(cut: int) -> None:
    left = round(FACE.left) + cut
    image: Image = np.ascontiguousarray(astronaut()[:, left:])
    seen = Detection(FACE.moved(-left, 0), 0.95, None)
    assert quality(image, seen).whole < 0.1


def test_a_face_that_touches_the_edge_is_worse_than_one_that_does_not() -> None:
    image: Image = np.ascontiguousarray(astronaut()[:, round(FACE.left) :])
    assert quality(image, Detection(FACE.moved(-FACE.left, 0), 0.95, None)).whole < 0.6


def test_turning_nodding_and_tilting_each_lower_the_pose() -> None:
    frontal = pose(FRONTAL)
    for away in (moved(FRONTAL, 16, 0), moved(FRONTAL, 0, 20), moved(FRONTAL, 0, -20), turned(FRONTAL, 40)):
        assert pose(away) < 0.6 * frontal


@given(st.floats(-14, 14))
def test_a_slightly_tilted_head_is_as_good_as_an_upright_one(degrees: float) -> None:
    assert pose(turned(FRONTAL, degrees)) == pytest.approx(pose(FRONTAL), abs=0.15)


@given(st.floats(-60, 60), st.floats(-40, 40))
def test_turning_left_is_as_bad_as_turning_right(x: float, y: float) -> None:
    face = moved(FRONTAL, x, y)
    mirrored = Landmarks(
        *((500 - point[0], point[1]) for point in (face.right_eye, face.left_eye, face.nose)),
        *((500 - point[0], point[1]) for point in (face.right_mouth, face.left_mouth)),
    )
    assert pose(mirrored) == pytest.approx(pose(face))


a_number = st.floats(-2000, 2000)
a_point = st.tuples(a_number, a_number)


@given(
    st.builds(Box, left=a_number, top=a_number, width=st.floats(0, 2000), height=st.floats(0, 2000)),
    st.floats(0, 1),
    st.one_of(st.none(), st.builds(Landmarks, a_point, a_point, a_point, a_point, a_point)),
)
def test_whatever_a_detector_says_the_score_is_between_0_and_1(
    box: Box, score: float, landmarks: Landmarks | None
) -> None:
    assert 0 <= quality(astronaut(), Detection(box, score, landmarks)).score <= 1
