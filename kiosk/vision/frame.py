"""What the stages of the kiosk hand on: frames, boxes, detections.

Pictures are BGR arrays of shape (height, width, 3), uint8, the upright way round. Boxes and points are in
pixels of the picture they belong to, origin at the top left. Times are seconds on the source's own clock:
the monotonic clock for a live camera, frame index / frames per second for a file.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels; parts may lie outside the picture at its edge."""

    left: float
    top: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """The right edge."""
        return self.left + self.width

    @property
    def bottom(self) -> float:
        """The lower edge."""
        return self.top + self.height

    @property
    def area(self) -> float:
        """Square pixels; 0 for a box turned inside out."""
        return max(0.0, self.width) * max(0.0, self.height)

    @property
    def centre(self) -> Point:
        """The middle of the box."""
        return self.left + self.width / 2, self.top + self.height / 2

    def moved(self, right: float, down: float) -> "Box":
        """The same box elsewhere."""
        return Box(self.left + right, self.top + down, self.width, self.height)

    def scaled(self, factor: float) -> "Box":
        """The same box in a picture `factor` times as large."""
        return Box(self.left * factor, self.top * factor, self.width * factor, self.height * factor)

    def divided(self, width: float, height: float) -> "Box":
        """The same box in fractions of a picture of this size."""
        return Box(self.left / width, self.top / height, self.width / width, self.height / height)

    def grown(self, share: float) -> "Box":
        """The box with `share` of its width and height added on each side."""
        wider, taller = self.width * share, self.height * share
        return Box(self.left - wider, self.top - taller, self.width + 2 * wider, self.height + 2 * taller)

    def overlap(self, other: "Box") -> "Box":
        """Where both boxes are; of no area when they do not meet."""
        left, top = max(self.left, other.left), max(self.top, other.top)
        return Box(left, top, min(self.right, other.right) - left, min(self.bottom, other.bottom) - top)

    def iou(self, other: "Box") -> float:
        """Intersection over union, 0 to 1."""
        both = self.overlap(other).area
        return both / (self.area + other.area - both) if both else 0.0


@dataclass(frozen=True, slots=True)
class Landmarks:
    """Five points of a face. Left and right are the picture's, not the person's."""

    left_eye: Point
    right_eye: Point
    nose: Point
    left_mouth: Point
    right_mouth: Point


@dataclass(frozen=True, slots=True)
class Detection:
    """A face in a picture; `score` (0 to 1) is how sure the detector is."""

    box: Box
    score: float
    landmarks: Landmarks | None = None


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture of a camera or clip. `index` counts the source's frames from 0, also those left out."""

    image: Image
    time_s: float
    index: int
