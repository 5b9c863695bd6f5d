"""Why a sighting came to what it came to, in sentences."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recognizeme.domain.explanation import explanation
from recognizeme.domain.model import (
    Candidate,
    Capture,
    Correction,
    DecisionRecord,
    FaceSearch,
    Match,
    Outcome,
    Sighting,
    Status,
    new_capture_id,
)
from recognizeme.domain.people import PersonChange
from recognizeme.domain.policy import NOT_ACTIVE, Policy
from recognizeme.usecases.explain import explain
from tests.twins.pictures import Shown, picture
from tests.twins.world import TWINS, World

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
CAPTURE = Capture(new_capture_id(NOW, bytes(10)), "front")
NAMES = {"ravi": "Ravi Patel", "tom": "Tom Baker"}


def decided(*similarities: tuple[str, float], policy: Policy = Policy()) -> Sighting:  # noqa: B008  # frozen
    """What the policy makes of these similarities."""
    matches = [Match(f"face-{person_id}", person_id, pct) for person_id, pct in similarities]
    decision = policy.decide(matches)
    return Sighting(
        CAPTURE,
        Status.DONE,
        outcome=decision.outcome,
        person_id=decision.person_id,
        similarity_pct=decision.similarity_pct,
        decision=policy.record(matches, FaceSearch(None, (), 1812, "7.0")),
    )


@pytest.mark.parametrize(
    ("sighting", "said"),
    [
        (
            decided(("ravi", 99.4), ("tom", 99.1)),
            "Ravi Patel 99.4 and Tom Baker 99.1 are too close to tell apart (margin 1.0):"
            " `recognizeme people check` shows why.",
        ),
        (decided(("ravi", 96.2)), "Nobody reached 99: the closest was Ravi Patel with 96.2."),
        (decided(), "Nobody reached 99: nobody among 1812 faces came near."),
        (decided(("ravi", 99.9)), "Ravi Patel reached 99 with 99.9, and nobody else came near."),
        (
            decided(("ravi", 99.9), ("tom", 85.25)),
            "Ravi Patel reached 99 with 99.9, and Tom Baker, the next, is far enough behind with 85.2"
            " (margin 1.0).",
        ),
        (
            decided(("ravi", 99.9), ("gone", 99.8)),
            "Ravi Patel 99.9 and somebody who has been forgotten since 99.8 are too close to tell apart"
            " (margin 1.0): `recognizeme people check` shows why.",
        ),
        (
            Sighting(CAPTURE, Status.DONE, outcome=Outcome.NO_FACE),
            "No face was found in the picture, or it is too small or turned away.",
        ),
        (
            Sighting(CAPTURE, Status.DONE, outcome=Outcome.REJECTED, reason="it is no picture"),
            "The picture could not be used: it is no picture.",
        ),
        (
            Sighting(CAPTURE, Status.FAILED, reason="the service is busy"),
            "The recognition failed: the service is busy. It can be tried again.",
        ),
        (
            Sighting(CAPTURE, Status.DONE, outcome=Outcome.UNKNOWN, reason=NOT_ACTIVE, similarity_pct=99.5),
            "The face is that of somebody who is not to be recognized any more.",
        ),
        (Sighting(CAPTURE, Status.PENDING), None),
    ],
)
def test_every_result_is_explained_in_a_sentence(sighting: Sighting, said: str | None) -> None:
    assert explanation(sighting, NAMES) == said


def test_no_number_is_rounded_across_the_threshold_or_the_margin() -> None:
    assert "Nobody reached 99: the closest was Ravi Patel with 98.97." in _said(("ravi", 98.97))
    assert "Ravi Patel 99.95 and Tom Baker 98.97 are too close" in _said(("ravi", 99.95), ("tom", 98.97))


@given(st.floats(80, 100), st.floats(80, 100))
def test_what_is_written_agrees_with_what_was_decided(one: float, other: float) -> None:
    sighting = decided(("ravi", one), ("tom", other))
    words = {
        Outcome.RECOGNIZED: "far enough behind",
        Outcome.UNCERTAIN: "too close",
        Outcome.UNKNOWN: "Nobody reached",
    }
    assert sighting.outcome
    assert words[sighting.outcome] in (explanation(sighting, NAMES) or "")


def _said(*similarities: tuple[str, float]) -> str:
    return explanation(decided(*similarities), NAMES) or ""


def test_of_a_forgotten_candidate_no_trace_is_left_in_the_words() -> None:
    for sighting in (decided(("ravi", 99.4), ("tom", 99.1)), decided(("ravi", 96.2))):
        assert sighting.decision
        without = replace(sighting, decision=sighting.decision.without("ravi"))
        said = explanation(without, NAMES) or ""
        assert "forgotten since" in said
        assert "Ravi" not in said


def test_a_correction_says_what_had_been_decided_before() -> None:
    first = decided(("ravi", 99.4), ("tom", 99.1))
    correction = Correction(NOW, Outcome.UNCERTAIN, None)
    corrected = replace(first, outcome=Outcome.RECOGNIZED, person_id="tom", correction=correction)
    assert explanation(corrected, NAMES) == (
        "Somebody who looked at the picture said so. Before that: " + (explanation(first, NAMES) or "")
    )


def test_a_sighting_from_before_decisions_were_kept_is_explained_as_well_as_can_be() -> None:
    for outcome in Outcome:
        assert explanation(Sighting(CAPTURE, Status.DONE, outcome=outcome), NAMES)


def test_a_name_that_runs_right_to_left_turns_nothing_around_it() -> None:
    said = explanation(decided(("ravi", 99.9)), {"ravi": "\u05d0\u05d3\u05d4 \u202eevil"})
    assert said
    assert said.startswith("\u2068\u05d0\u05d3\u05d4 evil\u2069 reached 99")


def test_a_sighting_keeps_what_its_decision_saw_and_names_are_those_of_today() -> None:
    world = World()
    for person_id in ("ada", "bob", "eve"):
        world.enroll(person_id, picture("twins", number=len(person_id) + ord(person_id[0])), exceptions=TWINS)
    seen = world.seen(picture(Shown("twins", similarity_pct=99.5), number=1))
    assert seen.outcome is Outcome.UNCERTAIN
    assert seen.decision == DecisionRecord(
        99.0, 1.0, tuple(Candidate(person_id, 99.5) for person_id in ("ada", "bob", "eve")), 3, "1.0"
    )
    world.enroller().put_person("bob", PersonChange(name="Robert"))
    said = explain(seen, people=world.people)
    assert said
    assert said.startswith("Ada 99.5 and Robert 99.5 are too close")


def test_at_most_five_people_are_kept_and_nobody_who_does_not_exist() -> None:
    world = World()
    for number in range(8):
        world.enroll(f"p{number}", picture("twins", number=number), exceptions=TWINS)
    world.settle()
    for number in range(2):
        world.people.people.pop(f"p{number}")
    seen = world.seen(picture("twins", number=9))
    assert seen.decision
    assert [each.person_id for each in seen.decision.candidates] == ["p2", "p3", "p4", "p5", "p6"]
    assert len(world.witness.orphans) == 2
