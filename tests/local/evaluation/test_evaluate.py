"""Thresholds on one's own photos: the arithmetic by example and property, the whole with real faces."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from local.cli import main
from local.evaluation.error_rates import THRESHOLDS_PCT, Attempt, rates, suggested, upper_bound
from local.evaluation.evaluate import NotEnoughPhotos, photos_by_person
from local.evaluation.report import nearest_strangers
from recognizeme.domain.model import Match
from tests.portraits import ASTRONAUT, HOPPER


def attempt(person_id: str, **similarities: float) -> Attempt:
    matches = tuple(Match(f"face of {who}", who, pct) for who, pct in similarities.items())
    return Attempt(f"{person_id}.jpg", person_id, matches)


def test_each_kind_of_error_is_counted() -> None:
    attempts = [
        attempt("ada", ada=99.5, bob=10.0),  # right
        attempt("ada", ada=95.0, bob=97.0),  # as a stranger she would pass for bob at 96
        attempt("bob", ada=99.9, bob=80.0),  # taken for ada
        attempt("bob"),  # no face found
    ]
    at_99 = rates(attempts, 99.0, margin_pct=1.0)
    assert (at_99.turned_away, at_99.mixed_up, at_99.let_in) == (0.5, 0.25, 0.25)
    at_96 = rates(attempts, 96.0, margin_pct=1.0)
    assert (at_96.turned_away, at_96.mixed_up, at_96.let_in) == (0.25, 0.5, 0.5)


def test_the_suggestion_keeps_strangers_out_before_it_counts_those_turned_away() -> None:
    attempts = [attempt("ada", ada=99.6, bob=98.6), attempt("bob", bob=98.2, ada=1.0)]
    table = [rates(attempts, threshold_pct, margin_pct=1.0) for threshold_pct in THRESHOLDS_PCT]
    best = suggested(table, most_let_in=0.0)
    assert best
    assert best.threshold_pct == 99.0
    lenient = suggested(table, most_let_in=0.5)
    assert lenient
    assert lenient.threshold_pct == 98.0


def test_nothing_is_suggested_when_every_threshold_lets_strangers_in() -> None:
    attempts = [attempt("ada", ada=100.0, bob=100.0)]
    assert (
        suggested([rates(attempts, pct, margin_pct=0.0) for pct in THRESHOLDS_PCT], most_let_in=0.0) is None
    )


@given(
    st.lists(
        st.builds(
            attempt,
            st.sampled_from(["ada", "bob"]),
            ada=st.floats(0, 100),
            bob=st.floats(0, 100),
            eve=st.floats(0, 100),
        ),
        min_size=1,
        max_size=8,
    )
)
def test_a_higher_threshold_never_lets_more_strangers_in_nor_turns_fewer_away(
    attempts: list[Attempt],
) -> None:
    table = [rates(attempts, threshold_pct, margin_pct=1.0) for threshold_pct in THRESHOLDS_PCT]
    assert [row.let_in for row in table] == sorted((row.let_in for row in table), reverse=True)
    assert [row.turned_away for row in table] == sorted(row.turned_away for row in table)


def test_a_hundred_attempts_without_an_error_leave_three_percent_possible() -> None:
    assert upper_bound(100) == pytest.approx(0.03)
    assert upper_bound(1) == 1.0


def test_the_nearest_strangers_come_first() -> None:
    far, near = attempt("ada", ada=99, bob=3), attempt("ada", ada=99, bob=60)
    assert nearest_strangers([far, attempt("bob", bob=99), near]) == [near, far]


def test_a_folder_without_two_people_is_refused(tmp_path: Path) -> None:
    (tmp_path / "ada").mkdir()
    (tmp_path / "ada" / "1.jpg").touch()
    (tmp_path / "ada" / "2.jpg").touch()
    with pytest.raises(NotEnoughPhotos, match="two people"):
        photos_by_person(tmp_path)


@pytest.mark.integration
def test_two_real_people_are_told_apart(tmp_path: Path) -> None:
    for name, portrait in (("Eileen Collins (NASA)", ASTRONAUT), ("grace", HOPPER)):
        folder = tmp_path / name
        folder.mkdir()
        for number in (1, 2):
            (folder / f"{number}{portrait.suffix}").write_bytes(portrait.read_bytes())
    (tmp_path / "grace" / "3.jpg").write_bytes(b"no picture")
    plot = tmp_path / "plot.png"
    done = CliRunner().invoke(main, ["evaluate", str(tmp_path), "--json", "--plot", str(plot)])
    assert done.exit_code == 0, done.output
    lines = [json.loads(line) for line in done.output.splitlines()]
    assert [line["picture"] for line in lines if line["event"] == "left_out"] == [f"{tmp_path}/grace/3.jpg"]
    table = [line for line in lines if line["event"] == "rates"]
    assert len(table) == len(THRESHOLDS_PCT)
    assert all(line["turned_away"] == line["let_in"] == 0 for line in table)
    assert lines[-1] == {
        "event": "summary",
        "people": 2,
        "attempts": 2,
        "suggested_threshold_pct": 99.0,
        "let_in_at_most": 1.0,
    }
    assert plot.read_bytes().startswith(b"\x89PNG")
