"""Which face is one to know somebody by."""

from dataclasses import replace
from typing import Any

import pytest

from kiosk.vision import portrait
from recognizeme.domain.photo_problems import ADVICE, FaceLook, PhotoProblem, problem_of

GOOD = FaceLook(
    side_px=200,
    margin=0.4,
    turned_deg=5,
    nodded_deg=5,
    sharpness_pct=80,
    brightness_pct=50,
    confidence_pct=99,
)


def test_a_good_face_has_no_problem_whatever_the_engine_does_not_say() -> None:
    assert problem_of(GOOD) is None
    said = replace(GOOD, are_eyes_open=True, has_sunglasses=False, is_covered=False)
    assert problem_of(said) is None


@pytest.mark.parametrize(
    ("poor", "problem"),
    [
        ({"side_px": 40}, PhotoProblem.TOO_SMALL),
        ({"margin": 0.05}, PhotoProblem.CUT_OFF),
        ({"turned_deg": 60}, PhotoProblem.TURNED_AWAY),
        ({"nodded_deg": 60}, PhotoProblem.TURNED_AWAY),
        ({"sharpness_pct": 4}, PhotoProblem.BLURRED),
        ({"brightness_pct": 5}, PhotoProblem.TOO_DARK),
        ({"brightness_pct": 95}, PhotoProblem.TOO_BRIGHT),
        ({"has_sunglasses": True}, PhotoProblem.EYES_COVERED),
        ({"are_eyes_open": False}, PhotoProblem.EYES_COVERED),
        ({"is_covered": True}, PhotoProblem.FACE_COVERED),
        ({"confidence_pct": 60}, PhotoProblem.UNCLEAR),
    ],
)
def test_what_is_wrong_with_a_face_has_its_own_name(poor: dict[str, Any], problem: PhotoProblem) -> None:
    assert problem_of(replace(GOOD, **poor)) is problem


def test_every_problem_has_advice_and_the_kiosk_says_the_same() -> None:
    assert set(ADVICE) == set(PhotoProblem)
    assert {str(problem): advice for problem, advice in portrait.ADVICE.items()}.items() <= {
        str(problem): advice for problem, advice in ADVICE.items()
    }.items()
