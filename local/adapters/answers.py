"""Answers to requests with an idempotency key, in SQLite."""

import sqlite3
from datetime import datetime

from local.adapters.columns import to_moment
from local.adapters.database import Database
from recognizeme.domain.ports import Remembered

_STEPS = (
    """CREATE TABLE answers (
        answer_id TEXT PRIMARY KEY, request TEXT NOT NULL, answer BLOB,
        leased_until TEXT NOT NULL, expires_at TEXT NOT NULL
    ) WITHOUT ROWID""",
)
_OURS = "WHERE answer_id = ? AND leased_until = ? AND answer IS NULL"


class SqliteAnswers:
    """`Answers` in a table; what has expired goes when something new comes, and with `purge`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        database.prepare("answers", _STEPS)

    def begin(
        self, answer_id: str, request: str, *, now: datetime, leased_until: datetime, expires_at: datetime
    ) -> Remembered | None:
        """Look and write in one transaction."""
        with self._database.writing() as connection:
            _drop_expired(connection, now)
            row = connection.execute(
                "SELECT request, answer FROM answers WHERE answer_id = ?", (answer_id,)
            ).fetchone()
            if row:
                return Remembered(row["request"], row["answer"])
            connection.execute(
                "INSERT INTO answers VALUES (?, ?, NULL, ?, ?)",
                (answer_id, request, to_moment(leased_until), to_moment(expires_at)),
            )
        return None

    def finish(self, answer_id: str, answer: bytes, *, leased_until: datetime) -> None:
        """Only where our lease is."""
        with self._database.writing() as connection:
            connection.execute(
                f"UPDATE answers SET answer = ? {_OURS}", (answer, answer_id, to_moment(leased_until))
            )

    def give_up(self, answer_id: str, *, leased_until: datetime) -> None:
        """Only where our lease is."""
        with self._database.writing() as connection:
            connection.execute(f"DELETE FROM answers {_OURS}", (answer_id, to_moment(leased_until)))

    def purge(self, *, now: datetime) -> None:
        """Remove what has expired."""
        with self._database.writing() as connection:
            _drop_expired(connection, now)


def _drop_expired(connection: sqlite3.Connection, now: datetime) -> None:
    connection.execute(
        "DELETE FROM answers WHERE expires_at <= ?1 OR (answer IS NULL AND leased_until <= ?1)",
        (to_moment(now),),
    )
