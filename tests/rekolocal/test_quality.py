"""Which bar a face misses, and why."""

from itertools import pairwise
from typing import Any

import cv2
import numpy as np
import pytest

from rekolocal.engine.alignment import Pose
from rekolocal.engine.quality import BARS, Quality, measure

GOOD: dict[str, Any] = {
    "quality": Quality(brightness_pct=60, sharpness_pct=80),
    "pose": Pose(0, 0, 0),
    "confidence_pct": 99.0,
    "side_px": 200.0,
}


def missed(quality_filter: str, **changed: Any) -> list[str]:
    bar = BARS[quality_filter]
    assert bar is not None
    return bar.missed_by(**{**GOOD, **changed})


@pytest.mark.parametrize("quality_filter", ["LOW", "AUTO", "MEDIUM", "HIGH"])
@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"quality": Quality(60, 0)}, "LOW_SHARPNESS"),
        ({"quality": Quality(1, 80)}, "LOW_BRIGHTNESS"),
        ({"pose": Pose(0, 85, 0)}, "EXTREME_POSE"),
        ({"pose": Pose(0, 0, -85)}, "EXTREME_POSE"),
        ({"side_px": 20.0}, "SMALL_BOUNDING_BOX"),
        ({"confidence_pct": 50.0}, "LOW_CONFIDENCE"),
    ],
)
def test_each_shortcoming_has_its_reason(quality_filter: str, changed: dict[str, Any], reason: str) -> None:
    assert missed(quality_filter) == []
    assert missed(quality_filter, **changed) == [reason]


def test_two_shortcomings_together_are_low_quality_as_well() -> None:
    reasons = missed("AUTO", quality=Quality(1, 0))
    assert reasons == ["LOW_BRIGHTNESS", "LOW_SHARPNESS", "LOW_FACE_QUALITY"]


def test_a_higher_bar_is_never_easier_to_pass() -> None:
    bars = [BARS[name] for name in ("LOW", "AUTO", "MEDIUM", "HIGH")]
    for lower, higher in pairwise(bars):
        assert lower is not None
        assert higher is not None
        assert lower.confidence_pct <= higher.confidence_pct
        assert lower.sharpness_pct <= higher.sharpness_pct
        assert lower.brightness_pct <= higher.brightness_pct
        assert lower.side_px <= higher.side_px
        assert lower.turn_degrees >= higher.turn_degrees


@pytest.mark.parametrize("yaw", [-54, 54])
def test_a_head_turned_by_54_degrees_is_indexed_as_aws_indexes_it(yaw: int) -> None:
    assert missed("AUTO", pose=Pose(0, yaw, 0)) == []


def test_a_face_as_large_as_rekognition_asks_for_passes_every_bar() -> None:
    assert missed("HIGH", side_px=40) == []


def test_rolling_the_head_is_no_extreme_pose() -> None:
    assert missed("HIGH", pose=Pose(roll=90, yaw=0, pitch=0)) == []


def test_the_more_a_face_is_blurred_the_less_sharp_it_is() -> None:
    crisp = np.random.default_rng(1).integers(90, 150, (150, 150, 3)).astype(np.uint8)
    blurred = [cv2.GaussianBlur(crisp, (0, 0), sigma).astype(np.uint8) for sigma in (0.5, 1, 2, 4, 8)]
    sharpness = [measure(chip).sharpness_pct for chip in blurred]

    assert sharpness == sorted(sharpness, reverse=True)
    assert sharpness[-1] < 5
