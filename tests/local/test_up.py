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

from kiosk.client.api import ApiClient
from kiosk.client.capture_id import new_capture_id
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
    assert not any(child.is_running() for child in children)


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


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux answers on all of 127.0.0.0/8")
def test_a_network_address_lets_only_holders_of_the_token_in(
    data: Path, ups: list[Up], monkeypatch: pytest.MonkeyPatch
) -> None:
    from kiosk.client.errors import Unauthorized

    monkeypatch.setenv("RECOGNIZEME_TOKEN", "a-long-random-word")
    ups.append(Up(data, "--host", "127.0.0.2"))
    assert ups[0].url.startswith("http://127.0.0.2:")
    with ApiClient(ups[0].url) as stranger, pytest.raises(Unauthorized):
        stranger.health()
    with ApiClient(ups[0].url, token="a-long-random-word") as friend:
        assert friend.health()["status"] == "ok"
        sighting = friend.hand_in(
            HOPPER.read_bytes(), kiosk_id="k", capture_id=new_capture_id(), timeout_s=60
        )
    assert sighting.outcome == "unknown"
    stops_cleanly_and_soon(ups[0], signal.SIGINT)
