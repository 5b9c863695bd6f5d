"""The checks against real folders, files and a real HTTP server."""

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from click.testing import CliRunner, Result

from kiosk.cli import main
from kiosk.client.capture_id import new_capture_id
from kiosk.commands.diagnostics import Finding, check_clock
from kiosk.delivery.outbox import Capture
from kiosk.delivery.spool import Spool
from tests.kiosk.api_server import ApiServer, Fault

pytestmark = pytest.mark.integration


@pytest.fixture(autouse=True)
def _home_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.delenv("RECOGNIZEME_YUNET_MODEL", raising=False)


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    file = tmp_path / "clip.avi"
    writer = cv2.VideoWriter(str(file), cv2.VideoWriter_fourcc(*"MJPG"), 10, (160, 120))  # type: ignore[attr-defined]
    for _ in range(3):
        writer.write(np.zeros((120, 160, 3), np.uint8))
    writer.release()
    return file


def doctor(url: str, *arguments: str) -> tuple[Result, dict[str, dict[str, Any]]]:
    result = CliRunner().invoke(main, ["doctor", "--api", url, "--json", *arguments])
    checks = [json.loads(line) for line in result.stdout.splitlines()]
    return result, {check["name"]: check for check in checks}


def test_a_machine_that_is_fit_passes(server: ApiServer, clip: Path, tmp_path: Path) -> None:
    result, checks = doctor(server.url, "--source", str(clip), "--spool", str(tmp_path / "spool"))
    assert result.exit_code == 0, result.output
    assert list(checks) == ["model", "camera", "disk", "spool", "api", "credentials", "clock"]
    assert checks["camera"]["detail"] == "160x120 pixels"
    assert checks["api"]["detail"].endswith("version 0.1.0")
    assert {name for name, check in checks.items() if check["finding"] != "ok"} <= {"disk"}


def test_whatever_is_wrong_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    result, checks = doctor(
        "http://127.0.0.1:9",
        "--source",
        str(tmp_path / "nothing.mp4"),
        "--yunet-model",
        str(tmp_path / "no.onnx"),
    )
    assert result.exit_code == 1
    assert {name for name, check in checks.items() if check["finding"] == "failure"} == {
        "model",
        "camera",
        "api",
    }
    assert all(check["remedy"] for check in checks.values() if check["finding"] != "ok")


def test_a_camera_that_is_not_there_fails(server: ApiServer) -> None:
    _, checks = doctor(server.url, "--source", "http://127.0.0.1:9/stream")
    assert checks["camera"]["finding"] == "failure"


def test_wrong_credentials_are_told_from_no_api(server: ApiServer) -> None:
    server.faults = lambda method, path: Fault(status=401)
    _, checks = doctor(server.url)
    assert checks["api"]["finding"] == "ok"
    assert checks["credentials"]["finding"] == "failure"
    assert "RECOGNIZEME_TOKEN" in checks["credentials"]["remedy"]


def test_the_credentials_of_a_door_are_good_although_it_may_not_list_people(server: ApiServer) -> None:
    server.faults = lambda method, path: Fault(status=403) if path == "/people" else None
    _, checks = doctor(server.url)
    assert checks["credentials"]["finding"] == "ok"
    assert checks["credentials"]["detail"] == "the API accepts them, for a door"


def test_pictures_that_were_refused_are_pointed_to(server: ApiServer, tmp_path: Path) -> None:
    folder = tmp_path / "spool"
    spool = Spool(folder)
    capture = Capture(new_capture_id(), "front", b"picture", "track 1")
    spool.add(capture)
    spool.refuse(capture.capture_id, "no")
    spool.close()
    _, checks = doctor(server.url, "--spool", str(folder))
    assert checks["spool"]["detail"] == "0 waiting, 1 refused, 0 damaged, 0 dropped"
    assert str(folder) in checks["spool"]["remedy"]


@pytest.mark.parametrize(
    ("ahead_s", "finding"),
    [
        (0.5, Finding.OK),
        (-1.5, Finding.OK),
        (30, Finding.WARNING),
        (-3600, Finding.FAILURE),
        (None, Finding.WARNING),
    ],
)
def test_a_clock_that_is_off_is_seen(ahead_s: float | None, finding: Finding) -> None:
    class Api:
        def clock_ahead_s(self, *, timeout_s: float) -> float | None:
            return ahead_s

    assert check_clock(Api()).finding is finding  # type: ignore[arg-type]


def test_the_clock_is_compared_with_the_servers(server: ApiServer) -> None:
    from kiosk.client.wire import Wire

    wire = Wire(server.url, token=None, timeout_s=5)
    real_s = wire.clock_ahead_s(timeout_s=5)
    assert real_s is not None
    assert abs(real_s) < 1.5
    an_hour_back = wire.clock_ahead_s(timeout_s=5, unix_s=lambda: __import__("time").time() - 3600)
    assert an_hour_back is not None
    assert abs(an_hour_back + 3600) < 1.5


def test_the_collection_is_looked_through_instead_when_asked(server: ApiServer) -> None:
    result = CliRunner().invoke(main, ["doctor", "--api", server.url, "--collection"])
    assert result.exit_code == 0, result.output
    assert "12 faces in the collection; 1 of people who do not exist are being removed" in result.output
    assert "--remove-orphans" in result.output
    result = CliRunner().invoke(main, ["doctor", "--api", server.url, "--remove-orphans"])
    assert "3 of people who do not exist are being removed, and 0 belong" in result.output


def test_vectors_are_built_until_all_faces_are_part_of_one(server: ApiServer) -> None:
    server.apart = 12
    result = CliRunner().invoke(main, ["doctor", "--api", server.url, "--build-users"])
    assert result.exit_code == 0
    assert "12 faces became part of their person's vector" in result.output
    assert server.apart == 0
