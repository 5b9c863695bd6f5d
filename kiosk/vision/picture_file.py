"""Picture files from outside: the one place where they are decoded, and what is refused before that.

A decoder's work is bounded by the file's bytes, its pixels and, for a JPEG, how often its scans pass over
them; all three are known from the bytes alone (ITU-T T.81, annex B).
"""

import io
import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec

import cv2
import numpy as np
from PIL import Image as ImageFile
from PIL import UnidentifiedImageError

from kiosk.client.api import MAX_DIRECT_BYTES
from kiosk.vision.frame import Image

MAX_SIDE_PX = 1920  # Rekognition needs a face of 40 px in a picture of this size; more only costs time
# Photos of the largest phone cameras have 80 MB and 200 megapixels; what is larger is no photo. Only JPEG is
# decoded at a fraction of its size, so the others have to be smaller; and so has a progressive one, of which
# the decoder keeps every coefficient (3 bytes a pixel) until the last scan.
MAX_BYTES = 96 * 1024 * 1024
_MAX_PIXELS = {"JPEG": 210_000_000, "MPO": 210_000_000, "HEIF": 60_000_000}
_MAX_PIXELS_ELSE = 40_000_000
_MAX_PIXELS_PROGRESSIVE = 60_000_000
_MAX_PIXELS_WHOLE = 120_000_000  # of what is decoded at its full size: 360 MB
ImageFile.MAX_IMAGE_PIXELS = (
    None  # Pillow's own bound, which is lower; ours are held before anything is decoded
)
# Encoders write ten scans at most; an empty one of ten bytes costs the decoder a pass over all pixels.
MAX_SCANS = 100
MAX_SEGMENTS = 1000
MAX_TEXTS = 100  # a compressed text of 8 kB in a PNG is 8 MB to the decoder
_MAX_PASSED_PIXELS = 1_500_000_000
_FORMATS: tuple[str, ...] = ("JPEG", "PNG", "WEBP", "AVIF", "TIFF", "BMP", "GIF")
_JPEGS = frozenset({"JPEG", "MPO"})  # MPO is a JPEG with a second picture
_HANDED_IN = _JPEGS | {"PNG"}  # what the API takes
_HEIC = re.compile(rb"....ftyp(?:hei[cxms]|hev[cx]|mif1|msf1)", re.DOTALL)
_ORIENTATION = 0x0112
# How cv2.flip undoes EXIF's orientations: over the vertical axis (1), the horizontal one (0) or both (-1).
_FLIPS: Mapping[int, int] = {2: 1, 3: -1, 4: 0, 6: 1, 7: -1, 8: 0}
# The parts of a JPEG's size at which it can be decoded.
_REDUCED: Mapping[int, int] = {
    1: cv2.IMREAD_COLOR,
    2: cv2.IMREAD_REDUCED_COLOR_2,
    4: cv2.IMREAD_REDUCED_COLOR_4,
    8: cv2.IMREAD_REDUCED_COLOR_8,
}
_DAMAGED = "the picture is damaged or incomplete; choose another"
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
        with opened(data, most_pixels=_MAX_PIXELS_WHOLE):
            image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    except (UnusableFile, cv2.error):
        return None
    return None if image is None else image.astype(np.uint8, copy=False)


@dataclass(frozen=True, slots=True)
class FitPicture:
    """A picture to hand in, and its upright pixels; None where the pixels are not known to be decodable."""

    data: bytes
    image: Image | None


def fit(data: bytes, *, max_side_px: int = MAX_SIDE_PX, max_bytes: int = MAX_DIRECT_BYTES) -> bytes:
    """The picture itself when it fits, else an upright JPEG whose longer side is `max_side_px`.

    Raises `UnusableFile` for an empty file, bytes that are no picture, a truncated one, or
    one that is more work to decode than any camera's.
    """
    return _fit(data, max_side_px, max_bytes)[0]


def fit_with_pixels(data: bytes) -> FitPicture:
    """The picture as `fit` makes it, and its pixels without decoding them again. Raises as `fit` does."""
    fitted, image = _fit(data, MAX_SIDE_PX, MAX_DIRECT_BYTES)
    return FitPicture(fitted, decode_picture(fitted) if image is None else image)


def _fit(data: bytes, max_side_px: int, max_bytes: int) -> tuple[bytes, Image | None]:
    formats = _FORMATS
    if _HEIC.match(data):
        _learn_heic()
        formats = ("AVIF", "HEIF")
    with opened(data, formats=formats) as picture:
        fits = max(picture.size) <= max_side_px and len(data) <= max_bytes and picture.format in _HANDED_IN
        plain = picture.mode in {"RGB", "L"} and (
            picture.format != "PNG" or picture.getexif().get(_ORIENTATION, 1) == 1
        )
        if picture.format in _JPEGS and picture.mode == "RGB":
            return (data, _decoded(data)) if fits else _smaller_jpeg(data, picture, max_side_px)
        # Both sides of what is wanted: the decoder leaves out whatever neither of them needs.
        picture.draft("RGB", _size_within(picture.size, max_side_px))
        picture.load()
        return (data, None) if fits and plain else _smaller(picture, max_side_px)


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
def opened(
    data: bytes, *, formats: Collection[str] | None = None, most_pixels: int | None = None
) -> Iterator[ImageFile.Image]:
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
            if picture.info.get("progressive"):
                limit = _MAX_PIXELS_PROGRESSIVE
            limit = min(limit, most_pixels or limit)
            if pixels > limit or pixels * scans > _MAX_PASSED_PIXELS:
                size = f"{picture.width}x{picture.height} pixels"
                raise UnusableFile(f"the picture is {size}; choose a smaller one")
            yield picture
    except UnidentifiedImageError as error:
        raise UnusableFile(
            "the file is no picture; choose a JPEG, PNG, WebP, HEIC, AVIF, TIFF, BMP or GIF"
        ) from error
    except (OSError, SyntaxError, ValueError) as error:
        raise UnusableFile(_DAMAGED) from error


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


def _size_within(size: tuple[int, int], max_side_px: int) -> tuple[int, int]:
    factor = min(1.0, max_side_px / max(size))
    return max(1, round(size[0] * factor)), max(1, round(size[1] * factor))


def _decoded(jpeg: bytes, how: int = cv2.IMREAD_COLOR) -> Image:
    try:
        image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), how)
    except cv2.error as error:
        raise UnusableFile(_DAMAGED) from error
    if image is None:  # also where its end is missing
        raise UnusableFile(_DAMAGED)
    return image.astype(np.uint8, copy=False)


def _smaller_jpeg(data: bytes, header: ImageFile.Image, max_side_px: int) -> tuple[bytes, Image]:
    """What `_smaller` makes of a JPEG in colour, with fewer copies on the way."""
    size = _size_within(header.size, max_side_px)
    times = min(header.width // size[0], header.height // size[1])
    parts = max(parts for parts in _REDUCED if parts <= times)
    image = _resized(_decoded(data, _REDUCED[parts] | cv2.IMREAD_IGNORE_ORIENTATION), size)
    image = _upright(image, header.getexif())
    return _encoded(image), image


def _upright(image: Image, exif: ImageFile.Exif) -> Image:
    """The image turned as EXIF's orientation says: first over its diagonal, then around or over."""
    orientation = exif.get(_ORIENTATION, 1)
    turned = cv2.transpose(image) if orientation in {5, 6, 7, 8} else image
    if orientation in _FLIPS:
        turned = cv2.flip(turned, _FLIPS[orientation])
    return turned.astype(np.uint8, copy=False)


def _resized(pixels: Image, size: tuple[int, int]) -> Image:
    if pixels.shape[1::-1] == size:
        return pixels
    # Averaging is for what shrinks a lot; at less than half, as after `draft`, it only costs more.
    how = cv2.INTER_AREA if max(pixels.shape[:2]) > 2 * max(size) else cv2.INTER_LINEAR
    return cv2.resize(pixels, size, interpolation=how).astype(np.uint8, copy=False)


def _encoded(image: Image) -> bytes:
    _, jpeg = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 92])
    return jpeg.tobytes()


def _smaller(picture: ImageFile.Image, max_side_px: int) -> tuple[bytes, Image]:
    """The picture as an upright, opaque JPEG of this size, and its pixels."""
    exif = picture.getexif()
    if picture.mode.startswith("I"):  # 16 bits a pixel, whose upper half is what 8 bits would be
        picture = picture.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    if picture.mode not in {"RGB", "RGBA"}:
        picture = picture.convert("RGB" if picture.mode in {"L", "CMYK", "YCbCr", "HSV"} else "RGBA")
    small = ImageFile.fromarray(_resized(np.asarray(picture), _size_within(picture.size, max_side_px)))
    if small.mode == "RGBA":
        small = ImageFile.alpha_composite(ImageFile.new("RGBA", small.size, "white"), small)
    image = cv2.cvtColor(np.asarray(small.convert("RGB")), cv2.COLOR_RGB2BGR).astype(np.uint8, copy=False)
    image = _upright(image, exif)
    return _encoded(image), image
