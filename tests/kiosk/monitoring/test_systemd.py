"""The units, and the kiosk's word to systemd over a real socket."""

import configparser
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import pytest

import kiosk
from kiosk.cli import main
from kiosk.monitoring.systemd import Watchdog
from kiosk.visits.events import Counts

UNITS = sorted((Path(kiosk.__file__).parent / "service").glob("*.service"))


@pytest.fixture
def notified(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "notify"))
        listener.setblocking(False)
        yield listener


def said(listener: socket.socket) -> list[str]:
    messages = []
    while True:
        try:
            messages.append(listener.recv(4096).decode())
        except BlockingIOError:
            return messages


def look(watchdog: Watchdog, trouble: str | None = None) -> None:
    camera: Any = SimpleNamespace(trouble=trouble, dropped=0)
    loop: Any = SimpleNamespace(counts=Counts(tracks=2, captures=3))
    watchdog.look(None, camera, loop)


def test_systemd_hears_ready_then_a_sign_of_life_in_half_of_its_limit(
    notified: socket.socket, tmp_path: Path
) -> None:
    now = [0.0]
    environ = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "4000000"}
    watchdog = Watchdog(environ, clock=lambda: now[0])
    for step in range(41):
        now[0] = step / 10
        look(watchdog)
    watchdog.close()
    messages = said(notified)
    assert messages[0] == "READY=1\nWATCHDOG=1\nSTATUS=2 visits, 3 pictures handed in"
    assert [message.split("\n")[0] for message in messages[1:]] == ["WATCHDOG=1", "WATCHDOG=1", "STOPPING=1"]


def test_the_status_names_the_cameras_trouble(notified: socket.socket, tmp_path: Path) -> None:
    look(Watchdog({"NOTIFY_SOCKET": str(tmp_path / "notify")}), trouble="camera 0 gives no pictures")
    assert said(notified)[0].endswith("STATUS=camera 0 gives no pictures")


@pytest.mark.parametrize("environ", [{}, {"NOTIFY_SOCKET": "/nowhere/notify"}, {"NOTIFY_SOCKET": "@gone"}])
def test_without_systemd_nothing_happens(environ: dict[str, str]) -> None:
    watchdog = Watchdog(environ)
    look(watchdog)
    watchdog.close()


def unit(file: Path) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(file)
    return parser


@pytest.mark.parametrize("file", UNITS, ids=lambda file: file.stem)
def test_a_unit_starts_a_command_that_exists(file: Path) -> None:
    program, name, *arguments = unit(file)["Service"]["ExecStart"].split()
    assert program.endswith("/bin/recognizeme")
    context = click.Context(main)
    command = main.get_command(context, name)
    while isinstance(command, click.Group):
        name, *arguments = arguments
        command = command.get_command(click.Context(command), name)
    assert command
    arguments = [argument for argument in arguments if not argument.startswith("$")]
    command.make_context(name, arguments, resilient_parsing=True)
    known = {option for parameter in command.params for option in parameter.opts}
    assert {argument for argument in arguments if argument.startswith("--")} <= known


@pytest.mark.parametrize("file", UNITS, ids=lambda file: file.stem)
def test_a_unit_gives_up_every_right_it_does_not_need(file: Path) -> None:
    service = unit(file)["Service"]
    assert service["CapabilityBoundingSet"] == ""
    assert service["ProtectSystem"] == "strict"
    assert service["NoNewPrivileges"] == service["DynamicUser"] == "yes"
    assert service["Restart"] == "always"


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed")
@pytest.mark.parametrize("file", UNITS, ids=lambda file: file.stem)
def test_systemd_understands_every_line_and_finds_little_exposed(file: Path, tmp_path: Path) -> None:
    instance = tmp_path / file.name.replace("@.", "@front.")
    instance.write_text(file.read_text().replace("/opt/recognizeme/.venv/bin/recognizeme", "/bin/true"))
    verified = subprocess.run(
        ["systemd-analyze", "verify", str(instance)], capture_output=True, text=True, check=False
    )
    assert verified.stderr == ""
    assert verified.returncode == 0
    rated = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--threshold=20", str(instance)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert rated.returncode == 0, rated.stdout.splitlines()[-1]
