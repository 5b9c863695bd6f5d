"""What a photo's pixels tell before it is handed in: the same photo, good and spoilt in every way."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from kiosk.vision.detect import YuNet
from kiosk.vision.frame import Image
from kiosk.vision.picture_file import fit_with_pixels
from kiosk.vision.portrait import PhotoGate, PhotoProblem, problem_of
from tests.kiosk.pictures import astronaut, room, sample
from tests.portraits import HOPPER


def as_image(changed: object) -> Image:
    return np.asarray(changed, np.uint8)


def hopper() -> Image:
    """Her face is 190 px wide, and begins at (160, 100)."""
    picture = cv2.imread(str(HOPPER))
    assert picture is not None
    return as_image(picture)


def scaled(image: Image, factor: float) -> Image:
    return as_image(cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA))


def beside(left: Image, right: Image) -> Image:
    height = max(left.shape[0], right.shape[0])
    parts = [
        cv2.copyMakeBorder(each, 0, height - each.shape[0], 0, 0, cv2.BORDER_CONSTANT)
        for each in (left, right)
    ]
    return as_image(np.hstack(parts))


def half_of_the_face(image: Image) -> Image:
    (face, *_) = YuNet().detect(image)
    return image[:, int(face.box.centre[0]) :]


SPOILT: dict[PhotoProblem, Callable[[Image], Image]] = {
    PhotoProblem.NO_FACE: lambda image: room(512, 512),
    PhotoProblem.SEVERAL_FACES: lambda image: beside(image, image),
    PhotoProblem.TOO_SMALL: lambda image: scaled(image, 0.22),
    PhotoProblem.BLURRED: lambda image: as_image(cv2.GaussianBlur(image, (0, 0), 8)),
    PhotoProblem.TOO_DARK: lambda image: as_image(image * 0.08),
    PhotoProblem.TOO_BRIGHT: lambda image: as_image(np.clip(image * 4.0, 0, 255)),
    PhotoProblem.CUT_OFF: half_of_the_face,
}


@pytest.mark.parametrize("picture", [astronaut, hopper])
def test_a_good_photo_passes_also_when_it_lies_on_its_side(picture: Callable[[], Image]) -> None:
    image = picture()
    for turn in (None, cv2.ROTATE_90_CLOCKWISE, cv2.ROTATE_180):
        shown = image if turn is None else as_image(cv2.rotate(image, turn))
        assert problem_of(shown, YuNet()) is None


@pytest.mark.parametrize("problem", SPOILT)
def test_each_way_to_spoil_a_photo_is_told_by_name(problem: PhotoProblem) -> None:
    assert problem_of(SPOILT[problem](hopper()), YuNet()) is problem


def test_the_blur_that_was_once_enrolled_is_refused() -> None:
    """Of 12 pixels, on a portrait of 512."""
    blurred = as_image(cv2.GaussianBlur(astronaut(), (0, 0), 12))
    assert problem_of(blurred, YuNet()) in {PhotoProblem.BLURRED, PhotoProblem.NO_FACE}


def test_a_head_that_looks_aside_is_turned_away() -> None:
    capture = cv2.VideoCapture(str(sample("clips/head-pose-face-detection-female.gif")))
    problems = set()
    while capture.grab():
        _, frame = capture.retrieve()
        problems.add(problem_of(as_image(frame), YuNet()))
    assert PhotoProblem.TURNED_AWAY in problems


@pytest.mark.parametrize("folder", ["alex_lacamoire", "biden", "obama", "rose_leslie"])
def test_the_sample_photos_that_are_good_pass(folder: str) -> None:
    for file in sample(f"photos/enroll/{folder}").iterdir():
        image = fit_with_pixels(file.read_bytes()).image
        assert image is not None
        assert PhotoGate()(image) is None, file


def test_the_gate_says_what_to_do_in_a_sentence() -> None:
    assert PhotoGate()(SPOILT[PhotoProblem.BLURRED](hopper())) == (
        "the face is blurred; hold the camera still and take another photo"
    )
