"""Attacks on a liveness challenge, played from the sample clips: what somebody may hold in front of a camera.

A photo is a sheet in space: turned, tilted, bent about its upright axis, moved, and seen by a pinhole camera.
"""

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from scipy.interpolate import griddata

from benchmarks.kiosk_scenes import HEAD_POSES, images_of
from kiosk.vision.detect import Detector
from kiosk.vision.frame import Image, Landmarks
from kiosk.visits.liveness import PROMPTS, Movement

FRAME_S = 1 / 12  # the clips' own rate
FOCAL_PX, SHEET_M, NEAR_M = 600.0, 0.30, 0.60
_PROMPTED = {prompt: movement for movement, prompt in PROMPTS.items()}
# Where faces look at the camera, turn to the left and to the right in the clip of a turning head.
_STRAIGHT, _TO_THE_RIGHT, _TO_THE_LEFT = 9, (8, 7, 6, 5, 4, 4), (10, 11, 12, 12, 13, 13)


@dataclass(frozen=True)
class Pose:
    """How a sheet is held: degrees, curvature in 1/m, and how much nearer than at first (1)."""

    yaw_deg: float = 0.0
    pitch_deg: float = 0.0
    bend_per_m: float = 0.0
    nearer: float = 1.0
    cut_out: bool = False
    """Only the head, in front of a background that moves."""


Answering = Callable[[str | None, float], Landmarks | None]
"""What the camera sees a moment (seconds) after a prompt was first shown."""


class Studio:
    """Landmarks of what is held in front of the camera, found by the real detector on rendered pictures."""

    def __init__(self, detector: Detector, *, seed: int) -> None:
        male, female = (images_of(path) for path in HEAD_POSES)
        self._detector = detector
        self._noise = np.random.default_rng(seed)
        self._turning = female
        self.photos = (female[_STRAIGHT], male[0], male[len(male) // 2])
        self._behind = cv2.GaussianBlur(male[0], (0, 0), 25).astype(np.uint8)
        self._looks: dict[object, list[Landmarks | None]] = {}

    def seen(self, view: object, image: Callable[[], Image]) -> Landmarks | None:
        """The largest face's landmarks in a view; one of four looks with a camera's noise."""
        if view not in self._looks:
            clean = image()
            self._looks[view] = [self._look(clean) for _ in range(4)]
        return self._looks[view][int(self._noise.integers(4))]

    def _look(self, image: Image) -> Landmarks | None:
        noisy = np.clip(image + self._noise.normal(0, 3, image.shape), 0, 255).astype(np.uint8)
        faces = self._detector.detect(noisy)
        return faces[0].landmarks if faces else None

    def sheet(self, photo: int, pose: Pose) -> Landmarks | None:
        """A photo held like this."""
        return self.seen((photo, pose), lambda: self._render(photo, pose))

    def turning(self, index: int, *, mirrored: bool, nearer: float = 1.0) -> Landmarks | None:
        """A picture of the clip of a turning head; nearer by enlarging it."""

        def picture() -> Image:
            image = self._turning[index]
            image = image[:, ::-1].copy() if mirrored else image
            return cv2.resize(image, None, fx=nearer, fy=nearer).astype(np.uint8)

        return self.seen((index, mirrored, nearer), picture)

    def _render(self, photo: int, pose: Pose) -> Image:
        image = self.photos[photo]
        sheet = cv2.resize(image[:, 120:340], None, fx=2, fy=2)
        (height, width), (rows, columns) = sheet.shape[:2], self._behind.shape[:2]
        across, down = np.meshgrid(np.linspace(-0.5, 0.5, 41), np.linspace(-0.5, 0.5, 41))
        x, y = across * SHEET_M, down * SHEET_M * height / width
        bend = pose.bend_per_m
        points = np.stack(
            [np.sin(x * bend) / bend, y, (1 - np.cos(x * bend)) / bend] if bend else [x, y, 0 * x]
        )
        points = np.tensordot(_rotation(pose), points, axes=1)
        depth = points[2] + NEAR_M / pose.nearer
        shown = np.stack([FOCAL_PX * points[i].ravel() / depth.ravel() for i in (0, 1)], axis=1)
        shown += (columns / 2, rows / 2)
        # The map back is smooth: every fourth pixel of it is enough.
        grid = tuple(np.meshgrid(np.arange(0, columns, 4), np.arange(0, rows, 4)))
        source = np.stack([(across.ravel() + 0.5) * (width - 1), (down.ravel() + 0.5) * (height - 1)], axis=1)
        back = griddata(shown, source, grid, method="linear", fill_value=np.nan)
        back = cv2.resize(back.astype(np.float32), (columns, rows))
        inside, behind = ~np.isnan(back).any(axis=2), self._behind
        if pose.cut_out:
            x, y = back[..., 0] / width - 0.5, back[..., 1] / height - 0.35
            inside &= (x / 0.2) ** 2 + (y / 0.3) ** 2 < 1
            behind = np.roll(self._behind, round(4 * abs(pose.yaw_deg) + 4 * abs(pose.pitch_deg)), axis=1)
        back = np.nan_to_num(back, nan=-1.0)
        drawn = cv2.remap(sheet, back[..., 0], back[..., 1], cv2.INTER_LINEAR)
        return np.where(inside[..., None], drawn, behind).astype(np.uint8)


def _rotation(pose: Pose) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    rotation, _ = cv2.Rodrigues(np.array([0.0, math.radians(pose.yaw_deg), 0.0]))
    tilt, _ = cv2.Rodrigues(np.array([math.radians(pose.pitch_deg), 0.0, 0.0]))
    return np.asarray(tilt @ rotation, dtype=np.float64)


def still_photo(studio: Studio, photo: int) -> Answering:
    """Held still, whatever is asked."""
    return lambda prompt, since_s: studio.sheet(photo, Pose())


def moved_photo(
    studio: Studio, photo: int, *, bend_per_m: float, furthest_deg: float, cut_out: bool = False
) -> Answering:
    """Turned, tilted and brought nearer as asked, flat or bent, by somebody who knows what is looked for."""

    def answer(prompt: str | None, since_s: float) -> Landmarks | None:
        movement = _PROMPTED.get(prompt or "")
        # Up to half a second of reaction, then a second for the movement, in four positions.
        share = round(4 * min(1.0, max(0.0, since_s - 0.4))) / 4
        held = Pose(bend_per_m=bend_per_m, cut_out=cut_out)
        match movement:
            case Movement.TURN_LEFT | Movement.TURN_RIGHT:
                # A sheet that is bent away shows more of its far side when it turns the other way.
                sign = (-1 if movement is Movement.TURN_LEFT else 1) * (-1 if bend_per_m < 0 else 1)
                held = replace(held, yaw_deg=sign * share * furthest_deg)
            case Movement.NOD:
                held = replace(held, pitch_deg=share * furthest_deg)
            case Movement.COME_NEARER:
                held = replace(held, nearer=1 + 0.4 * share)
            case None:
                pass
        return studio.sheet(photo, held)

    return answer


def replay(studio: Studio, movements: Sequence[Movement], *, begin: int, mirrored: bool) -> Answering:
    """A recording of somebody who answered another challenge, shown again and again."""
    shown: list[tuple[int, float]] = []
    for movement in movements:
        shown += [(_STRAIGHT, 1.0)] * 8 + _steps(movement, mirrored=mirrored)
    frames = itertools.islice(itertools.cycle(shown), begin, None)

    def answer(prompt: str | None, since_s: float) -> Landmarks | None:
        index, nearer = next(frames)
        return studio.turning(index, mirrored=mirrored, nearer=nearer)

    return answer


def genuine(studio: Studio, *, mirrored: bool, reaction_s: float) -> Answering:
    """The person of the clip, turning as asked."""

    def answer(prompt: str | None, since_s: float) -> Landmarks | None:
        movement = _PROMPTED.get(prompt or "")
        step = int((since_s - reaction_s) / FRAME_S)
        if movement is None or step < 0:
            return studio.turning(_STRAIGHT, mirrored=mirrored)
        steps = _steps(movement, mirrored=mirrored)[: len(_TO_THE_LEFT)]
        index, nearer = steps[min(step, len(steps) - 1)]
        return studio.turning(index, mirrored=mirrored, nearer=nearer)

    return answer


def _steps(movement: Movement, *, mirrored: bool) -> list[tuple[int, float]]:
    """A movement there and back: pictures of the clip, and how much enlarged. It shows no nod."""
    if movement is Movement.NOD:
        return [(_STRAIGHT, 1.0)]
    if movement is Movement.COME_NEARER:
        there = [(_STRAIGHT, 1 + 0.06 * step) for step in range(1, 7)]
    else:
        to_the_left = (movement is Movement.TURN_LEFT) != mirrored
        there = [(index, 1.0) for index in (_TO_THE_LEFT if to_the_left else _TO_THE_RIGHT)]
    return [*there, *there[::-1]]
