"""`recognizeme kiosk` from the command line, against an API that follows docs/api.md."""

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from kiosk.cli import main
from tests.kiosk.api_server import ApiServer
from tests.kiosk.pictures import astronaut, jpeg, noisy, room, with_visitor, write_clip

pytestmark = pytest.mark.integration

Kiosk = Callable[..., Result]


@pytest.fixture
def kiosk(server: ApiServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Kiosk:
    """Runs the command with a state folder of its own."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.delenv("RECOGNIZEME_YUNET_MODEL", raising=False)

    def run(*options: str) -> Result:
        return CliRunner().invoke(main, ["--api", server.url, "kiosk", *options], catch_exceptions=False)

    return run


@pytest.fixture
def visit(tmp_path: Path) -> Path:
    """A clip of somebody who walks through an empty room."""
    scene = room(320, 240)
    lefts = [*range(-160, 320, 16), *[320] * 20]
    images = [noisy(with_visitor(scene, left), seed=n, sigma=3) for n, left in enumerate(lefts)]
    return write_clip(tmp_path / "visit.avi", images, fps=10)


def events(result: Result) -> list[dict[str, object]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


@pytest.mark.parametrize("path", ["upload", "immediate"])
def test_a_clip_of_a_visit_prints_one_sighting_and_a_summary(
    kiosk: Kiosk, server: ApiServer, visit: Path, path: str
) -> None:
    result = kiosk("--source", str(visit), "--json", "--path", path, "--kiosk-id", "front")
    assert result.exit_code == 0
    sighting, summary = events(result)
    assert (sighting["event"], sighting["outcome"], sighting["kiosk_id"]) == ("sighting", "unknown", "front")
    assert (sighting["origin"], sighting["late"]) == ("track 1", False)
    assert summary == {
        "event": "summary", "frames": 50, "tracks": 1, "captures": 1, "sightings": 1, "dropped_frames": 0,
        "too_far": 0, "too_unclear": 0,
    }  # fmt: skip
    assert len(server.sightings) == 1


def test_a_folder_is_handed_in_picture_by_picture(kiosk: Kiosk, tmp_path: Path) -> None:
    folder = tmp_path / "visits"
    folder.mkdir()
    for name, data in (("1.jpg", jpeg(astronaut())), ("2.txt", b"no picture"), ("3.jpg", jpeg(room()))):
        (folder / name).write_bytes(data)
    result = kiosk("--source", str(folder), "--json")
    *sightings, summary = events(result)
    assert [sighting["origin"] for sighting in sightings] == ["1.jpg", "2.txt", "3.jpg"]
    assert (summary["captures"], summary["sightings"]) == (3, 3)


def test_pictures_that_could_not_be_delivered_are_delivered_by_the_next_start(
    kiosk: Kiosk, server: ApiServer, tmp_path: Path
) -> None:
    picture = tmp_path / "visit.jpg"
    picture.write_bytes(jpeg(astronaut()))
    nobody = ["--api", "http://127.0.0.1:1"]
    result = kiosk("--source", str(picture), "--json", "--answer-s", "0.3", *nobody)
    assert [event["event"] for event in events(result)] == ["unanswered", "summary"]
    assert "still on disk: 1 picture;" in result.stderr
    result = kiosk("--source", str(picture), "--json")
    sightings = {event["origin"]: event["late"] for event in events(result) if event["event"] == "sighting"}
    assert sightings.pop("visit.jpg") is False
    assert sightings in ({}, {None: True})  # the earlier one, when it was the faster
    kept = tmp_path / "state" / "recognizeme" / "kiosks" / "kiosk" / "spool" / "waiting"
    assert len(server.sightings) + len(list(kept.glob("*.json"))) == 2


@pytest.mark.parametrize("given", ["file", "environment"])
def test_a_source_with_a_password_need_not_be_on_the_command_line(
    kiosk: Kiosk, visit: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    (tmp_path / "source").write_text(f"{visit}\n# the camera at the door\n")
    if given == "environment":
        monkeypatch.setenv("RECOGNIZEME_SOURCE", str(visit))
    result = kiosk("--json", *(["--source-file", str(tmp_path / "source")] if given == "file" else []))
    assert [event["event"] for event in events(result)] == ["sighting", "summary"]


def test_after_a_visit_nothing_on_the_disk_or_in_the_log_says_who_it_was(
    kiosk: Kiosk, server: ApiServer, visit: Path, tmp_path: Path
) -> None:
    """Whoever is forgotten in the API is forgotten here, too: nothing has to be deleted."""
    server.everybody = "ada1815"
    server.people["ada1815"] = {"person_id": "ada1815", "name": "Ada Lovelace"}
    policy = tmp_path / "policy.toml"
    policy.write_text('[[allow]]\npeople = ["*"]')
    policy.chmod(0o600)
    acts = ["--policy", str(policy), "--on", "recognized=command:/bin/true"]
    result = kiosk("--source", str(visit), "--json", "--no-names", *acts)
    assert events(result)[0]["outcome"] == "recognized"
    files = [file for file in (tmp_path / "state").rglob("*") if file.is_file()]
    assert {"status.json", "decisions.jsonl", "actions.jsonl"} <= {file.name for file in files}
    for written in [result.output.encode(), *(file.read_bytes() for file in files)]:
        assert b"ada1815" not in written
        assert b"Lovelace" not in written


def test_without_a_policy_of_its_own_a_kiosk_follows_the_offices_and_goes_on_with_it(
    kiosk: Kiosk, server: ApiServer, visit: Path, tmp_path: Path
) -> None:
    server.everybody = "ada"
    options = ("--source", str(visit), "--kiosk-id", "front", "--on", "recognized=command:/bin/true")

    def decided() -> list[tuple[bool, str | None]]:
        kiosk(*options)
        (file,) = (tmp_path / "state").rglob("decisions.jsonl")
        decisions = [json.loads(line) for line in file.read_text().splitlines()]
        return [(decision["allowed"], decision["policy_version"]) for decision in decisions]

    assert decided() == [(False, None)]  # the office has said nothing
    server.policy = {"groups": ["*"], "openings": [], "time_zone": "UTC", "version": "v1", "is_set": True}
    assert decided() == [(False, None), (True, "v1")]
    server.policy = None  # it cannot be had any more
    assert decided() == [(False, None), (True, "v1"), (True, "v1")]


@pytest.mark.parametrize(
    ("mode", "said"),
    [(0o602, "can be changed by others; run: chmod go-w"), (0o620, "can be changed by others")],
)
def test_a_policy_that_others_can_change_is_refused(
    kiosk: Kiosk, visit: Path, tmp_path: Path, mode: int, said: str
) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text('[[allow]]\npeople = ["*"]')
    policy.chmod(mode)
    result = kiosk("--source", str(visit), "--policy", str(policy), "--on", "recognized=command:/bin/true")
    assert result.exit_code == 1
    assert said in result.stderr


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([], "say what to watch"),
        (["--source", "nobody.jpg"], "there is no nobody.jpg"),
        (["--source", "rtsp:/admin:secret@camera/1"], "there is no rtsp:/admin:...@camera/1"),
        (["--source", "0", "--source-file", "x"], "not both"),
        (["--source-file", "nobody.txt"], "the source file nobody.txt cannot be read: No such file"),
        (["--source-file", "/dev/null"], "has nothing on its first line"),
        (["--source", "."], "holds no pictures"),
        (["--source", "0", "--zone", "0,0,2,1"], "must lie inside the picture"),
        (["--source", "0", "--zone", "left"], "must be four numbers such as 0.25,0,0.5,1"),
        (["--source", "0", "--size", "big"], "must be a size such as 1280x720"),
        (["--source", "0", "--kiosk-id", "../../etc"], "must be 1 to 64 of the characters"),
        (["--source", "0", "--yunet-model", "none.onnx"], "there is no YuNet model at none.onnx"),
    ],
)
def test_what_cannot_work_is_said_in_one_sentence(
    kiosk: Kiosk, options: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = kiosk(*options)
    assert result.exit_code != 0
    assert said in result.stderr
    assert "Traceback" not in result.output


def test_two_kiosks_do_not_share_a_spool(kiosk: Kiosk, visit: Path, tmp_path: Path) -> None:
    from kiosk.delivery.spool import Spool

    spool = Spool(tmp_path / "spool")
    result = kiosk("--source", str(visit), "--spool", str(tmp_path / "spool"))
    spool.close()
    assert result.exit_code == 1
    assert "another kiosk uses" in result.stderr


def started(server: ApiServer, tmp_path: Path, *options: str, pipe: bool = False) -> subprocess.Popen[bytes]:
    environ = {**os.environ, "XDG_STATE_HOME": str(tmp_path / "state")}
    environ.pop("RECOGNIZEME_YUNET_MODEL", None)
    return subprocess.Popen(
        [sys.executable, "-m", "kiosk", "--api", server.url, "kiosk", "--json", *options],
        stdin=subprocess.PIPE if pipe else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environ,
    )


def test_mjpeg_on_standard_input_is_watched_until_it_ends(server: ApiServer, tmp_path: Path) -> None:
    process = started(server, tmp_path, "--source", "-", pipe=True)
    scene = with_visitor(room(320, 240), 60)
    assert process.stdin is not None
    assert process.stdout is not None
    written, answered = 0, False
    while not answered and written < 400:  # how many a busy machine drops is not what this is about
        process.stdin.write(jpeg(noisy(scene, seed=written)))
        process.stdin.flush()
        written += 1
        answered = bool(select.select([process.stdout], [], [], 0.15)[0])
    out, _ = process.communicate(timeout=30)
    sighting, *_, summary = (json.loads(line) for line in out.splitlines())
    assert sighting["event"] == "sighting"
    assert summary["frames"] + summary["dropped_frames"] == written


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_watching_with_a_summary(
    server: ApiServer, tmp_path: Path, how: signal.Signals
) -> None:
    process = started(server, tmp_path, "--source", "-", pipe=True)
    assert process.stdin is not None
    process.stdin.write(jpeg(np.zeros((240, 320, 3), np.uint8)))
    process.stdin.flush()
    status = tmp_path / "state" / "recognizeme" / "kiosks" / "kiosk" / "status.json"
    for _ in range(200):
        if status.exists():
            break
        time.sleep(0.05)
    process.send_signal(how)
    out, _ = process.communicate(timeout=30)
    assert json.loads(out.splitlines()[-1])["event"] == "summary"
    assert process.returncode == 0
    assert json.loads(status.read_text())["running"] is False
