"""The status file that others read."""

import json
import stat
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kiosk.client.sighting import Sighting
from kiosk.delivery.outbox import Answer, Capture
from kiosk.delivery.spool import SpoolState
from kiosk.monitoring.status_file import StatusFile, state_folder, statuses
from kiosk.vision.detect import YuNet
from kiosk.vision.frame import Box, Detection, Frame
from kiosk.visits.events import Answered, Captured, Counts, Prompted
from tests.kiosk.pictures import room
from tests.kiosk.visits.test_loop import Api, Told, make_loop

START = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


class Camera:
    dropped = 0
    trouble: str | None = None


class Delivery:
    trouble: str | None = "no RecognizeMe API answers"


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path


class Clock:
    """Seconds since the start, and the date that goes with them."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds

    def now(self) -> datetime:
        return START + timedelta(seconds=self.seconds)


def make_status(counts: Counts, clock: Clock, kiosk_id: str = "front") -> StatusFile:
    return StatusFile(
        state_folder(kiosk_id) / "status.json",
        kiosk_id=kiosk_id,
        detector=YuNet.name,
        counts=counts,
        delivery=Delivery(),
        spool=lambda: SpoolState(2, 50_000, 500_000, 0, 0, 0),
        clock=clock,
        now=clock.now,
    )


def test_the_status_says_who_is_there_and_how_things_are_going() -> None:
    loop, clock = make_loop(Told([Detection(Box(80, 60, 80, 90), 0.9)]), Api()), Clock()
    status = make_status(loop.counts, clock)
    for number in range(30):
        frame = Frame(room(320, 240), number / 10, number)
        loop.step(frame)
        clock.seconds += 0.1
        status.look(frame, Camera(), loop)  # type: ignore[arg-type]
    (known,) = statuses()
    assert known["kiosk_id"] == "front"
    assert known["running"] is True
    assert known["started_at"] == "2026-11-23T08:00:00.000Z"
    assert known["delivery_trouble"] == "no RecognizeMe API answers"
    assert known["spool"]["waiting"] == 2
    assert 8 <= known["frames_per_s"] <= 12
    assert known["present"][0]["box"] == {"left": 0.25, "top": 0.25, "width": 0.25, "height": 0.375}


def test_it_is_written_every_other_second_and_not_with_every_frame() -> None:
    loop, clock = make_loop(Told(), Api()), Clock()
    status = make_status(loop.counts, clock)
    written = set()
    for _ in range(100):
        clock.seconds += 0.1
        status.look(None, Camera(), loop)  # type: ignore[arg-type]
        written.add(next(statuses())["updated_at"])
    assert 5 <= len(written) <= 6


def test_a_prompt_and_an_answer_are_written_at_once() -> None:
    """Whoever stands there reads them on a screen, and a prompt holds for five seconds."""
    loop, clock = make_loop(Told(), Api()), Clock()
    status = make_status(loop.counts, clock)
    status.look(None, Camera(), loop)  # type: ignore[arg-type]
    sighting = Sighting("c1", "front", "", "done", "unknown")
    for seconds, event in ((0.1, Prompted("nod")), (0.2, Answered(Answer("c1", sighting)))):
        clock.seconds = seconds
        status.tell(event)
        status.look(None, Camera(), loop)  # type: ignore[arg-type]
        assert next(statuses())["updated_at"] == f"2026-11-23T08:00:00.{round(seconds * 10)}00Z"
    assert next(statuses())["latest"][0]["told_at"] == "2026-11-23T08:00:00.200Z"


def test_the_latest_sightings_come_first_and_are_ten_at_most() -> None:
    status = make_status(Counts(), Clock())
    for number in range(15):
        capture_id = f"c{number}"
        status.tell(Captured(Capture(capture_id, "front", b"", f"track {number}"), 0.0))
        status.tell(Answered(Answer(capture_id, Sighting(capture_id, "front", "", "done", "unknown"))))
    status.close()
    (known,) = statuses()
    assert [latest["origin"] for latest in known["latest"]] == [f"track {n}" for n in range(14, 4, -1)]


def test_a_kiosk_that_stopped_says_so() -> None:
    counts = Counts()
    status = make_status(counts, Clock())
    counts.captures = 7
    status.close()
    (known,) = statuses()
    assert known["running"] is False
    assert known["captures"] == 7


def test_only_its_owner_reads_it() -> None:
    make_status(Counts(), Clock()).close()
    mode = (state_folder("front") / "status.json").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600


def test_a_disk_that_cannot_be_written_costs_the_status_only() -> None:
    status = make_status(Counts(), Clock())
    (state_folder("front") / "status.json.part").mkdir(parents=True)
    status.close()
    assert list(statuses()) == []


def test_a_state_folder_that_cannot_be_made_costs_the_status_only(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (state / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(state / "file"))
    make_status(Counts(), Clock()).close()
    assert list(statuses()) == []


ADA = Sighting(
    "c1", "front", "", "done", "recognized", person_id="ada-1815", name="Ada Lovelace", similarity_pct=99.9
)


@pytest.mark.parametrize("stops", [True, False])
def test_after_a_minute_or_the_end_the_file_has_nobodys_name_or_id(stops: bool) -> None:
    clock = Clock()
    status = make_status(Counts(), clock)
    loop = make_loop(Told(), Api())
    status.tell(Answered(Answer("c1", replace(ADA, correction={"person_id": "ada-1815"}))))
    status.look(None, Camera(), loop)  # type: ignore[arg-type]
    file = state_folder("front") / "status.json"
    assert b"Ada Lovelace" in file.read_bytes()
    clock.seconds += 1 if stops else 62
    status.close() if stops else status.look(None, Camera(), loop)  # type: ignore[arg-type]
    written = file.read_bytes()
    assert b"Ada Lovelace" not in written
    assert b"ada-1815" not in written
    assert json.loads(written)["latest"][0]["sighting"]["outcome"] == "recognized"


def test_several_kiosks_are_listed_and_a_broken_file_is_passed_over(state: Path) -> None:
    for kiosk_id in ("front", "back"):
        make_status(Counts(), Clock(), kiosk_id).close()
    broken = state_folder("broken") / "status.json"
    broken.parent.mkdir(parents=True)
    broken.write_text("{")
    (state_folder("list") / "status.json").parent.mkdir(parents=True)
    (state_folder("list") / "status.json").write_text(json.dumps([]))
    assert [status["kiosk_id"] for status in statuses()] == ["back", "front"]
