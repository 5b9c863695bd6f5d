"""What keeps a photo from being one to know somebody by, and what a person can do about it.

The bars were chosen by `benchmarks/photo_gate.py` on the sample photos (docs/performance.md). Angles and
pixels mean the same to every engine; sharpness and brightness are percentages on an engine's own scale, so
these bars only stop what is useless on any, and Rekognition's QualityFilter does the rest.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class PhotoProblem(StrEnum):
    """Why a photo is not enrolled."""

    NO_FACE = "no_face"
    SEVERAL_FACES = "several_faces"
    TOO_SMALL = "too_small"
    BLURRED = "blurred"
    TOO_DARK = "too_dark"
    TOO_BRIGHT = "too_bright"
    TURNED_AWAY = "turned_away"
    CUT_OFF = "cut_off"
    EYES_COVERED = "eyes_covered"
    FACE_COVERED = "face_covered"
    UNCLEAR = "unclear"
    LOOKS_LIKE_ANOTHER = "looks_like_another"


ADVICE: Mapping[PhotoProblem, str] = {
    PhotoProblem.NO_FACE: "no face was found; take a photo of head and shoulders, from the front",
    PhotoProblem.SEVERAL_FACES: "two people of similar size; crop the photo to one of them",
    PhotoProblem.TOO_SMALL: "the face is too small; use the original photo, or take one from nearer",
    PhotoProblem.BLURRED: "the face is blurred; hold the camera still and take another photo",
    PhotoProblem.TOO_DARK: "the face is too dark; turn on a light and take another photo",
    PhotoProblem.TOO_BRIGHT: "the face is too bright; step out of the glare and take another photo",
    PhotoProblem.TURNED_AWAY: "the face is turned away; take a photo that looks into the camera",
    PhotoProblem.CUT_OFF: "the face is cut off at the photo's edge; take one that shows the whole head",
    PhotoProblem.EYES_COVERED: "the eyes cannot be seen; take a photo with open eyes, without sunglasses",
    PhotoProblem.FACE_COVERED: "part of the face is covered; take a photo that shows all of it",
    PhotoProblem.UNCLEAR: "the face cannot be seen well; take a sharp photo in good light, from the front",
    PhotoProblem.LOOKS_LIKE_ANOTHER: "it looks like somebody else who is enrolled; check whom it shows",
}
"""One sentence each: what is wrong, and what to do. The kiosk says the same (a test compares them)."""

LEAST_SIDE_PX = 60
LEAST_MARGIN = 0.15
LEAST_SHARPNESS_PCT = 10
LEAST_BRIGHTNESS_PCT = 8
MOST_BRIGHTNESS_PCT = 85
MOST_TURN_DEG = 45
MOST_NOD_DEG = 40
LEAST_CONFIDENCE_PCT = 75


@dataclass(frozen=True, slots=True)
class FaceLook:
    """How a face shows on a photo. `None` is what the engine does not say.

    `side_px`: of a square of the face's area. `margin`: how far the nearest of eyes, nose and mouth is from
    the photo's edge, in sizes of the face. Turned and nodded are degrees from looking into the camera.
    """

    side_px: float
    margin: float
    turned_deg: float
    nodded_deg: float
    sharpness_pct: float
    brightness_pct: float
    confidence_pct: float
    are_eyes_open: bool | None = None
    has_sunglasses: bool | None = None
    is_covered: bool | None = None


def problem_of(look: FaceLook) -> PhotoProblem | None:
    """What is most wrong with a face as the picture to know somebody by; None for a good one."""
    found = {
        PhotoProblem.CUT_OFF: look.margin < LEAST_MARGIN,
        PhotoProblem.TOO_SMALL: look.side_px < LEAST_SIDE_PX,
        PhotoProblem.TOO_DARK: look.brightness_pct < LEAST_BRIGHTNESS_PCT,
        PhotoProblem.TOO_BRIGHT: look.brightness_pct > MOST_BRIGHTNESS_PCT,
        PhotoProblem.BLURRED: look.sharpness_pct < LEAST_SHARPNESS_PCT,
        PhotoProblem.TURNED_AWAY: look.turned_deg > MOST_TURN_DEG or look.nodded_deg > MOST_NOD_DEG,
        PhotoProblem.EYES_COVERED: look.has_sunglasses is True or look.are_eyes_open is False,
        PhotoProblem.FACE_COVERED: look.is_covered is True,
        PhotoProblem.UNCLEAR: look.confidence_pct < LEAST_CONFIDENCE_PCT,
    }
    return next((problem for problem, is_so in found.items() if is_so), None)
