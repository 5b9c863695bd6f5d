"""The similarity scale means at 80 and 99 what Rekognition's users mean."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rekolocal.similarity import distance_at, similarity_pct


def of(distance: float) -> float:
    return float(similarity_pct(np.array([distance], np.float32))[0])


@pytest.mark.parametrize(("distance", "similarity"), [(0.45, 99.0), (0.60, 80.0)])
def test_the_two_points_of_calibration(distance: float, similarity: float) -> None:
    assert of(distance) == pytest.approx(similarity, abs=0.02)


def test_equal_vectors_are_all_but_100_and_far_ones_all_but_0() -> None:
    assert 99.999 < of(0.0) <= 100
    assert 0 <= of(1.5) < 0.001
    assert 0 <= of(1e6) <= 100


@given(st.floats(0, 3), st.floats(0, 3))
def test_a_greater_distance_is_never_more_similar(first: float, second: float) -> None:
    near, far = sorted((first, second))
    assert of(near) >= of(far)


@given(st.floats(0.01, 99.99))
def test_the_distance_of_a_threshold_has_that_similarity(threshold: float) -> None:
    distance = distance_at(threshold)
    if distance > 0:
        assert of(distance) == pytest.approx(threshold, abs=0.01)


def test_the_ends_of_the_scale() -> None:
    assert distance_at(0) == math.inf
    assert distance_at(100) == 0
