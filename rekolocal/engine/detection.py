"""Finding faces."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
import numpy.typing as npt

from rekolocal.engine.detector_network import DetectorNetwork
from rekolocal.engine.picture import Pixels

Points = npt.NDArray[np.float32]

# A picture shrunk by more than this is averaged down: bilinear sampling would leave pixels out.
_LEAST_SAMPLED = 0.5


@dataclass(frozen=True, slots=True)
class Detection:
    """A face box in pixels of the picture (it may reach over the edge) and the detector's confidence.

    `points`: float32 (5, 2), pixels: the eyes, the nose and the mouth's corners; of two the one first that is
    left in the picture when the face is upright.
    """

    left: float
    top: float
    width: float
    height: float
    confidence_pct: float
    points: Points

    @property
    def area_px(self) -> float:
        """Pixels the box covers: the measure by which a face is the largest."""
        return self.width * self.height

    def is_clear(self, view_px: float) -> bool:
        """Whether a finer look would show no larger face; one pixel of this look is `view_px`."""
        return self.confidence_pct >= 85 and min(self.width, self.height) >= 32 * view_px


class Detector(Protocol):
    """Finds the faces of a picture."""

    def detect(self, pixels: Pixels, *, largest_only: bool) -> Sequence[Detection]:
        """Faces of `pixels` (uint8, height x width x 3, RGB), largest first.

        `largest_only` allows a coarser look that cannot miss the largest face.
        """


class YuNet:
    """OpenCV's small face network (Wu et al. 2023): faces from 10 px, turned and partly hidden ones too."""

    _SIDE_PX = 640  # Rekognition's smallest face (40 px in 1920) is 13 px then: enough
    _COARSE_PX = 160  # also finds dark faces, and one that fills the picture
    _TURNED_PX = 320
    _TURNS = (cv2.ROTATE_90_CLOCKWISE, cv2.ROTATE_90_COUNTERCLOCKWISE, cv2.ROTATE_180)
    _MIN_CONFIDENCE = 0.7  # that of the kiosk: what it found in what it hands in is found here
    # Of 182 portraits upright all reach 91, and upside down none; the right way up is surer by 3.5 and more.
    _SURELY_UPRIGHT_PCT, _CLEARLY_SURER_PCT = 91, 3
    _MIN_CONFIDENCE_PCT_TURNED = 85  # faces that lie on their side reach 90; a cat upside down had 83

    def __init__(self, model: Path | None = None) -> None:
        """`model`: one's own file, else what `find_yunet` finds. Raises `ModelError`."""
        self._network = DetectorNetwork(model)

    def detect(self, pixels: Pixels, *, largest_only: bool) -> Sequence[Detection]:
        """See Detector. Where the first look finds nobody, coarser and turned ones follow.

        A face upside down is often found as if it were upright: less surely, eyes and mouth exchanged.
        """
        found = self._upright(pixels, largest_only=largest_only)
        if found and (surest := _surest(found)) < self._SURELY_UPRIGHT_PCT:
            turned = _rotated(pixels, cv2.ROTATE_180)
            if _surest(self._look(turned, self._COARSE_PX)) > surest + self._CLEARLY_SURER_PCT:
                again = self._upright(turned, largest_only=largest_only)
                return [_turned_back(face, cv2.ROTATE_180, *pixels.shape[1::-1]) for face in again]
        return found

    def _upright(self, pixels: Pixels, *, largest_only: bool) -> Sequence[Detection]:
        coarse: list[Detection] = []
        if largest_only:
            coarse = self._look(pixels, self._COARSE_PX)
            if coarse and coarse[0].is_clear(max(pixels.shape) / self._COARSE_PX):
                return coarse
        return (
            self._look(pixels, self._SIDE_PX)
            or coarse
            or self._look(pixels, self._COARSE_PX)
            or self._look_turned(pixels)
        )

    def _look_turned(self, pixels: Pixels) -> list[Detection]:
        views = ((turn, self._look(_rotated(pixels, turn), self._TURNED_PX)) for turn in self._TURNS)
        best = max(views, key=lambda view: _surest(view[1]))
        turn, found = best
        height, width = pixels.shape[:2]
        sure = [face for face in found if face.confidence_pct >= self._MIN_CONFIDENCE_PCT_TURNED]
        return [_turned_back(face, turn, width, height) for face in sure]

    def _look(self, pixels: Pixels, side_px: int) -> list[Detection]:
        view, scale = _reduced(pixels, side_px)
        found = [
            _from_yunet(face, scale) for face in self._network.detect(view, min_score=self._MIN_CONFIDENCE)
        ]
        return sorted(found, key=lambda detection: -detection.area_px)


def _surest(faces: Sequence[Detection]) -> float:
    return max((face.confidence_pct for face in faces), default=0.0)


def _rotated(pixels: Pixels, turn: int) -> Pixels:
    return np.asarray(cv2.rotate(pixels, turn), np.uint8)


def _reduced(pixels: Pixels, side_px: int) -> tuple[Pixels, float]:
    scale = min(1.0, side_px / max(pixels.shape[:2]))
    if scale == 1.0:
        return pixels, scale
    # Averaging costs ten times as much, and matters only where pixels would be left out.
    how = cv2.INTER_LINEAR if scale > _LEAST_SAMPLED else cv2.INTER_AREA
    return np.asarray(cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=how), np.uint8), scale


def _from_yunet(face: npt.NDArray[np.float32], scale: float) -> Detection:
    """YuNet's row: x, y, w, h; right eye, left eye, nose, right and left mouth corner; the score."""
    left, top, width, height = (float(value) / scale for value in face[:4])
    points = (face[4:14].reshape(5, 2) / scale).astype(np.float32)
    return Detection(left, top, width, height, float(min(face[14], 1.0)) * 100, points)


def _turned_back(face: Detection, turn: int, width: int, height: int) -> Detection:
    """A face found in the picture turned by cv2.rotate, in the picture as it was: `width` x `height`."""

    def back(xy: Points) -> Points:
        x, y = xy[:, 0], xy[:, 1]
        if turn == cv2.ROTATE_90_CLOCKWISE:
            return np.stack([y, height - x], axis=1)
        if turn == cv2.ROTATE_90_COUNTERCLOCKWISE:
            return np.stack([width - y, x], axis=1)
        return np.stack([width - x, height - y], axis=1)

    corners = np.array(
        [[face.left, face.top], [face.left + face.width, face.top + face.height]], dtype=np.float32
    )
    (left, top), (right, bottom) = np.sort(back(corners), axis=0).tolist()
    return Detection(left, top, right - left, bottom - top, face.confidence_pct, back(face.points))
