import io
import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from kiosk.vision.picture_file import UnusableFile, content_type, fit
from tests.kiosk.conftest import picture_of


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def png_of(width: int, height: int) -> bytes:
    """A PNG that claims this size and holds next to nothing."""
    parts = {b"IHDR": struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0), b"IDAT": zlib.compress(b"")}
    chunks = (
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in parts.items()
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_picture_that_fits_is_handed_in_as_it_is(kind: str) -> None:
    data = picture_of("ada", kind=kind)
    assert fit(data) == data
    assert content_type(data) == f"image/{kind.lower()}"


def test_a_large_picture_is_made_smaller_and_keeps_its_shape() -> None:
    assert opened(fit(picture_of(size=(4000, 3000)))).size == (1920, 1440)


def test_a_picture_of_too_many_bytes_becomes_a_jpeg() -> None:
    noise = Image.effect_noise((1500, 1500), 100).convert("RGB")
    data = io.BytesIO()
    noise.save(data, "PNG")
    smaller = fit(data.getvalue(), max_bytes=1_000_000)
    assert content_type(smaller) == "image/jpeg"


def test_a_webp_becomes_a_jpeg_and_transparency_white() -> None:
    data = io.BytesIO()
    Image.new("RGBA", (50, 40), (0, 0, 0, 0)).save(data, "WEBP")
    jpeg = opened(fit(data.getvalue()))
    assert (jpeg.format, jpeg.getpixel((5, 5))) == ("JPEG", (255, 255, 255))


def test_sixteen_bits_of_grey_keep_their_brightness() -> None:
    data = io.BytesIO()
    Image.new("I;16", (2000, 2000), 0x8000).save(data, "PNG")
    grey = opened(fit(data.getvalue())).convert("L").getpixel((9, 9))
    assert isinstance(grey, int)
    assert abs(grey - 128) <= 1


def test_a_picture_on_its_side_is_upright_once_it_is_made_smaller() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    data = io.BytesIO()
    Image.new("RGB", (2400, 1200)).save(data, "JPEG", exif=exif)
    assert opened(fit(data.getvalue())).size == (960, 1920)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"hello", "no JPEG, PNG or WebP"),
        (b"GIF89a" + bytes(50), "no JPEG, PNG or WebP"),
        (picture_of(size=(900, 900))[:900], "damaged"),
        (png_of(60_000, 60_000), "more pixels than any camera"),
        (png_of(9_000, 9_000), "9000x9000"),
        (png_of(100, 100), "damaged"),
    ],
    ids=["empty", "text", "gif", "cut off", "bomb", "large", "hollow"],
)
def test_what_cannot_be_handed_in_says_why(data: bytes, reason: str) -> None:
    with pytest.raises(UnusableFile, match=reason):
        fit(data)


@given(
    st.binary(max_size=300),
    st.sampled_from([b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\x00\x00\x00\x00WEBP"]),
)
def test_no_bytes_make_it_fail_in_another_way(data: bytes, start: bytes) -> None:
    with pytest.raises(UnusableFile):
        fit(start + data)
