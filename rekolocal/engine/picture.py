"""From a picture's bytes to pixels, with every limit held before anything is decoded."""

import struct
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from rekolocal.errors import ImageTooLargeException, InvalidImageFormatException, InvalidParameterException

Pixels = npt.NDArray[np.uint8]

MIN_SIDE_PX = 80  # Rekognition: "minimum pixel dimensions for height and width is 80 pixels"
MAX_SIDE_PX = 10_000  # Rekognition's message: "exceed maximum dimension size of 10000 pixels"
MAX_PIXELS = 64_000_000  # ours: 192 MB decoded, so that a pool of them is bounded

_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8\xff"
_EXIF_SIDEWAYS = range(5, 9)


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


def decode(content: bytes) -> Picture:
    """Decode a JPEG or PNG of any colour model and depth; an alpha channel is dropped.

    Raises InvalidImageFormatException (no JPEG or PNG, or not whole), ImageTooLargeException (pixels) and
    InvalidParameterException (a side below 80 px), as Rekognition does.
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
    try:
        pixels = cv2.imdecode(np.frombuffer(content, dtype=np.uint8), cv2.IMREAD_COLOR_RGB)
    except cv2.error:
        pixels = None
    if pixels is None:
        raise InvalidImageFormatException("Request has invalid image format")
    return Picture(np.asarray(pixels, dtype=np.uint8))


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
    at = 8
    while True:
        length, kind = struct.unpack_from(">I4s", content, at)
        if kind == b"IEND":
            return width, height
        at += 12 + length


def _jpeg_dimensions(content: bytes) -> tuple[int, int]:
    """Walks the segments up to the scan; the end marker must follow it, else the file was cut off."""
    at = 2
    size: tuple[int, int] | None = None
    while True:
        if content[at] != 0xFF:
            raise IndexError
        marker = content[at + 1]
        if marker == 0xFF:  # fill byte
            at += 1
            continue
        (length,) = struct.unpack_from(">H", content, at + 2)
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack_from(">HH", content, at + 5)
            size = (width, height)
        if marker == 0xDA:
            if size is None or content.rfind(b"\xff\xd9", at) < 0:
                raise IndexError
            return size
        at += 2 + length
