"""What the heartbeats of a thousand kiosks cost one machine: processor time of the whole stack.

    .venv/bin/python -m benchmarks.heartbeats [--kiosks 1000] [--rounds 3]

A whole stack runs with a temporary data folder, and a token is looked up for each request, as with kiosks on
other machines. Each kiosk sends one full heartbeat a round, as fast as they are answered, from a process of
its own that is not counted. What is counted is the processor time of every process of the stack, less what
the same processes use when nothing comes, and divided by the minute in which the kiosks would send them.
"""

import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import click
import psutil

from benchmarks.report import Row, publish
from kiosk.client.api import ApiClient
from kiosk.client.moment import iso_text
from local.adapters.database import open_database
from local.adapters.tokens import SqliteTokens
from local.data_folder import DataFolder
from local.stack import Stack
from recognizeme.entry.routes import Caller, Role

_MINUTE_S = 60.0
_MOST_PCT = 5.0


@click.command()
@click.option("--kiosks", default=1000, show_default=True, type=click.IntRange(1))
@click.option("--rounds", default=3, show_default=True, type=click.IntRange(1))
def main(kiosks: int, rounds: int) -> None:
    """Measure what heartbeats cost."""
    with (
        tempfile.TemporaryDirectory() as folder,
        Stack(DataFolder(Path(folder))) as stack,
    ):
        with open_database(stack.data_folder.database) as database:
            token, _ = SqliteTokens(database).add(Caller(Role.ADMIN), now=datetime.now(UTC))
        send(stack.url, token, 50)  # every environment has started
        time.sleep(5)
        idle = busy_during(lambda: time.sleep(10)) / 10
        used = []
        for _ in range(rounds):
            began = time.monotonic()
            busy_s = busy_during(lambda: in_a_process_of_its_own(stack.url, token, kiosks))
            used.append(busy_s - idle * (time.monotonic() - began))
    busy_s = statistics.median(used)
    share_pct = 100 * busy_s / _MINUTE_S
    publish(
        "heartbeats",
        [
            Row(
                f"processor time of {kiosks:,} kiosks' heartbeats a minute",
                f"{busy_s:.2f} s ({1000 * busy_s / kiosks:.2f} ms each)",
                "one core, 60 s",
                f"{share_pct:.1f} %",
                f"< {_MOST_PCT:g} %",
                share_pct < _MOST_PCT,
            )
        ],
    )


def send(url: str, token: str, kiosks: int) -> None:
    """One heartbeat of each."""
    now = iso_text(datetime.now(UTC))
    report = {
        "version": "0.1.0", "sent_at": now, "seeing": True, "last_frame_at": now, "camera_trouble": None,
        "delivery_trouble": None, "spool": {"waiting": 0, "waiting_bytes": 0}, "policy_version": "0" * 16,
    }  # fmt: skip
    with ApiClient(url, token=token) as api:
        for number in range(kiosks):
            api.heartbeat(f"kiosk-{number}", report)


def in_a_process_of_its_own(url: str, token: str, kiosks: int) -> None:
    """`send`, where it is not counted."""
    sender = multiprocessing.get_context("spawn").Process(
        target=send, args=(url, token, kiosks), name="sender"
    )
    sender.start()
    sender.join()
    assert sender.exitcode == 0


def busy_during(work: Callable[[], object]) -> float:
    """Seconds of processor time that this process and those of the stack use meanwhile."""
    processes = [psutil.Process(), *psutil.Process().children(recursive=True)]
    before = sum(map(_busy_s, processes))
    work()
    return sum(map(_busy_s, processes)) - before


def _busy_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


if __name__ == "__main__":
    main()
