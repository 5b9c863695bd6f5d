"""How long it takes to say who is in, of 5,000 people with a million sightings: python -m benchmarks.presence

Through the query function's handler, from event to answer, on SQLite; the 95th of a hundred calls.
"""

import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from benchmarks.lists import enroll, fill, p95_ms
from benchmarks.report import Row, publish
from local.adapters.people import SqlitePeople
from local.data_folder import DataFolder
from local.wiring import NAMES, LocalParts
from recognizeme import wiring
from recognizeme.domain.kiosks import Direction, Kiosk
from recognizeme.settings import Settings
from recognizeme.usecases.presence import who_is_in

PEOPLE, MOST_MS = 5_000, 20


def measured(parts: LocalParts) -> Iterator[Row]:
    """A row for each page size, and for everybody at once, as a roll call asks."""
    for what, query in {"a page": {}, "a page of 100": {"limit": "100"}}.items():
        ours_ms, processor_ms, items = p95_ms("/presence", **query)
        yield Row(
            f"{what} ({items} of {inside(parts)} who are in)",
            f"{ours_ms:.1f} ms (processor {processor_ms:.1f})",
            f"{MOST_MS} ms",
            f"{ours_ms / MOST_MS:.2f}",
            "<= 1.00",
            ours_ms <= MOST_MS,
        )


def inside(parts: LocalParts) -> int:
    """How many are in."""
    page = who_is_in(
        sightings=parts.sightings,
        kiosks=parts.kiosks,
        people=parts.people,
        exits=wiring.exits_of(parts.settings),
        desk="web",
        now=parts.now,
        limit=PEOPLE,
    )
    return len(page.items)


@click.command()
@click.option("--sightings", "count", default=1_000_000, show_default=True)
def main(count: int) -> None:
    """Measure and publish."""
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        environment = {
            **NAMES,
            "RECOGNIZEME_DAY_ENDS": f"{datetime.now(UTC) + timedelta(minutes=9):%H:%M}",
        }  # a whole day's
        parts = LocalParts(
            Settings.from_env(environment), DataFolder(Path(folder)).make(), url="http://127.0.0.1"
        )
        fill(parts.database, count, parts.now(), people=PEOPLE)
        enroll(SqlitePeople(parts.database, tombstone_key=b"key"), parts.database, PEOPLE, parts.now())
        for number in range(20):
            direction = (Direction.IN, Direction.OUT, Direction.BOTH)[number % 3]
            parts.kiosks.put(Kiosk(f"kiosk-{number}", direction=direction))
        wiring.use(parts)
        publish("presence", list(measured(parts)))


if __name__ == "__main__":
    main()
