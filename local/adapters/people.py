"""People, their photos and faces in SQLite."""

import sqlite3
from datetime import datetime

from local.adapters.columns import from_box, from_moment, to_box, to_moment
from local.adapters.database import Database
from recognizeme.adapters import cursor as cursors
from recognizeme.domain.model import Consent, EnrolledPhoto, Person, PhotoState
from recognizeme.domain.ports import Page

_STEPS = (
    """CREATE TABLE people (
        person_id TEXT PRIMARY KEY, name TEXT NOT NULL, created_at TEXT NOT NULL,
        consent_given_at TEXT, consent_recorded_by TEXT
    ) WITHOUT ROWID""",
    """CREATE TABLE photos (
        person_id TEXT NOT NULL, photo_id TEXT NOT NULL,
        state TEXT NOT NULL, enrolled_at TEXT NOT NULL, face_id TEXT, face_box TEXT, reason TEXT,
        PRIMARY KEY (person_id, photo_id)
    ) WITHOUT ROWID""",
    """CREATE TABLE faces (
        face_id TEXT PRIMARY KEY, person_id TEXT NOT NULL, photo_key TEXT NOT NULL, enrolled_at TEXT NOT NULL
    ) WITHOUT ROWID""",
    "CREATE INDEX faces_person ON faces (person_id)",
)


class SqlitePeople:
    """`People` in three tables."""

    def __init__(self, database: Database) -> None:
        self._database = database
        database.prepare("people", _STEPS)

    def put(self, person: Person) -> Person:
        """`person.photos` is not looked at, and no consent leaves the stored one."""
        consent = person.consent
        with self._database.writing() as connection:
            connection.execute(
                "INSERT INTO people (person_id, name, created_at) VALUES (?, ?, ?)"
                " ON CONFLICT (person_id) DO UPDATE SET name = excluded.name",
                (person.person_id, person.name, to_moment(person.created_at)),
            )
            if consent:
                connection.execute(
                    "UPDATE people SET consent_given_at = ?, consent_recorded_by = ? WHERE person_id = ?",
                    (to_moment(consent.given_at), consent.recorded_by, person.person_id),
                )
            return _select(connection, "WHERE person_id = ?", (person.person_id,))[0]

    def get(self, person_id: str) -> Person | None:
        """One person with their photos."""
        with self._database.reading() as connection:
            found = _select(connection, "WHERE person_id = ?", (person_id,))
        return found[0] if found else None

    def list(self, *, limit: int, cursor: str | None = None) -> Page[Person]:
        """In the order of their ids."""
        after = cursors.decode("people", cursor) if cursor else ""
        with self._database.reading() as connection:
            found = _select(connection, "WHERE person_id > ? ORDER BY person_id LIMIT ?", (after, limit + 1))
        if len(found) <= limit:
            return Page(found)
        return Page(found[:limit], cursors.encode("people", found[limit - 1].person_id))

    def add_photo(self, person_id: str, photo: EnrolledPhoto, *, photo_key: str) -> bool:
        """One transaction over photo and face, if the person exists."""
        enrolled_at = to_moment(photo.enrolled_at)
        with self._database.writing() as connection:
            if not connection.execute("SELECT 1 FROM people WHERE person_id = ?", (person_id,)).fetchone():
                return False
            connection.execute(
                "INSERT OR REPLACE INTO photos VALUES"
                " (:person_id, :photo_id, :state, :enrolled_at, :face_id, :face_box, :reason)",
                {
                    "person_id": person_id,
                    "photo_id": photo.photo_id,
                    "state": photo.state,
                    "enrolled_at": enrolled_at,
                    "face_id": photo.face_id,
                    "face_box": to_box(photo.face_box),
                    "reason": photo.reason,
                },
            )
            if photo.face_id is not None:
                connection.execute(
                    "INSERT OR REPLACE INTO faces (face_id, person_id, photo_key, enrolled_at)"
                    " VALUES (?, ?, ?, ?)",
                    (photo.face_id, person_id, photo_key, enrolled_at),
                )
        return True

    def face_ids(self, person_id: str) -> tuple[str, ...]:
        """Every face recorded for the person."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT face_id FROM faces WHERE person_id = ?", (person_id,)
            ).fetchall()
        return tuple(row["face_id"] for row in rows)

    def delete(self, person_id: str) -> tuple[str, ...]:
        """Person, photos and faces in one transaction."""
        with self._database.writing() as connection:
            for table in ("people", "photos"):
                connection.execute(f"DELETE FROM {table} WHERE person_id = ?", (person_id,))
            rows = connection.execute(
                "DELETE FROM faces WHERE person_id = ? RETURNING face_id", (person_id,)
            ).fetchall()
        return tuple(row["face_id"] for row in rows)


def _select(connection: sqlite3.Connection, where: str, values: tuple[object, ...]) -> tuple[Person, ...]:
    people = connection.execute(f"SELECT * FROM people {where}", values).fetchall()
    return tuple(_person(row, _photos(connection, row["person_id"])) for row in people)


def _photos(connection: sqlite3.Connection, person_id: str) -> dict[str, EnrolledPhoto]:
    rows = connection.execute("SELECT * FROM photos WHERE person_id = ? ORDER BY photo_id", (person_id,))
    return {
        row["photo_id"]: EnrolledPhoto(
            photo_id=row["photo_id"],
            state=PhotoState(row["state"]),
            enrolled_at=datetime.fromisoformat(row["enrolled_at"]),
            face_id=row["face_id"],
            face_box=from_box(row["face_box"]),
            reason=row["reason"],
        )
        for row in rows
    }


def _person(row: sqlite3.Row, photos: dict[str, EnrolledPhoto]) -> Person:
    consented = from_moment(row["consent_given_at"])
    return Person(
        person_id=row["person_id"],
        name=row["name"],
        created_at=datetime.fromisoformat(row["created_at"]),
        consent=Consent(consented, row["consent_recorded_by"]) if consented else None,
        photos=photos,
    )
