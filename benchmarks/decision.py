"""What a decision takes beyond the search, with 5 candidates of 1,000 people: python -m benchmarks.decision

People and sightings are in SQLite, each person with one photo; the search's answer is ready.
"""

import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import click

from benchmarks.report import Row, alternating_ms, median_ms, publish
from local.adapters.database import open_database
from local.adapters.lessons import SqliteLessons
from local.adapters.people import SqlitePeople
from local.adapters.sightings import SqliteSightings
from recognizeme.domain.explanation import explanation
from recognizeme.domain.model import (
    Box,
    Capture,
    EnrolledPhoto,
    FaceSearch,
    Match,
    Outcome,
    Person,
    PhotoState,
    Sighting,
    Status,
    new_capture_id,
)
from recognizeme.domain.policy import Policy
from recognizeme.usecases.recognize import Recognizer
from recognizeme.usecases.sureness import Rules
from tests.twins.faces import TwinFaces
from tests.twins.kiosks import TwinKiosks
from tests.twins.later import TwinLater
from tests.twins.photos import TwinPhotos
from tests.twins.world import TwinWitness

PEOPLE, CANDIDATES, FACES_EACH = 1_000, 5, 3
MOST_MS = 1.0
BOX = Box(0.1, 0.1, 0.2, 0.2)


class Unstored(SqliteSightings):
    """Sightings that are decided, and not written to the disk."""

    def save(self, sighting: Sighting) -> bool:
        """Say that it was saved."""
        return True


def enroll(people: SqlitePeople, now: datetime) -> None:
    """People, each with a photo."""
    for number in range(PEOPLE):
        person_id = f"person-{number}"
        people.put(Person(person_id, f"Person {number}", now), now=now)
        photo = EnrolledPhoto("1.jpg", PhotoState.INDEXED, now, f"face-{number}", BOX, sha256="5" * 64)
        people.add_photo(person_id, photo, photo_key=f"enrollments/{person_id}/1.jpg")


def search() -> FaceSearch:
    """Five people who resemble the face, with some faces each; two of them too close to tell apart."""
    matches = [
        Match(f"face-{number}-{face}", f"person-{number * 199}", 99.9 - number * 0.7 - face)
        for number in range(CANDIDATES)
        for face in range(FACES_EACH)
    ]
    return FaceSearch(BOX, tuple(matches), PEOPLE, "2021.12")


@click.command()
def main() -> None:
    """Measure it, and hold it to its bar."""
    now = datetime.now(UTC)
    numbers = count()
    with tempfile.TemporaryDirectory() as folder, open_database(Path(folder) / "recognizeme.db") as database:
        people = SqlitePeople(database, tombstone_key=b"key")
        sightings = Unstored(database, retention_days=90)
        enroll(people, now)
        recognizer = Recognizer(
            photos=TwinPhotos(),
            faces=TwinFaces(),
            sightings=sightings,
            people=people,
            lessons=SqliteLessons(database),
            later=TwinLater(),
            rules=Rules(kiosks=TwinKiosks(), deployment=Policy(), now=lambda: now),
            lease_s=30,
            most_calls=6,
            now=lambda: now,
            witness=TwinWitness(),
        )
        found = search()

        def capture() -> Sighting:
            return Sighting(Capture(new_capture_id(now, next(numbers).to_bytes(10)), "front"), Status.PENDING)

        decided = recognizer._decide(capture(), found)
        assert decided.outcome is Outcome.UNCERTAIN
        assert decided.decision
        assert len(decided.decision.candidates) == CANDIDATES
        names = {each.person_id: each.person_id.title() for each in decided.decision.candidates}

        decide_ms = median_ms(lambda: recognizer._decide(capture(), found), repeats=300, warmups=20)
        words_ms = median_ms(lambda: explanation(decided, names), repeats=300, warmups=20)
        stored = SqliteSightings(database, retention_days=90)
        with_ms, without_ms = alternating_ms(
            lambda: stored.save(replace(decided, capture=capture().capture)),
            lambda: stored.save(replace(decided, capture=capture().capture, decision=None)),
            repeats=100,
        )
    total_ms = decide_ms + max(0.0, with_ms - without_ms)
    publish(
        "decision",
        [
            Row(
                f"a decision with {CANDIDATES} candidates among {PEOPLE:,} people, and keeping what it saw",
                f"{total_ms:.2f} ms",
                f"{MOST_MS:g} ms",
                f"{total_ms / MOST_MS:.2f}",
                f"at most {MOST_MS:g} ms",
                total_ms <= MOST_MS,
            ),
            Row(
                "of that: saving a sighting with what its decision saw / without it",
                f"{with_ms:.2f} ms",
                f"{without_ms:.2f} ms",
                f"{with_ms / without_ms:.2f}",
                "-",
                None,
            ),
            Row("why, in words", f"{words_ms * 1000:.0f} us", "-", "-", "-", None),
        ],
    )


if __name__ == "__main__":
    main()
