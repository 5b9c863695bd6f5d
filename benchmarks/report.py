"""Rows of a benchmark: a measurement, its peer or bound from the same run, and the bar it is held against."""

import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

RESULTS = Path(__file__).parent / "results"
SAMPLE_DATA = Path(os.environ.get("RECOGNIZEME_SAMPLE_DATA", "../shared/data"))


@dataclass(frozen=True)
class Row:
    """One line. `passed` is None where there is nothing to hold it against, such as a peer not installed."""

    what: str
    ours: str
    peer: str
    ratio: str
    bar: str
    passed: bool | None


def median_ms(work: Callable[[], object], *, repeats: int = 15, warmups: int = 2) -> float:
    """Median wall time of `work`, in milliseconds."""
    for _ in range(warmups):
        work()
    return statistics.median(_timed_ms(work) for _ in range(repeats))


def alternating_ms(*works: Callable[[], object], repeats: int = 15, warmups: int = 2) -> list[float]:
    """Medians of several works measured in turn, so that a busy machine is busy for all of them."""
    for work in works * warmups:
        work()
    rounds = [[_timed_ms(work) for work in works] for _ in range(repeats)]
    return [statistics.median(column) for column in zip(*rounds, strict=True)]


def in_rounds_ms(
    *works: Callable[[], object], rounds: int = 5, calls: int = 20, rest_s: float = 0.25
) -> list[float]:
    """Medians of several works, some calls of one and then of the next, with a rest between.

    For works that leave threads spinning behind them, as numpy's products do: called in turn, each would be
    measured beside the threads of the other.
    """
    times: list[list[float]] = [[] for _ in works]
    for _ in range(rounds):
        for work, own in zip(works, times, strict=True):
            time.sleep(rest_s)
            own.extend([_timed_ms(work) for _ in range(calls + 2)][2:])
    return [statistics.median(own) for own in times]


def _timed_ms(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return (time.perf_counter() - begun) * 1000


def against(what: str, ours_ms: float, peer_ms: float, *, at_least: float) -> Row:
    """A row that says how many times faster than the peer ours is."""
    ratio = peer_ms / ours_ms
    bar = f">= {at_least:g}x"
    return Row(what, f"{ours_ms:.1f} ms", f"{peer_ms:.1f} ms", f"{ratio:.1f}x", bar, ratio >= at_least)


def peers_on_path() -> None:
    """Make packages in `.venv-peers` importable: peers that nothing but benchmarks needs."""
    folder = Path(os.environ.get("RECOGNIZEME_PEERS", ".venv-peers"))
    if folder.is_dir() and str(folder) not in sys.path:
        sys.path.append(str(folder))


def publish(name: str, rows: list[Row]) -> None:
    """Print the rows, and write them to `benchmarks/results/NAME.json`; exit 1 when a bar is missed."""
    table = Table("what", "ours", "peer or bound", "ratio", "bar", "", title=name)
    for row in rows:
        mark = {True: "yes", False: "NO", None: "-"}[row.passed]
        table.add_row(row.what, row.ours, row.peer, row.ratio, row.bar, mark)
    Console(width=140).print(table)
    RESULTS.mkdir(exist_ok=True)
    content = {
        "benchmark": name,
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "rows": [asdict(row) for row in rows],
    }
    (RESULTS / f"{name}.json").write_text(json.dumps(content, indent=2) + "\n")
    if any(row.passed is False for row in rows):
        sys.exit(1)
