"""`recognizeme-local up` as a process: stopping, being killed, and what is there afterwards."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from click.testing import CliRunner

from kiosk.client.api import ApiClient
from kiosk.client.capture_id import new_capture_id
from kiosk.client.errors import Unauthorized
from local.cli import main
from tests.local.runtime.test_functions import environment, eventually
from tests.portraits import ASTRONAUT, HOPPER

pytestmark = pytest.mark.integration

RUN = "import sys; from local.cli import main; main(['up', *sys.argv[1:]])"


class Up:
    """A running `up` on free ports."""

    def __init__(self, data: Path, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", RUN, "--json", "--no-web", "--port", "0", "--data", str(data), *arguments],
            env=environment(data),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout
        line = self.process.stdout.readline()
        assert line, self.process.communicate()[1]
        self.url: str = json.loads(line)["api"]

    def children(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)


@pytest.fixture
def ups() -> Iterator[list[Up]]:
    started: list[Up] = []
    yield started
    for up in started:
        up.process.kill()
        up.process.communicate()


def stops_cleanly_and_soon(up: Up, number: int) -> None:
    children = up.children()
    assert len(children) >= 5
    began = time.monotonic()
    up.process.send_signal(number)
    assert up.process.wait(30) == 0
    assert time.monotonic() - began < 15  # a second, when nothing else runs
    assert not psutil.wait_procs(children, timeout=5)[1]


def test_what_was_acknowledged_survives_a_killed_host_and_nothing_of_it_stays_behind(
    data: Path, ups: list[Up]
) -> None:
    ups.append(Up(data))
    captures = [new_capture_id() for _ in range(6)]
    with ApiClient(ups[0].url) as api:
        api.put_person("collins", name="Eileen Collins")
        api.enroll_photo("collins", "1.png", ASTRONAUT.read_bytes(), content_type="image/png")
        for capture_id in captures:
            api.upload(ASTRONAUT.read_bytes(), kiosk_id="k", capture_id=capture_id, content_type="image/png")
    children = ups[0].children()
    ups[0].process.kill()
    ups[0].process.wait()
    assert eventually(lambda: not any(child.is_running() for child in children))

    ups.append(Up(data))
    with ApiClient(ups[1].url) as api:
        for capture_id in captures:
            assert api.await_sighting(capture_id, timeout_s=60).name == "Eileen Collins"
        assert api.stats()["total"]["outcomes"]["recognized"] == len(captures)
    stops_cleanly_and_soon(ups[1], signal.SIGTERM)


def token(data: Path, *arguments: str) -> str:
    """What `recognizeme-local token` prints."""
    result = CliRunner().invoke(main, ["token", *arguments, "--data", str(data)])
    assert result.exit_code == 0, result.output
    return result.stdout.strip()


def test_tokens_are_added_and_revoked_while_the_stack_runs(data: Path, ups: list[Up]) -> None:
    ups.append(Up(data))
    everybody, url = ApiClient(ups[0].url), ups[0].url
    everybody.put_person("ada", name="Ada Lovelace")

    door = token(data, "add", "--role", "door", "--kiosk", "front")
    manager = token(data, "add", "--role", "manager")
    (of_door,) = [line.split()[0] for line in token(data, "list").splitlines() if " door front " in line]
    assert door not in token(data, "list")

    with pytest.raises(Unauthorized):
        everybody.person("ada")
    with ApiClient(url, token=door) as front:
        capture_id = new_capture_id()
        assert front.hand_in(HOPPER.read_bytes(), kiosk_id="front", capture_id=capture_id, timeout_s=60)
        front.heartbeat("front", {})
        for forbidden in (
            lambda: front.heartbeat("back", {}),
            lambda: front.sighting(capture_id),
            lambda: front.person("ada"),
        ):
            with pytest.raises(Unauthorized):
                forbidden()
        token(data, "revoke", of_door)
        with pytest.raises(Unauthorized):
            front.heartbeat("front", {})
    with ApiClient(url, token=manager) as office:
        assert office.person("ada")["name"] == "Ada Lovelace"
        with pytest.raises(Unauthorized):
            office.replay(limit=1)
    everybody.close()


@pytest.mark.parametrize(
    "arguments",
    [("--role", "door"), ("--role", "manager", "--kiosk", "front"), ("--role", "door", "--kiosk", "a/b")],
    ids=str,
)
def test_a_doors_token_names_its_kiosk_and_no_other_does(data: Path, arguments: tuple[str, ...]) -> None:
    result = CliRunner().invoke(main, ["token", "add", *arguments, "--data", str(data)])
    assert result.exit_code != 0
    assert "kiosk" in result.output
    assert "Traceback" not in result.output


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2"])
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux answers on all of 127.0.0.0/8")
def test_a_stack_with_a_token_lets_only_its_holders_in(
    data: Path, ups: list[Up], monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    monkeypatch.setenv("RECOGNIZEME_TOKEN", "a-long-random-word")
    ups.append(Up(data, "--host", host))
    assert ups[0].url.startswith(f"http://{host}:")
    with ApiClient(ups[0].url) as stranger, pytest.raises(Unauthorized):
        stranger.health()
    with ApiClient(ups[0].url, token="a-long-random-word") as friend:
        assert friend.health()["status"] == "ok"
        sighting = friend.hand_in(
            HOPPER.read_bytes(), kiosk_id="k", capture_id=new_capture_id(), timeout_s=60
        )
    assert sighting.outcome == "unknown"
    stops_cleanly_and_soon(ups[0], signal.SIGINT)
