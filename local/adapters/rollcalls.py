"""Roll calls in SQLite, with the meaning that the DynamoDB table has."""

import json
import sqlite3
from collections.abc import Iterable
from datetime import datetime, timedelta

from local.adapters.columns import from_moment, to_moment
from local.adapters.database import Database
from recognizeme.adapters import cursor as cursors
from recognizeme.adapters.aws import utc_now
from recognizeme.adapters.rollcall_records import by_text, read_by, read_tick, tick_text
from recognizeme.domain.errors import NotFound, NotPossible
from recognizeme.domain.ports import Clock, Page
from recognizeme.domain.rollcalls import By, Entry, Kind, RollCall, Tick, check_rollcall_id

_STEPS = (
    """CREATE TABLE rollcalls (
        rollcall_id TEXT PRIMARY KEY, kind TEXT NOT NULL, started_at TEXT NOT NULL, started_by TEXT NOT NULL,
        ended_at TEXT, ended_by TEXT, expires_at TEXT NOT NULL
    ) WITHOUT ROWID""",
    """CREATE TABLE rollcall_people (
        rollcall_id TEXT NOT NULL, person_id TEXT NOT NULL, seen_at TEXT, seen_by TEXT, ticks TEXT NOT NULL,
        PRIMARY KEY (rollcall_id, person_id)
    ) WITHOUT ROWID""",
    "CREATE INDEX rollcall_people_person ON rollcall_people (person_id)",
)


class SqliteRollCalls:
    """`RollCalls` in a table, and one of their lists; `purge` deletes what has expired."""

    def __init__(self, database: Database, *, retention_days: int, now: Clock = utc_now) -> None:
        self._database = database
        self._retention = timedelta(days=retention_days)
        self._now = now
        database.prepare("rollcalls", _STEPS)

    def start(self, roll_call: RollCall, entries: Iterable[Entry]) -> None:
        """One transaction."""
        with self._database.writing() as connection:
            connection.execute(
                "INSERT INTO rollcalls (rollcall_id, kind, started_at, started_by, expires_at)"
                " VALUES (?, ?, ?, ?, ?)",
                (
                    roll_call.rollcall_id,
                    roll_call.kind,
                    to_moment(roll_call.started_at),
                    by_text(roll_call.started_by),
                    to_moment(roll_call.started_at + self._retention),
                ),
            )
            connection.executemany(
                "INSERT INTO rollcall_people VALUES (?, ?, ?, ?, ?)",
                [
                    (
                        roll_call.rollcall_id,
                        entry.person_id,
                        to_moment(entry.seen_at),
                        entry.seen_by,
                        _texts(entry.ticks),
                    )
                    for entry in entries
                ],
            )

    def get(self, rollcall_id: str) -> RollCall | None:
        """One, unless its retention is over."""
        with self._database.reading() as connection:
            return self._kept(connection, rollcall_id)

    def has(self, rollcall_id: str, person_id: str) -> bool:
        """By its key."""
        with self._database.reading() as connection:
            return _entry_of(connection, rollcall_id, person_id) is not None

    def entries(self, rollcall_id: str) -> list[Entry]:
        """All of one view."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT * FROM rollcall_people WHERE rollcall_id = ? ORDER BY person_id", (rollcall_id,)
            ).fetchall()
        return list(map(_entry, rows))

    def list(self, *, limit: int, cursor: str | None = None) -> Page[RollCall]:
        """Ids sort by time."""
        before = check_rollcall_id(cursors.decode("rollcall", cursor)) if cursor else "g"
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT * FROM rollcalls WHERE rollcall_id < ? AND expires_at > ?"
                " ORDER BY rollcall_id DESC LIMIT ?",
                (before, to_moment(self._now()), limit + 1),
            ).fetchall()
        found = tuple(map(_roll_call, rows))
        if len(found) <= limit:
            return Page(found)
        return Page(found[:limit], cursors.encode("rollcall", found[limit - 1].rollcall_id))

    def tick(self, rollcall_id: str, person_id: str, tick: Tick) -> Entry:
        """Look and write in one transaction, which excludes every other writer."""
        with self._database.writing() as connection:
            roll_call = self._kept(connection, rollcall_id)
            if roll_call is None:
                raise NotFound(f"there is no roll call {rollcall_id!r}")
            if roll_call.ended_at is not None:
                raise NotPossible("this roll call has ended; start another one")
            known = _entry_of(connection, rollcall_id, person_id)
            ticks = (*(known.ticks if known else ()), tick)
            connection.execute(
                "INSERT INTO rollcall_people (rollcall_id, person_id, ticks) VALUES (?, ?, ?)"
                " ON CONFLICT DO UPDATE SET ticks = excluded.ticks",
                (rollcall_id, person_id, _texts(ticks)),
            )
            after = _entry_of(connection, rollcall_id, person_id)
        assert after is not None
        return after

    def end(self, rollcall_id: str, *, at: datetime, by: By) -> RollCall:
        """Unless it has ended."""
        with self._database.writing() as connection:
            connection.execute(
                "UPDATE rollcalls SET ended_at = ?, ended_by = ? WHERE rollcall_id = ? AND ended_at IS NULL",
                (to_moment(at), by_text(by), rollcall_id),
            )
            roll_call = self._kept(connection, rollcall_id)
        if roll_call is None:
            raise NotFound(f"there is no roll call {rollcall_id!r}")
        return roll_call

    def mentions(self, person_id: str) -> int:
        """From an index."""
        with self._database.reading() as connection:
            (number,) = connection.execute(
                "SELECT count(*) FROM rollcall_people WHERE person_id = ?", (person_id,)
            ).fetchone()
        return int(number)

    def forget(self, person_id: str) -> int:
        """One statement."""
        with self._database.writing() as connection:
            return connection.execute(
                "DELETE FROM rollcall_people WHERE person_id = ?", (person_id,)
            ).rowcount

    def purge(self, *, now: datetime) -> None:
        """Remove what has expired."""
        with self._database.writing() as connection:
            connection.execute("DELETE FROM rollcalls WHERE expires_at <= ?", (to_moment(now),))
            connection.execute(
                "DELETE FROM rollcall_people WHERE rollcall_id NOT IN (SELECT rollcall_id FROM rollcalls)"
            )

    def _kept(self, connection: sqlite3.Connection, rollcall_id: str) -> RollCall | None:
        row = connection.execute(
            "SELECT * FROM rollcalls WHERE rollcall_id = ? AND expires_at > ?",
            (rollcall_id, to_moment(self._now())),
        ).fetchone()
        return _roll_call(row) if row else None


def _texts(ticks: tuple[Tick, ...]) -> str:
    return json.dumps(list(map(tick_text, ticks)))


def _entry_of(connection: sqlite3.Connection, rollcall_id: str, person_id: str) -> Entry | None:
    row = connection.execute(
        "SELECT * FROM rollcall_people WHERE rollcall_id = ? AND person_id = ?", (rollcall_id, person_id)
    ).fetchone()
    return _entry(row) if row else None


def _roll_call(row: sqlite3.Row) -> RollCall:
    started_at = from_moment(row["started_at"])
    assert started_at is not None
    return RollCall(
        row["rollcall_id"],
        Kind(row["kind"]),
        started_at,
        read_by(row["started_by"]),
        from_moment(row["ended_at"]),
        read_by(row["ended_by"]) if row["ended_by"] else None,
    )


def _entry(row: sqlite3.Row) -> Entry:
    ticks = tuple(map(read_tick, json.loads(row["ticks"])))
    return Entry(row["person_id"], from_moment(row["seen_at"]), row["seen_by"], ticks)
