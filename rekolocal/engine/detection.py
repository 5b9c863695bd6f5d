"""Finding faces: dlib's HOG detector, or YuNet where its model file is given."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import cv2
import dlib
import numpy as np
import numpy.typing as npt

from rekolocal.engine.network import ModelError
from rekolocal.engine.picture import Pixels

Points = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Square:
    """The square dlib's landmark predictor was trained on, brow to chin, in pixels."""

    left: float
    top: float
    side_px: float


@dataclass(frozen=True, slots=True)
class Detection:
    """A face box in pixels of the picture (it may reach over the edge) and the detector's confidence.

    `mouth`: float32 (2, 2), x and y of the mouth's corners, left in the picture first, where the detector
    finds them.
    """

    left: float
    top: float
    width: float
    height: float
    confidence_pct: float
    square: Square
    mouth: Points | None = None

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


@dataclass(frozen=True, slots=True)
class _Look:
    """One way to look at the picture: its longer side scaled to at most `side_px`, a border around it."""

    side_px: int
    enlarge: float = 1.0
    border: float = 0.0
    least_confidence_pct: float = 0.0


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


class HogDetector:
    """dlib's frontal HOG detector: faces from 80 px on the picture it is shown, 64 ms a megapixel.

    The largest face of a picture is found at a coarse scale, where the picture is cheap; all faces at a fine
    one. Only when nothing is found is the picture enlarged (small faces) and given a border, so that a face
    cut off by the picture's edge, as crops have them, still fits the detector's window.
    """

    _COARSE = _Look(480, least_confidence_pct=90)
    _FINE = _Look(1600)
    _HARDER = (_Look(480, border=0.4), _Look(960, enlarge=2.0, border=0.2), _Look(1600, enlarge=2.0))

    def __init__(self) -> None:
        self._detectors = _Shared(dlib.get_frontal_face_detector)

    def detect(self, pixels: Pixels, *, largest_only: bool) -> Sequence[Detection]:
        """See Detector."""
        looks = (self._COARSE, self._FINE, *self._HARDER) if largest_only else (self._FINE, *self._HARDER)
        seen: set[tuple[int, int]] = set()
        for look in looks:
            view, scale, border_px = _view(pixels, look)
            if view.shape[:2] in seen:
                continue
            seen.add(view.shape[:2])
            found = _without_clutter(self._run(view, scale, border_px))
            if found and max(face.confidence_pct for face in found) >= look.least_confidence_pct:
                return sorted(found, key=lambda face: -face.area_px)
        return []

    def _run(self, view: Pixels, scale: float, border_px: int) -> list[Detection]:
        with self._detectors.one() as detector:
            rectangles, scores, _ = detector.run(view, 0, 0.0)
        found: list[Detection] = []
        for rectangle, score in zip(rectangles, scores, strict=True):
            left, top = (rectangle.left() - border_px) / scale, (rectangle.top() - border_px) / scale
            side = max(rectangle.width(), rectangle.height()) / scale
            found.append(Detection(left, top, side, side, _hog_confidence(score), Square(left, top, side)))
        return found


def _without_clutter(found: list[Detection]) -> list[Detection]:
    """Beside a clear face, a doubtful one is mostly cloth or shadow; alone, it is worth having."""
    clear = [face for face in found if face.confidence_pct >= 80]
    return clear or found


def _hog_confidence(score: float) -> float:
    """The detector's score (0 at its threshold, about 3 for a clear frontal face) as 50-100."""
    return float(100 / (1 + np.exp(-3.0 * (score + 0.25))))


def _view(pixels: Pixels, look: _Look) -> tuple[Pixels, float, int]:
    """The grey picture as `look` says, its scale, and its border in pixels."""
    height, width = pixels.shape[:2]
    scale = min(look.enlarge, look.side_px / max(height, width))
    view: Any = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    if scale != 1.0:
        shrinking = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        view = cv2.resize(view, None, fx=scale, fy=scale, interpolation=shrinking)
    border_px = round(look.border * max(view.shape))
    if border_px:
        view = cv2.copyMakeBorder(view, *(border_px,) * 4, borderType=cv2.BORDER_REPLICATE)
    return view, scale, border_px


class YuNetDetector:
    """OpenCV's YuNet: faces from about 10 px, turned and partly hidden ones too. Its model is one's own file.

    Its box is from the forehead to the chin and as wide as the face; dlib's square lies a little lower.
    """

    _SIDE_PX = 640  # Rekognition's smallest face (40 px in 1920) is 13 px then: enough
    _COARSE_PX = 160
    _MIN_CONFIDENCE = 0.75

    def __init__(self, model: Path) -> None:
        """Raises `ModelError` when the file cannot be read or is no such model."""
        try:
            self._model = np.frombuffer(model.read_bytes(), np.uint8)
            self._detectors = _Shared(self._create)
        except (OSError, cv2.error) as error:
            raise ModelError(f"{model} is no model of YuNet in ONNX form") from error

    def detect(self, pixels: Pixels, *, largest_only: bool) -> Sequence[Detection]:
        """See Detector."""
        if largest_only:
            found = self._run(pixels, self._COARSE_PX)
            if found and found[0].is_clear(max(pixels.shape) / self._COARSE_PX):
                return found
        return self._run(pixels, self._SIDE_PX)

    def _run(self, pixels: Pixels, side_px: int) -> list[Detection]:
        height, width = pixels.shape[:2]
        scale = min(1.0, side_px / max(height, width))
        view = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR)
        if scale != 1.0:
            view = cv2.resize(view, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
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
    side = 0.5 * (width + height)
    square = Square(left + width / 2 - side / 2, top + height * 0.54 - side / 2, side)
    mouth = (face[10:14].reshape(2, 2) / scale).astype(np.float32)
    return Detection(left, top, width, height, float(min(face[14], 1.0)) * 100, square, mouth)
