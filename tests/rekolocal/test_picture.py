"""What is a picture, which way up, and what is refused before anything is decoded."""

import functools
import gc
import io
import os
import signal
import struct
import tracemalloc
import zlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from rekolocal.engine.decoding import Decoder
from rekolocal.engine.picture import MAX_SCANS, MAX_SEGMENTS, MAX_TEXTS, Picture, check
from rekolocal.errors import (
    ImageTooLargeException,
    InvalidImageFormatException,
    InvalidParameterException,
    RekognitionError,
)

EMPTY_SCAN = b"\xff\xda\x00\x08\x01\x01\x00\x01\x3f\x10"


@functools.cache
def decoder() -> Decoder:
    return Decoder()


def decode(content: bytes) -> Picture:
    return decoder().decode(content)


def jpeg(mode: str = "RGB", size: tuple[int, int] = (120, 90), **options: object) -> bytes:
    file = io.BytesIO()
    colour: Any = {"RGB": (200, 40, 40), "L": 90, "CMYK": (0, 200, 200, 40)}[mode]
    Image.new(mode, size, colour).save(file, "JPEG", **options)
    return file.getvalue()


def png(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def with_parts(part: bytes, count: int) -> bytes:
    """A progressive JPEG, of ten scans, with `count` more parts before its end."""
    return jpeg(progressive=True)[:-2] + part * count + b"\xff\xd9"


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes that claims to be large."""

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


def test_a_jpeg_of_more_than_a_hundred_scans_is_refused_from_its_bytes_alone() -> None:
    check(with_parts(EMPTY_SCAN, MAX_SCANS - 10))
    for too_many in (MAX_SCANS - 9, 400_000):
        with pytest.raises(InvalidImageFormatException):
            check(with_parts(EMPTY_SCAN, too_many))


def test_a_jpeg_of_countless_segments_is_refused() -> None:
    check(with_parts(b"\xff\xfe\x00\x02", MAX_SEGMENTS - 100))
    with pytest.raises(InvalidImageFormatException):
        check(with_parts(b"\xff\xfe\x00\x02", MAX_SEGMENTS))


def test_a_png_of_countless_compressed_texts_is_refused() -> None:
    whole = png(Image.new("L", (100, 80)))
    text = chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(7_000_000)))
    check(whole[:33] + text * MAX_TEXTS + whole[33:])
    with pytest.raises(InvalidImageFormatException):
        check(whole[:33] + text * (MAX_TEXTS + 1) + whole[33:])


@given(st.lists(st.binary(max_size=300), max_size=30), st.integers(0, 150))
def test_scans_are_counted_whatever_the_other_segments_hold(contents: list[bytes], scans: int) -> None:
    comments = b"".join(
        b"\xff\xfe" + struct.pack(">H", len(content) + 2) + content + b"\xff\xff"[: len(content) % 3]
        for content in contents
    )
    content = with_parts(comments + EMPTY_SCAN * scans, 1)
    if scans <= MAX_SCANS - 10:
        check(content)
    else:
        with pytest.raises(InvalidImageFormatException):
            check(content)


def test_a_picture_that_takes_too_long_is_given_up_and_the_next_is_decoded() -> None:
    hasty = Decoder(limit_s=0.1)
    assert hasty.decode(jpeg()).width_px == 120
    with pytest.raises(InvalidImageFormatException, match="in time"):
        hasty.decode(jpeg(size=(8_000, 8_000)))
    assert hasty.decode(jpeg()).width_px == 120


def test_a_process_that_was_killed_while_it_waited_costs_no_picture() -> None:
    patient = Decoder()
    patient.decode(jpeg())
    (process,) = patient._idle
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert patient.decode(jpeg()).width_px == 120


def test_no_process_is_left_when_the_decoder_is_gone() -> None:
    passing = Decoder()
    passing.decode(jpeg())
    (process,) = passing._idle
    del passing
    gc.collect()
    assert process.returncode is not None
