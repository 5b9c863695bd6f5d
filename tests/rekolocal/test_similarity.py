"""The similarity scales mean at 80 and 99 what Rekognition's users mean."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rekolocal.engine.network import MODEL_VERSION
from rekolocal.similarity import SCALES, Scale

SCALE = SCALES[MODEL_VERSION]


def of(distance: float, scale: Scale = SCALE) -> float:
    return float(scale.similarity_pct(np.array([distance], np.float32))[0])


@pytest.mark.parametrize("scale", SCALES.values(), ids=SCALES)
def test_the_two_points_of_calibration(scale: Scale) -> None:
    assert of(scale.at_99, scale) == pytest.approx(99, abs=0.01)
    assert of(scale.at_80, scale) == pytest.approx(80, abs=0.01)


def test_equal_vectors_are_all_but_100_and_far_ones_all_but_0() -> None:
    assert 99.999 < of(0.0) <= 100
    assert 0 <= of(2.0) < 0.001
    assert 0 <= of(1e6) <= 100


@given(st.floats(0, 3), st.floats(0, 3))
def test_a_greater_distance_is_never_more_similar(first: float, second: float) -> None:
    near, far = sorted((first, second))
    assert of(near) >= of(far)


@given(st.floats(0.01, 99.99))
def test_the_distance_of_a_threshold_has_that_similarity(threshold: float) -> None:
    distance = SCALE.distance_at(threshold)
    if distance > 0:
        assert of(distance) == pytest.approx(threshold, abs=0.01)


def test_the_ends_of_the_scale() -> None:
    assert SCALE.distance_at(0) == math.inf
    assert SCALE.distance_at(100) == 0
