"""What can be known of a picture from its first bytes, before anybody decodes it or pays for it.

Formats: JPEG (ITU-T T.81, annex B) and PNG (W3C PNG specification, section 11.2.1). Limits are
Rekognition's: 5 MB as bytes, at least 80 pixels a side ("Guidelines and quotas in Amazon Rekognition").
"""

import struct
from dataclasses import dataclass

from recognizeme.domain.errors import UnusablePicture

MAX_BYTES = 5 * 1024 * 1024
MIN_SIDE_PX = 80
MAX_PIXELS = 50_000_000  # ours: a decoded picture of this size already takes 150 MB

_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
# Start-of-frame markers C0-CF carry the size; C4, C8 and CC are tables and extensions.
_JPEG_SIZES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_JPEG_BARE = frozenset({0x01, *range(0xD0, 0xD9)})


@dataclass(frozen=True, slots=True)
class PictureInfo:
    """A picture's content type and its stored size in pixels, before any EXIF rotation."""

    content_type: str
    width_px: int
    height_px: int


def inspect(picture: bytes) -> PictureInfo:
    """Check a picture's size and header; raises `UnusablePicture` with the reason."""
    if not picture:
        raise UnusablePicture("the file is empty")
    if len(picture) > MAX_BYTES:
        raise UnusablePicture(f"the file is larger than {MAX_BYTES // 1024**2} MiB")
    info = _read_header(picture)
    if min(info.width_px, info.height_px) < MIN_SIDE_PX:
        raise UnusablePicture(f"the picture is smaller than {MIN_SIDE_PX} pixels a side")
    if info.width_px * info.height_px > MAX_PIXELS:
        raise UnusablePicture(f"the picture has more than {MAX_PIXELS // 1_000_000} million pixels")
    return info


def _read_header(picture: bytes) -> PictureInfo:
    try:
        if picture.startswith(_PNG_SIGNATURE):
            return _read_png(picture)
        if picture.startswith(b"\xff\xd8\xff"):
            return _read_jpeg(picture)
    except (struct.error, IndexError) as error:
        raise UnusablePicture("the file is cut short") from error
    raise UnusablePicture("the file is neither JPEG nor PNG")


def _read_png(picture: bytes) -> PictureInfo:
    if picture[12:16] != b"IHDR":
        raise UnusablePicture("the PNG file is damaged")
    width_px, height_px = struct.unpack_from(">II", picture, 16)
    return PictureInfo("image/png", width_px, height_px)


def _read_jpeg(picture: bytes) -> PictureInfo:
    position = 2
    while True:
        if picture[position] != 0xFF:
            raise UnusablePicture("the JPEG file is damaged")
        marker = picture[position + 1]
        if marker == 0xFF:  # fill byte
            position += 1
        elif marker in _JPEG_BARE:
            position += 2
        elif marker in _JPEG_SIZES:
            height_px, width_px = struct.unpack_from(">HH", picture, position + 5)
            return PictureInfo("image/jpeg", width_px, height_px)
        elif marker in (0xD9, 0xDA):  # end of image, or pixels, before any size
            raise UnusablePicture("the JPEG file is damaged")
        else:
            (length,) = struct.unpack_from(">H", picture, position + 2)
            position += 2 + length
