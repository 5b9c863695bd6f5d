"""Faces as a door camera hands them in: small, dark, mirrored, turned, cut off."""

from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np
import pytest

from rekolocal.engine.alignment import align
from rekolocal.engine.detection import YuNet
from rekolocal.engine.faces import Face, FaceEngine
from rekolocal.engine.network import MODEL_VERSION
from rekolocal.engine.picture import Pixels
from rekolocal.similarity import SCALES
from tests.rekolocal.conftest import encoded, pixels_of

SAME_PERSON = SCALES[MODEL_VERSION].at_99


def crop_of(photo: bytes, engine: FaceEngine) -> Pixels:
    """A head-and-shoulders crop, 300 px."""
    pixels, box = pixels_of(photo), engine.faces(photo)[0].box
    height, width = pixels.shape[:2]
    x, y = (box.left + box.width / 2) * width, (box.top + box.height / 2) * height
    reach = 1.1 * box.width * width
    crop = pixels[max(0, int(y - reach)) : int(y + 1.2 * reach), max(0, int(x - reach)) : int(x + reach)]
    return resized(crop, 300 / max(crop.shape[:2]))


def resized(pixels: Pixels, scale: float) -> Pixels:
    return np.asarray(cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)


def turned(degrees: float) -> Callable[[Pixels], Pixels]:
    def turn(pixels: Pixels) -> Pixels:
        height, width = pixels.shape[:2]
        matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1)
        return np.asarray(
            cv2.warpAffine(pixels, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE), np.uint8
        )

    return turn


CHANGES: dict[str, Callable[[Pixels], Pixels]] = {
    "unchanged": lambda pixels: pixels,
    "half the size": lambda pixels: resized(pixels, 0.5),
    "dark": lambda pixels: (pixels * 0.3).astype(np.uint8),
    "mirrored": lambda pixels: np.ascontiguousarray(pixels[:, ::-1]),
    "turned 10 degrees": turned(10),
    "turned 15 degrees back": turned(-15),
    "blurred": lambda pixels: np.asarray(cv2.GaussianBlur(pixels, (0, 0), 1.5), np.uint8),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("portrait", ["astronaut", "hopper"])
def test_a_door_crop_however_changed_is_the_same_person(
    engine: FaceEngine, portrait: str, change: str, request: pytest.FixtureRequest
) -> None:
    photo: bytes = request.getfixturevalue(portrait)
    (enrolled,) = engine.embed(engine.faces(photo)[:1])
    visit = encoded(CHANGES[change](crop_of(photo, engine)), ".jpg")
    face = engine.largest_face(visit)
    assert face is not None
    assert np.linalg.norm(engine.embed([face])[0] - enrolled) < SAME_PERSON


@pytest.mark.parametrize("side", ["left", "right", "bottom"])
def test_a_face_cut_off_at_the_pictures_edge_is_found(engine: FaceEngine, hopper: bytes, side: str) -> None:
    pixels, face = pixels_of(hopper), engine.faces(hopper)[0]
    height, width = pixels.shape[:2]
    left, right = int(face.box.left * width), int((face.box.left + face.box.width) * width)
    bottom = int((face.box.top + face.box.height) * height)
    cut = {
        "left": pixels[:, left + (right - left) // 5 :],
        "right": pixels[:, : right - (right - left) // 5],
        "bottom": pixels[: bottom - int(face.box.height * height) // 10],
    }[side]
    found = engine.largest_face(encoded(np.ascontiguousarray(cut)))
    assert found is not None
    (enrolled,) = engine.embed([face])
    assert np.linalg.norm(engine.embed([found])[0] - enrolled) < SCALES[MODEL_VERSION].at_80


def test_all_faces_of_a_picture_are_found_largest_first(engine: FaceEngine, both: bytes) -> None:
    faces = engine.faces(both)
    assert len(faces) == 2
    assert faces[0].box.width * faces[0].box.height > faces[1].box.width * faces[1].box.height


def test_the_largest_face_is_the_first_of_all(engine: FaceEngine, both: bytes) -> None:
    largest = engine.largest_face(both)
    assert largest is not None
    assert largest.box.left == pytest.approx(engine.faces(both)[0].box.left, abs=0.03)


def test_a_picture_without_a_face_has_none(engine: FaceEngine, nobody: bytes) -> None:
    assert engine.faces(nobody) == []
    assert engine.largest_face(nobody) is None


@pytest.mark.parametrize("turn", [cv2.ROTATE_90_CLOCKWISE, cv2.ROTATE_90_COUNTERCLOCKWISE])
def test_a_face_that_lies_on_its_side_is_found_where_it_is(
    engine: FaceEngine, hopper: bytes, turn: int
) -> None:
    """A phone's photo whose orientation got lost."""
    upright, pixels = engine.faces(hopper)[0], pixels_of(hopper)
    (face,) = engine.faces(encoded(np.asarray(cv2.rotate(pixels, turn), np.uint8)))
    x, y = upright.box.left + upright.box.width / 2, upright.box.top + upright.box.height / 2
    expected = (1 - y, x) if turn == cv2.ROTATE_90_CLOCKWISE else (y, 1 - x)
    centre = (face.box.left + face.box.width / 2, face.box.top + face.box.height / 2)
    assert centre == pytest.approx(expected, abs=0.03)


@pytest.mark.parametrize("largest_only", [False, True])
@pytest.mark.parametrize("portrait", ["hopper", "astronaut"])
def test_a_face_upside_down_is_the_same_person_as_upright(
    engine: FaceEngine, request: pytest.FixtureRequest, portrait: str, largest_only: bool
) -> None:
    photo: bytes = request.getfixturevalue(portrait)
    upright = engine.faces(photo)[0]
    photo = encoded(np.ascontiguousarray(pixels_of(photo)[::-1, ::-1]))
    face = engine.largest_face(photo) if largest_only else engine.faces(photo)[0]
    assert face is not None
    assert face.landmarks[0][1] > face.landmarks[3][1], "eyes below the mouth"
    one, other = engine.embed([upright, face])
    assert np.linalg.norm(one - other) < SAME_PERSON


def test_a_face_in_the_dark_is_found_at_a_second_look(engine: FaceEngine, astronaut: bytes) -> None:
    portrait = cv2.resize(pixels_of(astronaut)[0:300, 90:340], (800, 960)).astype(float)
    noise = np.random.default_rng(1).normal(0, 3, portrait.shape)
    dark = encoded(np.clip(portrait * 0.05 + noise, 0, 255).astype(np.uint8))
    assert len(engine.faces(dark)) == 1


def test_pictures_of_any_shape_have_boxes_of_numbers() -> None:
    """OpenCV returns what its memory held, infinite boxes too, where a side has 32 pixels or fewer."""
    detector, random = YuNet(), np.random.default_rng(0)
    for _ in range(100):
        height, width = random.integers(80, 120), random.integers(300, 800)
        noise = random.integers(0, 255, (height, width, 3), dtype=np.uint8)
        for pixels in (noise, np.ascontiguousarray(noise.swapaxes(0, 1))):
            assert not detector.detect(pixels, largest_only=True)


@pytest.mark.parametrize("corner", [(0, 0), (900, 1400)])
def test_a_large_face_anywhere_in_a_picture_has_the_chip_of_the_whole_picture_shrunk(
    hopper: bytes, corner: tuple[int, int]
) -> None:
    picture = np.full((2000, 2600, 3), 90, np.uint8)
    portrait = resized(pixels_of(hopper), 1000 / max(pixels_of(hopper).shape))
    top, left = corner
    picture[top : top + portrait.shape[0], left : left + portrait.shape[1]] = portrait
    (face,) = YuNet().detect(picture, largest_only=False)
    scale = 0.25
    small = replace(face, points=face.points * scale)
    shrunk = align(resized(picture, scale), small).chip.astype(float)
    assert np.abs(align(picture, face).chip - shrunk).mean() < 3


def test_landmarks_lie_in_the_face_where_they_belong(engine: FaceEngine, hopper: bytes) -> None:
    face = engine.faces(hopper)[0]
    eye_left, eye_right, nose, mouth_left, mouth_right = face.landmarks
    assert eye_left[0] < nose[0] < eye_right[0]
    assert mouth_left[0] < nose[0] < mouth_right[0]
    assert max(eye_left[1], eye_right[1]) < nose[1] < min(mouth_left[1], mouth_right[1])
    assert face.box.left < eye_left[0] < eye_right[0] < face.box.left + face.box.width
    assert mouth_left[1] < face.box.top + face.box.height


def test_a_turned_head_has_the_roll_it_was_turned_by(engine: FaceEngine, hopper: bytes) -> None:
    upright = engine.faces(hopper)[0].pose
    clockwise = engine.faces(encoded(turned(-10)(pixels_of(hopper))))[0].pose
    assert clockwise.roll - upright.roll == pytest.approx(10, abs=4)
    assert abs(upright.yaw) < 20


def test_a_mirrored_head_looks_the_other_way(engine: FaceEngine, astronaut: bytes) -> None:
    as_is = engine.faces(astronaut)[0].pose
    mirrored = engine.faces(encoded(CHANGES["mirrored"](pixels_of(astronaut))))[0].pose
    assert mirrored.roll == pytest.approx(-as_is.roll, abs=4)
    assert mirrored.yaw == pytest.approx(-as_is.yaw, abs=15)


def _quality(engine: FaceEngine, pixels: Pixels) -> Face:
    face = engine.largest_face(encoded(pixels))
    assert face is not None
    return face


def test_a_darker_picture_is_less_bright_and_hardly_less_sharp(engine: FaceEngine, hopper: bytes) -> None:
    pixels = pixels_of(hopper)
    plain, dark = _quality(engine, pixels).quality, _quality(engine, CHANGES["dark"](pixels)).quality
    assert dark.brightness_pct < plain.brightness_pct / 2
    assert dark.sharpness_pct > plain.sharpness_pct / 2


def test_a_blurred_picture_is_less_sharp_and_as_bright(engine: FaceEngine, hopper: bytes) -> None:
    pixels = pixels_of(hopper)
    blurred = np.asarray(cv2.GaussianBlur(pixels, (0, 0), 5), np.uint8)
    plain, soft = _quality(engine, pixels).quality, _quality(engine, blurred).quality
    assert soft.sharpness_pct < plain.sharpness_pct / 3
    assert soft.brightness_pct == pytest.approx(plain.brightness_pct, abs=5)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda pixels: np.asarray(cv2.GaussianBlur(pixels, (0, 0), 6), np.uint8), "LOW_SHARPNESS"),
        (lambda pixels: (pixels * 0.06).astype(np.uint8), "LOW_BRIGHTNESS"),
    ],
    ids=["blurred", "dark"],
)
def test_a_poor_face_misses_the_high_bar_for_its_reason_and_passes_without_a_bar(
    engine: FaceEngine, hopper: bytes, change: Callable[[Pixels], Pixels], reason: str
) -> None:
    face = _quality(engine, change(pixels_of(hopper)))
    assert reason in face.missed_reasons("HIGH")
    assert face.missed_reasons("NONE") == []


def test_a_good_portrait_passes_every_bar(engine: FaceEngine, hopper: bytes) -> None:
    face = engine.faces(hopper)[0]
    assert [face.missed_reasons(bar) for bar in ("NONE", "LOW", "AUTO", "MEDIUM", "HIGH")] == [[]] * 5
