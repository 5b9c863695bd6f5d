"""What can be known of a picture from its bytes alone, before anybody decodes it or pays for it.

Formats: JPEG (ITU-T T.81, annex B) and PNG (W3C PNG specification, section 11.2.1). Limits are
Rekognition's: 5 MB as bytes, at least 80 pixels a side ("Guidelines and quotas in Amazon Rekognition").
"""

import hashlib
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from recognizeme.domain.errors import UnusablePicture

MAX_BYTES = 5 * 1024 * 1024
MIN_SIDE_PX = 80
MAX_PIXELS = 50_000_000  # ours: a decoded picture of this size already takes 150 MB
# Ours: encoders write ten scans at most; an empty one of ten bytes costs the decoder a pass over all pixels.
MAX_SCANS = 100
MAX_SEGMENTS = 1000
MAX_TEXTS = 100  # a compressed text of 8 kB in a PNG is 8 MB to the decoder

_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_OTHER_FORMATS = {
    "HEIC": re.compile(rb".{4}ftyp(?:hei[cxms]|hev[cx]|mif1|msf1)", re.DOTALL),
    "AVIF": re.compile(rb".{4}ftypavi[fs]", re.DOTALL),
    "WebP": re.compile(rb"RIFF.{4}WEBP", re.DOTALL),
    "TIFF": re.compile(rb"II\*\0|MM\0\*"),
    "GIF": re.compile(rb"GIF8[79]a"),
    "BMP": re.compile(rb"BM.{4}\0{4}", re.DOTALL),
}
# Start-of-frame markers C0-CF carry the size; C4, C8 and CC are tables and extensions.
_JPEG_SIZES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_JPEG_START_OF_SCAN, _JPEG_END = 0xDA, 0xD9
# Neither a stuffed zero nor a restart marker, which stand among the pixels, nor a fill byte.
_JPEG_MARKER = re.compile(rb"\xff[\x02-\xcf\xd8-\xfe]")


@dataclass(frozen=True, slots=True)
class Picture:
    """Bytes that `inspect` has checked. The size is the stored one in pixels, before any EXIF rotation."""

    content: bytes = field(repr=False)
    content_type: str
    width_px: int
    height_px: int
    sha256: str


def inspect(content: bytes) -> Picture:
    """Check a picture's size and header; raises `UnusablePicture` with the reason."""
    if not content:
        raise UnusablePicture("the file is empty")
    if len(content) > MAX_BYTES:
        raise UnusablePicture(
            f"the file is larger than {MAX_BYTES // 1024**2} MiB; `recognizeme enroll` makes it smaller"
        )
    content_type, width_px, height_px = _read_header(content)
    if min(width_px, height_px) < MIN_SIDE_PX:
        raise UnusablePicture(f"the picture is smaller than {MIN_SIDE_PX} pixels a side")
    if width_px * height_px > MAX_PIXELS:
        raise UnusablePicture(
            f"the picture has more than {MAX_PIXELS // 1_000_000} million pixels;"
            " `recognizeme enroll` makes it smaller"
        )
    return Picture(content, content_type, width_px, height_px, sha256_of(content))


def sha256_of(content: bytes) -> str:
    """What tells two files apart, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def _read_header(picture: bytes) -> tuple[str, int, int]:
    try:
        if picture.startswith(_PNG_SIGNATURE):
            return _read_png(picture)
        if picture.startswith(b"\xff\xd8\xff"):
            return _read_jpeg(picture)
    except (struct.error, IndexError) as error:
        raise UnusablePicture("the file is cut short") from error
    for name, signature in _OTHER_FORMATS.items():
        if signature.match(picture):
            raise UnusablePicture(
                f"the file is {name}; enroll it with `recognizeme enroll`, which converts it"
            )
    raise UnusablePicture("the file is neither JPEG nor PNG")


def _read_png(picture: bytes) -> tuple[str, int, int]:
    if picture[12:16] != b"IHDR":
        raise UnusablePicture("the PNG file is damaged")
    width_px, height_px = struct.unpack_from(">II", picture, 16)
    if _png_texts(picture) > MAX_TEXTS:
        raise UnusablePicture("the PNG file has more texts than a picture needs")
    return "image/png", width_px, height_px


def _png_texts(picture: bytes) -> int:
    """How many compressed texts a PNG has, whole or cut short."""
    texts, position = 0, 8
    while texts <= MAX_TEXTS and position + 8 <= len(picture):
        length, kind = struct.unpack_from(">I4s", picture, position)
        if kind == b"IEND":
            break
        texts += kind in {b"zTXt", b"iTXt"}
        position += 12 + length
    return texts


def _read_jpeg(picture: bytes) -> tuple[str, int, int]:
    size_px: tuple[int, int] | None = None
    scans = 0
    for number, (marker, parameters) in enumerate(_jpeg_segments(picture)):
        if marker in _JPEG_SIZES and size_px is None:
            height_px, width_px = struct.unpack_from(">HH", picture, parameters + 1)
            size_px = width_px, height_px
        scans += marker == _JPEG_START_OF_SCAN
        if scans > MAX_SCANS or number >= MAX_SEGMENTS:
            raise UnusablePicture("the JPEG file has more scans or segments than a picture needs")
        if scans and size_px is None:
            break
    if size_px is None:
        raise UnusablePicture("the JPEG file is damaged or cut short")
    return "image/jpeg", *size_px


def _jpeg_segments(picture: bytes) -> Iterator[tuple[int, int]]:
    """Each marker up to the end of the image, and where its parameters begin; pixels are passed over."""
    position = 2
    while found := _JPEG_MARKER.search(picture, position):
        marker, parameters = picture[found.end() - 1], found.end() + 2
        yield marker, parameters
        if marker == _JPEG_END:
            return
        (length,) = struct.unpack_from(">H", picture, found.end())
        position = found.end() + length
