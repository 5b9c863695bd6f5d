"""From a detection to an upright face: five landmarks, the chip the network takes, and the head's pose."""

import math
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from rekolocal.engine.detection import Detection
from rekolocal.engine.network import CHIP_PX
from rekolocal.engine.picture import Pixels

Points = npt.NDArray[np.float32]

# Where ArcFace's authors (and SFace's) put eyes, nose and mouth in a chip of 112 pixels.
_TEMPLATE = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]]
)
# A face shrunk by more than this is averaged down first: bilinear sampling would leave pixels out.
_LEAST_SAMPLED = 0.5
# Proportions of an average frontal face, in distances between the centres of the eyes: how far the tip of
# the nose and the mouth lie below the eyes, and the tip in front of them.
_NOSE_BELOW = 0.58
_MOUTH_BELOW = 0.99
_NOSE_IN_FRONT = 0.45


@dataclass(frozen=True, slots=True)
class Pose:
    """Degrees, 0 for a face that looks into the camera; estimated from five points, so good to about 10."""

    roll: float
    yaw: float
    pitch: float


@dataclass(frozen=True, slots=True)
class AlignedFace:
    """`landmarks`: float32 (5, 2), pixels: left eye, right eye, nose, left and right mouth corner, as seen.

    `chip`: uint8 (112, 112, 3) RGB, eyes level.
    """

    landmarks: Points
    pose: Pose
    chip: Pixels


def align(pixels: Pixels, face: Detection) -> AlignedFace:
    """Pose and chip of one detection."""
    return AlignedFace(face.points, _pose(face.points), _chip(pixels, face.points))


def _chip(pixels: Pixels, points: Points) -> Pixels:
    """The face turned, shrunk and moved so that its points come as near to the template's as can be."""
    turn, shift = _similarity(points)
    if abs(turn) < _LEAST_SAMPLED:
        pixels, corner = _around_chip(pixels, turn, shift)
        shift += turn * corner
        pixels, shrunk = _shrunk(pixels, abs(turn))
        turn /= shrunk
    matrix = np.array([[turn.real, -turn.imag, shift.real], [turn.imag, turn.real, shift.imag]])
    chip = cv2.warpAffine(pixels, matrix, (CHIP_PX, CHIP_PX), flags=cv2.INTER_LINEAR)
    return np.asarray(chip, np.uint8)


def _similarity(points: Points) -> tuple[complex, complex]:
    """The turn (with its scale) and shift of least squares from `points` to the template.

    With points as complex numbers a turn and scale is one factor, so this is a line's fit (Umeyama 1991
    without reflections).
    """
    here, there = (np.asarray(xy, np.float64) @ np.array([1, 1j]) for xy in (points, _TEMPLATE))
    around = here - here.mean()
    spread = max(float(np.vdot(around, around).real), 1e-6)
    turn = complex(np.vdot(around, there - there.mean())) / spread
    return turn, complex(there.mean() - turn * here.mean())


def _around_chip(pixels: Pixels, turn: complex, shift: complex) -> tuple[Pixels, complex]:
    """The part of a picture that a chip shows, and where it begins, so that no more is shrunk than that."""
    corners = (np.array([0, CHIP_PX, CHIP_PX * 1j, CHIP_PX * (1 + 1j)]) - shift) / turn
    margin_px = math.ceil(2 / abs(turn))
    height, width = pixels.shape[:2]
    left, right = _within(corners.real, margin_px, width)
    top, bottom = _within(corners.imag, margin_px, height)
    return pixels[top:bottom, left:right], complex(left, top)


def _within(along: npt.NDArray[np.float64], margin_px: int, side_px: int) -> tuple[int, int]:
    """From the least to the greatest of some places on a side, with a margin; one pixel at least."""
    begin = min(max(0, math.floor(along.min()) - margin_px), side_px - 1)
    return begin, max(begin + 1, min(side_px, math.ceil(along.max()) + margin_px))


def _shrunk(pixels: Pixels, scale: float) -> tuple[Pixels, float]:
    factor = max(scale, 1 / min(pixels.shape[:2]))
    small = cv2.resize(pixels, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8), factor


def _pose(points: Points) -> Pose:
    """The nose stands in front of the eyes' plane, so turning and nodding move it against eyes and mouth."""
    eye_left, eye_right, nose, *mouth = points.astype(np.float64)
    across = eye_right - eye_left
    distance = max(float(np.hypot(*across)), 1e-3)
    along = across / distance
    down = np.array([-along[1], along[0]])
    middle = (eye_left + eye_right) / 2
    sideways = float((nose - middle) @ along) / distance
    # Turning shortens the distance between the eyes, not that from eyes to mouth.
    mouth_px = max(float(((mouth[0] + mouth[1]) / 2 - middle) @ down), 1e-3)
    below = _MOUTH_BELOW * float((nose - middle) @ down) / mouth_px
    pitch = math.degrees(math.atan2(_NOSE_BELOW - below, _NOSE_IN_FRONT))
    return Pose(
        roll=math.degrees(math.atan2(float(across[1]), float(across[0]))),
        yaw=math.degrees(math.atan2(sideways, _NOSE_IN_FRONT)),
        pitch=max(-90.0, min(90.0, pitch)),
    )
