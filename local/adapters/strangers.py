"""Strangers in SQLite, with the meaning that the DynamoDB table has."""

import json
import sqlite3
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime, timedelta

from local.adapters.columns import to_moment
from local.adapters.database import Database
from recognizeme.adapters import cursor as cursors
from recognizeme.adapters.aws import utc_now
from recognizeme.domain.model import Capture, check_capture_id
from recognizeme.domain.ports import Clock, Page
from recognizeme.domain.strangers import Stranger, StrangerState, StrangerVisit

_STEPS = (
    """CREATE TABLE strangers (
        stranger_id TEXT PRIMARY KEY, first_capture_id TEXT NOT NULL, last_capture_id TEXT NOT NULL,
        visits INTEGER NOT NULL, kiosks TEXT NOT NULL, state TEXT NOT NULL, person_id TEXT,
        version INTEGER NOT NULL, expires_at TEXT NOT NULL
    ) WITHOUT ROWID""",
    "CREATE INDEX strangers_state ON strangers (state, last_capture_id)",
    """CREATE TABLE stranger_visits (
        capture_id TEXT PRIMARY KEY, kiosk_id TEXT NOT NULL, stranger_id TEXT NOT NULL,
        face_id TEXT NOT NULL, expires_at TEXT NOT NULL
    ) WITHOUT ROWID""",
    "CREATE INDEX stranger_visits_stranger ON stranger_visits (stranger_id, capture_id)",
)


class SqliteStrangers:
    """`Strangers` in two tables."""

    def __init__(self, database: Database, *, retention_days: int, now: Clock = utc_now) -> None:
        self._database = database
        self._retention = timedelta(days=retention_days)
        self._now = now
        database.prepare("strangers", _STEPS)

    def get(self, stranger_id: str) -> Stranger | None:
        """One stranger."""
        with self._database.reading() as connection:
            row = connection.execute(
                "SELECT * FROM strangers WHERE stranger_id = ? AND expires_at > ?",
                (stranger_id, to_moment(self._now())),
            ).fetchone()
        return _stranger(row) if row else None

    def list(self, state: StrangerState, *, limit: int, cursor: str | None = None) -> Page[Stranger]:
        """A page is short only at the end."""
        before = check_capture_id(cursors.decode("strangers", cursor)) if cursor is not None else "~"
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT * FROM strangers WHERE state = ? AND last_capture_id < ? AND expires_at > ?"
                " ORDER BY last_capture_id DESC LIMIT ?",
                (state, before, to_moment(self._now()), limit + 1),
            ).fetchall()
        found = tuple(map(_stranger, rows))
        if len(found) <= limit:
            return Page(found)
        return Page(found[:limit], cursors.encode("strangers", found[limit - 1].last_capture_id))

    def visits(self, capture_ids: Collection[str]) -> Mapping[str, StrangerVisit]:
        """One statement."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT * FROM stranger_visits WHERE expires_at > ?"
                " AND capture_id IN (SELECT value FROM json_each(?))",
                (to_moment(self._now()), json.dumps(list(capture_ids))),
            ).fetchall()
        return {row["capture_id"]: _visit(row) for row in rows}

    def visits_of(self, stranger_id: str) -> Iterator[StrangerVisit]:
        """All at once: they are one stranger's."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT * FROM stranger_visits WHERE stranger_id = ? AND expires_at > ?"
                " ORDER BY capture_id DESC",
                (stranger_id, to_moment(self._now())),
            ).fetchall()
        return map(_visit, rows)

    def save(
        self, stranger: Stranger, *, joins: StrangerVisit | None = None, leaves: str | None = None
    ) -> bool:
        """Look and change in one transaction."""
        expires_at = to_moment(self._now() + self._retention)
        with self._database.writing() as connection:
            if not _may_change(connection, stranger, joins, leaves):
                return False
            if stranger.visits < 1:
                connection.execute("DELETE FROM strangers WHERE stranger_id = ?", (stranger.stranger_id,))
            else:
                connection.execute(
                    "INSERT OR REPLACE INTO strangers VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    (
                        stranger.stranger_id,
                        stranger.first_capture_id,
                        stranger.last_capture_id,
                        stranger.visits,
                        json.dumps(stranger.kiosks),
                        stranger.state,
                        stranger.person_id,
                        stranger.version + 1,
                        expires_at,
                    ),
                )
            if joins is not None:
                visit = joins.capture.capture_id, joins.capture.kiosk_id, joins.stranger_id, joins.face_id
                connection.execute("INSERT INTO stranger_visits VALUES (?, ?, ?, ?, ?)", (*visit, expires_at))
            if leaves is not None:
                connection.execute("DELETE FROM stranger_visits WHERE capture_id = ?", (leaves,))
        return True

    def purge(self, *, now: datetime) -> int:
        """Delete what has expired, as DynamoDB does by itself; return how many visits there were."""
        with self._database.writing() as connection:
            connection.execute("DELETE FROM strangers WHERE expires_at <= ?", (to_moment(now),))
            return connection.execute(
                "DELETE FROM stranger_visits WHERE expires_at <= ?", (to_moment(now),)
            ).rowcount


def _may_change(
    connection: sqlite3.Connection, stranger: Stranger, joins: StrangerVisit | None, leaves: str | None
) -> bool:
    row = connection.execute(
        "SELECT version FROM strangers WHERE stranger_id = ?", (stranger.stranger_id,)
    ).fetchone()
    if (row["version"] if row else 0) != stranger.version:
        return False
    if joins is not None and _is_there(connection, joins.capture.capture_id):
        return False
    return leaves is None or _is_there(connection, leaves)


def _is_there(connection: sqlite3.Connection, capture_id: str) -> bool:
    found = connection.execute("SELECT 1 FROM stranger_visits WHERE capture_id = ?", (capture_id,))
    return found.fetchone() is not None


def _stranger(row: sqlite3.Row) -> Stranger:
    return Stranger(
        row["stranger_id"],
        row["first_capture_id"],
        row["last_capture_id"],
        row["visits"],
        tuple(json.loads(row["kiosks"])),
        StrangerState(row["state"]),
        row["person_id"],
        row["version"],
    )


def _visit(row: sqlite3.Row) -> StrangerVisit:
    return StrangerVisit(Capture(row["capture_id"], row["kiosk_id"]), row["stranger_id"], row["face_id"])
