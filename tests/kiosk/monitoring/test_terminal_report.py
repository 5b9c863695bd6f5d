"""What the terminal says about what happens."""

import json
from dataclasses import replace

import pytest

from kiosk.client.sighting import Sighting
from kiosk.delivery.outbox import Answer, Capture
from kiosk.monitoring.terminal_report import Report
from kiosk.visits.events import (
    Answered,
    CameraTrouble,
    Captured,
    Counts,
    Event,
    NotKept,
    Origins,
    TooFar,
    TooUnclear,
)

CAPTURE = Capture("c1", "door", b"", "track 1", 0.9)
ADA = Sighting(
    "c1", "door", "", "done", "recognized", person_id="ada", name="Ada [L] Łovelace", similarity_pct=99.93
)
REJECTED = Sighting("c0", "door", "", "done", "rejected", reason="it is no picture")
EVENTS: list[Event] = [
    Captured(CAPTURE, 1.0),
    Answered(Answer("c1", ADA)),
    Answered(Answer("c0", REJECTED, late=True)),
    Answered(Answer("c2", None, late=True, trouble="no answer came in time")),
    NotKept("track 2", "the picture could not be kept: No space left on device"),
    TooFar("track 3", 31, 40),
    TooUnclear("track 4"),
    CameraTrouble("camera 0 gives no pictures; the kiosk keeps trying"),
    CameraTrouble(None),
]  # fmt: skip


def written(capsys: pytest.CaptureFixture[str], *, as_json: bool) -> list[str]:
    report = Report(as_json=as_json)
    for event in EVENTS:
        report.tell(event)
    report.summary(Counts(40, 1, 1, 2, 3, 1))
    return capsys.readouterr().out.splitlines()


def test_a_name_that_runs_right_to_left_turns_nothing_around_it(capsys: pytest.CaptureFixture[str]) -> None:
    Report(as_json=False).tell(Answered(Answer("c1", replace(ADA, name="\u05d0\u05d3\u05d4 \u202eevil"))))
    assert "recognized \u2068\u05d0\u05d3\u05d4 evil\u2069 (99.9 %)" in capsys.readouterr().out


def test_people_read_one_line_an_event(capsys: pytest.CaptureFixture[str]) -> None:
    assert written(capsys, as_json=False) == [
        "track 1: recognized Ada [L] Łovelace (99.9 %)",
        "earlier picture: rejected (it is no picture) (late)",
        "earlier picture: no answer came in time",
        "track 2: the picture could not be kept: No space left on device",
        "track 3: too far away, with a face of 31 px (--min-face-px is 40)",
        "track 4: no face in any picture",
        "camera 0 gives no pictures; the kiosk keeps trying",
        "the camera is back",
        "1 visit, 1 picture handed in, 2 answers, 1 too far away, 0 too unclear (40 frames, 3 dropped)",
    ]


def test_programs_read_one_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    lines = [json.loads(line) for line in written(capsys, as_json=True)]
    assert [line["event"] for line in lines] == [
        "sighting", "sighting", "unanswered", "not_kept", "too_far", "too_unclear", "camera", "camera",
        "summary",
    ]  # fmt: skip
    assert lines[0]["name"] == "Ada [L] Łovelace"
    assert (lines[0]["origin"], lines[0]["late"]) == ("track 1", False)
    assert (lines[1]["origin"], lines[1]["late"]) == (None, True)
    assert lines[-1] == {
        "event": "summary", "frames": 40, "tracks": 1, "captures": 1, "sightings": 2, "dropped_frames": 3,
        "too_far": 1, "too_unclear": 0,
    }  # fmt: skip


def test_a_picture_answered_late_is_still_known_when_its_sighting_comes() -> None:
    origins = Origins()
    origins.note(CAPTURE)
    assert origins.of(Answer("c1", None, late=True)) == "track 1"
    assert origins.of(Answer("c1", ADA, late=True)) == "track 1"
    assert len(origins) == 0


def test_pictures_that_are_never_answered_do_not_fill_the_memory() -> None:
    origins = Origins(most=3)
    for number in range(10):
        origins.note(replace(CAPTURE, capture_id=f"c{number}"))
    assert len(origins) == 3
    assert origins.of(Answer("c9", ADA)) == "track 1"
    assert origins.of(Answer("c6", ADA)) is None
