"""How long a picture takes on one machine from being put into the store to its sighting, and who takes it.

    .venv/bin/python -m benchmarks.local_path [--visits 60] [--json]

A whole stack runs with a temporary data folder. The same picture, as the kiosk crops it, is handed in again
and again by upload ticket, one at a time. Three medians from the same run:

- `put_to_sighting`: from the start of the upload until the API shows the sighting as done;
- `engine`: one SearchFacesByImage call with that picture, straight to the engine;
- `durable_writes`: what the path cannot do without on this disk: one picture file and five database commits
  (the job, its start, the claim, the result, the job's end), each flushed to the disk.

`path` is put_to_sighting without the engine. The ratios say how the path compares with the engine it serves,
and with the disk's own speed.
"""

import base64
import json
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import click
from rich.progress import track

from kiosk.client.api import ApiClient
from kiosk.client.capture_id import new_capture_id
from kiosk.client.errors import NotFound
from kiosk.vision.detect import YuNet
from kiosk.visits.stills import still_to_hand_in
from local.adapters.files import DurableFiles
from local.data_folder import DataFolder
from local.demo.visits import PORTRAITS
from local.runtime.engine import Engine
from local.stack import Stack

_COMMITS = 5
_ASK_EVERY_S = 0.004


@click.command()
@click.option("--visits", default=60, show_default=True, type=click.IntRange(5))
@click.option("--json", "as_json", is_flag=True)
def main(visits: int, as_json: bool) -> None:
    """Measure the local path."""
    portrait = PORTRAITS[0]
    picture = still_to_hand_in(portrait.read(), YuNet())
    with (
        tempfile.TemporaryDirectory() as folder,
        Stack(DataFolder(Path(folder))) as stack,
        ApiClient(stack.url) as api,
    ):
        api.put_person(portrait.person_id, name=portrait.name)
        api.enroll_photo(portrait.person_id, "1.png", portrait.read(), content_type="image/png")
        tasks: dict[str, Callable[[], None]] = {
            "put_to_sighting": lambda: put_to_sighting(api, picture),
            "engine": lambda: search(stack.engine, picture),
            "durable_writes": durable_writer(Path(folder) / "bound", picture),
        }
        medians = measure(tasks, visits, quiet=as_json)
    path_ms = medians["put_to_sighting"] - medians["engine"]
    result = {
        **{f"{name}_ms": round(median, 1) for name, median in medians.items()},
        "path_ms": round(path_ms, 1),
        "path_per_engine": round(path_ms / medians["engine"], 2),
        "path_per_durable_writes": round(path_ms / medians["durable_writes"], 1),
        "picture_bytes": len(picture),
        "visits": visits,
    }
    if as_json:
        click.echo(json.dumps(result))
    else:
        for name, value in result.items():
            click.echo(f"{name:<24} {value:>10}")


def measure(tasks: dict[str, Callable[[], None]], visits: int, *, quiet: bool) -> dict[str, float]:
    """Median milliseconds of each task, taken in turns so that a busy moment meets all alike."""
    times_ms: dict[str, list[float]] = {name: [] for name in tasks}
    for task in tasks.values():
        task()  # the first use of each makes connections and fills caches
    for _ in track(range(visits), "measuring", disable=quiet, transient=True):
        for name, task in tasks.items():
            began = time.perf_counter()
            task()
            times_ms[name].append(1000 * (time.perf_counter() - began))
    return {name: statistics.median(times) for name, times in times_ms.items()}


def put_to_sighting(api: ApiClient, picture: bytes) -> None:
    capture_id = new_capture_id()
    api.upload(picture, kiosk_id="benchmark", capture_id=capture_id)
    while True:
        # Closer together than a kiosk asks, whose growing waits would be measured otherwise.
        time.sleep(_ASK_EVERY_S)
        with suppress(NotFound):
            sighting = api.sighting(capture_id)
            if sighting.is_final:
                assert sighting.outcome == "recognized", sighting
                return


def search(engine: Engine, picture: bytes) -> None:
    image = {"Bytes": base64.b64encode(picture).decode()}
    assert engine.call("SearchFacesByImage", {"CollectionId": "employees", "Image": image})["FaceMatches"]


def durable_writer(folder: Path, picture: bytes) -> Callable[[], None]:
    folder.mkdir()
    files = DurableFiles(folder / "files", now_s=time.time())
    database = sqlite3.connect(folder / "bound.db", isolation_level=None)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = FULL")
    database.execute("CREATE TABLE bound (n INTEGER)")

    def write() -> None:
        files.write(f"captures/{new_capture_id()}", picture)
        for number in range(_COMMITS):
            database.execute("INSERT INTO bound VALUES (?)", (number,))

    return write


if __name__ == "__main__":
    main()
