"""The real kiosk and the real stack, killed: what was on disk becomes one sighting each, nothing twice."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from kiosk.client.api import ApiClient
from kiosk.client.capture_id import captured_at, new_capture_id
from kiosk.client.errors import NotFound
from kiosk.delivery.outbox import Capture
from kiosk.delivery.spool import Spool
from kiosk.delivery.uploader import Backoff, Uploader
from tests.kiosk.api_server import ApiServer, Fault
from tests.kiosk.delivery.fault_proxy import Failing, FaultProxy
from tests.kiosk.pictures import astronaut, jpeg, noisy, room, with_visitor, write_clip

pytestmark = pytest.mark.integration

IMPATIENT = Backoff(first_s=0.05, cap_s=0.5)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty visits of less than a second, with two and a half seconds of an empty room between them."""
    empty = [noisy(room(), seed=seed) for seed in range(5)]
    visitor = [noisy(with_visitor(room(), 60), seed=seed) for seed in range(5)]
    images = [*(empty * 5), *(visitor + visitor[:3])] * 20
    return write_clip(tmp_path_factory.mktemp("clip") / "visits.avi", images)


class Kiosk:
    """A running `recognizeme kiosk` in front of a clip."""

    def __init__(self, clip: Path, spool: Path, url: str) -> None:
        environment = {**os.environ, "XDG_STATE_HOME": str(spool.parent), "XDG_CACHE_HOME": str(spool.parent)}
        self.process = subprocess.Popen(
            [
                *(
                    sys.executable,
                    "-m",
                    "kiosk",
                    "kiosk",
                    "--json",
                    "--kiosk-id",
                    "front",
                    "--answer-s",
                    "0.1",
                ),
                *("--source", str(clip), "--spool", str(spool), "--api", url),
            ],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


def on_disk(spool: Path) -> set[str]:
    return {file.stem for file in (spool / "waiting").glob("*.json")}


def deliver_the_rest(spool_folder: Path, url: str, *, timeout_s: float = 30) -> None:
    spool = Spool(spool_folder)
    with ApiClient(url) as api, Uploader(spool, api, backoff=IMPATIENT) as uploader:
        assert uploader.wait_until_empty(timeout_s=timeout_s)
    state = spool.state()
    spool.close()
    assert (state.waiting, state.refused, state.damaged, state.dropped) == (0, 0, 0, 0)


@pytest.mark.parametrize("kills", [3, pytest.param(60, marks=[pytest.mark.slow, pytest.mark.timeout(1800)])])
def test_a_kiosk_killed_while_a_clip_plays_loses_nothing_and_sends_nothing_twice(
    server: ApiServer, clip: Path, tmp_path: Path, kills: int
) -> None:
    chance = random.Random(kills)
    server.faults = lambda method, path: Fault(status=503) if chance.random() < 0.7 else None
    spool = tmp_path / "spool"
    kept: set[str] = set()
    for _ in range(kills):
        kiosk = Kiosk(clip, spool, server.url)
        begun = len(kept)
        until_s = time.monotonic() + 20
        while len(kept | on_disk(spool)) == begun and time.monotonic() < until_s:
            time.sleep(0.01)
        time.sleep(chance.uniform(0, 0.6))
        kiosk.kill()
        kept |= on_disk(spool)
    server.faults = lambda method, path: None
    deliver_the_rest(spool, server.url)

    assert len(kept) >= kills
    assert kept <= set(server.sightings)
    assert set(server.paid_calls.values()) == {1}


def test_a_kiosk_told_to_stop_says_what_it_did_and_leaves_what_waits(clip: Path, tmp_path: Path) -> None:
    spool = tmp_path / "spool"
    kiosk = Kiosk(clip, spool, "http://127.0.0.1:9")
    until_s = time.monotonic() + 20
    while not on_disk(spool):
        assert time.monotonic() < until_s
        time.sleep(0.01)
    kiosk.process.send_signal(signal.SIGTERM)
    assert kiosk.process.wait(10) == 0
    assert on_disk(spool)


class Stack:
    """The local stack as processes, started again on the same port."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._port = 0
        self.start()

    def start(self) -> None:
        program = "import sys; from local.cli import main; main(sys.argv[1:])"
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-c", program, "up", "--json", "--no-web"),
                *("--port", str(self._port), "--data", str(self._data)),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self._process.stdout
        line = self._process.stdout.readline()
        assert line, "the stack did not start"
        self.url: str = json.loads(line)["api"]
        self._port = int(self.url.rsplit(":", 1)[1])

    def kill(self) -> None:
        """End everything at once, as a power cut does."""
        family = [
            psutil.Process(self._process.pid),
            *psutil.Process(self._process.pid).children(recursive=True),
        ]
        for process in family:
            process.kill()
        self._process.wait()


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    stack = Stack(tmp_path / "data")
    yield stack
    stack.kill()


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_stack_killed_between_upload_and_answer_still_gives_one_sighting_each(
    stack: Stack, tmp_path: Path
) -> None:
    spool = Spool(tmp_path / "spool")
    picture = jpeg(astronaut())
    chance = random.Random(1)
    proxy = FaultProxy(
        int(stack.url.rsplit(":", 1)[1]),
        lambda: (
            chance.choice([Failing.ANSWER_LOST, Failing.CUT_ANSWER, Failing.CUT_REQUEST])
            if chance.random() < 0.2
            else Failing.NOT
        ),
    )
    captures = []
    with proxy.running(), ApiClient(proxy.url, timeout_s=1.0) as api:
        uploader = Uploader(spool, api, backoff=IMPATIENT, answer_s=2.0)
        with uploader:
            for _ in range(5):
                for _ in range(6):
                    captures.append(new_capture_id())
                    uploader.hand_in(Capture(captures[-1], "front", picture, "track 1"))
                time.sleep(chance.uniform(0.05, 0.8))
                stack.kill()
                time.sleep(0.3)
                stack.start()
            assert uploader.wait_until_empty(timeout_s=120)
            answered = [answer.capture_id for answer in uploader.answers() if answer.sighting]
    assert sorted(answered) == sorted(captures)
    with ApiClient(stack.url) as api:
        listed = [sighting.capture_id for sighting in api.sightings(kiosk_id="front")]
        assert sorted(listed) == sorted(captures)
        assert {api.sighting(capture_id).status for capture_id in captures} == {"done"}
    spool.close()


@pytest.mark.slow
def test_on_the_real_stack_a_capture_of_a_clock_set_back_an_hour_is_one_sighting(
    stack: Stack, tmp_path: Path
) -> None:
    now_s = [time.time()]
    spool = Spool(tmp_path / "spool", unix_s=lambda: now_s[0])
    picture = jpeg(astronaut())
    before = Capture(new_capture_id(unix_s=lambda: now_s[0]), "front", picture, "track 1")
    with ApiClient(stack.url) as api, Uploader(spool, api) as uploader:
        uploader.hand_in(before)
        first = uploader.answers(timeout_s=10)[0]
        now_s[0] -= 3600
        after = Capture(new_capture_id(unix_s=lambda: now_s[0]), "front", picture, "track 2")
        uploader.hand_in(after)
        second = uploader.answers(timeout_s=10)[0]
        assert [answer.late for answer in (first, second)] == [False, False]
        assert {sighting.capture_id for sighting in api.sightings()} == {before.capture_id, after.capture_id}
        with pytest.raises(NotFound):
            api.sighting(new_capture_id())
    assert captured_at(after.capture_id) < captured_at(before.capture_id)
    spool.close()
