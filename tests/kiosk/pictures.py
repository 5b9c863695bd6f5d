"""Real portraits and made-up scenes for the kiosk's tests; nothing of it is stored in the repository."""

import os
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from kiosk.vision.frame import Image

SAMPLE_DATA = Path(
    os.environ.get("RECOGNIZEME_SAMPLE_DATA", Path(__file__).parents[3] / "shared" / "data")
).resolve()


def sample(path: str) -> Path:
    """A file of the sample data; the test is skipped where there is none."""
    file = SAMPLE_DATA / path
    if not file.exists():
        pytest.skip(f"{path} of the sample data is not here; set RECOGNIZEME_SAMPLE_DATA")
    return file


@cache
def astronaut() -> Image:
    """Eileen Collins, 512x512, as scikit-image ships her (public domain, NASA)."""
    import skimage

    picture = cv2.imread(str(Path(skimage.__file__).parent / "data" / "astronaut.png"))
    assert picture is not None
    return picture.astype(np.uint8, copy=False)


def room(width: int = 320, height: int = 240, *, seed: int = 1) -> Image:
    """An empty room: soft shapes, no face."""
    coarse = np.random.default_rng(seed).integers(60, 190, (6, 8, 3), dtype=np.uint8)
    return cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC).astype(np.uint8, copy=False)


def noisy(image: Image, *, seed: int, sigma: float = 6.0) -> Image:
    """The picture with a sensor's noise: another part of the same large piece for each seed."""
    height, width = image.shape[:2]
    down, right = seed * 7 % 61, seed * 13 % 67
    noise = _noise(height + 61, width + 67, sigma)[down : down + height, right : right + width]
    return cv2.add(image, noise, dtype=cv2.CV_8U).astype(np.uint8, copy=False)


@cache
def _noise(height: int, width: int, sigma: float) -> NDArray[np.int16]:
    return np.random.default_rng(1).normal(0, sigma, (height, width, 3)).astype(np.int16)


def with_visitor(scene: Image, left: int, top: int = 20, *, height: int = 200) -> Image:
    """The scene with the astronaut's head and shoulders in it, as far as they fit."""
    head = astronaut()[0:300, 90:340]
    person = cv2.resize(head, (round(height * 250 / 300), height), interpolation=cv2.INTER_AREA)
    scene = scene.copy()
    first, last = max(0, left), min(scene.shape[1], left + person.shape[1])
    bottom = min(scene.shape[0], top + height)
    if first < last:
        scene[top:bottom, first:last] = person[: bottom - top, first - left : last - left]
    return scene


def jpeg(image: Image) -> bytes:
    """The picture as a JPEG file."""
    return cv2.imencode(".jpg", image)[1].tobytes()


def write_clip(path: Path, images: list[Image], *, fps: float = 10.0) -> Path:
    """A Motion JPEG video file of these pictures."""
    height, width = images[0].shape[:2]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), fps, (width, height))
    assert writer.isOpened()
    for image in images:
        writer.write(image)
    writer.release()
    return path
