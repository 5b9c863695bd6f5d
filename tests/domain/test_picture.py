import io
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from recognizeme.domain.errors import UnusablePicture
from recognizeme.domain.picture import MAX_BYTES, PictureInfo, inspect


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
    assert inspect(encoded("JPEG", **options)) == PictureInfo("image/jpeg", 120, 90)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P", "1"])
def test_a_pngs_size_is_read_whatever_its_colours(mode: str) -> None:
    assert inspect(encoded("PNG", mode=mode)) == PictureInfo("image/png", 120, 90)


@pytest.mark.parametrize(
    ("picture", "reason"),
    [
        (b"", "empty"),
        (b"GIF89a" + bytes(100), "neither JPEG nor PNG"),
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


def described_or_refused(picture: bytes) -> bool:
    try:
        return min(inspect(picture).width_px, inspect(picture).height_px) >= 80
    except UnusablePicture as error:
        return str(error) != ""


@given(
    st.sampled_from([b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe1"]),
    st.binary(max_size=300),
)
def test_any_bytes_are_either_described_or_refused(head: bytes, tail: bytes) -> None:
    assert described_or_refused(head + tail)


@given(st.integers(0, 700))
def test_a_picture_cut_anywhere_never_breaks_the_reader(length: int) -> None:
    assert described_or_refused(encoded("JPEG")[:length])
