"""The face collections of a data folder: in use, being built beside it, kept for a way back."""

from enum import StrEnum

from local.adapters.columns import to_box, to_moment
from local.adapters.database import Database
from local.adapters.people import STEPS as PEOPLE_STEPS
from local.adapters.people import photo_of
from recognizeme.domain.model import EnrolledPhoto, PhotoState

_STEPS = (
    "CREATE TABLE collections (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, role TEXT NOT NULL)",
)
_PHOTO = "person_id, photo_id, state, enrolled_at, face_id, face_box, reason, sha256"


class Role(StrEnum):
    """What a collection is there for; there is one of a role at most, but several may be leaving."""

    IN_USE = "in use"
    BUILDING = "building"
    KEPT = "kept"
    LEAVING = "leaving"


class SqliteCollections:
    """A table of collections, and the photos of those that are not in use. `first` is in use at first."""

    def __init__(self, database: Database, first: str) -> None:
        self._database = database
        self._first = first
        database.prepare("people", PEOPLE_STEPS)
        database.prepare("collections", _STEPS)

    def in_use(self) -> str:
        """The collection that people are recognized in."""
        found = self._with(Role.IN_USE)
        return found[0] if found else self._first

    def kept(self) -> str | None:
        """The collection that was in use before, if there is one."""
        return next(iter(self._with(Role.KEPT)), None)

    def leaving(self) -> tuple[str, ...]:
        """Collections that nobody wants any more, and that may still be there."""
        return self._with(Role.LEAVING)

    def others(self) -> tuple[str, ...]:
        """Every collection but the one in use."""
        return tuple(each for role in Role if role is not Role.IN_USE for each in self._with(role))

    def begin(self) -> str:
        """The collection that is being built; a new one when none is."""
        with self._database.writing() as connection:
            row = connection.execute("SELECT id FROM collections WHERE role = ?", (Role.BUILDING,)).fetchone()
            if row:
                return str(row["id"])
            (last,) = connection.execute("SELECT COALESCE(MAX(number), 1) FROM collections").fetchone()
            collection = f"{self._first}-{last + 1}"
            connection.execute(
                "INSERT INTO collections VALUES (?, ?, ?)", (last + 1, collection, Role.BUILDING)
            )
        return collection

    def record(self, collection: str, person_id: str, photo: EnrolledPhoto, *, photo_key: str) -> None:
        """What became of a photo in a collection that is not in use. Its face counts as the person's."""
        with self._database.writing() as connection:
            connection.execute(
                f"INSERT OR REPLACE INTO collection_photos (collection, {_PHOTO})"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    collection, person_id, photo.photo_id, photo.state, to_moment(photo.enrolled_at),
                    photo.face_id, to_box(photo.face_box), photo.reason, photo.sha256,
                ),
            )  # fmt: skip
            if photo.face_id is not None:
                connection.execute(
                    "INSERT OR REPLACE INTO faces (face_id, person_id, photo_key, enrolled_at)"
                    " VALUES (?, ?, ?, ?)",
                    (photo.face_id, person_id, photo_key, to_moment(photo.enrolled_at)),
                )

    def drop(self, collection: str, person_id: str, photo_id: str) -> None:
        """A photo is not of the collection any more."""
        with self._database.writing() as connection:
            connection.execute(
                "DELETE FROM collection_photos WHERE collection = ? AND person_id = ? AND photo_id = ?",
                (collection, person_id, photo_id),
            )

    def recorded(self, collection: str) -> dict[tuple[str, str], EnrolledPhoto]:
        """The photos of a collection that is not in use, by person's and photo's id."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT * FROM collection_photos WHERE collection = ?", (collection,)
            ).fetchall()
        return {(row["person_id"], row["photo_id"]): photo_of(row) for row in rows}

    def switch(self, to: str) -> None:
        """Use `to` and keep what was in use, in one transaction; another that was kept is leaving.

        Photos that `to` does not have keep their record.
        """
        with self._database.writing() as connection:
            row = connection.execute("SELECT id FROM collections WHERE role = ?", (Role.IN_USE,)).fetchone()
            before = row["id"] if row else self._first
            connection.execute("INSERT OR IGNORE INTO collections VALUES (1, ?, '')", (self._first,))
            connection.execute(
                f"INSERT INTO collection_photos (collection, {_PHOTO}) SELECT ?, {_PHOTO} FROM photos"
                " WHERE state IN (?, ?)",
                (before, PhotoState.INDEXED, PhotoState.REFUSED),
            )
            connection.execute(
                f"INSERT OR REPLACE INTO photos ({_PHOTO}) SELECT {_PHOTO} FROM collection_photos"
                " WHERE collection = ? AND person_id IN (SELECT person_id FROM people)",
                (to,),
            )
            connection.execute("DELETE FROM collection_photos WHERE collection = ?", (to,))
            connection.execute(
                "UPDATE collections SET role = ? WHERE role = ? AND id <> ?", (Role.LEAVING, Role.KEPT, to)
            )
            connection.execute("UPDATE collections SET role = ? WHERE id = ?", (Role.KEPT, before))
            connection.execute("UPDATE collections SET role = ? WHERE id = ?", (Role.IN_USE, to))

    def gone(self, collection: str) -> None:
        """A leaving collection is deleted: so are the records of its faces."""
        with self._database.writing() as connection:
            connection.execute(
                "DELETE FROM faces WHERE face_id IN"
                " (SELECT face_id FROM collection_photos WHERE collection = ?)",
                (collection,),
            )
            connection.execute("DELETE FROM collection_photos WHERE collection = ?", (collection,))
            connection.execute("DELETE FROM collections WHERE id = ?", (collection,))

    def _with(self, role: Role) -> tuple[str, ...]:
        with self._database.reading() as connection:
            rows = connection.execute("SELECT id FROM collections WHERE role = ?", (role,)).fetchall()
        return tuple(row["id"] for row in rows)
