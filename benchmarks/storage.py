"""What the adapters add to what they stand on: python -m benchmarks.storage

SQLite and files against bare fsync in the same folder, a long table against a short one, and the start of
three clients against boto3's.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

from benchmarks.lists import KIOSKS, fill
from benchmarks.report import Row, alternating_ms, publish
from local.adapters.database import open_database
from local.adapters.photos import FilePhotoStore
from local.adapters.sightings import SqliteSightings
from recognizeme.domain.model import Capture, Outcome, Sighting, Status, new_capture_id
from recognizeme.domain.ports import SightingQuery

PICTURE = bytes(100_000)
CLIENTS = ("s3", "dynamodb", "rekognition")
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "x",
    "AWS_SECRET_ACCESS_KEY": "x",
    "AWS_DEFAULT_REGION": "eu-central-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}


def sighting(number: int) -> Sighting:
    """A finished sighting, one a minute, of two kiosks."""
    at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=number)
    capture = Capture(new_capture_id(at, bytes(10)), f"kiosk-{number % 2}")
    return Sighting(capture, Status.DONE, f"captures/{number}", outcome=Outcome.UNKNOWN, rekognition_calls=1)


def synced_append(path: Path) -> Callable[[bytes], None]:
    """Appending to one open file and waiting for the disk: what a durable write costs at the least."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def append(content: bytes) -> None:
        os.write(descriptor, content)
        os.fsync(descriptor)

    return append


def storage(folder: Path) -> list[Row]:
    """Rows about the disk that holds `folder`."""
    sightings = SqliteSightings(open_database(folder / "a.db"), retention_days=36500)
    photos = FilePhotoStore(folder / "photos", base_url="", signing_key=b"", on_stored=lambda *_: None)
    append, numbers = synced_append(folder / "bound"), count()

    def claim_and_save() -> None:
        done = sighting(next(numbers))
        sightings.claim(done.capture, now=done.capture.captured_at, lease_s=30)
        sightings.begin_call(done.capture.capture_id, most=1)
        sightings.save(done)

    def two_commits() -> None:
        append(bytes(4096))
        append(bytes(4096))

    def write_photo() -> None:
        photos.write(f"captures/{next(numbers)}", PICTURE, "image/jpeg")

    now = datetime.now(UTC)
    short, long = (
        fill(open_database(folder / f"{count}.db"), count, now) for count in (50 * KIOSKS * 2, 100_000)
    )
    query = SightingQuery(kiosk_id="kiosk-0")
    return [
        _bounded("claim and save a sighting / 2 synced 4 KB appends", claim_and_save, two_commits, at_most=6),
        _bounded(
            "store a 100 KB picture / a synced append of it", write_photo, lambda: append(PICTURE), at_most=4
        ),
        _bounded(
            "list 50 of 100,000 sightings / 50 of 2,000",
            lambda: long.query(query, limit=50),
            lambda: short.query(query, limit=50),
            at_most=2,
        ),
    ]


def clients() -> Row:
    """Starting Python, importing and making the three clients, in processes of their own."""

    def start(imports: str) -> None:
        code = f"{imports}\nfor name in {CLIENTS!r}: client(name)"
        functions = str(Path(__file__).parents[1] / "functions")
        environment = {**os.environ, **ENVIRONMENT, "PYTHONPATH": functions}
        subprocess.run([sys.executable, "-c", code], check=True, env=environment)

    return _bounded(
        "import and make three clients / boto3.client",
        lambda: start("from recognizeme.adapters.aws import make_client as client"),
        lambda: start("from boto3 import client"),
        at_most=1,
        repeats=11,
    )


def _bounded(
    what: str, ours: Callable[[], object], bound: Callable[[], object], *, at_most: float, repeats: int = 100
) -> Row:
    ours_ms, bound_ms = alternating_ms(ours, bound, repeats=repeats)
    ratio = ours_ms / bound_ms
    return Row(
        what, f"{ours_ms:.2f} ms", f"{bound_ms:.2f} ms", f"{ratio:.2f}x", f"<= {at_most:g}x", ratio <= at_most
    )


def main() -> None:
    """Measure and publish."""
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:  # not /tmp: that may be memory
        publish("storage", [*storage(Path(folder)), clients()])


if __name__ == "__main__":
    main()
