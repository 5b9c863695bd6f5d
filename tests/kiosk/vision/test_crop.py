"""Head and shoulders out of a picture, and pictures in and out of bytes."""

import io
import zlib

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as ImageFile

from kiosk.vision.crop import CROP_PX, STILL_PX, decode_picture, encode_jpeg, head_and_shoulders, whole
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


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_is_turned_as_its_exif_says(orientation: int) -> None:
    upright = ImageFile.fromarray(astronaut()[:, :400, ::-1])
    undo = {
        2: [ImageFile.Transpose.FLIP_LEFT_RIGHT],
        3: [ImageFile.Transpose.ROTATE_180],
        4: [ImageFile.Transpose.FLIP_TOP_BOTTOM],
        5: [ImageFile.Transpose.TRANSPOSE],
        6: [ImageFile.Transpose.ROTATE_90],
        7: [ImageFile.Transpose.TRANSVERSE],
        8: [ImageFile.Transpose.ROTATE_270],
    }
    stored = upright
    for how in undo.get(orientation, []):
        stored = stored.transpose(how)
    exif = ImageFile.Exif()
    exif[0x0112] = orientation
    data = io.BytesIO()
    stored.save(data, "JPEG", quality=95, exif=exif)
    decoded = decode_picture(data.getvalue())
    assert decoded is not None
    assert decoded.shape == (512, 400, 3)
    assert np.abs(decoded.astype(int) - astronaut()[:, :400].astype(int)).mean() < 6


def test_an_alpha_channel_is_left_out() -> None:
    data = io.BytesIO()
    ImageFile.fromarray(np.dstack([astronaut(), np.full((512, 512), 90, np.uint8)])).save(data, "PNG")
    decoded = decode_picture(data.getvalue())
    assert decoded is not None
    assert decoded.shape == (512, 512, 3)


@given(st.binary(max_size=300))
def test_bytes_that_are_no_picture_are_none(data: bytes) -> None:
    assert decode_picture(data) is None


@pytest.mark.parametrize("start", [b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"RIFF1234WEBP"])
def test_a_picture_that_is_only_a_beginning_is_none(start: bytes) -> None:
    assert decode_picture(start + bytes(50)) is None


def test_a_decompression_bomb_is_no_picture() -> None:
    def chunk(kind: bytes, content: bytes) -> bytes:
        body = kind + content
        return len(content).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")

    side = (50_000).to_bytes(4, "big")
    header = chunk(b"IHDR", side + side + bytes([8, 0, 0, 0, 0]))
    pixels = chunk(b"IDAT", zlib.compress(bytes(1_000_000)))
    assert decode_picture(b"\x89PNG\r\n\x1a\n" + header + pixels + chunk(b"IEND", b"")) is None
