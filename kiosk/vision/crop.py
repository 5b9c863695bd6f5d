"""From a picture and a face in it to the JPEG that is handed in: head and shoulders, small, upright."""

from collections.abc import Sequence

import cv2
import numpy as np

from kiosk.vision.frame import Box, Image

# Long side of what is handed in. Rekognition wants 80 px of picture and 40 px of face at the least; its
# guide asks for head and shoulders. A crop this size has a face of about 160 px and 25-40 kB.
CROP_PX = 400
STILL_PX = 1280
JPEG_QUALITY = 90
# Enlarging adds nothing to see, but a detector with a smallest face still finds it.
MOST_ENLARGED = 2.0
# How much around another's face is blurred with it: a chin and a forehead are still a face to some.
_BLURRED_SHARE = 0.15


def head_and_shoulders(
    image: Image, face: Box, others: Sequence[Box] = (), *, is_wide: bool = False
) -> Image:
    """The part of the picture from above the hair to the shoulders, at most `CROP_PX` on its long side.

    With `is_wide` it is more of what is around: some dim faces are only found with it.

    At the picture's edge the crop is cut, not filled: made-up pixels help nobody. Other people's faces in it
    are blurred beyond recognition: Rekognition compares the largest face, and that must be this one.
    """
    if is_wide:
        wanted = face.grown(1.5)
    else:
        wanted = Box(
            face.left - 0.75 * face.width, face.top - 0.6 * face.height, 2.5 * face.width, 2.4 * face.height
        )
    near = [other for other in others if other.overlap(wanted).area > 0]
    if near:
        image = _without(image, near, keep=face)
    return _fitted(_part(image, wanted), CROP_PX, most_enlarged=MOST_ENLARGED)


def whole(image: Image) -> Image:
    """The whole picture, at most `STILL_PX` on its long side."""
    return _fitted(image, STILL_PX, most_enlarged=1.0)


def encode_jpeg(image: Image) -> bytes:
    """JPEG bytes of a picture."""
    _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    return data.tobytes()


def _part(image: Image, box: Box) -> Image:
    """The pixels of a box, as far as the picture has them: a view, not a copy."""
    height, width = image.shape[:2]
    left, top = max(0, round(box.left)), max(0, round(box.top))
    right, bottom = min(width, round(box.right)), min(height, round(box.bottom))
    return image[top : max(top, bottom), left : max(left, right)]


def _without(image: Image, faces: Sequence[Box], *, keep: Box) -> Image:
    blurred = image.copy()
    for face in faces:
        part = _part(blurred, face.grown(_BLURRED_SHARE))
        if part.size:
            colours = cv2.resize(part, (2, 2), interpolation=cv2.INTER_AREA)
            part[:] = cv2.resize(colours, (part.shape[1], part.shape[0]), interpolation=cv2.INTER_LINEAR)
    _part(blurred, keep)[:] = _part(image, keep)
    return blurred


def _fitted(image: Image, long_side_px: int, *, most_enlarged: float) -> Image:
    factor = min(long_side_px / max(image.shape[:2]), most_enlarged)
    size = (max(1, round(image.shape[1] * factor)), max(1, round(image.shape[0] * factor)))
    if size == (image.shape[1], image.shape[0]):
        return image
    how = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    return cv2.resize(image, size, interpolation=how).astype(np.uint8, copy=False)
