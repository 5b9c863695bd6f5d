"""How usable a face is, and which bar it misses."""

from dataclasses import dataclass

import cv2
import numpy as np

from rekolocal.engine.alignment import Pose
from rekolocal.engine.picture import Pixels

_FACE = (slice(30, 105), slice(22, 90))  # the middle of a chip: the face without hair and background
_SHARPNESS_SCALE = 250.0
# What rounding to whole grey values adds to the variance of the Laplacian: 1+1+16+1+1 times its own 1/12.
_ROUNDING = 20 / 12


@dataclass(frozen=True, slots=True)
class Quality:
    """`brightness_pct` and `sharpness_pct`: 0-100, as in Rekognition's ImageQuality, on scales of our own."""

    brightness_pct: float
    sharpness_pct: float


def measure(chip: Pixels) -> Quality:
    """Brightness: the mean luma. Sharpness: the variance of the Laplacian against that of a crisp portrait.

    Measured on the 112 px chip, so that a small face enlarged to it counts as the blur it is. Contrast is
    normalized first, so that a dark face is not taken for a blurred one.
    """
    luma = cv2.cvtColor(chip, cv2.COLOR_RGB2GRAY)[_FACE].astype(np.float32)
    gain = 45.0 / max(float(luma.std()), 4.0)
    laplacian = cv2.Laplacian(luma * gain, cv2.CV_32F)
    crispness = max(0.0, float(laplacian.var()) - _ROUNDING * gain**2)
    return Quality(
        brightness_pct=float(luma.mean()) / 2.55,
        sharpness_pct=100.0 * (1.0 - float(np.exp(-crispness / _SHARPNESS_SCALE))),
    )


@dataclass(frozen=True, slots=True)
class Bar:
    """What a face must reach to pass; below it, the reason is the one Rekognition names."""

    confidence_pct: float
    sharpness_pct: float
    brightness_pct: float
    side_px: float
    turn_degrees: float

    def missed_by(self, quality: Quality, pose: Pose, confidence_pct: float, side_px: float) -> list[str]:
        """The reasons a face does not pass, as in UnindexedFaces; empty when it does.

        `side_px`: the shorter side of the face in a picture scaled to at most 1920 px.
        """
        misses = {
            "SMALL_BOUNDING_BOX": side_px < self.side_px,
            "LOW_CONFIDENCE": confidence_pct < self.confidence_pct,
            "LOW_BRIGHTNESS": quality.brightness_pct < self.brightness_pct,
            "LOW_SHARPNESS": quality.sharpness_pct < self.sharpness_pct,
            "EXTREME_POSE": max(abs(pose.yaw), abs(pose.pitch)) > self.turn_degrees,
        }
        reasons = [reason for reason, missed in misses.items() if missed]
        return [*reasons, "LOW_FACE_QUALITY"] if len(reasons) >= 2 else reasons


BARS = {
    "NONE": None,
    "LOW": Bar(confidence_pct=60, sharpness_pct=3, brightness_pct=5, side_px=30, turn_degrees=80),
    "AUTO": Bar(confidence_pct=70, sharpness_pct=5, brightness_pct=8, side_px=40, turn_degrees=75),
    "MEDIUM": Bar(confidence_pct=80, sharpness_pct=12, brightness_pct=15, side_px=40, turn_degrees=65),
    "HIGH": Bar(confidence_pct=90, sharpness_pct=30, brightness_pct=25, side_px=40, turn_degrees=50),
}
"""The QualityFilter values. The numbers are ours, as AWS does not publish its own; a face of 40 px is large
enough for Rekognition, and AUTO takes a head that is turned by 54 degrees."""
