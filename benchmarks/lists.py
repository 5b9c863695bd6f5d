"""How long lists take with a million sightings and 100,000 people: python -m benchmarks.lists [--sightings N]

Through the query function's handler, from event to answer, on SQLite; the 95th of a hundred calls.
"""

import json
import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import cast
from urllib.parse import urlencode

import click
from aws_lambda_powertools.utilities.typing import LambdaContext

from benchmarks.report import Row, publish
from local.adapters.columns import to_moment
from local.adapters.database import Database
from local.adapters.people import SqlitePeople
from local.adapters.sightings import SqliteSightings
from local.data_folder import DataFolder
from local.runtime.events import Request, http_event
from local.wiring import NAMES, LocalParts
from query.app import lambda_handler
from recognizeme import wiring
from recognizeme.domain.model import new_capture_id
from recognizeme.settings import Settings

DAYS, KIOSKS, PEOPLE = 90, 20, 500
MOST_MS, MOST_PEOPLE_MS = 100, 20
ENROLLED = 100_000
# A name is one of each and another of the last: "a" begins hundreds, "maria" is as common as names get.
FIRST = (
    "maria",
    "ann",
    "anton",
    "andrea",
    *(f"{a}{b}" for a in "bdfghjklmnprstvw" for b in ("ada", "elo", "iri")),
)
LAST = tuple(
    f"{a}{b}{c}"
    for a in "BDFGHKLMNPRSTVW"
    for b in ("ar", "el", "ov", "im", "uk")
    for c in ("son", "er", "i")
)
CALLS = 100
# Of a million: 20 without a face, 500 that were too close, 3 that wait.
OUTCOMES = {"recognized": 700_000, "unknown": 299_000, "rejected": 477, "uncertain": 500, "no_face": 20}
CONTEXT = SimpleNamespace(
    function_name="query", memory_limit_in_mb=1024, invoked_function_arn="", aws_request_id=""
)


def rows(count: int, now: datetime, people: int = PEOPLE) -> Iterator[tuple[object, ...]]:
    """Sightings of the last 90 days, newest first; one of the people comes 20 times as often as others."""
    chance = random.Random(8)
    outcomes = list(OUTCOMES)
    drawn = chance.choices(outcomes, [OUTCOMES[each] for each in outcomes], k=count)
    expires_at = to_moment(now + timedelta(days=DAYS))
    for number, outcome in enumerate(drawn):
        at = now - timedelta(days=DAYS) * ((number + 1) / count)
        capture_id = new_capture_id(at, number.to_bytes(4) + bytes(6))
        person = max(0, chance.randrange(people + 20) - 20) if outcome == "recognized" else None
        person_id, name = (None, None) if person is None else (f"person-{person}", f"Person {person}")
        status, outcome = ("pending", None) if number < 3 else ("done", outcome)
        kiosk_id = f"kiosk-{chance.randrange(KIOSKS)}"
        groups = None if person is None or person >= 50 else '["staff"]' if person else '["night"]'
        yield capture_id, kiosk_id, status, expires_at, outcome, person_id, name, 1, groups


def fill(database: Database, count: int, now: datetime, *, people: int = PEOPLE) -> SqliteSightings:
    """A table with this many sightings, written in one transaction."""
    sightings = SqliteSightings(database, retention_days=DAYS)
    with database.writing() as connection:
        connection.executemany(
            "INSERT INTO sightings (capture_id, kiosk_id, status, expires_at, outcome, person_id, name,"
            " rekognition_calls, groups) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            rows(count, now, people),
        )
    return sightings


def enroll(people: SqlitePeople, database: Database, count: int, now: datetime) -> None:
    """So many people, each with a photo, one in a hundred in a group, written in one transaction."""
    chance = random.Random(10)
    names = [
        " ".join((chance.choices(FIRST, [8, *[1] * (len(FIRST) - 1)])[0].title(), *chance.sample(LAST, 2)))
        for _ in range(count)
    ]
    with database.writing() as connection:
        connection.executemany(
            "INSERT INTO people (person_id, name, created_at) VALUES (?, ?, ?)",
            [(f"person-{number}", name, to_moment(now)) for number, name in enumerate(names)],
        )
        connection.executemany(
            "INSERT INTO photos (person_id, photo_id, state, enrolled_at, face_id)"
            " VALUES (?, 'a.jpg', 'indexed', ?, ?)",
            [(f"person-{number}", to_moment(now), f"face-{number}") for number in range(count)],
        )
        connection.execute(
            """UPDATE people SET groups = '["night"]' WHERE CAST(substr(person_id, 8) AS INTEGER) % 100 = 0"""
        )
    people.make_searchable()


def get(path: str, **query: str) -> int:
    """Call the function; return how many items there are."""
    request = Request("GET", path, urlencode(query), (("host", "127.0.0.1"),), b"")
    now = datetime.now(UTC)
    event = http_event(request, route=f"GET {path}", path_parameters={}, request_id="1", now=now)
    answer = lambda_handler(event, cast(LambdaContext, CONTEXT))
    assert answer["statusCode"] == 200, answer
    return len(json.loads(answer["body"])["items"])


def p95_ms(path: str, **query: str) -> tuple[float, float, int]:
    """95th percentiles of a call's time and processor time, which others cannot lengthen; and its items."""
    times, processor = [], []
    items = get(path, **query)
    for _ in range(CALLS):
        begun, used = time.perf_counter(), time.thread_time()
        get(path, **query)
        times.append(1000 * (time.perf_counter() - begun))
        processor.append(1000 * (time.thread_time() - used))
    return statistics.quantiles(times, n=20)[-1], statistics.quantiles(processor, n=20)[-1], items


def measured(now: datetime) -> Iterator[Row]:
    """A row for the statistics and for each kind of list."""
    half_ago = (now - timedelta(days=DAYS / 2)).isoformat()
    asked: dict[str, tuple[str, dict[str, str]]] = {
        "statistics over 90 days": ("/stats", {"since": (now - timedelta(days=DAYS)).isoformat()}),
        "statistics over 7 days": ("/stats", {}),
        "statistics of a group over 90 days": (
            "/stats",
            {"since": (now - timedelta(days=DAYS)).isoformat(), "group": "staff"},
        ),
        "list of a group": ("/sightings", {"group": "staff"}),
        "list of a group at a kiosk": ("/sightings", {"group": "staff", "kiosk_id": "kiosk-7"}),
        "list of a group at a kiosk where it never was": (
            "/sightings", {"group": "nobody", "kiosk_id": "kiosk-7"}),
        "list of a group of nobody": ("/sightings", {"group": "nobody"}),
        "list": ("/sightings", {}),
        "list before 45 days ago": ("/sightings", {"until": half_ago}),
        "list of a kiosk": ("/sightings", {"kiosk_id": "kiosk-7"}),
        "list of a person": ("/sightings", {"person_id": "person-77"}),
        "list of the most frequent person": ("/sightings", {"person_id": "person-0"}),
        "list of an outcome": ("/sightings", {"outcome": "unknown"}),
        "list of a rare outcome": ("/sightings", {"outcome": "no_face"}),
        "list of a kiosk's rare outcome": ("/sightings", {"kiosk_id": "kiosk-7", "outcome": "uncertain"}),
        "list of a kiosk that never was": ("/sightings", {"kiosk_id": "kiosk-x", "outcome": "unknown"}),
        "list of a person at a kiosk": ("/sightings", {"person_id": "person-77", "kiosk_id": "kiosk-7"}),
        "list of the most frequent person where they never were": (
            "/sightings", {"person_id": "person-0", "kiosk_id": "kiosk-x"}),
        "list of the most frequent person's rare outcome": (
            "/sightings", {"person_id": "person-0", "outcome": "uncertain"}),
        "list with all filters": (
            "/sightings", {"person_id": "person-0", "kiosk_id": "kiosk-7", "outcome": "recognized"}),
    }  # fmt: skip
    people = {
        "people": {},
        "people, 100 of them": {"limit": "100"},
        "people of a group": {"group": "night"},
        "search for a last name": {"name": "warson"},
        "search for the commonest name": {"name": "Maria"},
        "search for a letter": {"name": "a"},
        "search for first and last name": {"name": "maria barson"},
        "search in a group": {"name": "m", "group": "night"},
        "search for a name in a group": {"name": "maria", "group": "night"},
        "search for nobody": {"name": "xyz"},
    }
    asked |= {what: ("/people", query) for what, query in people.items()}
    for what, (path, query) in asked.items():
        ours_ms, processor_ms, items = p95_ms(path, **query)
        most_ms = MOST_PEOPLE_MS if path == "/people" else MOST_MS
        ratio = ours_ms / most_ms
        yield Row(
            f"{what} ({items} items)",
            f"{ours_ms:.1f} ms (processor {processor_ms:.1f})",
            f"{most_ms} ms",
            f"{ratio:.2f}",
            "<= 1.00",
            ratio <= 1,
        )


@click.command()
@click.option("--sightings", "count", default=1_000_000, show_default=True)
def main(count: int) -> None:
    """Measure and publish."""
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        parts = LocalParts(Settings.from_env(NAMES), DataFolder(Path(folder)).make(), url="http://127.0.0.1")
        fill(parts.database, count, parts.now())
        enroll(SqlitePeople(parts.database, tombstone_key=b"key"), parts.database, ENROLLED, parts.now())
        wiring.use(parts)
        publish("lists", list(measured(datetime.now(UTC))))


if __name__ == "__main__":
    main()
