"""Picture files from outside: decoded, made fit, or refused."""

import io
import struct
import subprocess
import sys
import time
import zlib
from pathlib import Path

import cv2
import numpy as np
import pillow_heif
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from kiosk.vision.picture_file import (
    MAX_BYTES,
    MAX_TEXTS,
    UnusableFile,
    content_type,
    decode_picture,
    fit,
    fit_with_pixels,
)
from tests.kiosk.conftest import picture_of
from tests.kiosk.pictures import astronaut


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
        (b"hello", "no picture"),
        (b"GIF89a" + bytes(50), "no picture|damaged"),
        (picture_of(size=(900, 900))[:900], "damaged"),
        (png_of(60_000, 60_000), "60000x60000"),
        (png_of(9_000, 9_000), "9000x9000"),
        (png_of(100, 100), "damaged"),
    ],
    ids=["empty", "text", "gif", "cut off", "bomb", "large", "hollow"],
)
def test_what_cannot_be_handed_in_says_why(data: bytes, reason: str) -> None:
    with pytest.raises(UnusableFile, match=reason):
        fit(data)


@pytest.mark.parametrize("left", [0.5, 0.99])
@pytest.mark.parametrize("size", [(900, 900), (4000, 3000)])
def test_a_jpeg_whose_end_is_missing_is_refused(size: tuple[int, int], left: float) -> None:
    data = picture_of(size=size)
    with pytest.raises(UnusableFile, match="damaged"):
        fit(data[: int(len(data) * left)])


@pytest.mark.parametrize("kind", ["HEIF", "AVIF", "TIFF", "BMP", "GIF", "WEBP"])
def test_every_format_that_people_have_becomes_a_jpeg(kind: str) -> None:
    pillow_heif.register_heif_opener()
    data = io.BytesIO()
    Image.new("RGB", (120, 90), (200, 40, 40)).save(data, kind)
    jpeg = opened(fit(data.getvalue()))
    assert (jpeg.format, jpeg.mode, jpeg.size) == ("JPEG", "RGB", (120, 90))


@pytest.mark.parametrize(("kind", "mode"), [("JPEG", "CMYK"), ("PNG", "RGBA"), ("PNG", "P")])
def test_odd_colours_become_rgb(kind: str, mode: str) -> None:
    data = io.BytesIO()
    Image.new("RGB", (120, 90), (200, 40, 40)).convert(mode).save(data, kind)
    assert opened(fit(data.getvalue())).mode == "RGB"


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_is_turned_as_its_exif_says(orientation: int) -> None:
    upright = Image.fromarray(astronaut()[:, :400, ::-1])
    undo = {
        2: [Image.Transpose.FLIP_LEFT_RIGHT],
        3: [Image.Transpose.ROTATE_180],
        4: [Image.Transpose.FLIP_TOP_BOTTOM],
        5: [Image.Transpose.TRANSPOSE],
        6: [Image.Transpose.ROTATE_90],
        7: [Image.Transpose.TRANSVERSE],
        8: [Image.Transpose.ROTATE_270],
    }
    stored = upright
    for how in undo.get(orientation, []):
        stored = stored.transpose(how)
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = io.BytesIO()
    stored.save(data, "JPEG", quality=95, exif=exif)
    decoded = decode_picture(data.getvalue())
    assert decoded is not None
    assert decoded.shape == (512, 400, 3)
    assert np.abs(decoded.astype(int) - astronaut()[:, :400].astype(int)).mean() < 6


def test_an_alpha_channel_is_left_out() -> None:
    data = io.BytesIO()
    Image.fromarray(np.dstack([astronaut(), np.full((512, 512), 90, np.uint8)])).save(data, "PNG")
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
    assert decode_picture(png_of(50_000, 50_000)) is None


# A scan header of no components and nothing after it: ten bytes, for which libjpeg passes over all pixels.
EMPTY_SCAN = b"\xff\xda\x00\x08\x01\x01\x00\x01\x3f\x00"


def with_parts(part: bytes, count: int, *, side_px: int = 900) -> bytes:
    """A progressive JPEG of ten scans, with `count` more parts before its end."""
    data = io.BytesIO()
    Image.effect_noise((side_px, side_px), 60).convert("RGB").save(data, "JPEG", progressive=True)
    jpeg = data.getvalue()
    assert jpeg.endswith(b"\xff\xd9")
    return jpeg[:-2] + part * count + b"\xff\xd9"


@pytest.mark.parametrize("part", [EMPTY_SCAN, b"\xff\xfe\x00\x02", b"\xff\xda\x00\x00"])
def test_a_jpeg_of_absurdly_many_parts_is_refused_from_its_bytes_alone(part: bytes) -> None:
    bomb = with_parts(part, 200_000)
    began = time.process_time()
    with pytest.raises(UnusableFile, match="more parts than any camera writes"):
        fit(bomb)
    assert decode_picture(bomb) is None
    assert time.process_time() - began < 0.5


def test_a_png_of_countless_compressed_texts_is_refused_from_its_bytes_alone() -> None:
    stream = io.BytesIO()
    Image.new("L", (100, 80)).save(stream, "PNG")
    png, body = stream.getvalue(), b"zTXt" + b"a\0\0" + zlib.compress(bytes(1000))
    text = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    assert fit(png[:33] + text + png[33:])
    bomb = png[:33] + text * (MAX_TEXTS + 1) + png[33:]
    with pytest.raises(UnusableFile, match="more texts"):
        fit(bomb)
    assert decode_picture(bomb) is None


def test_a_picture_whose_scans_add_up_to_too_much_work_is_refused() -> None:
    many = with_parts(EMPTY_SCAN, 85)
    assert fit(many)
    size_at = many.index(b"\xff\xc2\x00\x11\x08") + 5
    huge = many[:size_at] + struct.pack(">HH", 8000, 8000) + many[size_at + 4 :]
    with pytest.raises(UnusableFile, match="8000x8000 pixels; choose a smaller one"):
        fit(huge)
    assert decode_picture(huge) is None


def test_an_ordinary_progressive_picture_is_taken() -> None:
    progressive = with_parts(b"", 0)
    assert fit(progressive) == progressive
    assert decode_picture(progressive) is not None


def test_a_file_larger_than_any_photo_is_refused_unread() -> None:
    film = with_parts(b"", 0) + bytes(MAX_BYTES)
    with pytest.raises(UnusableFile, match="larger than 96 MB"):
        fit(film)
    assert decode_picture(film) is None


@given(
    st.binary(max_size=300),
    st.sampled_from([b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\x00\x00\x00\x00WEBP"]),
)
def test_no_bytes_make_it_fail_in_another_way(data: bytes, start: bytes) -> None:
    with pytest.raises(UnusableFile):
        fit(start + data)


def in_another_process(code: str, path: Path) -> tuple[str, int]:
    """What a program prints, and the most memory it took, in MB."""
    code += "; print(Path('/proc/self/status').read_text().split('VmHWM:')[1].split()[0])"
    run = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, check=True)
    said, kilobytes = run.stdout.splitlines()
    return said, int(kilobytes) // 1024


@pytest.mark.skipif(sys.platform != "linux", reason="how much memory a process took is asked of Linux")
def test_a_photo_of_200_megapixels_is_scaled_in_little_memory(tmp_path: Path) -> None:
    """As the largest phone cameras take them; decoded whole it would be 600 MB."""
    path = tmp_path / "large.jpg"
    tile = np.tile(np.linspace(0, 255, 2040, dtype=np.uint8), (1530, 1))
    assert cv2.imwrite(str(path), np.tile(tile, (8, 8)))
    said, megabytes = in_another_process(
        "import io, sys; from pathlib import Path; from PIL import Image;"
        " from kiosk.vision.picture_file import fit;"
        " print(Image.open(io.BytesIO(fit(Path(sys.argv[1]).read_bytes()))).size)",
        path,
    )
    assert said == "(1920, 1440)"
    assert megabytes < 300


def test_a_progressive_photo_of_that_size_is_refused_for_what_it_would_take(tmp_path: Path) -> None:
    data = io.BytesIO()
    Image.new("L", (9000, 9000)).save(data, "JPEG", progressive=True)
    with pytest.raises(UnusableFile, match="9000x9000 pixels"):
        fit(data.getvalue())


@pytest.mark.parametrize("size", [(640, 480), (4000, 3000), (3000, 4000)])
def test_the_pixels_are_those_of_the_picture_that_is_handed_in(size: tuple[int, int]) -> None:
    data = io.BytesIO()
    gradient = np.dstack(np.meshgrid(np.linspace(0, 255, size[0]), np.linspace(0, 255, size[1])))
    pixels = np.dstack([gradient, np.full(size[::-1], 90.0)]).astype(np.uint8)
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(pixels).save(data, "JPEG", exif=exif)
    fitted = fit_with_pixels(data.getvalue())
    decoded = decode_picture(fitted.data)
    assert fitted.image is not None
    assert decoded is not None
    assert decoded.shape == fitted.image.shape
    assert np.abs(decoded.astype(int) - fitted.image).mean() < 3
