"""One person is forgotten, enrolled and recognized at the same time, and what forgets them is killed."""

import random
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path

import psutil
import pytest

from kiosk.client.api import ApiClient
from kiosk.client.capture_id import new_capture_id
from kiosk.client.errors import ApiError, NotFound
from local.adapters.database import open_database
from local.data_folder import DataFolder
from local.jobs.queue import JobQueue
from local.stack import Stack
from tests.local.runtime.test_functions import eventually
from tests.local.test_kills import face
from tests.portraits import ASTRONAUT, HOPPER

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.timeout(3000)]

ROUNDS = 200
KILLS = 40
WHO = "collins"


@pytest.fixture
def stack(data: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    monkeypatch.setenv("RECOGNIZEME_LEASE_S", "5")  # the functions of a test are done in less
    with Stack(DataFolder(data)) as stack, ApiClient(stack.url) as api:
        api.put_person("grace", name="Grace Hopper")
        api.enroll_photo("grace", "1.jpg", HOPPER.read_bytes())
        yield stack


def insist(ask: Callable[[], object]) -> object:
    """Ask until there is an answer; a person who is gone is one."""
    deadline = time.monotonic() + 120
    while True:
        try:
            return ask()
        except NotFound:
            return None
        except ApiError:
            assert time.monotonic() < deadline
            time.sleep(0.1)


class Door(threading.Thread):
    """Hands the person's picture in, one capture after the other, until it is stopped."""

    def __init__(self, url: str) -> None:
        super().__init__(daemon=True)
        self.captures: list[str] = []
        self._url, self._stopping = url, threading.Event()

    def __enter__(self) -> "Door":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self.join(120)

    def run(self) -> None:
        picture = face()
        with ApiClient(self._url) as api:
            while not self._stopping.wait(0.05):
                capture_id = new_capture_id()
                insist(lambda: api.recognize(picture, kiosk_id="k", capture_id=capture_id, timeout_s=30))  # noqa: B023
                self.captures.append(capture_id)


def enroll(api: ApiClient) -> None:
    insist(lambda: api.put_person(WHO, name="Eileen Collins"))
    insist(lambda: api.enroll_photo(WHO, "1.png", ASTRONAUT.read_bytes(), content_type="image/png"))


def settled(stack: Stack) -> JobQueue:
    """All jobs are done, also those that finish forgettings."""
    jobs = JobQueue(open_database(stack.data_folder.database))

    def are_done() -> bool:
        jobs.hurry()
        return not [job for job in jobs.jobs() if job.state != "dead"]

    assert eventually(are_done, 120), jobs.jobs()[:3]
    assert jobs.jobs() == []
    return jobs


def nothing_left(stack: Stack, api: ApiClient, captures: list[str]) -> None:
    with pytest.raises(NotFound):
        api.person(WHO)
    assert stack.engine.face_count("employees") == 1, "Grace Hopper's"
    folders = [
        path.name for path in stack.data_folder.photos.iterdir() if path.name.startswith("enrollments,")
    ]
    assert folders == ["enrollments,grace,"]
    with closing(sqlite3.connect(stack.data_folder.database)) as database:
        for table, column in (("sightings", "person_id"), ("faces", "person_id"), ("unsettled", "person_id")):
            query = f"SELECT count(*) FROM {table} WHERE {column} = ?"
            assert database.execute(query, (WHO,)).fetchone() == (0,), table
        named = "SELECT count(*) FROM sightings WHERE name IS NOT NULL OR status <> 'done'"
        assert database.execute(named).fetchone() == (0,)
        (sightings,) = database.execute("SELECT count(*) FROM sightings").fetchone()
    assert sightings == len(set(captures)) == len(captures)
    # What showed them is gone; who came when nobody knew them is a stranger, whose picture stays.
    stored = {path.stem for path in stack.data_folder.photos.rglob("*.jpg") if "captures" in path.parent.name}
    for capture_id in captures:
        assert (capture_id in stored) == (api.sighting(capture_id).outcome == "unknown"), capture_id


@pytest.mark.parametrize("rounds", [10, ROUNDS])
def test_rounds_of_forget_enroll_and_recognize_lose_nothing_and_leave_nothing(
    stack: Stack, rounds: int
) -> None:
    with ApiClient(stack.url) as api, ApiClient(stack.url) as other, Door(stack.url) as door:
        with ThreadPoolExecutor(2) as pool:
            for _ in range(rounds):
                enrolling = pool.submit(enroll, other)
                forgetting = pool.submit(insist, lambda: api.forget(WHO))
                enrolling.result()
                forgetting.result()
        enroll(api)
        assert eventually(lambda: api.person(WHO)["faces"] == 1, 20)
    settled(stack)
    with ApiClient(stack.url) as api:
        assert api.recognize(face(), kiosk_id="k", capture_id=new_capture_id()).name == "Eileen Collins"
        last = api.recognize(face(), kiosk_id="k", capture_id=new_capture_id())
        assert last.name == "Eileen Collins", (
            "whoever was enrolled last is known, whatever was forgotten before"
        )
        with closing(sqlite3.connect(stack.data_folder.database)) as database:
            captures = [row[0] for row in database.execute("SELECT capture_id FROM sightings")]
        assert set(door.captures) <= set(captures)
        insist(lambda: api.forget(WHO))
        settled(stack)
        nothing_left(stack, api, captures)


def test_forty_kills_in_forgetting_leave_nothing(stack: Stack) -> None:
    pauses = random.Random(WHO)
    interrupted = 0
    with ApiClient(stack.url) as api, Door(stack.url) as door:
        while interrupted < KILLS:
            enroll(api)
            killing = threading.Timer(pauses.uniform(0.0, 0.08), kill_enrollment)
            killing.start()
            try:
                api.forget(WHO)
            except ApiError:
                interrupted += 1
            killing.join()
        insist(lambda: api.forget(WHO))
    settled(stack)
    with ApiClient(stack.url) as api:
        nothing_left(stack, api, door.captures)


def kill_enrollment() -> None:
    """Kill the function that forgets, wherever it is."""
    for child in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):
            if "enrollment.app.lambda_handler" in child.cmdline():
                child.kill()
