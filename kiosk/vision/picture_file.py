"""Making a picture somebody chose fit to be handed in: a JPEG or PNG, upright, not larger than needed."""

import io

from PIL import Image, ImageOps, UnidentifiedImageError

from kiosk.client.api import MAX_DIRECT_BYTES

MAX_SIDE_PX = 1920  # Rekognition needs a face of 40 px in a picture of this size; more only costs time
# The largest phone cameras have 108 megapixels; more is a decompression bomb. Only JPEG is decoded at a
# fraction of its size, so the others have to be smaller.
_MAX_PIXELS = {"JPEG": 120_000_000, "PNG": 40_000_000, "WEBP": 40_000_000}
_CONTENT_TYPES = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}


class UnusableFile(Exception):
    """The bytes cannot be handed in; the text says why and what to do."""


def content_type(data: bytes) -> str:
    """`image/jpeg` or `image/png` by the first bytes. What is neither is called JPEG: the API refuses it."""
    return "image/png" if data.startswith(b"\x89PNG\r\n\x1a\n") else "image/jpeg"


def fit(data: bytes, *, max_side_px: int = MAX_SIDE_PX, max_bytes: int = MAX_DIRECT_BYTES) -> bytes:
    """The picture itself when it fits, else an upright JPEG whose longer side is `max_side_px`.

    Raises `UnusableFile` for an empty file, bytes that are no JPEG, PNG or WebP picture, a truncated one, or
    one with more pixels than any camera takes.
    """
    if not data:
        raise UnusableFile("the file is empty; choose a picture")
    try:
        with Image.open(io.BytesIO(data), formats=list(_CONTENT_TYPES)) as picture:
            if picture.width * picture.height > _MAX_PIXELS[str(picture.format)]:
                raise UnusableFile(
                    f"the picture is {picture.width}x{picture.height} pixels; choose a smaller one"
                )
            fits = max(picture.size) <= max_side_px and len(data) <= max_bytes and picture.format != "WEBP"
            picture.draft("RGB", (max_side_px, max_side_px))
            picture.load()
            return data if fits else _smaller(picture, max_side_px)
    except UnidentifiedImageError as error:
        raise UnusableFile("the file is no JPEG, PNG or WebP picture; choose another") from error
    except Image.DecompressionBombError as error:
        raise UnusableFile(
            "the picture has more pixels than any camera takes; choose a smaller one"
        ) from error
    except (OSError, SyntaxError, ValueError) as error:
        raise UnusableFile("the picture is damaged or incomplete; choose another") from error


def _smaller(picture: Image.Image, max_side_px: int) -> bytes:
    if picture.mode.startswith("I"):  # 16 bits a pixel, whose upper half is what 8 bits would be
        picture = picture.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    colours = picture if picture.mode in {"RGB", "RGBA", "L"} else picture.convert("RGBA")
    colours.thumbnail((max_side_px, max_side_px), Image.Resampling.LANCZOS)
    upright = ImageOps.exif_transpose(colours).convert("RGBA")
    opaque = Image.alpha_composite(Image.new("RGBA", upright.size, "white"), upright).convert("RGB")
    jpeg = io.BytesIO()
    opaque.save(jpeg, "JPEG", quality=92)
    return jpeg.getvalue()
