"""The three distributions as somebody installs them: built, checked, each alone in an environment of its own.

Every environment lies outside the repository and has the versions of requirements/dev.txt; `make dist-test`.
"""

import os
import re
import subprocess
import sys
import zipfile
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.portraits import ASTRONAUT

ROOT = Path(__file__).parents[2]
UV = ROOT / ".venv" / "bin" / "uv"
TWINE = ROOT / ".venv-dist" / "bin" / "twine"
LOCK = ROOT / "requirements" / "dev.txt"

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


class Installed(NamedTuple):
    """Where a distribution's commands are, and a folder to run them in that has nothing of the repository."""

    bin: Path
    folder: Path

    def run(self, *command: str, status: int = 0) -> str:
        return run(str(self.bin / command[0]), *command[1:], folder=self.folder, status=status)


def run(*command: str, folder: Path, status: int = 0, **environment: str) -> str:
    kept = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("AWS_", "RECOGNIZEME_", "REKOLOCAL_")) and key != "VIRTUAL_ENV"
    }
    done = subprocess.run(
        command,
        cwd=folder,
        env={**kept, "XDG_STATE_HOME": str(folder / "state"), **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == status, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    run(
        *(str(UV), "build", "--quiet", "--all-packages", "--no-build-isolation", "--python", sys.executable),
        *("--out-dir", str(folder)),
        folder=ROOT,
    )
    return folder


def installed_tool(dist: Path, folder: Path, *packages: str) -> Installed:
    """As README installs an application."""
    run(
        *(str(UV), "tool", "install", "--quiet", "--python", sys.executable),
        *("--find-links", str(dist), "--constraints", str(LOCK), *packages),
        folder=folder,
        UV_TOOL_DIR=str(folder / "tools"),
        UV_TOOL_BIN_DIR=str(folder / "bin"),
    )
    return Installed(folder / "bin", folder)


def test_each_is_what_a_registry_accepts(dist: Path) -> None:
    files = sorted(map(str, dist.glob("re*")))

    assert len(files) == 6
    run(str(TWINE), "check", "--strict", *files, folder=dist)


def test_no_file_is_in_two_wheels_and_rekolocal_puts_nothing_else_at_the_top(dist: Path) -> None:
    content = {wheel.name: zipfile.ZipFile(wheel).namelist() for wheel in dist.glob("*.whl")}
    (rekolocal,) = (names for wheel, names in content.items() if wheel.startswith("rekolocal"))

    assert [name for name, count in Counter(sum(content.values(), [])).items() if count > 1] == []
    assert {name.split("/")[0].partition("-")[0] for name in rekolocal} == {"rekolocal"}


def test_every_source_file_of_the_repository_is_in_a_wheel(dist: Path) -> None:
    packed = {name for wheel in dist.glob("*.whl") for name in zipfile.ZipFile(wheel).namelist()}
    kept = run("git", "ls-files", "functions", "kiosk", "local", "rekolocal", folder=ROOT).split()
    left_out = re.compile(r"functions/[^/]*$|(kiosk|rekolocal)/(README.md|pyproject.toml)$")

    assert {path.removeprefix("functions/") for path in kept if not left_out.match(path)} <= packed


@pytest.mark.parametrize("python", ["3.11", "3.13"])
@pytest.mark.parametrize("package", ["rekolocal", "recognizeme-kiosk[web]", "recognizeme"])
def test_everything_has_wheels_for_a_raspberry_pi(
    dist: Path, package: str, python: str, tmp_path: Path
) -> None:
    (tmp_path / "wanted.in").write_text(package)

    run(
        *(str(UV), "pip", "compile", "--quiet", "--find-links", str(dist), "--constraints", str(LOCK)),
        *("--python-platform", "aarch64-unknown-linux-gnu", "--python-version", python),
        *("--only-binary", ":all:", "wanted.in"),
        folder=tmp_path,
    )


def test_rekolocal_alone_serves_and_brings_its_fixture(dist: Path, tmp_path: Path) -> None:
    environment = tmp_path / "venv"
    run(str(UV), "venv", "--quiet", "--python", sys.executable, str(environment), folder=tmp_path)
    run(
        *(str(UV), "pip", "install", "--quiet", "--python", str(environment / "bin" / "python")),
        *("--find-links", str(dist), "--constraints", str(LOCK), "rekolocal", "pytest"),
        folder=tmp_path,
    )
    rekolocal = Installed(environment / "bin", tmp_path)
    (tmp_path / "test_door.py").write_text(
        "def test_a_collection_is_made(rekolocal):\n"
        "    rekolocal.client.create_collection(CollectionId='employees')\n"
        "    assert rekolocal.client.list_collections()['CollectionIds'] == ['employees']\n"
    )

    assert "1 passed" in rekolocal.run("pytest", "-q", "test_door.py")
    served = rekolocal.run(
        "python", "-c", SERVE, str(rekolocal.bin / "rekolocal"), "serve", "--memory", "--port", "0"
    )
    assert served.startswith("rekolocal listens on http://127.0.0.1:")


# Starts a command, says its first line and ends it.
SERVE = """
import subprocess, sys
with subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE, text=True) as server:
    print(server.stdout.readline(), end="")
    server.terminate()
"""


def test_the_kiosk_alone_watches_a_picture_and_says_how_the_page_is_installed(
    dist: Path, tmp_path: Path
) -> None:
    kiosk = installed_tool(dist, tmp_path, "recognizeme-kiosk")

    watched = kiosk.run(
        *("recognizeme", "--api", "http://127.0.0.1:9", "kiosk", "--source", str(ASTRONAUT)),
        *("--answer-s", "1", "--json"),
    )
    assert '"tracks": 1, "captures": 1,' in watched
    assert "recognizeme-kiosk[web]" in kiosk.run("recognizeme", "web", status=1)


def test_the_whole_plays_the_demo_outside_the_repository(dist: Path, tmp_path: Path) -> None:
    whole = installed_tool(
        *(dist, tmp_path, "recognizeme[demo]", "--with-executables-from", "recognizeme-kiosk,rekolocal")
    )

    assert "outcomes as expected" in whole.run("recognizeme-local", "demo")
    assert {"recognizeme", "recognizeme-local", "rekolocal"} <= {path.name for path in whole.bin.iterdir()}
