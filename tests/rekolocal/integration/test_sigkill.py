"""What was answered survives SIGKILL; nothing is half-written; the index equals the table."""

import contextlib
import itertools
import random
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import psutil
import pytest
from botocore.exceptions import BotoCoreError, ClientError

from rekolocal.engine.faces import FaceEngine
from rekolocal.service import Service
from rekolocal.state import faces
from rekolocal.testing import client_for
from tests.rekolocal.conftest import encoded, pixels_of
from tests.rekolocal.integration.command import running_command

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def pictures(astronaut: bytes, hopper: bytes) -> list[bytes]:
    """Small pictures, so that there is much writing; the last has two faces."""
    left, right = (
        np.asarray(cv2.resize(pixels_of(photo), (224, 256)), np.uint8) for photo in (astronaut, hopper)
    )
    return [
        encoded(right, ".jpg"),
        encoded(np.hstack([right, right[:, ::-1]]), ".jpg"),
        encoded(left, ".jpg"),
    ]


class Load:
    """Clients that index until the server dies under them, and remember what they were told.

    `again`: what the server died over the last time; they ask for it again first.
    """

    def __init__(self, url: str, round_number: int, pictures: list[bytes], again: set[str]) -> None:
        self.told: dict[str, int] = {}
        self.unanswered: set[str] = set()
        self._url, self._round, self._pictures, self._again = url, round_number, pictures, again.copy()
        self._threads = [threading.Thread(target=self._run, args=(number,)) for number in range(3)]
        for thread in self._threads:
            thread.start()

    def _run(self, number: int) -> None:
        client = client_for(self._url)
        for external_id in self._ids(number):
            picture = self._pictures[int(external_id.split("-")[2]) % len(self._pictures)]
            try:
                reply = client.index_faces(
                    CollectionId="employees", Image={"Bytes": picture}, ExternalImageId=external_id,
                    QualityFilter="NONE",
                )  # fmt: skip
            except (BotoCoreError, ClientError):
                self.unanswered.add(external_id)
                return
            self.told[external_id] = len(reply["FaceRecords"])

    def _ids(self, number: int) -> Iterator[str]:
        while self._again:
            with contextlib.suppress(KeyError):  # another client took the last
                yield self._again.pop()
        yield from (f"{self._round}-{number}-{turn}" for turn in itertools.count())

    def wait_for_an_answer(self) -> None:
        until = time.monotonic() + 60
        while not self.told and time.monotonic() < until:
            time.sleep(0.01)

    def join(self) -> None:
        for thread in self._threads:
            thread.join(30)


def stored(client: Any) -> dict[str, int]:
    """How many faces each picture left."""
    counts: dict[str, int] = {}
    for page in client.get_paginator("list_faces").paginate(CollectionId="employees"):
        for face in page["Faces"]:
            counts[face["ExternalImageId"]] = counts.get(face["ExternalImageId"], 0) + 1
    return counts


@pytest.mark.parametrize(
    "kills",
    [
        pytest.param(4, marks=pytest.mark.timeout(180)),
        pytest.param(60, marks=[pytest.mark.slow, pytest.mark.timeout(1800)]),
    ],
)
def test_what_was_answered_survives_being_killed_at_any_moment(
    tmp_path: Path, pictures: list[bytes], engine: FaceEngine, kills: int
) -> None:
    chance = random.Random(kills)
    told: dict[str, int] = {}
    unanswered: set[str] = set()
    for number in range(kills):
        with running_command("--data", str(tmp_path)) as (process, url):
            client = client_for(url)
            if number == 0:
                client.create_collection(CollectionId="employees")
            load = Load(url, number, pictures, unanswered)
            if number == 0:
                load.wait_for_an_answer()
            time.sleep(chance.uniform(0.05, 1.0))
            process.kill()
            process.wait()
            load.join()
            told |= load.told
            unanswered = (unanswered | load.unanswered) - told.keys()
    assert told, "the server was killed before it answered anything"

    with running_command("--data", str(tmp_path)) as (_, url):
        kept = stored(client_for(url))
        found = client_for(url).describe_collection(CollectionId="employees")["FaceCount"]
    assert {picture: kept.get(picture, 0) for picture in told} == told, (
        "answered faces are lost, or there twice"
    )
    of_each = {number % len(pictures): count for number, count in _by_turn(told)}
    assert all(count == of_each.get(turn % len(pictures), count) for turn, count in _by_turn(kept)), (
        "half-written"
    )
    assert sum(kept.values()) == found
    _index_equals_table(tmp_path, engine)


def _by_turn(counts: dict[str, int]) -> list[tuple[int, int]]:
    return [(int(picture.split("-")[2]), count) for picture, count in counts.items()]


def _index_equals_table(folder: Path, engine: FaceEngine) -> None:
    service = Service.open(folder, engine=engine)
    try:
        with service.database.read() as db:
            assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            assert db.execute("PRAGMA foreign_key_check").fetchall() == []
            rows = dict(db.execute("SELECT key, collection FROM faces"))
            vectors = {
                int(key): vector
                for _, keys, batch in faces.all_vectors(db)
                for key, vector in zip(keys, batch, strict=True)
            }
        assert vectors.keys() == rows.keys()
        (collection,) = set(rows.values())
        index = service.face_index(collection)
        assert len(index) == len(vectors)
        every = next(iter(vectors.values()))
        keys, distances = index.search(every, limit=len(vectors))
        assert set(keys.tolist()) == vectors.keys()
        expected = sorted(float(np.linalg.norm(vector - every)) for vector in vectors.values())
        np.testing.assert_allclose(distances, expected, atol=1e-5)
    finally:
        service.close()


def test_the_processes_that_decode_end_with_a_server_that_is_killed(hopper: bytes) -> None:
    with running_command("--memory") as (process, url):
        client_for(url).detect_faces(Image={"Bytes": hopper})
        decoders = psutil.Process(process.pid).children()
        process.kill()
        process.wait()
    assert decoders
    _, left = psutil.wait_procs(decoders, timeout=20)
    assert left == []
