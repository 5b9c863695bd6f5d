"""What was acknowledged survives; what was not leaves no half of itself behind."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from local.adapters.database import Database, open_database
from recognizeme.domain.errors import Misconfigured, ServiceBusy
from recognizeme.domain.model import Status
from recognizeme.domain.ports import SightingQuery
from tests.contract.samples import capture, recognized
from tests.local.adapters.writer import NOON, picture, stores

ROOT = Path(__file__).parents[3]
ENV = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'functions'}"}
WRITER = [sys.executable, "-m", "tests.local.adapters.writer"]


def run(*job: object) -> subprocess.Popen[str]:
    command = [*WRITER, *map(str, job)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=ENV)


def killed_after(writer: subprocess.Popen[str], count: int) -> list[int]:
    """The numbers a writer gave as stored; it is killed after some of them, wherever it is then."""
    assert writer.stdout is not None
    numbers = [int(writer.stdout.readline()) for _ in range(count)]
    writer.send_signal(signal.SIGKILL)
    numbers += [int(line) for line in writer.stdout if line.endswith("\n")]
    writer.wait()
    writer.stdout.close()
    return numbers


def test_what_a_killed_process_acknowledged_is_there_and_nothing_is_half_written(tmp_path: Path) -> None:
    known: list[int] = []
    for kill in range(3):
        # Two processes at once on the same files, both killed.
        writers = [run("write", tmp_path, 10_000 * (2 * kill + number)) for number in range(2)]
        for writer in writers:
            known += killed_after(writer, 3 + 4 * kill)
    sightings, photos = stores(tmp_path)
    for number in known:
        done = recognized(capture(NOON, number=number), photo_key=f"captures/{number}")
        assert sightings.get(done.capture.capture_id) == done
    for key in photos.keys("captures/"):
        assert photos.read(key) == picture(int(key.removeprefix("captures/")))
    # Each kill may leave one capture between claim and result: it is free when its lease is over.
    everything = sightings.query(SightingQuery(), limit=10_000).items
    pending = [one.capture for one in everything if one.status is Status.PENDING]
    assert len(pending) <= 6
    for left in pending:
        sightings.claim(left, now=NOON + timedelta(seconds=31), lease_s=30)


def test_of_many_processes_exactly_one_gets_each_claim(tmp_path: Path) -> None:
    processes = [run("claims", tmp_path) for _ in range(3)]
    assert sum(int(process.communicate(timeout=60)[0]) for process in processes) == 40


def test_many_may_open_a_new_file_at_once(tmp_path: Path) -> None:
    for attempt in range(20):
        path = tmp_path / f"{attempt}.db"
        together = threading.Barrier(4)

        def open_together(path: Path = path, together: threading.Barrier = together) -> None:
            with open_database(path) as database:
                together.wait()
                database.prepare("notes", ["CREATE TABLE notes (text TEXT)"])

        with ThreadPoolExecutor(4) as threads:
            for opened in [threads.submit(open_together) for _ in range(4)]:
                opened.result()


def can_mount() -> bool:
    if shutil.which("unshare") is None:
        return False
    return subprocess.run(["unshare", "-Urm", "true"], capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(not can_mount(), reason="a disk of one's own needs Linux's user namespaces")
def test_a_full_disk_is_said_in_a_sentence_and_what_was_acknowledged_before_stays(tmp_path: Path) -> None:
    script = 'mount -t tmpfs -o size=1m none "$0" && "$@" write "$0" 0 && "$@" intact "$0"'
    output = subprocess.run(
        ["unshare", "-Urm", "sh", "-c", script, str(tmp_path), *WRITER],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=ENV,
        timeout=60,
        check=False,
    )
    assert output.returncode == 0, output.stderr
    *acknowledged, refusal, intact = output.stdout.splitlines()
    assert refusal.startswith(f"ServiceBusy the disk that holds {tmp_path}")
    assert refusal.endswith(" is full; free some space and try again")
    assert len(acknowledged) > 5
    assert json.loads(intact) == [True] * len(acknowledged)


def write_two_notes(database: Database, second: str, *, second_table: str = "notes") -> None:
    with database.writing() as connection:
        connection.execute("INSERT INTO notes VALUES ('half')")
        connection.execute(f"INSERT INTO {second_table} VALUES (?)", (second,))


def test_a_table_that_cannot_grow_is_said_in_a_sentence_and_keeps_what_it_has(tmp_path: Path) -> None:
    with open_database(tmp_path / "a.db") as database:
        database.prepare("notes", ["CREATE TABLE notes (text TEXT)"])
        with database.writing() as connection:
            connection.execute("INSERT INTO notes VALUES ('kept')")
            pages = connection.execute("PRAGMA page_count").fetchone()[0]
            connection.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(ServiceBusy, match="full; free some space"):
            write_two_notes(database, "x" * 100_000)
        with database.reading() as connection:
            assert [row["text"] for row in connection.execute("SELECT text FROM notes")] == ["kept"]


def test_a_file_that_is_no_database_is_said_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "a.db").write_bytes(b"no database, " * 1000)
    database = open_database(tmp_path / "a.db")
    with pytest.raises(Misconfigured, match=r"a\.db cannot be used"):
        database.prepare("notes", ["CREATE TABLE notes (text TEXT)"])


def test_a_database_of_a_newer_release_is_left_alone(tmp_path: Path) -> None:
    with open_database(tmp_path / "a.db") as database:
        database.prepare("notes", ["CREATE TABLE notes (text TEXT)", "ALTER TABLE notes ADD COLUMN at TEXT"])
        with pytest.raises(Misconfigured, match="newer RecognizeMe"):
            database.prepare("notes", ["CREATE TABLE notes (text TEXT)"])


def test_a_room_gets_only_the_steps_it_has_not_seen(tmp_path: Path) -> None:
    first = ["CREATE TABLE notes (text TEXT)", "INSERT INTO notes VALUES ('once')"]
    for steps in (first, first, [*first, "INSERT INTO notes VALUES ('later')"]):
        with open_database(tmp_path / "a.db") as database:
            database.prepare("notes", steps)
    with open_database(tmp_path / "a.db") as database, database.reading() as connection:
        assert [row["text"] for row in connection.execute("SELECT text FROM notes")] == ["once", "later"]


def test_a_write_that_fails_halfway_leaves_nothing(tmp_path: Path) -> None:
    with open_database(tmp_path / "a.db") as database:
        database.prepare("notes", ["CREATE TABLE notes (text TEXT)"])
        with pytest.raises(Misconfigured, match="no such table"):
            write_two_notes(database, "y", second_table="missing")
        with database.reading() as connection:
            assert connection.execute("SELECT count(*) FROM notes").fetchone()[0] == 0
