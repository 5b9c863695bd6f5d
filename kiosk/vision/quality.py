"""How good a picture of a face is for recognizing it: 0 to 1, out of six things that can be wrong."""

import math
from dataclasses import dataclass

import cv2
import numpy as np

from kiosk.vision.frame import Box, Detection, Image, Landmarks
from kiosk.vision.head_pose import head_pose

# Sharpness and light are measured on the face at this size, so that they mean the same at any distance.
_MEASURED_PX = 64
# Landmarks at the picture's edge are guesses, so a face should end before it.
_EDGE_SHARE = 0.15
# A profile is a bad picture, but better than none of somebody who never looks up.
_PROFILE = 0.1
# What a part counts at the least, so that the least bad of useless pictures can be told from the others.
_LEAST = 0.02


@dataclass(frozen=True, slots=True)
class Quality:
    """Each part is 1 when nothing is wrong with it and 0 when the picture is useless for it."""

    size: float
    sharpness: float
    light: float
    pose: float
    whole: float
    certainty: float

    @property
    def score(self) -> float:
        """All parts multiplied: one bad part makes a bad picture. 0 only when none of the face is in it."""
        parts = (self.size, self.sharpness, self.light, self.pose, self.whole, self.certainty)
        return math.prod(max(part, _LEAST) for part in parts) if any(parts) else 0.0


def quality(image: Image, face: Detection) -> Quality:
    """Judge one face of a picture."""
    inside = face.box.overlap(_bounds(image))
    if inside.width < 1 or inside.height < 1:
        return Quality(0, 0, 0, 0, 0, 0)
    grey = _face(image, inside)
    return Quality(
        # Rekognition finds faces from 40 px; from about 110 px more pixels no longer help it.
        size=_rising(min(face.box.width, face.box.height), 24, 80),
        sharpness=_rising(float(cv2.Laplacian(grey, cv2.CV_32F).var()), 15, 150),
        light=_light(grey),
        pose=pose(face.landmarks) if face.landmarks else 1.0,
        whole=_rising(_inside_share(face.box.grown(_EDGE_SHARE), image), 0.8, 0.98),
        certainty=_rising(face.score, 0.5, 0.85),
    )


def pose(landmarks: Landmarks) -> float:
    """1 for a face towards the camera, falling to 0.1 as it turns, nods or tilts away."""
    seen = head_pose(landmarks)
    if seen is None:
        return _PROFILE
    frontal = (
        _falling(abs(seen.turn), 0.10, 0.45)
        * _falling(abs(seen.nod - 0.55), 0.15, 0.5)
        * _falling(abs(seen.tilt_deg), 15, 60)
    )
    return _PROFILE + (1 - _PROFILE) * frontal


def _bounds(image: Image) -> Box:
    return Box(0, 0, image.shape[1], image.shape[0])


def _inside_share(box: Box, image: Image) -> float:
    return box.overlap(_bounds(image)).area / box.area


def _face(image: Image, inside: Box) -> Image:
    left, top = int(inside.left), int(inside.top)
    part = image[top : max(top + 1, int(inside.bottom)), left : max(left + 1, int(inside.right))]
    grey = cv2.cvtColor(part, cv2.COLOR_BGR2GRAY)
    size = (_MEASURED_PX, _MEASURED_PX)
    return cv2.resize(grey, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)


def _light(grey: Image) -> float:
    mean, spread = (float(value[0, 0]) for value in cv2.meanStdDev(grey))
    return _rising(mean, 25, 70) * _falling(mean, 200, 245) * _rising(spread, 8, 25)


def _rising(value: float, useless: float, perfect: float) -> float:
    return min(1.0, max(0.0, (value - useless) / (perfect - useless)))


def _falling(value: float, perfect: float, useless: float) -> float:
    return 1.0 - _rising(value, perfect, useless)
