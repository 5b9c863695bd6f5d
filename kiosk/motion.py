"""A cheap look whether anything changed since the detector last looked: if not, it would see the same."""

from enum import Enum, auto

import cv2
import numpy as np
from numpy.typing import NDArray

from kiosk.frame import Image

# The scene as a grid of means: sensor noise averages out, a face of 1/40 of the picture fills a cell.
_GRID = (48, 27)
# How far a cell's mean (0-255) must move. Noise of 10 grey values over a cell's 200 pixels moves it by 0.7.
LEAST_CHANGE = 4.0
# Below this correlation with the frame before, the picture shows another scene: a cut, or a turned camera.
# It is blind to brightness, so light that is switched on is no cut; people walking by stay above 0.6.
CUT_CORRELATION = 0.3
# The detector looks this often even when nothing moves, in case something moved slower than a cell can tell.
LONGEST_REST_S = 2.0


class Change(Enum):
    """What became of the scene since it was last looked at."""

    NONE = auto()
    SOME = auto()
    CUT = auto()


class MotionGate:
    """Compares with the frame that was last looked at, so that slow changes add up until they count."""

    def __init__(self, *, least_change: float = LEAST_CHANGE, longest_rest_s: float = LONGEST_REST_S) -> None:
        self._least_change = least_change
        self._longest_rest_s = longest_rest_s
        self._seen: NDArray[np.float32] | None = None
        self._seen_s = 0.0

    def look(self, image: Image, time_s: float) -> Change:
        """How this frame differs; unless by nothing, it is the one that later ones are compared with."""
        scene = _scene(image)
        change = Change.SOME if self._seen is None else self._change(self._seen, scene)
        if change is Change.NONE and time_s - self._seen_s >= self._longest_rest_s:
            change = Change.SOME
        if change is not Change.NONE:
            self._seen, self._seen_s = scene, time_s
        return change

    def _change(self, seen: NDArray[np.float32], scene: NDArray[np.float32]) -> Change:
        if cv2.norm(seen, scene, cv2.NORM_INF) < self._least_change:
            return Change.NONE
        correlation = float(cv2.matchTemplate(scene, seen, cv2.TM_CCOEFF_NORMED)[0, 0])
        return Change.CUT if correlation < CUT_CORRELATION else Change.SOME


def _scene(image: Image) -> NDArray[np.float32]:
    rows = image[:: max(1, image.shape[0] // 360)]  # every row of a large picture is more than a mean needs
    grey = cv2.cvtColor(rows, cv2.COLOR_BGR2GRAY)
    half = (max(1, grey.shape[1] // 2), max(1, grey.shape[0] // 2))  # halving first is much the faster
    cells = cv2.resize(
        cv2.resize(grey, half, interpolation=cv2.INTER_AREA), _GRID, interpolation=cv2.INTER_AREA
    )
    return cells.astype(np.float32)
