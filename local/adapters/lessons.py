"""Lessons in SQLite, with the meaning that the DynamoDB table has."""

import json
import sqlite3
from collections.abc import Iterator
from datetime import datetime

from local.adapters.columns import to_moment
from local.adapters.database import Database
from recognizeme.adapters.aws import utc_now
from recognizeme.domain.lessons import Lesson
from recognizeme.domain.ports import Clock

_STEPS = (
    """CREATE TABLE lessons (
        capture_id TEXT PRIMARY KEY, not_person_ids TEXT NOT NULL, taught_at TEXT NOT NULL,
        expires_at TEXT NOT NULL, face_id TEXT
    ) WITHOUT ROWID""",
)


class SqliteLessons:
    """`Lessons` in one table."""

    def __init__(self, database: Database, *, now: Clock = utc_now) -> None:
        self._database = database
        self._now = now
        database.prepare("lessons", _STEPS)

    def get(self, capture_id: str) -> Lesson | None:
        """One lesson, unless it has expired."""
        with self._database.reading() as connection:
            lesson = _select(connection, capture_id)
        return lesson if lesson and lesson.expires_at > self._now() else None

    def all(self) -> Iterator[Lesson]:
        """All at once: there are few."""
        with self._database.reading() as connection:
            rows = connection.execute("SELECT * FROM lessons").fetchall()
        return map(_lesson, rows)

    def add(self, capture_id: str, person_id: str, *, taught_at: datetime, expires_at: datetime) -> Lesson:
        """Look and add in one transaction."""
        with self._database.writing() as connection:
            known = _select(connection, capture_id)
            people = sorted({*(known.not_person_ids if known else ()), person_id})
            face_id = known.face_id if known else None
            connection.execute(
                "INSERT OR REPLACE INTO lessons VALUES (?, ?, ?, ?, ?)",
                (capture_id, json.dumps(people), to_moment(taught_at), to_moment(expires_at), face_id),
            )
            return Lesson(capture_id, tuple(people), taught_at, expires_at, face_id)

    def settle(self, capture_id: str, face_id: str) -> Lesson | None:
        """One transaction."""
        with self._database.writing() as connection:
            connection.execute("UPDATE lessons SET face_id = ? WHERE capture_id = ?", (face_id, capture_id))
            return _select(connection, capture_id)

    def remove(self, capture_id: str) -> None:
        """One delete."""
        with self._database.writing() as connection:
            connection.execute("DELETE FROM lessons WHERE capture_id = ?", (capture_id,))

    def purge(self, *, now: datetime) -> int:
        """Delete what has expired, as DynamoDB does by itself; return how many there were."""
        with self._database.writing() as connection:
            return connection.execute("DELETE FROM lessons WHERE expires_at <= ?", (to_moment(now),)).rowcount


def _select(connection: sqlite3.Connection, capture_id: str) -> Lesson | None:
    row = connection.execute("SELECT * FROM lessons WHERE capture_id = ?", (capture_id,)).fetchone()
    return _lesson(row) if row else None


def _lesson(row: sqlite3.Row) -> Lesson:
    return Lesson(
        row["capture_id"],
        tuple(json.loads(row["not_person_ids"])),
        datetime.fromisoformat(row["taught_at"]),
        datetime.fromisoformat(row["expires_at"]),
        row["face_id"],
    )
