"""Finding faces in a picture."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np

from kiosk.vision.frame import Box, Detection, Image, Landmarks
from kiosk.vision.models import ModelUnusable, find_yunet

# The detector looks at a copy whose long side is this; faces of 1/60 of the picture are still found.
DETECT_PX = 640
# Where that finds nobody, it looks again at this size: it finds dark faces, and one that fills the picture.
AGAIN_PX = 160
# A strip narrower than this holds no face, and detectors see ghosts in it.
SMALLEST_PX = 24
# OpenCV's post-processing reads beyond its memory where a side has 32 pixels or fewer.
_LEAST_SHOWN_PX = 64
# YuNet's scores: real faces at a door are above 0.8, posters and cups mostly below 0.7.
YUNET_SCORE = 0.7
MOST_FACES = 50


class Detector(Protocol):
    """Finds faces."""

    @property
    def name(self) -> str:
        """What the status file calls it."""

    def detect(self, image: Image) -> Sequence[Detection]:
        """The faces of a picture, largest first, in its own pixels."""

    def shows_face(self, image: Image, *, thoroughly: bool = False) -> bool:
        """Whether anybody is found in a picture that is to be handed in: by one cheap look, or by all."""


class YuNet:
    """OpenCV's small face network (Wu et al. 2023), with five landmarks a face."""

    name = "yunet"

    def __init__(self, model: Path | None = None, *, score: float = YUNET_SCORE) -> None:
        """`model`: one's own file, else what `find_yunet` finds. Raises `ModelUnusable`."""
        path = find_yunet(model)
        # One each for frames, for second looks at them, and for crops: to give a network another size makes
        # it allocate anew, which costs as much as a look.
        self._frames, self._frames_again, self._crops = (_Network(path, score) for _ in range(3))

    def detect(self, image: Image) -> Sequence[Detection]:
        """The faces of a picture, largest first, in its own pixels."""
        if min(image.shape[:2]) < SMALLEST_PX * max(1, max(image.shape[:2]) / DETECT_PX):
            return ()
        found = self._frames.look(image, DETECT_PX)
        return found or (self._frames_again.look(image, AGAIN_PX) if max(image.shape[:2]) > AGAIN_PX else ())

    def shows_face(self, image: Image, *, thoroughly: bool = False) -> bool:
        """See Detector.

        In 132 doubtful crops `AGAIN_PX` showed 75 of 82 faces that all looks find, in a sixth of the time.
        """
        small, _ = _reduced(image, AGAIN_PX)
        low, narrow = (AGAIN_PX - side for side in small.shape[:2])
        square = cv2.copyMakeBorder(small, 0, low, 0, narrow, cv2.BORDER_CONSTANT)
        found = self._crops.look(square.astype(np.uint8, copy=False), AGAIN_PX)
        return bool(found or (thoroughly and self._crops.look(image, DETECT_PX)))


class _Network:
    """OpenCV's detector, which keeps what it needs for one size of picture."""

    def __init__(self, model: Path, score: float) -> None:
        try:
            self._network = cv2.FaceDetectorYN.create(
                str(model), "", (DETECT_PX, DETECT_PX), score_threshold=score, top_k=MOST_FACES
            )
        except cv2.error as error:
            raise ModelUnusable(f"{model} is not a YuNet model that this OpenCV can read") from error
        self._size = (0, 0)

    def look(self, image: Image, side_px: int) -> Sequence[Detection]:
        """The faces that show when the picture's long side has `side_px` pixels, largest first."""
        shown, factor = _reduced(image, side_px)
        size = (shown.shape[1], shown.shape[0])
        if size != self._size:
            self._network.setInputSize(size)
            self._size = size
        _, rows = self._network.detect(shown)
        if rows is None:
            return ()
        return _largest_first([_detection(row, factor) for row in rows.tolist()])


def _reduced(image: Image, side_px: int) -> tuple[Image, float]:
    factor = max(1.0, max(image.shape[:2]) / side_px)
    if factor > 1:
        size = (max(1, round(image.shape[1] / factor)), max(1, round(image.shape[0] / factor)))
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
    low, narrow = (max(0, _LEAST_SHOWN_PX - side) for side in image.shape[:2])
    if low or narrow:
        bordered = cv2.copyMakeBorder(image, 0, low, 0, narrow, cv2.BORDER_REPLICATE)
        image = bordered.astype(np.uint8, copy=False)
    return image, factor


def _detection(row: list[float], factor: float) -> Detection:
    box = Box(row[0], row[1], row[2], row[3]).scaled(factor)
    # YuNet's order is the person's: right eye first, which is the left one in the picture.
    points = [(row[i] * factor, row[i + 1] * factor) for i in range(4, 14, 2)]
    return Detection(box, row[14], Landmarks(*points))


def _largest_first(detections: list[Detection]) -> Sequence[Detection]:
    return sorted(detections, key=lambda detection: -detection.box.area)
