from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recognizeme.domain.errors import Misconfigured
from recognizeme.domain.model import Match, Outcome
from recognizeme.domain.policy import NOT_ACTIVE, Decision, Policy

similarities = st.floats(0, 100, allow_nan=False)
matches = st.lists(
    st.builds(
        Match,
        face_id=st.uuids().map(str),
        person_id=st.sampled_from(["ada", "bob", "eve"]),
        similarity_pct=similarities,
    ),
    max_size=12,
)
policies = st.builds(Policy, threshold_pct=similarities, margin_pct=st.floats(0, 10))


def match(person_id: str, similarity_pct: float) -> Match:
    return Match(f"face-of-{person_id}-{similarity_pct}", person_id, similarity_pct)


def test_nobody_near_is_unknown() -> None:
    assert Policy().decide([]) == Decision(Outcome.UNKNOWN)


def test_the_threshold_itself_is_enough() -> None:
    assert Policy(99).decide([match("ada", 99.0)]) == Decision(Outcome.RECOGNIZED, "ada", 99.0)


def test_just_below_the_threshold_is_unknown_and_tells_how_near_it_was() -> None:
    assert Policy(99).decide([match("ada", 98.99)]) == Decision(Outcome.UNKNOWN, None, 98.99)


def test_two_faces_of_one_person_do_not_compete() -> None:
    decision = Policy(99, 1).decide([match("ada", 99.9), match("ada", 99.8)])
    assert decision == Decision(Outcome.RECOGNIZED, "ada", 99.9)


def test_two_people_too_close_are_uncertain() -> None:
    decision = Policy(99, 1).decide([match("ada", 99.9), match("bob", 99.3)])
    assert decision == Decision(Outcome.UNCERTAIN, None, 99.9)


def test_a_runner_up_at_exactly_the_margin_is_far_enough() -> None:
    assert Policy(90, 1).decide([match("ada", 99.0), match("bob", 98.0)]).outcome is Outcome.RECOGNIZED


@pytest.mark.parametrize(
    ("ada", "bob", "expected"),
    [
        (99.9, 90.0, Decision(Outcome.UNKNOWN, None, 99.9, NOT_ACTIVE)),
        (99.9, 99.3, Decision(Outcome.UNCERTAIN, None, 99.9)),
        (99.9, 99.9, Decision(Outcome.RECOGNIZED, "bob", 99.9)),
        (99.3, 99.9, Decision(Outcome.RECOGNIZED, "bob", 99.9)),
        (98.9, 98.0, Decision(Outcome.UNKNOWN, None, 98.9)),
    ],
)
def test_whoever_is_not_active_is_not_named_nor_another_for_them_and_disturbs_nobody_more_similar(
    ada: float, bob: float, expected: Decision
) -> None:
    found = [match("ada", ada), match("bob", bob), match("ann", ada - 0.01)]
    assert Policy(99, 1).decide(found, inactive={"ada", "ann"}) == expected


@given(policies, matches, st.sets(st.sampled_from(["ada", "bob", "eve"])))
def test_nobody_inactive_is_recognized_and_nobody_less_similar_than_they(
    policy: Policy, found: list[Match], inactive: set[str]
) -> None:
    decision = policy.decide(found, inactive=inactive)
    if decision.outcome is Outcome.RECOGNIZED:
        assert decision.person_id not in inactive
        assert decision.similarity_pct == max(each.similarity_pct for each in found)


@given(policies, matches)
def test_a_recognized_person_is_above_the_threshold_and_ahead_of_everybody_else(
    policy: Policy, found: list[Match]
) -> None:
    decision = policy.decide(found)
    if decision.outcome is not Outcome.RECOGNIZED:
        assert decision.person_id is None
        return
    assert decision.similarity_pct is not None
    assert decision.similarity_pct >= policy.threshold_pct
    others = [m.similarity_pct for m in found if m.person_id != decision.person_id]
    assert all(decision.similarity_pct - other >= policy.margin_pct for other in others)


@given(policies, matches, st.randoms())
def test_the_order_of_the_matches_does_not_matter(policy: Policy, found: list[Match], random: Random) -> None:
    shuffled = list(found)
    random.shuffle(shuffled)
    assert policy.decide(shuffled) == policy.decide(found)


@pytest.mark.parametrize(("threshold", "margin"), [(-1, 1), (101, 1), (99, -1), (99, 101), (float("nan"), 1)])
def test_numbers_that_are_no_percentages_are_refused(threshold: float, margin: float) -> None:
    with pytest.raises(Misconfigured, match="between 0 and 100"):
        Policy(threshold, margin)
