"""Intervals by person."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.evaluation.intervals import UNMEASURED, by_person, columns_by_person


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=1, max_size=40))
def test_a_share_lies_in_its_interval(trials: list[tuple[bool, int]]) -> None:
    rate = by_person([hit for hit, _ in trials], [owner for _, owner in trials])
    assert 0 <= rate.low <= rate.share <= rate.high <= 1
    assert rate.share == pytest.approx(rate.hits / rate.trials)


def test_without_errors_the_people_count_and_not_their_pictures() -> None:
    few = by_person([False] * 100, [number % 10 for number in range(100)])
    many = by_person([False] * 100, range(100))
    assert few.high == pytest.approx(1 - 0.05**0.1)
    assert many.high == pytest.approx(0.03, abs=0.001)  # the rule of three


def test_pictures_of_one_person_that_fail_together_tell_less() -> None:
    together = by_person([number < 20 for number in range(200)], [number // 20 for number in range(200)])
    apart = by_person([number % 10 == 0 for number in range(200)], range(200))
    assert together.share == apart.share == 0.1
    assert together.high - together.low > 2 * (apart.high - apart.low)


def test_one_error_never_makes_the_interval_narrower_than_none() -> None:
    none = by_person([False] * 30, range(30))
    one = by_person([number == 0 for number in range(30)], range(30))
    assert one.high >= none.high


def test_nothing_tried_is_nothing_measured() -> None:
    assert by_person([], []) == UNMEASURED


def test_the_truth_lies_in_nineteen_intervals_of_twenty() -> None:
    random = np.random.default_rng(1)
    covered = 0
    for _ in range(200):
        of_each = random.beta(1, 9, 60)  # some people fail often: 10 % on average
        hits = random.random((60, 4)) < of_each[:, None]
        (rate,) = columns_by_person(hits.reshape(-1, 1), np.repeat(np.arange(60), 4).tolist())
        covered += rate.low <= 0.1 <= rate.high
    assert covered >= 186
