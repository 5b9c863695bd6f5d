"""Picture files from outside: the one place where they are decoded, and what is refused before that.

A decoder's work is bounded by the file's bytes, its pixels and, for a JPEG, how often its scans pass over
them; all three are known from the bytes alone (ITU-T T.81, annex B).
"""

import io
import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from importlib.util import find_spec

import cv2
import numpy as np
from PIL import Image as ImageFile
from PIL import ImageOps, UnidentifiedImageError

from kiosk.client.api import MAX_DIRECT_BYTES
from kiosk.vision.frame import Image

MAX_SIDE_PX = 1920  # Rekognition needs a face of 40 px in a picture of this size; more only costs time
# Photos of the largest phone cameras have 40 MB and 108 megapixels; what is larger is no photo. Only JPEG is
# decoded at a fraction of its size, so the others have to be smaller.
MAX_BYTES = 64 * 1024 * 1024
_MAX_PIXELS = {"JPEG": 120_000_000, "MPO": 120_000_000, "HEIF": 60_000_000}
_MAX_PIXELS_ELSE = 40_000_000
# Encoders write ten scans at most; an empty one of ten bytes costs the decoder a pass over all pixels.
MAX_SCANS = 100
MAX_SEGMENTS = 1000
MAX_TEXTS = 100  # a compressed text of 8 kB in a PNG is 8 MB to the decoder
_MAX_PASSED_PIXELS = 1_500_000_000
_FORMATS: tuple[str, ...] = ("JPEG", "PNG", "WEBP", "AVIF", "TIFF", "BMP", "GIF")
_HANDED_IN = frozenset({"JPEG", "MPO", "PNG"})  # what the API takes; MPO is a JPEG with a second picture
_HEIC = re.compile(rb"....ftyp(?:hei[cxms]|hev[cx]|mif1|msf1)", re.DOTALL)
_ORIENTATION = 0x0112
_SCAN, _END = 0xDA, 0xD9
_PNG = b"\x89PNG\r\n\x1a\n"
# Neither a stuffed zero nor a restart marker, which stand among the pixels, nor a fill byte.
_MARKER = re.compile(rb"\xff[\x02-\xcf\xd8-\xfe]")


class UnusableFile(Exception):
    """The bytes cannot be handed in; the text says why and what to do."""


def content_type(data: bytes) -> str:
    """`image/jpeg` or `image/png` by the first bytes. What is neither is called JPEG: the API refuses it."""
    return "image/png" if data.startswith(_PNG) else "image/jpeg"


def decode_picture(data: bytes) -> Image | None:
    """The upright picture in these bytes (EXIF orientation is applied), of any format that OpenCV knows.

    None for bytes that hold none, and for what `UnusableFile` would be raised for.
    """
    try:
        with _opened(data):
            image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    except (UnusableFile, cv2.error):
        return None
    return None if image is None else image.astype(np.uint8, copy=False)


def fit(data: bytes, *, max_side_px: int = MAX_SIDE_PX, max_bytes: int = MAX_DIRECT_BYTES) -> bytes:
    """The picture itself when it fits, else an upright JPEG whose longer side is `max_side_px`.

    Raises `UnusableFile` for an empty file, bytes that are no picture, a truncated one, or
    one that is more work to decode than any camera's.
    """
    formats = _FORMATS
    if _HEIC.match(data):
        _learn_heic()
        formats = ("AVIF", "HEIF")
    with _opened(data, formats=formats) as picture:
        fits = max(picture.size) <= max_side_px and len(data) <= max_bytes and picture.format in _HANDED_IN
        plain = picture.mode in {"RGB", "L"} and (
            picture.format != "PNG" or picture.getexif().get(_ORIENTATION, 1) == 1
        )
        picture.draft("RGB", (max_side_px, max_side_px))
        picture.load()
        return data if fits and plain else _smaller(picture, max_side_px)


def reads_heic() -> bool:
    """Whether HEIC can be read here: a phone that is not offered it sends a JPEG instead."""
    return find_spec("pi_heif") is not None


def _learn_heic() -> None:
    try:
        import pi_heif
    except ImportError as error:
        raise UnusableFile(
            "the file is HEIC: install 'recognizeme-kiosk[office]', which reads it, or save it as JPEG"
        ) from error
    pi_heif.register_heif_opener()


@contextmanager
def _opened(data: bytes, *, formats: Collection[str] | None = None) -> Iterator[ImageFile.Image]:
    """A picture whose header was read and held against the limits; nothing is decoded yet."""
    if not data:
        raise UnusableFile("the file is empty; choose a picture")
    if len(data) > MAX_BYTES:
        raise UnusableFile(f"the file is larger than {MAX_BYTES // 2**20} MB; choose a smaller one")
    scans = _scans(data) if data.startswith(b"\xff\xd8") else 1
    if data.startswith(_PNG) and _png_texts(data) > MAX_TEXTS:
        raise UnusableFile("the picture has more texts in it than any program writes; choose another")
    try:
        with ImageFile.open(io.BytesIO(data), formats=None if formats is None else list(formats)) as picture:
            pixels = picture.width * picture.height
            limit = _MAX_PIXELS.get(str(picture.format), _MAX_PIXELS_ELSE)
            if pixels > limit or pixels * scans > _MAX_PASSED_PIXELS:
                size = f"{picture.width}x{picture.height} pixels"
                raise UnusableFile(f"the picture is {size}; choose a smaller one")
            yield picture
    except UnidentifiedImageError as error:
        raise UnusableFile(
            "the file is no picture; choose a JPEG, PNG, WebP, HEIC, AVIF, TIFF, BMP or GIF"
        ) from error
    except ImageFile.DecompressionBombError as error:
        raise UnusableFile(
            "the picture has more pixels than any camera takes; choose a smaller one"
        ) from error
    except (OSError, SyntaxError, ValueError) as error:
        raise UnusableFile("the picture is damaged or incomplete; choose another") from error


def _scans(jpeg: bytes) -> int:
    """How many scans a JPEG has. Raises `UnusableFile` when it has absurdly many parts."""
    at = 2
    scans = 0
    for _ in range(MAX_SEGMENTS):
        marker = _MARKER.search(jpeg, at)
        if marker is None or jpeg[marker.end() - 1] == _END:
            return scans
        scans += jpeg[marker.end() - 1] == _SCAN
        at = marker.end() + int.from_bytes(jpeg[marker.end() : marker.end() + 2], "big")
        if scans > MAX_SCANS:
            break
    raise UnusableFile("the picture has more parts than any camera writes; choose another")


def _png_texts(png: bytes) -> int:
    """How many compressed texts a PNG has, whole or cut short (W3C PNG specification, section 11.3.3)."""
    texts, at = 0, len(_PNG)
    while texts <= MAX_TEXTS and len(png) >= at + 8 and png[at + 4 : at + 8] != b"IEND":
        texts += png[at + 4 : at + 8] in {b"zTXt", b"iTXt"}
        at += 12 + int.from_bytes(png[at : at + 4], "big")
    return texts


def _smaller(picture: ImageFile.Image, max_side_px: int) -> bytes:
    if picture.mode.startswith("I"):  # 16 bits a pixel, whose upper half is what 8 bits would be
        picture = picture.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    if picture.mode in {"CMYK", "YCbCr", "HSV"}:
        picture = picture.convert("RGB")
    colours = picture if picture.mode in {"RGB", "RGBA", "L"} else picture.convert("RGBA")
    colours.thumbnail((max_side_px, max_side_px), ImageFile.Resampling.LANCZOS)
    upright = ImageOps.exif_transpose(colours).convert("RGBA")
    opaque = ImageFile.alpha_composite(ImageFile.new("RGBA", upright.size, "white"), upright).convert("RGB")
    jpeg = io.BytesIO()
    opaque.save(jpeg, "JPEG", quality=92)
    return jpeg.getvalue()
