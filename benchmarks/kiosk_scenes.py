"""What the kiosk's benchmarks share: clips, an empty door, an outbox that keeps, answers and counts."""

from collections import deque
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from benchmarks.report import SAMPLE_DATA
from kiosk.client.sighting import Sighting
from kiosk.delivery.outbox import Answer, Capture
from kiosk.delivery.spool import Spool
from kiosk.vision.clip import Clip
from kiosk.vision.frame import Image

STAGE = SAMPLE_DATA / "clips" / "short_hamilton_clip.mp4"
HEAD_POSES = (
    SAMPLE_DATA / "clips" / "head-pose-face-detection-male.gif",
    SAMPLE_DATA / "clips" / "head-pose-face-detection-female.gif",
)


class KeptAndAnswered:
    """An outbox with a real spool on a real disk, whose every capture is answered `recognized` at once."""

    def __init__(self, folder: Path) -> None:
        self.spool = Spool(folder)
        self.handed_in = 0
        self._answers: deque[Answer] = deque()

    def hand_in(self, capture: Capture) -> None:
        """To the disk, and off it as delivered."""
        self.spool.add(capture)
        self.spool.remove(capture.capture_id)
        self.handed_in += 1
        sighting = Sighting(capture.capture_id, capture.kiosk_id, "", "done", "recognized")
        self._answers.append(Answer(capture.capture_id, sighting))

    def answers(self, *, timeout_s: float = 0.0) -> Sequence[Answer]:
        """What was answered since."""
        answers, self._answers = tuple(self._answers), deque()
        return answers


def images_of(clip: Path) -> list[Image]:
    """Every picture of a clip."""
    with Clip(clip) as camera:
        return [frame.image for frame in camera]


def empty_door(width: int, height: int, *, frames: int, noise: float = 4.0) -> list[Image]:
    """A wall with nobody before it, as a camera sees it: the same, but for its noise."""
    random = np.random.default_rng(7)
    coarse = random.integers(120, 180, (4, 6, 3), dtype=np.uint8)
    wall = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC).astype(np.float32)
    return [
        np.clip(wall + random.normal(0, noise, wall.shape), 0, 255).astype(np.uint8) for _ in range(frames)
    ]


def write_clip(path: Path, images: Sequence[Image], fps: float) -> Path:
    """These pictures as a Motion JPEG file."""
    height, width = images[0].shape[:2]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), fps, (width, height))
    for image in images:
        writer.write(image)
    writer.release()
    return path
