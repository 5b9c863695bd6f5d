"""Finding faces in a picture: YuNet where its model is, else the Haar cascade that comes with OpenCV 4."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np

from kiosk.vision.frame import Box, Detection, Image, Landmarks
from kiosk.vision.models import ModelError

# The detector looks at a copy whose long side is this; faces of 1/60 of the picture are still found.
DETECT_PX = 640
# A strip narrower than this holds no face, and detectors see ghosts in it.
SMALLEST_PX = 24
# YuNet's scores: real faces at a door are above 0.8, posters and cups mostly below 0.7.
YUNET_SCORE = 0.7
# The cascade's weights: false finds (a dark coat) stay below 4, clear frontal faces reach 8 and more.
HAAR_WEAKEST, HAAR_CLEAR = 4.0, 8.0
# Faces below 1/16 of the picture take the cascade as long as all others, and it finds hardly any.
HAAR_SMALLEST_PART = 16
MOST_FACES = 50

_CASCADES: str = cv2.data.haarcascades  # type: ignore[attr-defined]  # OpenCV's stubs forget it


class Detector(Protocol):
    """Finds faces."""

    @property
    def name(self) -> str:
        """`yunet` or `haar`."""

    def detect(self, image: Image) -> Sequence[Detection]:
        """The faces of a picture, largest first, in its own pixels."""


class YuNet:
    """OpenCV's small face network (Wu et al. 2023), with five landmarks a face."""

    name = "yunet"

    def __init__(self, model: Path, *, score: float = YUNET_SCORE) -> None:
        try:
            self._network = cv2.FaceDetectorYN.create(
                str(model), "", (DETECT_PX, DETECT_PX), score_threshold=score, top_k=MOST_FACES
            )
        except cv2.error as error:
            raise ModelError(f"{model} is not a YuNet model that this OpenCV can read") from error
        self._size = (0, 0)

    def detect(self, image: Image) -> Sequence[Detection]:
        """The faces of a picture, largest first, in its own pixels."""
        small, factor = _reduced(image)
        if min(small.shape[:2]) < SMALLEST_PX:
            return ()
        size = (small.shape[1], small.shape[0])
        if size != self._size:  # setting it anew makes the network allocate anew
            self._network.setInputSize(size)
            self._size = size
        _, rows = self._network.detect(small)
        if rows is None:
            return ()
        return _largest_first([_yunet_detection(row, factor) for row in rows.tolist()])


class Haar:
    """The cascade of Viola and Jones (2001): frontal faces only, no landmarks, more false finds."""

    name = "haar"

    def __init__(self) -> None:
        self._cascade = cv2.CascadeClassifier(_CASCADES + "haarcascade_frontalface_default.xml")

    def detect(self, image: Image) -> Sequence[Detection]:
        """The faces of a picture, largest first, in its own pixels."""
        small, factor = _reduced(image)
        if min(small.shape[:2]) < SMALLEST_PX:
            return ()
        grey = cv2.equalizeHist(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY))
        least_px = max(SMALLEST_PX, max(grey.shape) // HAAR_SMALLEST_PART)
        boxes, _, weights = self._cascade.detectMultiScale3(
            grey, scaleFactor=1.1, minNeighbors=6, minSize=(least_px, least_px), outputRejectLevels=True
        )
        return _largest_first(
            [
                Detection(Box(*map(float, box)).scaled(factor), min(1.0, weight / HAAR_CLEAR))
                for box, weight in zip(boxes, np.ravel(weights).tolist(), strict=True)
                if weight >= HAAR_WEAKEST
            ]
        )


def make_detector(yunet_model: Path | None) -> Detector:
    """YuNet with this model, or Haar without one. Raises `ModelError` when the model is none."""
    return YuNet(yunet_model) if yunet_model else Haar()


def _reduced(image: Image) -> tuple[Image, float]:
    factor = max(image.shape[:2]) / DETECT_PX
    if factor <= 1:
        return image, 1.0
    size = (max(1, round(image.shape[1] / factor)), max(1, round(image.shape[0] / factor)))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False), factor


def _yunet_detection(row: list[float], factor: float) -> Detection:
    box = Box(row[0], row[1], row[2], row[3]).scaled(factor)
    # YuNet's order is the person's: right eye first, which is the left one in the picture.
    points = [(row[i] * factor, row[i + 1] * factor) for i in range(4, 14, 2)]
    return Detection(box, row[14], Landmarks(*points))


def _largest_first(detections: list[Detection]) -> Sequence[Detection]:
    return sorted(detections, key=lambda detection: -detection.box.area)
