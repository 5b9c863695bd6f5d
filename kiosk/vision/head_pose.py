"""Which way a head looks, and whether it is a head at all, from the five landmarks of a face."""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from kiosk.vision.frame import Landmarks, Point


@dataclass(frozen=True, slots=True)
class HeadPose:
    """Measured along the line of the eyes, so that turning, nodding and tilting do not mix.

    `turn`: how far the nose is from the middle of the eyes, in distances between the eyes; positive to the
    picture's right, which is the person's left. `nod`: where the nose is between eyes (0) and mouth (1);
    about 0.55 for a head held straight. `tilt_deg`: how far the line of the eyes is from level. `height_px`:
    from the eyes to the mouth; it grows with the face and not with a turn.
    """

    turn: float
    nod: float
    tilt_deg: float
    height_px: float


def head_pose(landmarks: Landmarks) -> HeadPose | None:
    """The pose, or None for a profile, whose eyes and mouth fall together."""
    left, right = np.array(landmarks.left_eye), np.array(landmarks.right_eye)
    mouth = (np.array(landmarks.left_mouth) + np.array(landmarks.right_mouth)) / 2
    eyes_px = float(np.linalg.norm(right - left))
    if eyes_px < 1:
        return None
    along = (right - left) / eyes_px
    down = np.array([-along[1], along[0]])
    middle = (left + right) / 2
    nose = np.array(landmarks.nose) - middle
    chin_px = float((mouth - middle) @ down)
    if chin_px < 1:
        return None
    return HeadPose(
        turn=float(nose @ along) / eyes_px,
        nod=float(nose @ down) / chin_px,
        tilt_deg=math.degrees(math.atan2(along[1], along[0])),
        height_px=chin_px,
    )


def parallax(before: Landmarks, after: Landmarks) -> float:
    """How far two views of a face are from two views of one flat picture, in distances between the eyes.

    Views of a plane differ by a homography (Hartley and Zisserman, "Multiple View Geometry", section 13.1),
    so this is what the best one leaves over (root mean square). A nose stands out of the plane of eyes and
    mouth: a head that turned by 20 degrees leaves about 0.1; a photo that is turned or tilted leaves 0.04 at
    most, which is the landmarks' noise. 0 where no homography can be found.
    """
    source, target = _points(before), _points(after)
    homography, _ = cv2.findHomography(source, target, 0)
    if homography is None:
        return 0.0
    moved = cv2.perspectiveTransform(source[None], homography)[0]
    eyes_px = max(1.0, float(np.linalg.norm(target[1] - target[0])))
    return float(np.sqrt(((moved - target) ** 2).sum(axis=1).mean())) / eyes_px


def _points(landmarks: Landmarks) -> NDArray[np.float64]:
    points: list[Point] = [
        landmarks.left_eye,
        landmarks.right_eye,
        landmarks.nose,
        landmarks.left_mouth,
        landmarks.right_mouth,
    ]
    return np.array(points, dtype=np.float64)
