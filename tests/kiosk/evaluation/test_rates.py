"""Error rates by example and property."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.evaluation.intervals import by_person
from kiosk.evaluation.rates import (
    DEFAULT_MARGIN_PCT,
    DEFAULT_THRESHOLD_PCT,
    THRESHOLDS_PCT,
    Row,
    Scores,
    false_match_rate,
    projected,
    suggested,
)
from kiosk.evaluation.trial import Likeness, Probe, ahead
from recognizeme.domain.model import Match, Outcome
from recognizeme.domain.policy import Policy
from tests.kiosk.evaluation.trials import probe


def rows(*probes: Probe, margin_pct: float = 1.0) -> dict[float, Row]:
    return dict(zip(THRESHOLDS_PCT, Scores(probes, margin_pct).rows(THRESHOLDS_PCT), strict=True))


def test_each_kind_of_error_is_counted() -> None:
    found = rows(
        probe("ada/1.jpg", 99.5, bob=10.0),  # right
        probe("ada/2.jpg", 95.0, bob=97.0),  # as a stranger she would pass for bob at 96
        probe("bob/1.jpg", 99.9, ada=80.0),
        probe("bob/2.jpg", 0.0),
    )
    at_99, at_96 = found[99.0], found[96.0]
    assert (at_99.turned_away.share, at_99.wrong_name.share, at_99.stranger_named.share) == (0.5, 0, 0)
    assert (at_96.turned_away.share, at_96.wrong_name.share, at_96.stranger_named.share) == (0.5, 0.25, 0.25)


def test_who_has_no_other_picture_cannot_be_turned_away_but_can_be_a_stranger() -> None:
    row = rows(probe("ada/1.jpg", None, bob=99.5), probe("bob/1.jpg", 99.9))[99.0]
    assert (row.turned_away.trials, row.turned_away.hits) == (1, 0)
    assert (row.stranger_named.trials, row.stranger_named.hits) == (2, 1)


similarities = st.floats(0, 100)
likenesses = st.dictionaries(st.sampled_from(["ada", "bob", "eve"]), similarities)


@given(likenesses, st.sampled_from([80.0, 99.0]), st.sampled_from([0.0, 1.0, 5.0]))
def test_who_is_named_here_is_whom_the_functions_would_name(
    of: dict[str, float], threshold_pct: float, margin_pct: float
) -> None:
    decided = Policy(threshold_pct, margin_pct).decide(Match("face", who, pct) for who, pct in of.items())
    named = ahead((Likeness(who, "", pct) for who, pct in of.items()), margin_pct)
    here = named.person_id if named and named.similarity_pct >= threshold_pct else None
    assert here == (decided.person_id if decided.outcome is Outcome.RECOGNIZED else None)


def test_the_defaults_are_those_of_the_functions() -> None:
    assert Policy(DEFAULT_THRESHOLD_PCT, DEFAULT_MARGIN_PCT) == Policy()


@given(
    st.lists(
        st.builds(
            lambda who, own, others: probe(
                f"{who}/1.jpg", own, **{k: v for k, v in others.items() if k != who}
            ),
            st.sampled_from(["ada", "bob"]),
            st.none() | similarities,
            likenesses,
        ),
        min_size=1,
        max_size=8,
    )
)
def test_a_higher_threshold_never_lets_more_strangers_in_nor_turns_fewer_away(probes: list[Probe]) -> None:
    found = list(rows(*probes).values())
    named = [row.stranger_named.share for row in found]
    away = [row.turned_away.share for row in found]
    assert named == sorted(named, reverse=True)
    assert away == sorted(away)


def test_the_suggestion_keeps_strangers_out_before_it_counts_those_turned_away() -> None:
    found = rows(probe("ada/1.jpg", 99.6, bob=98.6), probe("bob/1.jpg", 98.2, ada=1.0))
    best = suggested(list(found.values()), most_let_in=0.0)
    assert best
    assert best.threshold_pct == 99.0
    lenient = suggested(list(found.values()), most_let_in=0.5)
    assert lenient
    assert lenient.threshold_pct == 98.0


def test_nothing_is_suggested_when_every_threshold_lets_strangers_in() -> None:
    assert suggested(list(rows(probe("ada/1.jpg", 100.0, bob=100.0)).values()), most_let_in=0.0) is None


def test_the_trade_off_goes_from_naming_everybody_to_naming_nobody() -> None:
    curve = Scores([probe("ada/1.jpg", 99.6, bob=98.6), probe("bob/1.jpg", 98.2, ada=1.0)], 1.0).curve()
    assert curve[0] == (1.0, 0.0)
    assert curve[-1] == (0.0, 1.0)
    assert [named for named, _ in curve] == sorted((named for named, _ in curve), reverse=True)
    assert [missed for _, missed in curve] == sorted(missed for _, missed in curve)


def test_among_more_people_a_stranger_is_likelier_to_resemble_somebody() -> None:
    measured = by_person([number < 2 for number in range(100)], range(100))
    same = projected(measured, among=100, people=100)
    assert (same.share, same.low, same.high) == pytest.approx((measured.share, measured.low, measured.high))
    more = projected(measured, among=100, people=1000)
    assert more.share == pytest.approx(1 - 0.98**10)
    assert more.low <= more.share <= more.high <= 1
    rate = false_match_rate(0.02, 100)
    assert 1 - (1 - rate) ** 1000 == pytest.approx(more.share)
