"""Parts of a stack are killed again and again while kiosks hand in: what was acknowledged is done, once."""

import random
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import cv2
import numpy as np
import psutil
import pytest

from kiosk.client.api import ApiClient
from kiosk.client.capture_id import new_capture_id
from kiosk.client.errors import ApiError
from local.data_folder import DataFolder
from local.runtime.servers import free_port
from tests.local.runtime.test_functions import eventually
from tests.local.test_up import Up
from tests.portraits import ASTRONAUT

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.timeout(3000)]

KILLS = 60
KIOSKS = 3
ENGINE = "rekolocal.cli:main"
SETTLE_S = 300.0


def face() -> bytes:
    """A small picture of the enrolled person: the stack is tested, not the engine."""
    picture = np.asarray(cv2.imdecode(np.frombuffer(ASTRONAUT.read_bytes(), np.uint8), cv2.IMREAD_COLOR))
    return cv2.imencode(".jpg", cv2.resize(picture[:300, 100:400], (200, 200)))[1].tobytes()


class Kiosks:
    """Threads that hand one capture in after the other, each until it is acknowledged, on both paths."""

    def __init__(self, url: str, picture: bytes) -> None:
        self.acknowledged: list[str] = []
        self._url, self._picture = url, picture
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(n,), daemon=True) for n in range(KIOSKS)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join(120)
            assert not thread.is_alive()

    def _run(self, number: int) -> None:
        with ApiClient(self._url) as api:
            while not self._stopping.wait(0.2):
                capture_id = new_capture_id()
                hand_over: Callable[..., object] = api.recognize if number == 0 else api.upload
                while True:
                    with suppress(ApiError):
                        hand_over(self._picture, kiosk_id=f"k{number}", capture_id=capture_id, timeout_s=30)
                        break
                    time.sleep(0.2)
                self.acknowledged.append(capture_id)


class Stack:
    """`up` on a port that stays, started again after it was killed."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self._port = free_port()
        self.start()

    def start(self) -> None:
        self.up = Up(self.data, "--port", str(self._port))

    def kill(self, victim: str) -> bool:
        """Kill the part when it is there; a killed host is started again."""
        if victim == "host":
            self.up.process.kill()
            self.up.process.communicate()
            self.start()
            return True
        for child in self.up.children():
            with suppress(psutil.NoSuchProcess):
                if victim in child.cmdline():
                    child.kill()
                    return True
        return False


@pytest.fixture
def stack(data: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    monkeypatch.setenv("RECOGNIZEME_LEASE_S", "5")  # the functions of a test are done in less
    stack = Stack(data)
    yield stack
    stack.up.process.kill()
    stack.up.process.communicate()


@pytest.mark.parametrize("victim", ["door", "recognition", ENGINE, "host"])
def test_sixty_kills_lose_nothing_and_do_nothing_twice(stack: Stack, victim: str) -> None:
    pauses = random.Random(victim)
    with ApiClient(stack.up.url) as api:
        api.put_person("collins", name="Eileen Collins")
        api.enroll_photo("collins", "1.png", ASTRONAUT.read_bytes(), content_type="image/png")
        kiosks = Kiosks(stack.up.url, face())
        kills = 0
        while kills < KILLS:
            time.sleep(pauses.uniform(0.1, 1.5))
            kills += stack.kill(victim)
        kiosks.stop()

        captures = kiosks.acknowledged
        assert len(captures) == len(set(captures)) > KILLS / 2
        assert eventually(lambda: not jobs(stack.data, "waiting", "running"), SETTLE_S)
        if victim == ENGINE and jobs(stack.data, "dead"):
            # Killed in the middle of three calls about one capture: it waits to be replayed.
            assert api.replay(limit=1000)["replayed"] < KILLS / 10
            assert eventually(lambda: not jobs(stack.data, "waiting", "running"), SETTLE_S)
        assert jobs(stack.data, "dead") == []
        for capture_id in captures:
            sighting = api.sighting(capture_id)
            assert (sighting.status, sighting.name) == ("done", "Eileen Collins"), sighting
            assert api.sighting_photo(capture_id) == kiosks._picture
        assert api.stats()["total"]["outcomes"]["recognized"] == len(captures)
    with closing(sqlite3.connect(DataFolder(stack.data).database)) as database:
        (sightings,) = database.execute("SELECT count(*) FROM sightings").fetchone()
    assert sightings == len(captures)


def jobs(data: Path, *states: str) -> list[tuple[str, str]]:
    with closing(sqlite3.connect(DataFolder(data).database)) as database:
        marks = ", ".join("?" * len(states))
        return database.execute(f"SELECT state, error FROM jobs WHERE state IN ({marks})", states).fetchall()
