"""What is a picture, which way up, and what is refused before anything is decoded."""

import io
import struct
import tracemalloc
import zlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from rekolocal.engine.picture import decode
from rekolocal.errors import (
    ImageTooLargeException,
    InvalidImageFormatException,
    InvalidParameterException,
    RekognitionError,
)


def jpeg(mode: str = "RGB", size: tuple[int, int] = (120, 90), **options: object) -> bytes:
    file = io.BytesIO()
    colour: Any = {"RGB": (200, 40, 40), "L": 90, "CMYK": (0, 200, 200, 40)}[mode]
    Image.new(mode, size, colour).save(file, "JPEG", **options)
    return file.getvalue()


def png(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes that claims to be large."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(1000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_jpegs_of_every_colour_model_become_rgb(mode: str) -> None:
    picture = decode(jpeg(mode))
    assert picture.pixels.shape == (90, 120, 3)
    assert picture.pixels.dtype == np.uint8


@pytest.mark.parametrize(
    "image",
    [
        Image.new("RGBA", (100, 80), (10, 200, 30, 128)),
        Image.new("LA", (100, 80), (90, 10)),
        Image.new("L", (100, 80), 90),
        Image.new("P", (100, 80), 3),
        Image.new("1", (100, 80), 1),
        Image.fromarray(np.full((80, 100), 40_000, np.uint16)),
    ],
    ids=["alpha", "grey and alpha", "grey", "palette", "one bit", "16 bit"],
)
def test_pngs_of_every_kind_become_rgb(image: Image.Image) -> None:
    picture = decode(png(image))
    assert picture.pixels.shape == (80, 100, 3)


def test_a_red_picture_is_red_and_not_blue() -> None:
    red, _, blue = decode(jpeg()).pixels.mean(axis=(0, 1))
    assert red > 150 > 80 > blue


@pytest.mark.parametrize(
    ("orientation", "corner"), [(1, "top left"), (3, "bottom right"), (6, "top right"), (8, "bottom left")]
)
def test_a_picture_is_turned_upright_by_its_exif_orientation(orientation: int, corner: str) -> None:
    image = Image.new("RGB", (200, 100))
    image.paste((255, 255, 255), (0, 0, 60, 40))
    exif = Image.Exif()
    exif[0x0112] = orientation
    file = io.BytesIO()
    image.save(file, "JPEG", exif=exif, quality=95)

    pixels = decode(file.getvalue()).pixels

    vertical, horizontal = corner.split()
    row = 5 if vertical == "top" else -5
    column = 5 if horizontal == "left" else -5
    assert pixels[row, column].min() > 200
    assert pixels[-row, -column].max() < 50


@pytest.mark.parametrize("share", [0.02, 0.3, 0.7, 0.99])
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_truncated_picture_has_an_invalid_format(kind: str, share: float) -> None:
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (200, 200, 3), dtype=np.uint8))
    file = io.BytesIO()
    noise.save(file, kind)
    whole = file.getvalue()
    decode(whole)
    with pytest.raises(InvalidImageFormatException):
        decode(whole[: int(len(whole) * share)])


@pytest.mark.parametrize("kind", ["GIF", "BMP", "WEBP", "TIFF"])
def test_other_formats_are_refused(kind: str) -> None:
    file = io.BytesIO()
    Image.new("RGB", (100, 100)).save(file, kind)
    with pytest.raises(InvalidImageFormatException):
        decode(file.getvalue())


@pytest.mark.parametrize(
    ("width", "height"), [(10_001, 100), (100, 10_001), (9_000, 9_000), (2**31 - 1, 2**31 - 1)]
)
def test_a_decompression_bomb_is_refused_without_decoding_it(width: int, height: int) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(ImageTooLargeException):
            decode(bomb(width, height))
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("size", [(79, 200), (200, 79), (1, 1)])
def test_a_side_below_80_pixels_is_an_invalid_parameter(size: tuple[int, int]) -> None:
    with pytest.raises(InvalidParameterException):
        decode(jpeg(size=size))


WHOLE_FILES = [jpeg(), png(Image.new("RGBA", (100, 80)))]


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_damaged_files_are_pictures_or_typed_errors(data: st.DataObject) -> None:
    content = bytearray(data.draw(st.sampled_from(WHOLE_FILES)))
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        picture = decode(bytes(content))
    except RekognitionError:
        return
    assert picture.pixels.ndim == 3


@given(st.binary(max_size=200))
def test_bytes_that_are_no_picture_are_an_invalid_format(content: bytes) -> None:
    for start in (b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"):
        with pytest.raises(RekognitionError):
            decode(start + content)
