"""A cheap look whether anything changed since the detector last looked: if not, it would see the same."""

from enum import Enum, auto

import cv2
import numpy as np
from numpy.typing import NDArray

from kiosk.vision.frame import Box, Image

# The scene as a grid of means: sensor noise averages out, a face of 1/40 of the picture fills a cell.
COLUMNS, ROWS = 48, 27
# How far a cell's mean (0-255) must move. Noise of 10 grey values over a cell's 90 pixels moves it by 1.
LEAST_CHANGE = 4.0
# Below this correlation with the frame before, the picture shows another scene: a cut, or a turned camera.
# It is blind to brightness, so light that is switched on is no cut; people walking by stay above 0.6.
CUT_CORRELATION = 0.3

Scene = NDArray[np.float32]


class Change(Enum):
    """What became of the scene since it was last looked at."""

    NONE = auto()
    SOME = auto()
    CUT = auto()


class MotionGate:
    """Compares with the frame that was last looked at, so that slow changes add up until they count."""

    def __init__(self, *, least_change: float = LEAST_CHANGE) -> None:
        self._least_change = least_change
        self.scene: Scene = np.zeros((0, 0), np.float32)

    def look(self, image: Image) -> Change:
        """How this frame differs; unless by nothing, its `scene` is the one later ones are compared with."""
        scene = _scene(image)
        change = self._change(scene)
        if change is not Change.NONE:
            self.scene = scene
        return change

    def is_as_in(self, scene: Scene, box: Box) -> bool:
        """Whether this part of the picture (in fractions of it) looks as it did in an earlier scene."""
        left, top = max(0, int(box.left * COLUMNS)), max(0, int(box.top * ROWS))
        part = np.s_[top : int(box.bottom * ROWS) + 1, left : int(box.right * COLUMNS) + 1]
        return not _differ(self.scene[part], scene[part], LEAST_CHANGE)

    def _change(self, scene: Scene) -> Change:
        if not self.scene.size:
            return Change.SOME
        if not _differ(self.scene, scene, self._least_change):
            return Change.NONE
        correlation = float(cv2.matchTemplate(scene, self.scene, cv2.TM_CCOEFF_NORMED)[0, 0])
        return Change.CUT if correlation < CUT_CORRELATION else Change.SOME


def _differ(one: Scene, other: Scene, least_change: float) -> bool:
    return bool(np.abs(one - other).max(initial=-1.0) >= least_change)


def _scene(image: Image) -> Scene:
    rows = image[:: max(1, image.shape[0] // 180)]  # every row of a large picture is more than a mean needs
    grey = cv2.cvtColor(rows, cv2.COLOR_BGR2GRAY)
    half = (max(1, grey.shape[1] // 2), max(1, grey.shape[0] // 2))  # halving first is much the faster
    cells = cv2.resize(
        cv2.resize(grey, half, interpolation=cv2.INTER_AREA), (COLUMNS, ROWS), interpolation=cv2.INTER_AREA
    )
    return cells.astype(np.float32)
