"""Whether a photo is one to know somebody by, as far as its pixels tell: asked before it is handed in.

The bars were chosen by `benchmarks/photo_gate.py` (docs/performance.md). What only the engine can see, such
as covered eyes, it says itself.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import astuple, dataclass
from enum import StrEnum

import cv2
import numpy as np

from kiosk.vision.detect import Detector, YuNet
from kiosk.vision.frame import Box, Detection, Image, Point
from kiosk.vision.head_pose import head_pose


class PhotoProblem(StrEnum):
    """What the API calls it, too."""

    NO_FACE = "no_face"
    SEVERAL_FACES = "several_faces"
    TOO_SMALL = "too_small"
    BLURRED = "blurred"
    TOO_DARK = "too_dark"
    TOO_BRIGHT = "too_bright"
    TURNED_AWAY = "turned_away"
    CUT_OFF = "cut_off"


ADVICE: Mapping[PhotoProblem, str] = {
    PhotoProblem.NO_FACE: "no face was found; take a photo of head and shoulders, from the front",
    PhotoProblem.SEVERAL_FACES: "two people of similar size; crop the photo to one of them",
    PhotoProblem.TOO_SMALL: "the face is too small; use the original photo, or take one from nearer",
    PhotoProblem.BLURRED: "the face is blurred; hold the camera still and take another photo",
    PhotoProblem.TOO_DARK: "the face is too dark; turn on a light and take another photo",
    PhotoProblem.TOO_BRIGHT: "the face is too bright; step out of the glare and take another photo",
    PhotoProblem.TURNED_AWAY: "the face is turned away; take a photo that looks into the camera",
    PhotoProblem.CUT_OFF: "the face is cut off at the photo's edge; take one that shows the whole head",
}

# A second face above this part of the first one's area stands beside it, not behind it.
RIVAL_AREA = 1 / 3
_RIVAL_SCORE = 0.8  # detectors see ghosts at 0.7
_SURE_SCORE = 0.85  # of a face that lies on its side, where ghosts are more frequent
_TURNS = (cv2.ROTATE_90_CLOCKWISE, cv2.ROTATE_90_COUNTERCLOCKWISE, cv2.ROTATE_180)

# Sharpness and light are measured on the middle of the face at this size, so that they mean the same for
# every photo; contrast is evened out first, so that a dark face is not taken for a blurred one.
_MEASURED_PX = 72
_MIDDLE = 0.15
_CONTRAST = 45.0
_ROUNDING = 20 / 12  # what rounding to whole grey values adds to the Laplacian's variance

LEAST_SIDE_PX = 60.0
LEAST_MARGIN = 0.15
LEAST_SHARPNESS = 30.0
LEAST_LIGHT = 20.0
MOST_LIGHT = 220.0
MOST_TURN = 0.45
MOST_NOD = 0.40


@dataclass(frozen=True, slots=True)
class Look:
    """How a face shows: its side in pixels, how far the nearest of eyes, nose and mouth is from the photo's
    edge in sizes of the face, the variance of its Laplacian, its mean grey (0-255), and how far it is turned
    and nodded as `HeadPose` measures it (None: a profile)."""

    side_px: float
    margin: float
    sharpness: float
    light: float
    turn: float | None
    nod: float | None


def problem_of(image: Image, detector: Detector) -> PhotoProblem | None:
    """What is most wrong with a photo; None for a good one."""
    image, faces = _found(image, detector)
    if not faces:
        return PhotoProblem.NO_FACE
    largest, *others = faces
    if any(
        other.score >= _RIVAL_SCORE and other.box.area > largest.box.area * RIVAL_AREA for other in others
    ):
        return PhotoProblem.SEVERAL_FACES
    return _judged(look_of(image, largest))


class PhotoGate:
    """Says in a sentence why a photo should not be handed in; from any thread."""

    def __init__(self, make_detector: Callable[[], Detector] = YuNet) -> None:
        """From here on OpenCV has one thread in this process: photos are looked at side by side."""
        cv2.setNumThreads(1)
        self._make_detector = make_detector
        self._own = threading.local()  # a detector keeps what it works with inside

    def __call__(self, image: Image) -> str | None:
        """The problem's advice; None for a good photo."""
        if not hasattr(self._own, "detector"):
            self._own.detector = self._make_detector()
        problem = problem_of(image, self._own.detector)
        return ADVICE[problem] if problem else None


def look_of(image: Image, face: Detection) -> Look:
    """Measure one face of a photo."""
    height, width = image.shape[:2]
    middle = face.box.grown(-_MIDDLE).overlap(Box(0, 0, width, height))
    left, top = int(middle.left), int(middle.top)
    part = image[top : max(top + 1, int(middle.bottom)), left : max(left + 1, int(middle.right))]
    grey = cv2.resize(
        cv2.cvtColor(part, cv2.COLOR_BGR2GRAY), (_MEASURED_PX, _MEASURED_PX), interpolation=cv2.INTER_AREA
    ).astype(np.float32)
    gain = _CONTRAST / max(float(grey.std()), 4.0)
    sharpness = float(cv2.Laplacian(grey * gain, cv2.CV_32F).var()) - _ROUNDING * gain**2
    pose = head_pose(face.landmarks) if face.landmarks else None
    return Look(
        side_px=face.box.area**0.5,
        margin=_margin(face, width, height),
        sharpness=max(0.0, sharpness),
        light=float(grey.mean()),
        turn=abs(pose.turn) if pose else None,
        nod=abs(pose.nod - 0.55) if pose else None,
    )


def _margin(face: Detection, width: int, height: int) -> float:
    points: Sequence[Point] = astuple(face.landmarks) if face.landmarks else (face.box.centre,)
    return min(
        min(min(x, width - x) / face.box.width, min(y, height - y) / face.box.height) for x, y in points
    )


def _judged(look: Look) -> PhotoProblem | None:
    is_profile = look.turn is None or look.nod is None
    found = {
        PhotoProblem.CUT_OFF: look.margin < LEAST_MARGIN,
        PhotoProblem.TOO_SMALL: look.side_px < LEAST_SIDE_PX,
        PhotoProblem.TOO_DARK: look.light < LEAST_LIGHT,
        PhotoProblem.TOO_BRIGHT: look.light > MOST_LIGHT,
        PhotoProblem.BLURRED: look.sharpness < LEAST_SHARPNESS,
        PhotoProblem.TURNED_AWAY: is_profile or (look.turn or 0) > MOST_TURN or (look.nod or 0) > MOST_NOD,
    }
    return next((problem for problem, is_so in found.items() if is_so), None)


def _found(image: Image, detector: Detector) -> tuple[Image, Sequence[Detection]]:
    """The faces, and the photo turned so that they stand: it may lie on its side and not say so."""
    if faces := detector.detect(image):
        return image, faces
    for turn in _TURNS:
        turned = cv2.rotate(image, turn).astype(np.uint8, copy=False)
        if faces := [face for face in detector.detect(turned) if face.score >= _SURE_SCORE]:
            return turned, faces
    return image, ()
