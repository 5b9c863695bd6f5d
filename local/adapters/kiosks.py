"""Kiosks in SQLite, and whether somebody was told that one is gone."""

import sqlite3
from collections.abc import Mapping

from local.adapters.columns import to_moment
from local.adapters.database import Database
from recognizeme.adapters.kiosk_records import (
    heartbeat_text,
    kiosk_text,
    read_heartbeat,
    read_kiosk,
    read_sureness,
    sureness_text,
)
from recognizeme.domain.kiosks import Door, Heartbeat, Kiosk, Sureness

_STEPS = (
    """CREATE TABLE kiosks (
        kiosk_id TEXT PRIMARY KEY, settings TEXT, heartbeat TEXT, seen_at TEXT,
        told_gone INTEGER NOT NULL DEFAULT 0
    ) WITHOUT ROWID""",
    'CREATE TABLE "groups" ("group" TEXT PRIMARY KEY, sureness TEXT NOT NULL) WITHOUT ROWID',
)


class SqliteKiosks:
    """`Kiosks` in a row each."""

    def __init__(self, database: Database) -> None:
        self._database = database
        database.prepare("kiosks", _STEPS)

    def get(self, kiosk_id: str) -> Door:
        """By its id."""
        with self._database.reading() as connection:
            row = connection.execute("SELECT * FROM kiosks WHERE kiosk_id = ?", (kiosk_id,)).fetchone()
        return _door(row) if row else Door(Kiosk(kiosk_id), is_set=False)

    def put(self, kiosk: Kiosk) -> None:
        """Heartbeats stay."""
        with self._database.writing() as connection:
            connection.execute(
                "INSERT INTO kiosks (kiosk_id, settings) VALUES (?, ?)"
                " ON CONFLICT (kiosk_id) DO UPDATE SET settings = excluded.settings",
                (kiosk.kiosk_id, kiosk_text(kiosk)),
            )

    def remove(self, kiosk_id: str) -> None:
        """Its row."""
        with self._database.writing() as connection:
            connection.execute("DELETE FROM kiosks WHERE kiosk_id = ?", (kiosk_id,))

    def all(self) -> tuple[Door, ...]:
        """In the order of their ids."""
        with self._database.reading() as connection:
            return tuple(map(_door, connection.execute("SELECT * FROM kiosks ORDER BY kiosk_id").fetchall()))

    def beat(self, kiosk_id: str, heartbeat: Heartbeat) -> Door:
        """In one transaction with reading what the office says."""
        with self._database.writing() as connection:
            row = connection.execute(
                "INSERT INTO kiosks (kiosk_id, heartbeat, seen_at) VALUES (?, ?, ?)"
                " ON CONFLICT (kiosk_id) DO UPDATE SET heartbeat = excluded.heartbeat,"
                " seen_at = coalesce(excluded.seen_at, seen_at) RETURNING *",
                (kiosk_id, heartbeat_text(heartbeat), to_moment(heartbeat.seen_at)),
            ).fetchone()
        return _door(row)

    def groups(self) -> Mapping[str, Sureness]:
        """In the order of their labels."""
        with self._database.reading() as connection:
            rows = connection.execute('SELECT * FROM "groups" ORDER BY "group"').fetchall()
        return {row["group"]: read_sureness(row["sureness"]) for row in rows}

    def put_group(self, group: str, sureness: Sureness) -> None:
        """In place of what was said before."""
        with self._database.writing() as connection:
            connection.execute(
                'INSERT OR REPLACE INTO "groups" VALUES (?, ?)', (group, sureness_text(sureness))
            )

    def told_gone(self) -> frozenset[str]:
        """The kiosks of which somebody was told that they are gone, and not yet that they are back."""
        with self._database.reading() as connection:
            rows = connection.execute("SELECT kiosk_id FROM kiosks WHERE told_gone").fetchall()
        return frozenset(row["kiosk_id"] for row in rows)

    def set_told_gone(self, kiosk_id: str, gone: bool) -> None:
        """Remember that somebody was told."""
        with self._database.writing() as connection:
            connection.execute("UPDATE kiosks SET told_gone = ? WHERE kiosk_id = ?", (int(gone), kiosk_id))


def _door(row: sqlite3.Row) -> Door:
    kiosk = read_kiosk(row["kiosk_id"], row["settings"])
    return Door(kiosk, row["settings"] is not None, read_heartbeat(row["heartbeat"], row["seen_at"]))
