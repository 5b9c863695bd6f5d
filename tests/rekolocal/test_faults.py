"""Faults on purpose come as often as they were asked for."""

import random

import pytest

from rekolocal.errors import ProvisionedThroughputExceededException, RekognitionError, ThrottlingException
from rekolocal.faults import Failure, Faults


def passes(faults: Faults, operation: str = "SearchFacesByImage") -> bool:
    try:
        faults.before(operation)
    except RekognitionError:
        return False
    return True


def test_calls_past_the_rate_are_throttled_and_time_brings_new_ones() -> None:
    now = 0.0
    faults = Faults(tps=5, clock=lambda: now)
    assert [passes(faults) for _ in range(7)] == [True] * 5 + [False] * 2
    now = 0.4
    assert [passes(faults) for _ in range(3)] == [True] * 2 + [False]
    now = 100.0
    assert sum(passes(faults) for _ in range(20)) == 5


def test_each_operation_has_a_rate_of_its_own() -> None:
    faults = Faults(tps=1, clock=lambda: 0.0)
    assert passes(faults, "IndexFaces")
    assert passes(faults, "ListFaces")
    with pytest.raises(ProvisionedThroughputExceededException):
        faults.before("IndexFaces")


def test_less_than_one_call_a_second_is_one_in_a_while() -> None:
    now = 0.0
    faults = Faults(tps=0.5, clock=lambda: now)
    assert [passes(faults), passes(faults)] == [True, False]
    now = 2.0
    assert passes(faults)


@pytest.mark.parametrize(("rate", "least", "most"), [(0.0, 0, 0), (0.25, 180, 320), (1.0, 1000, 1000)])
def test_a_failure_comes_at_its_rate(rate: float, least: int, most: int) -> None:
    failure = Failure.parse(f"SearchFacesByImage:ThrottlingException:{rate}")
    faults = Faults(failures=[failure], rng=random.Random(1))
    assert least <= sum(not passes(faults) for _ in range(1000)) <= most
    assert passes(faults, "ListFaces")


def test_a_star_fails_any_operation_with_the_error_named() -> None:
    with pytest.raises(ThrottlingException):
        Faults(failures=[Failure.parse("*:ThrottlingException:1")]).before("ListFaces")


@pytest.mark.parametrize(
    "text",
    ["", "a:b", "a:NoSuchException:1", "a:ThrottlingException:2", "a:ThrottlingException:x", "a:dataclass:1"],
)
def test_a_failure_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Failure.parse(text)
