"""A head and a photo in space, and the landmarks that a camera sees of them."""

import math

import numpy as np
from numpy.typing import NDArray

from kiosk.vision.frame import Landmarks
from kiosk.visits.liveness import Movement

Shape = NDArray[np.float64]
# Eyes, nose, corners of the mouth: right, down and towards the camera, in distances between the eyes.
HEAD = np.array([[-0.5, 0, 0], [0.5, 0, 0], [0, 0.55, 0.5], [-0.4, 1.05, 0], [0.4, 1.05, 0]])
PHOTO = HEAD * (1, 1, 0)
EYES_PX = 40.0


def view(
    shape: Shape,
    *,
    yaw_deg: float = 0,
    pitch_deg: float = 0,
    nearer: float = 1.0,
) -> Landmarks:
    """The landmarks that a camera sees of a turned (to the picture's right), tilted (down) shape."""
    yaw, pitch = math.radians(yaw_deg), math.radians(pitch_deg)
    turn = np.array([[math.cos(yaw), 0, math.sin(yaw)], [0, 1, 0], [-math.sin(yaw), 0, math.cos(yaw)]])
    tilt = np.array(
        [[1, 0, 0], [0, math.cos(pitch), math.sin(pitch)], [0, -math.sin(pitch), math.cos(pitch)]]
    )
    points = (shape - (0, 0.5, 0)) @ (tilt @ turn).T
    depth = 12 / nearer - points[:, 2]
    return Landmarks(
        *[
            (320 + 12 * EYES_PX * x / z, 240 + 12 * EYES_PX * y / z)
            for (x, y, _), z in zip(points, depth, strict=True)
        ]
    )


HELD = {
    Movement.TURN_LEFT: {"yaw_deg": 30.0},
    Movement.TURN_RIGHT: {"yaw_deg": -30.0},
    Movement.NOD: {"pitch_deg": 25.0},
    Movement.COME_NEARER: {"nearer": 1.4},
}
PROMPTED = {
    "left": Movement.TURN_LEFT,
    "right": Movement.TURN_RIGHT,
    "nod": Movement.NOD,
    "nearer": Movement.COME_NEARER,
}


def asked(prompt: str) -> Movement | None:
    return next((movement for word, movement in PROMPTED.items() if word in prompt), None)
