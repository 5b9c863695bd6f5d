"""A picture, and what is refused from its bytes alone, before anything is decoded."""

import re
import struct
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rekolocal.errors import ImageTooLargeException, InvalidImageFormatException, InvalidParameterException

Pixels = npt.NDArray[np.uint8]

MIN_SIDE_PX = 80  # Rekognition: "minimum pixel dimensions for height and width is 80 pixels"
MAX_SIDE_PX = 10_000  # Rekognition's message: "exceed maximum dimension size of 10000 pixels"
MAX_PIXELS = 64_000_000  # ours: 192 MB decoded, so that a pool of them is bounded
# Ours: encoders write ten scans at most; an empty one of ten bytes costs the decoder a pass over all pixels.
MAX_SCANS = 100
MAX_SEGMENTS = 1000
MAX_TEXTS = 100  # a compressed text of 8 kB in a PNG is 8 MB to the decoder

_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8\xff"
_START_OF_SCAN, _END_OF_IMAGE = 0xDA, 0xD9
# Neither a stuffed zero nor a restart marker, which stand among the pixels, nor a fill byte.
_MARKER = re.compile(rb"\xff[\x02-\xcf\xd8-\xfe]")


@dataclass(frozen=True, slots=True)
class Picture:
    """A decoded picture: `pixels` is uint8 (height, width, 3), RGB, upright by its EXIF orientation."""

    pixels: Pixels

    @property
    def height_px(self) -> int:
        """Rows."""
        return int(self.pixels.shape[0])

    @property
    def width_px(self) -> int:
        """Columns."""
        return int(self.pixels.shape[1])


def check(content: bytes) -> None:
    """Hold a file's limits.

    Raises InvalidImageFormatException (no JPEG or PNG, not whole, or made of absurdly many parts),
    ImageTooLargeException (pixels) and InvalidParameterException (a side below 80 px), as Rekognition does.
    """
    width, height = _dimensions(content)
    if max(width, height) > MAX_SIDE_PX or width * height > MAX_PIXELS:
        raise ImageTooLargeException(
            f"Input image dimensions {width} x {height} exceed maximum dimension size of {MAX_SIDE_PX} pixels"
            f" or {MAX_PIXELS} pixels in total"
        )
    if min(width, height) < MIN_SIDE_PX:
        raise InvalidParameterException(
            f"Request has invalid parameters: the image is {width} x {height} pixels"
        )


def _dimensions(content: bytes) -> tuple[int, int]:
    """Width and height from the headers of a whole file; raises InvalidImageFormatException."""
    try:
        if content.startswith(_PNG):
            return _png_dimensions(content)
        if content.startswith(_JPEG):
            return _jpeg_dimensions(content)
    except (struct.error, IndexError):
        pass
    raise InvalidImageFormatException("Request has invalid image format")


def _png_dimensions(content: bytes) -> tuple[int, int]:
    """Walks the chunks: the first is IHDR, and IEND must be there, else the file was cut off."""
    width, height = struct.unpack_from(">II", content, 16)
    if content[12:16] != b"IHDR":
        raise IndexError
    at, texts = 8, 0
    while texts <= MAX_TEXTS:
        length, kind = struct.unpack_from(">I4s", content, at)
        if kind == b"IEND":
            return width, height
        texts += kind in (b"zTXt", b"iTXt")
        at += 12 + length
    raise IndexError


def _jpeg_dimensions(content: bytes) -> tuple[int, int]:
    """Walks the segments, passing over pixels, to the end marker, without which the file was cut off."""
    at, scans = 2, 0
    size: tuple[int, int] | None = None
    for _ in range(MAX_SEGMENTS):
        found = _MARKER.search(content, at)
        if found is None:
            break
        marker, start = content[found.end() - 1], found.end()
        if marker == _END_OF_IMAGE:
            if size is None or not scans:
                break
            return size
        scans += marker == _START_OF_SCAN
        if scans > MAX_SCANS:
            break
        (length,) = struct.unpack_from(">H", content, start)
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack_from(">HH", content, start + 3)
            size = (width, height)
        at = start + length
    raise IndexError
