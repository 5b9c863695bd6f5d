"""What a screen at a door says."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from kiosk.web.display import message

NOW = datetime(2026, 11, 23, 8, 0, 20, tzinfo=UTC)


def status(**known: Any) -> dict[str, Any]:
    return {"alive": True, "camera_trouble": None, "prompt": None, "present": [], "latest": []} | known


def answered(
    outcome: str | None,
    *,
    ago_s: float = 1.0,
    name: str | None = None,
    late: bool = False,
    state: str = "done",
) -> list[dict[str, Any]]:
    told_at = (NOW - timedelta(seconds=ago_s)).isoformat()
    sighting = {"status": state, "outcome": outcome, "name": name}
    return [{"origin": "track 1", "late": late, "told_at": told_at, "sighting": sighting}]


def text(**known: Any) -> str:
    return message(status(**known), NOW).text


def test_whoever_is_recognized_is_greeted_for_ten_seconds_and_no_longer() -> None:
    assert text(latest=answered("recognized", name="Ada")) == "Hello, Ada"
    still_there = [{"outcome": "recognized", "name": "Ada"}]
    assert text(latest=answered("recognized", name="Ada", ago_s=10), present=still_there) == "Welcome"
    assert text(latest=answered("recognized")) == "Hello"


def test_a_name_that_runs_right_to_left_turns_nothing_around_it() -> None:
    name = "\u05d0\u05d3\u05d4"
    assert text(latest=answered("recognized", name=name)) == f"Hello, \u2068{name}\u2069"


def test_what_is_asked_for_comes_before_what_was_found() -> None:
    assert (
        text(prompt="turn your head to the left", latest=answered("unknown")) == "turn your head to the left"
    )


def test_whoever_has_not_been_looked_at_yet_is_asked_to_look_here() -> None:
    assert text(present=[{"outcome": None, "name": None}]) == "Please look here"


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        ("unknown", "do not know you"),
        ("uncertain", "once more"),
        ("no_face", "once more"),
        ("rejected", "once more"),
    ],
)
def test_every_other_outcome_has_its_sentence(outcome: str, said: str) -> None:
    assert said in text(latest=answered(outcome))


def test_a_failure_names_another_way_and_a_late_answer_is_for_nobody_who_stands_here() -> None:
    assert "other way" in text(latest=answered(None, state="failed"))
    assert text(latest=answered("recognized", name="Ada", late=True)) == "Welcome"


@pytest.mark.parametrize("known", [{"alive": False}, {"camera_trouble": "camera 0 gives no pictures"}])
def test_a_door_that_does_not_see_says_so_and_nothing_else(known: dict[str, Any]) -> None:
    assert text(**known, latest=answered("recognized", name="Ada")) == "This door does not see right now"
