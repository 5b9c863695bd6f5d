"""How long a visitor waits behind a kiosk's backlog on one machine, against an idle stack in the same run.

    .venv/bin/python -m benchmarks.live_before_backlog [--backlog 2000] [--visits 20] [--json]

A whole stack runs with a temporary data folder. The same picture is handed in by upload ticket, one visit at
a time, first with nothing else to do, and then behind `--backlog` captures of ten minutes ago, as they come
from a kiosk whose network was away. `backlog_s` is what a visitor would wait for if these went first.
"""

import json
import os
import statistics
import tempfile
import time
from datetime import timedelta
from pathlib import Path

import click

from benchmarks.local_path import put_to_sighting
from kiosk.client.api import ApiClient
from kiosk.vision.detect import YuNet
from kiosk.visits.stills import still_to_hand_in
from local.data_folder import DataFolder
from local.demo.visits import PORTRAITS
from local.stack import Stack
from local.wiring import DATA, URL, LocalParts
from recognizeme.domain.model import Capture, new_capture_id

BAR = 4.0


@click.command()
@click.option("--backlog", default=2000, show_default=True, type=click.IntRange(100))
@click.option("--visits", default=20, show_default=True, type=click.IntRange(5))
@click.option("--json", "as_json", is_flag=True)
def main(backlog: int, visits: int, as_json: bool) -> None:
    """Measure a visitor's wait behind a backlog."""
    portrait = PORTRAITS[0]
    picture = still_to_hand_in(portrait.read(), YuNet())
    with (
        tempfile.TemporaryDirectory() as folder,
        Stack(DataFolder(Path(folder))) as stack,
        ApiClient(stack.url) as api,
        (parts := LocalParts.from_env({DATA: folder, URL: stack.url})).database,
    ):
        api.put_person(portrait.person_id, name=portrait.name)
        api.enroll_photo(portrait.person_id, "1.png", portrait.read(), content_type="image/png")
        put_to_sighting(api, picture)  # the first use makes connections and fills caches
        idle_ms = waits_ms(api, picture, visits)
        hand_in_late(parts, picture, backlog)
        began, before = time.perf_counter(), waiting(parts)
        live_ms = waits_ms(api, picture, visits)
        left = waiting(parts)
        done_per_s = (before - left) / (time.perf_counter() - began)
    ratio = statistics.median(live_ms) / statistics.median(idle_ms)
    result = {
        "idle_ms": round(statistics.median(idle_ms), 1),
        "live_ms": round(statistics.median(live_ms), 1),
        "live_worst_ms": round(max(live_ms), 1),
        "live_per_idle": round(ratio, 2),
        "bar": f"<= {BAR:g}",
        "backlog_waiting": left,
        "backlog_per_s": round(done_per_s, 1),
        "backlog_s": round(left / done_per_s, 1),
    }
    if as_json:
        click.echo(json.dumps(result))
    else:
        for name, value in result.items():
            click.echo(f"{name:<24} {value:>10}")
    raise SystemExit(ratio > BAR)


def waits_ms(api: ApiClient, picture: bytes, visits: int) -> list[float]:
    times_ms = []
    for _ in range(visits):
        began = time.perf_counter()
        put_to_sighting(api, picture)
        times_ms.append(1000 * (time.perf_counter() - began))
    return times_ms


def hand_in_late(parts: LocalParts, picture: bytes, count: int) -> None:
    at = parts.now() - timedelta(minutes=10)
    for _ in range(count):
        capture = Capture(new_capture_id(at, os.urandom(10)), "late")
        parts.photos.write(capture.photo_key("image/jpeg"), picture, "image/jpeg")


def waiting(parts: LocalParts) -> int:
    return len(parts.jobs.jobs(state="waiting"))


if __name__ == "__main__":
    main()
