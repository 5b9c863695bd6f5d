"""Finding faces."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np
import numpy.typing as npt

from rekolocal.engine.models import ModelError, find_yunet
from rekolocal.engine.picture import Pixels

Points = npt.NDArray[np.float32]


# OpenCV's post-processing reads beyond its memory where a side has 32 pixels or fewer.
_LEAST_SHOWN_PX = 64


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


class _Shared:
    """Detectors keep scratch memory inside, so each serves one thread at a time; then the next has it."""

    def __init__(self, create: Callable[[], Any]) -> None:
        self._create = create
        self._idle = [create()]  # a broken model file fails here, not in a request

    @contextmanager
    def one(self) -> Iterator[Any]:
        try:
            detector = self._idle.pop()
        except IndexError:
            detector = self._create()
        try:
            yield detector
        finally:
            self._idle.append(detector)


class YuNet:
    """OpenCV's small face network (Wu et al. 2023): faces from 10 px, turned and partly hidden ones too."""

    _SIDE_PX = 640  # Rekognition's smallest face (40 px in 1920) is 13 px then: enough
    _COARSE_PX = 160  # also finds dark faces, and one that fills the picture
    _TURNED_PX = 320
    _TURNS = (cv2.ROTATE_90_CLOCKWISE, cv2.ROTATE_90_COUNTERCLOCKWISE, cv2.ROTATE_180)
    _MIN_CONFIDENCE = 0.7  # that of the kiosk: what it found in what it hands in is found here
    _MIN_CONFIDENCE_PCT_TURNED = 85  # faces that lie on their side reach 90; a cat upside down had 83

    def __init__(self, model: Path | None = None) -> None:
        """`model`: one's own file, else what `find_yunet` finds. Raises `ModelError`."""
        path = find_yunet(model)
        try:
            self._model = np.frombuffer(path.read_bytes(), np.uint8)
            self._detectors = _Shared(self._create)
        except (OSError, cv2.error) as error:
            raise ModelError(f"{path} is no model of YuNet in ONNX form") from error

    def detect(self, pixels: Pixels, *, largest_only: bool) -> Sequence[Detection]:
        """See Detector. Where the first look finds nobody, coarser and turned ones follow."""
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
        views = ((turn, self._look(cv2.rotate(pixels, turn), self._TURNED_PX)) for turn in self._TURNS)
        best = max(views, key=lambda view: max((face.confidence_pct for face in view[1]), default=0.0))
        turn, found = best
        height, width = pixels.shape[:2]
        sure = [face for face in found if face.confidence_pct >= self._MIN_CONFIDENCE_PCT_TURNED]
        return [_turned_back(face, turn, width, height) for face in sure]

    def _look(self, pixels: npt.NDArray[Any], side_px: int) -> list[Detection]:
        height, width = pixels.shape[:2]
        scale = min(1.0, side_px / max(height, width))
        view: npt.NDArray[Any] = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR)
        if scale != 1.0:
            view = cv2.resize(view, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        low, narrow = (max(0, _LEAST_SHOWN_PX - side) for side in view.shape[:2])
        if low or narrow:
            view = cv2.copyMakeBorder(view, 0, low, 0, narrow, cv2.BORDER_REPLICATE)
        with self._detectors.one() as detector:
            detector.setInputSize((view.shape[1], view.shape[0]))
            _, faces = detector.detect(view)
        found = [] if faces is None else [_from_yunet(face, scale) for face in faces]
        return sorted(found, key=lambda detection: -detection.area_px)

    def _create(self) -> Any:
        return cv2.FaceDetectorYN.create(
            "onnx", self._model, np.empty(0, np.uint8), (320, 320), self._MIN_CONFIDENCE
        )


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
