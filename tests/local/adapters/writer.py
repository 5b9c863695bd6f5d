"""What crash tests run in processes of their own: `-m tests.local.adapters.writer JOB FOLDER [FIRST]`."""

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from local.adapters.database import open_database
from local.adapters.people import SqlitePeople
from local.adapters.photos import FilePhotoStore
from local.adapters.sightings import SqliteSightings
from recognizeme.domain.errors import CaptureInProgress, RecognizeMeError
from recognizeme.domain.model import Status
from recognizeme.domain.ports import SightingQuery
from tests.contract.samples import capture, person, recognized

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def picture(number: int) -> bytes:
    """A few blocks that tell whose they are."""
    return f"{number:08}".encode() * 4000


def stores(folder: Path) -> tuple[SqliteSightings, FilePhotoStore]:
    """What the writer writes to and the test reads from."""
    database = open_database(folder / "recognizeme.db")
    people = SqlitePeople(database, tombstone_key=b"")
    if people.get("ada") is None:  # or a full disk would be in the way of looking what is on it
        people.put(person(), now=NOON)
    sightings = SqliteSightings(database, retention_days=36500, now=lambda: NOON)
    photos = FilePhotoStore(folder / "photos", base_url="", signing_key=b"", on_stored=lambda *_: None)
    return sightings, photos


def write(folder: Path, first: int) -> None:
    """Store captures one after the other and say so after each, until killed or the disk is full."""
    sightings, photos = stores(folder)
    for number in count(first):
        done = recognized(capture(NOON, number=number), photo_key=f"captures/{number}")
        try:
            sightings.claim(done.capture, now=NOON, lease_s=30)
            sightings.begin_call(done.capture.capture_id, most=1)
            photos.write(f"captures/{number}", picture(number), "image/jpeg")
            sightings.save(done)
        except RecognizeMeError as error:
            print(type(error).__name__, error, flush=True)
            return
        print(number, flush=True)


def intact(folder: Path) -> list[bool]:
    """For every finished sighting, whether its picture is what was written."""
    sightings, photos = stores(folder)
    everything = sightings.query(SightingQuery(), limit=10_000).items
    keys = [str(one.photo_key) for one in everything if one.status is Status.DONE]
    return [photos.read(key) == picture(int(key.removeprefix("captures/"))) for key in keys]


def claims(folder: Path) -> int:
    """How many of forty captures this process gets, with four threads."""
    sightings, _ = stores(folder)

    def attempt(number: int) -> bool:
        try:
            sightings.claim(capture(NOON, number=number), now=NOON, lease_s=30)
        except CaptureInProgress:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        return sum(pool.map(attempt, range(40)))


if __name__ == "__main__":
    job, where, *numbers = sys.argv[1:]
    if job == "write":
        write(Path(where), int(numbers[0]))
    else:
        print(json.dumps(claims(Path(where)) if job == "claims" else intact(Path(where))))
