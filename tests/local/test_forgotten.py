"""After somebody is forgotten, no byte of any file in the data folder knows of them."""

import io
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from kiosk.client.api import ApiClient
from kiosk.client.capture_id import new_capture_id
from local.adapters.database import open_database
from local.data_folder import DataFolder
from local.jobs.queue import JobQueue
from local.runtime.events import object_created_event
from local.stack import Stack
from tests.local.runtime.test_functions import eventually
from tests.portraits import ASTRONAUT, HOPPER

pytestmark = pytest.mark.integration

PERSON_ID = "somebody-to-be-forgotten"
NAME = "Quirina Zephyrine Xanthopoulou"


def pictures() -> list[bytes]:
    """Three of the same person, no two alike."""
    image = Image.open(ASTRONAUT).convert("RGB")
    encoded = []
    for size in (400, 440, 480):
        stream = io.BytesIO()
        image.resize((size, size)).save(stream, "JPEG", quality=92)
        encoded.append(stream.getvalue())
    return encoded


def vectors(data_folder: DataFolder) -> list[bytes]:
    """The vectors that the engine keeps."""
    with sqlite3.connect(data_folder.collections / "rekolocal.sqlite3") as connection:
        return [bytes(row[0]) for row in connection.execute("SELECT vector FROM vectors")]


def traces(of: bytes) -> list[bytes]:
    """Pieces that show wherever a part of it is left."""
    places = np.linspace(0, len(of) - 24, 40).astype(int)
    return [of[place : place + 24] for place in places if len(set(of[place : place + 24])) > 8]


def left_in(folder: Path, secrets: dict[str, list[bytes]]) -> list[str]:
    return [
        f"{what} in {path.relative_to(folder)}"
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        for content in [path.read_bytes()]
        for what, pieces in secrets.items()
        if any(piece in content or piece in str(path).encode() for piece in pieces)
    ]


def test_no_byte_of_any_file_knows_of_somebody_who_was_forgotten(tmp_path: Path) -> None:
    data_folder = DataFolder(tmp_path / "data")
    portrait, second, visit = pictures()
    secrets = {
        "the id": [PERSON_ID.encode()],
        "the name": [NAME.encode(), NAME.split()[0].encode()],
        "a photo": traces(portrait) + traces(second),
        "the door's picture": traces(visit),
    }
    with Stack(data_folder) as stack, ApiClient(stack.url) as api:
        api.put_person("grace", name="Grace Hopper")
        api.enroll_photo("grace", "1.jpg", HOPPER.read_bytes())
        of_others = vectors(data_folder)
        api.put_person(PERSON_ID, name=NAME)
        for number, photo in enumerate((portrait, second)):
            assert api.enroll_photo(PERSON_ID, f"{number}.jpg", photo)["state"] == "indexed"
        for path in ("upload", "immediate"):
            seen = api.hand_in(visit, kiosk_id="front", capture_id=new_capture_id(), path=path, timeout_s=60)
            assert seen.name == NAME
        secrets["a vector"] = [
            v for each in vectors(data_folder) if each not in of_others for v in traces(each)
        ]
        jobs = JobQueue(open_database(data_folder.database))
        failed_for_good(jobs)
        assert {left.partition(" in ")[0] for left in left_in(data_folder.root, secrets)} == set(secrets)

        receipt = api.forget(PERSON_ID)
        assert {what: n for what, n in receipt["removed"].items() if n} == {
            "people": 1, "faces": 2, "vectors": 1, "photos": 2, "captures": 2, "sightings": 2,
        }  # fmt: skip
        assert receipt["verified"]
        jobs.hurry()  # what finishes the forgetting need not wait here
        assert eventually(lambda: jobs.jobs() == [], 30)

        assert eventually(lambda: left_in(data_folder.root, secrets) == [], 5), left_in(
            data_folder.root, secrets
        )
        assert api.person("grace")["faces"] == 1
    assert left_in(data_folder.root, secrets) == []


def failed_for_good(jobs: JobQueue) -> None:
    """Leave a dead job about the person's photo, as an engine does that is away for long."""
    event = object_created_event(
        key=f"enrollments/{PERSON_ID}/0.jpg", size=1, sequencer=1, bucket="b", now=datetime.now(UTC)
    )
    jobs.add("nobody", event)
    job = jobs.take("nobody")
    assert job
    for _ in range(3):
        jobs.failed(job, f"no answer about {PERSON_ID}")
        jobs.hurry()
        job = jobs.take("nobody") or job
    assert jobs.jobs(state="dead")
