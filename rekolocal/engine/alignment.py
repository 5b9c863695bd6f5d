"""From a detection to an upright face: five landmarks, the chip the network takes, and the head's pose."""

import math
from dataclasses import dataclass
from typing import Any

import dlib
import numpy as np
import numpy.typing as npt

from rekolocal.engine.detection import Detection
from rekolocal.engine.network import CHIP_PX, PREDICTOR_FILE, model_path
from rekolocal.engine.picture import Pixels

Points = npt.NDArray[np.float32]

_PADDING = 0.25  # the margin around the face that the recognition network was trained with
# Proportions of an average frontal face, in distances between the centres of the eyes: how far the base of
# the nose lies below the eyes and in front of them.
_NOSE_BELOW = 0.62
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

    `chip`: uint8 (150, 150, 3) RGB, eyes level.
    """

    landmarks: Points
    pose: Pose
    chip: Pixels


class Aligner:
    """dlib's 5-point landmark predictor (CC0), and its face chip. Safe to share between threads."""

    def __init__(self) -> None:
        self._predictor = dlib.shape_predictor(str(model_path(PREDICTOR_FILE)))

    def align(self, pixels: Pixels, face: Detection) -> AlignedFace:
        """Landmarks, pose and chip of one detection."""
        # The predictor was trained on squares from brow to chin, which lie a little lower than YuNet's boxes.
        side = round(0.5 * (face.width + face.height))
        left = round(face.left + face.width / 2 - side / 2)
        top = round(face.top + face.height * 0.54 - side / 2)
        shape = self._predictor(pixels, dlib.rectangle(left, top, left + side - 1, top + side - 1))
        eye_left, eye_right, nose = _eyes_and_nose(shape)
        return AlignedFace(
            landmarks=np.vstack([eye_left, eye_right, nose, face.points[3:]]).astype(np.float32),
            pose=_pose(eye_left, eye_right, nose),
            chip=dlib.get_face_chip(pixels, shape, size=CHIP_PX, padding=_PADDING),
        )


def _eyes_and_nose(shape: Any) -> tuple[Points, Points, Points]:
    """dlib's points: two corners of the eye at the picture's right, two of the left one, the nose's base."""
    points = np.array([(part.x, part.y) for part in shape.parts()], dtype=np.float32)
    return points[2:4].mean(axis=0), points[0:2].mean(axis=0), points[4]


def _pose(eye_left: Points, eye_right: Points, nose: Points) -> Pose:
    """The nose stands in front of the eyes' plane, so turning the head moves it against them."""
    across = eye_right - eye_left
    distance = max(float(np.hypot(*across)), 1e-3)
    roll = math.degrees(math.atan2(float(across[1]), float(across[0])))
    along = across / distance
    offset = (nose - (eye_left + eye_right) / 2) / distance
    sideways = float(offset @ along)
    below = float(offset @ np.array([-along[1], along[0]]))
    yaw = math.degrees(math.atan2(sideways, _NOSE_IN_FRONT))
    pitch = math.degrees(math.atan2(_NOSE_BELOW - below, _NOSE_IN_FRONT))
    return Pose(roll, yaw, max(-90.0, min(90.0, pitch)))
