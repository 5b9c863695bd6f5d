import hashlib
import io
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from recognizeme.domain.errors import UnusablePicture
from recognizeme.domain.picture import MAX_BYTES, MAX_SCANS, MAX_SEGMENTS, MAX_TEXTS, inspect

EMPTY_SCAN = b"\xff\xda\x00\x08\x01\x01\x00\x01\x3f\x10"
COMMENT = b"\xff\xfe\x00\x02"


def encoded(
    file_format: str, size: tuple[int, int] = (120, 90), mode: str = "RGB", **options: object
) -> bytes:
    stream = io.BytesIO()
    Image.new(mode, size, 128 if mode in "L" else None).save(stream, file_format, **options)
    return stream.getvalue()


@pytest.mark.parametrize(
    "options", [{}, {"progressive": True}, {"quality": 10}, {"exif": b"Exif\x00\x00" + b"x" * 9000}]
)
def test_a_jpegs_size_is_read_from_its_header(options: dict[str, Any]) -> None:
    content = encoded("JPEG", **options)
    picture = inspect(content)
    assert (picture.content_type, picture.width_px, picture.height_px) == ("image/jpeg", 120, 90)
    assert (picture.content, picture.sha256) == (content, hashlib.sha256(content).hexdigest())


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P", "1"])
def test_a_pngs_size_is_read_whatever_its_colours(mode: str) -> None:
    picture = inspect(encoded("PNG", mode=mode))
    assert (picture.content_type, picture.width_px, picture.height_px) == ("image/png", 120, 90)


@pytest.mark.parametrize(
    ("picture", "reason"),
    [
        (b"", "empty"),
        (b"GIF89a" + bytes(100), "the file is GIF; enroll it with `recognizeme enroll`, which converts it"),
        (b"\0\0\0\x18ftypheic" + bytes(100), "the file is HEIC"),
        (b"\0\0\0\x18ftypavif" + bytes(100), "the file is AVIF"),
        (b"RIFF\0\1\0\0WEBPVP8 " + bytes(100), "the file is WebP"),
        (b"II*\0" + bytes(100), "the file is TIFF"),
        (b"BM\1\1\0\0" + bytes(100), "the file is BMP"),
        (b"%PDF-1.7", "neither JPEG nor PNG"),
        (b"\xff\xd8\xff", "cut short"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "cut short"),
        (b"\xff\xd8\xff\xd9", "damaged"),
        (b"\xff\xd8\xff\x01\x00\x00\x00", "damaged"),
        (b"\x89PNG\r\n\x1a\n", "damaged"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR\x00\x00", "cut short"),
        (b"\xff\xd8\xff" + bytes(MAX_BYTES), "larger than 5 MiB"),
    ],
)
def test_what_is_no_picture_is_refused_with_the_reason(picture: bytes, reason: str) -> None:
    with pytest.raises(UnusablePicture, match=reason):
        inspect(picture)


def test_a_picture_below_rekognitions_smallest_side_is_refused() -> None:
    assert inspect(encoded("JPEG", (80, 80))).width_px == 80
    with pytest.raises(UnusablePicture, match="80 pixels"):
        inspect(encoded("JPEG", (79, 300)))


def test_a_decompression_bomb_is_refused_by_its_header_alone() -> None:
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    with pytest.raises(UnusablePicture, match="million pixels"):
        inspect(b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + b"IHDR" + header)


def with_parts(part: bytes, count: int) -> bytes:
    """A progressive JPEG with `count` more parts before its end."""
    return encoded("JPEG", progressive=True)[:-2] + part * count + b"\xff\xd9"


def test_a_small_jpeg_that_would_be_decoded_for_minutes_is_refused_by_its_scans() -> None:
    inspect(with_parts(EMPTY_SCAN, MAX_SCANS - 10))  # it has ten of its own
    with pytest.raises(UnusablePicture, match="scans"):
        inspect(with_parts(EMPTY_SCAN, MAX_SCANS - 9))
    with pytest.raises(UnusablePicture, match="scans"):
        inspect(with_parts(EMPTY_SCAN, 400_000))


def test_a_jpeg_of_countless_segments_is_refused() -> None:
    inspect(with_parts(COMMENT, MAX_SEGMENTS - 100))
    with pytest.raises(UnusablePicture, match="segments"):
        inspect(with_parts(COMMENT, MAX_SEGMENTS))


def test_a_png_of_countless_compressed_texts_is_refused() -> None:
    png, text = encoded("PNG"), struct.pack(">I4s", 4, b"zTXt") + b"a\0\0\0" + bytes(4)
    inspect(png[:33] + text * MAX_TEXTS + png[33:])
    with pytest.raises(UnusablePicture, match="texts"):
        inspect(png[:33] + text * (MAX_TEXTS + 1) + png[33:])


@given(st.lists(st.binary(max_size=300), max_size=30), st.integers(0, 150))
def test_scans_are_counted_whatever_the_other_segments_hold(contents: list[bytes], scans: int) -> None:
    comments = b"".join(
        b"\xff\xfe" + struct.pack(">H", len(content) + 2) + content + b"\xff\xff"[: len(content) % 3]
        for content in contents
    )
    picture = with_parts(comments + EMPTY_SCAN * scans, 1)
    assert described_or_refused(picture) == (scans <= MAX_SCANS - 10)


@given(st.integers(0, 255), st.binary(max_size=40))
def test_what_follows_the_end_of_the_image_does_not_count(marker: int, tail: bytes) -> None:
    assert described_or_refused(encoded("JPEG") + EMPTY_SCAN * 200 + bytes([0xFF, marker]) + tail)


def described_or_refused(picture: bytes) -> bool:
    try:
        return min(inspect(picture).width_px, inspect(picture).height_px) >= 80
    except UnusablePicture:
        return False


@given(
    st.sampled_from([b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe1"]),
    st.binary(max_size=300),
)
def test_any_bytes_are_either_described_or_refused(head: bytes, tail: bytes) -> None:
    described_or_refused(head + tail)


@given(st.integers(0, 700))
def test_a_picture_cut_anywhere_never_breaks_the_reader(length: int) -> None:
    described_or_refused(encoded("JPEG")[:length])
