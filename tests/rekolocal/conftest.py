"""Pictures for rekolocal's tests: two portraits out of installed packages, and generated ones."""

import cv2
import numpy as np
import pytest

from rekolocal.engine.faces import FaceEngine
from rekolocal.engine.picture import Pixels
from tests.portraits import ASTRONAUT, HOPPER


@pytest.fixture(scope="session")
def engine() -> FaceEngine:
    return FaceEngine.load()


@pytest.fixture(scope="session")
def astronaut() -> bytes:
    return ASTRONAUT.read_bytes()


@pytest.fixture(scope="session")
def hopper() -> bytes:
    return HOPPER.read_bytes()


@pytest.fixture(scope="session")
def both(astronaut: bytes, hopper: bytes) -> bytes:
    """Both persons in one picture, the astronaut's face the smaller one."""
    left, right = pixels_of(astronaut), pixels_of(hopper)
    canvas = np.full((620, 1040, 3), 127, np.uint8)
    canvas[: left.shape[0], : left.shape[1]] = left
    canvas[: right.shape[0], 520 : 520 + right.shape[1]] = right
    return encoded(canvas)


@pytest.fixture(scope="session")
def nobody() -> bytes:
    """A picture without a face."""
    gradient = np.tile(np.linspace(0, 255, 320, dtype=np.uint8), (240, 1))
    return encoded(np.dstack([gradient, gradient.copy(), 255 - gradient]))


def pixels_of(content: bytes) -> Pixels:
    """BGR, as OpenCV has it."""
    return np.asarray(cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR), dtype=np.uint8)


def encoded(pixels: Pixels, extension: str = ".png") -> bytes:
    return cv2.imencode(extension, pixels)[1].tobytes()
