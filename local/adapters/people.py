"""People, their photos and faces, and the tombstones of the forgotten, in SQLite."""

import hashlib
import hmac
import json
import sqlite3
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from local.adapters.columns import from_box, from_moment, to_box, to_moment
from local.adapters.database import Database
from recognizeme.adapters import cursor as cursors
from recognizeme.domain.errors import PersonGone, ServiceBusy
from recognizeme.domain.model import (
    Consent,
    EnrolledPhoto,
    Enrollment,
    Person,
    PhotoState,
    Remains,
    SimilarFace,
)
from recognizeme.domain.people import UNCHANGED, PersonChange, searchable
from recognizeme.domain.photo_problems import PhotoProblem
from recognizeme.domain.ports import EVERYBODY, Page, PeopleQuery
from recognizeme.domain.receipts import Progress

STEPS = (
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
    "ALTER TABLE photos ADD COLUMN sha256 TEXT",
    # Pictures of which a face may be indexed already, and not yet recorded.
    """CREATE TABLE unsettled (
        person_id TEXT NOT NULL, sha256 TEXT NOT NULL, PRIMARY KEY (person_id, sha256)
    ) WITHOUT ROWID""",
    """CREATE TABLE tombstones (
        id_hash TEXT PRIMARY KEY, expires_at TEXT NOT NULL, leased_until TEXT NOT NULL
    ) WITHOUT ROWID""",
    # Of collections that are not in use (`local.adapters.collections`).
    """CREATE TABLE collection_photos (
        collection TEXT NOT NULL, person_id TEXT NOT NULL, photo_id TEXT NOT NULL,
        state TEXT NOT NULL, enrolled_at TEXT NOT NULL, face_id TEXT, face_box TEXT, reason TEXT, sha256 TEXT,
        PRIMARY KEY (collection, person_id, photo_id)
    ) WITHOUT ROWID""",
    "ALTER TABLE photos ADD COLUMN removed_at TEXT",
    "ALTER TABLE unsettled ADD COLUMN begun_at TEXT NOT NULL DEFAULT '1970-01-01T00:00:00.000000+00:00'",
    "ALTER TABLE people ADD COLUMN consent_text_version TEXT",
    "ALTER TABLE people ADD COLUMN consent_withdrawn_at TEXT",
    "ALTER TABLE people ADD COLUMN groups TEXT NOT NULL DEFAULT '[]'",  # JSON
    "ALTER TABLE people ADD COLUMN active INTEGER NOT NULL DEFAULT 1",
    "ALTER TABLE people ADD COLUMN active_until TEXT",
    "CREATE TABLE people_groups (label TEXT, person_id TEXT, PRIMARY KEY (label, person_id)) WITHOUT ROWID",
    """CREATE TRIGGER people_grouped AFTER UPDATE OF groups ON people BEGIN
        DELETE FROM people_groups
            WHERE person_id = old.person_id AND label IN (SELECT value FROM json_each(old.groups));
        INSERT INTO people_groups SELECT value, new.person_id FROM json_each(new.groups); END""",
    """CREATE TRIGGER people_gone AFTER DELETE ON people BEGIN
        DELETE FROM people_groups
            WHERE person_id = old.person_id AND label IN (SELECT value FROM json_each(old.groups));
        DELETE FROM people_names WHERE person_id = old.person_id; END""",
    # What each word of a name begins, so that a prefix of any of them is found.
    "CREATE TABLE people_names (words TEXT, person_id TEXT, PRIMARY KEY (words, person_id)) WITHOUT ROWID",
    "CREATE INDEX people_names_person ON people_names (person_id, words)",
    "ALTER TABLE people ADD COLUMN is_searchable INTEGER",
    "CREATE INDEX people_unsearchable ON people (person_id) WHERE is_searchable IS NULL",
    "ALTER TABLE people ADD COLUMN merged_into TEXT",
    "CREATE INDEX people_merged ON people (merged_into) WHERE merged_into IS NOT NULL",
    # Whoever is enrolled anew under the id of somebody forgotten stands for nobody.
    """CREATE TRIGGER people_new AFTER INSERT ON people BEGIN
        UPDATE people SET merged_into = NULL WHERE merged_into = new.person_id; END""",
    "ALTER TABLE photos ADD COLUMN problem TEXT",
    "ALTER TABLE photos ADD COLUMN similar_face_id TEXT",
    "ALTER TABLE photos ADD COLUMN similarity_pct REAL",
    "ALTER TABLE people ADD COLUMN last_seen_on TEXT",
    "ALTER TABLE people ADD COLUMN forgotten_on TEXT",
    "ALTER TABLE tombstones ADD COLUMN progress TEXT",  # JSON
)


_LAST = "\U0010ffff"  # after every letter
_OF_GROUP = "JOIN people_groups ON label = ?6 AND people_groups.person_id = found.person_id"


class SqlitePeople:
    """`People` in a few tables. `tombstone_key` is the key of the hash that tombstones hold of an id."""

    def __init__(self, database: Database, *, tombstone_key: bytes) -> None:
        self._database = database
        self._tombstone_key = tombstone_key
        database.prepare("people", STEPS)
        self.make_searchable()

    def put(self, person: Person, *, now: datetime) -> Person:
        """`person.photos` is not looked at, and no consent leaves the stored one."""
        with self._database.writing() as connection:
            self._refuse_while_forgetting(connection, person.person_id, now)
            connection.execute("DELETE FROM tombstones WHERE id_hash = ?", (self._hash(person.person_id),))
            _insert(connection, person)
            said = PersonChange(
                name=person.name,
                groups=person.groups,
                active=person.active,
                active_until=person.active_until,
                consent=person.consent or UNCHANGED,
                forgotten_on=person.forgotten_on,
            )
            _update(connection, person.person_id, said)
            return _select(connection, "WHERE person_id = ?", (person.person_id,))[0]

    def change(self, person_id: str, change: PersonChange) -> Person | None:
        """Look and change in one transaction."""
        with self._database.writing() as connection:
            if not _exists(connection, person_id):
                return None
            _update(connection, person_id, change)
            return _select(connection, "WHERE person_id = ?", (person_id,))[0]

    def put_unless_forgotten(self, person: Person, *, now: datetime) -> bool:
        """Look and create in one transaction."""
        with self._database.writing() as connection:
            if _exists(connection, person.person_id):
                return True
            if self._is_forgotten(connection, person.person_id, now):
                return False
            _insert(connection, person)
            _enter_name(connection, person.person_id, person.name)
        return True

    def get(self, person_id: str) -> Person | None:
        """One person with their photos."""
        with self._database.reading() as connection:
            found = _select(connection, "WHERE person_id = ?", (person_id,))
        return found[0] if found else None

    def find(self, person_ids: Sequence[str]) -> dict[str, Person]:
        """In one view of the table."""
        wanted = json.dumps(list(person_ids))
        with self._database.reading() as connection:
            found = _select(connection, "WHERE person_id IN (SELECT value FROM json_each(?))", (wanted,))
        return {person.person_id: person for person in found}

    def list(self, query: PeopleQuery = EVERYBODY, *, limit: int, cursor: str | None = None) -> Page[Person]:
        """In the order of their ids, or of the words that were searched for."""
        after = cursors.decode("people", cursor) if cursor else ""
        if query.name is not None:
            return self._named(query.name, query.group, after, limit)
        source = "people" if query.group is None else "people_groups JOIN people USING (person_id)"
        conditions = "person_id > ?" if query.group is None else "person_id > ? AND label = ?"
        given = (after,) if query.group is None else (after, query.group)
        with self._database.reading() as connection:
            found = _select(
                connection, f"WHERE {conditions} ORDER BY person_id LIMIT ?", (*given, limit + 1), source
            )
        if len(found) <= limit:
            return Page(found)
        return Page(found[:limit], cursors.encode("people", found[limit - 1].person_id))

    def _named(self, name: str, group: str | None, after: str, limit: int) -> Page[Person]:
        low = name.removeprefix(" ")
        from_words, _, from_id = after.partition("\n")
        from_words = max(from_words, low)  # one bound, or SQLite would read from the first name on
        with self._database.reading() as connection:
            found = connection.execute(
                # Of the words of one person that begin so, the first alone counts.
                f"SELECT words, found.person_id FROM people_names AS found {_OF_GROUP if group else ''}"
                " WHERE (words, found.person_id) > (?1, ?2) AND words < ?4"
                " AND NOT EXISTS (SELECT 1 FROM people_names AS before WHERE"
                " before.person_id = found.person_id AND before.words >= ?3 AND before.words < found.words)"
                " ORDER BY words, found.person_id LIMIT ?5",
                (from_words, from_id, low, low + _LAST, limit + 1, *([group] if group else [])),
            ).fetchall()
            people = tuple(
                person
                for row in found[:limit]
                for person in _select(connection, "WHERE person_id = ?", (row["person_id"],))
            )
        if len(found) <= limit:
            return Page(people)
        last = found[limit - 1]
        return Page(people, cursors.encode("people", f"{last['words']}\n{last['person_id']}"))

    def make_searchable(self) -> None:
        """Enter the names of a database that was made before names were searched."""
        wanted = "SELECT person_id, name FROM people WHERE is_searchable IS NULL"
        with self._database.reading() as connection:
            if not connection.execute(f"{wanted} LIMIT 1").fetchone():
                return
        with self._database.writing() as connection:
            for row in connection.execute(wanted).fetchall():
                _enter_name(connection, row["person_id"], row["name"])

    def begin_photo(self, person_id: str, sha256: str, *, now: datetime) -> bool:
        """One transaction, if the person exists."""
        with self._database.writing() as connection:
            if not _exists(connection, person_id):
                return False
            connection.execute(
                "INSERT OR REPLACE INTO unsettled VALUES (?, ?, ?)", (person_id, sha256, to_moment(now))
            )
        return True

    def add_photo(self, person_id: str, photo: EnrolledPhoto, *, photo_key: str) -> bool:
        """One transaction over photo and face, if neither person nor photo was removed."""
        enrolled_at, removed_at = to_moment(photo.enrolled_at), to_moment(photo.removed_at)
        with self._database.writing() as connection:
            if not _exists(connection, person_id):
                return False
            known = connection.execute(
                "SELECT 1 FROM photos WHERE person_id = ? AND photo_id = ? AND removed_at IS NOT ?",
                (person_id, photo.photo_id, removed_at),
            )
            if known.fetchone():
                return False
            connection.execute(
                "DELETE FROM unsettled WHERE person_id = ? AND sha256 = ?", (person_id, photo.sha256)
            )
            connection.execute(
                "INSERT OR REPLACE INTO photos"
                " (person_id, photo_id, state, enrolled_at, face_id, face_box, reason, sha256, removed_at,"
                " problem, similar_face_id, similarity_pct) VALUES"
                " (:person_id, :photo_id, :state, :enrolled_at, :face_id, :face_box, :reason, :sha256,"
                " :removed_at, :problem, :similar_face_id, :similarity_pct)",
                {
                    "person_id": person_id,
                    "photo_id": photo.photo_id,
                    "state": photo.state,
                    "enrolled_at": enrolled_at,
                    "face_id": photo.face_id,
                    "face_box": to_box(photo.face_box),
                    "reason": photo.reason,
                    "sha256": photo.sha256,
                    "removed_at": removed_at,
                    "problem": photo.problem,
                    "similar_face_id": photo.similar.face_id if photo.similar else None,
                    "similarity_pct": photo.similar.similarity_pct if photo.similar else None,
                },
            )
            if photo.face_id is not None:
                connection.execute(
                    "INSERT OR REPLACE INTO faces (face_id, person_id, photo_key, enrolled_at)"
                    " VALUES (?, ?, ?, ?)",
                    (photo.face_id, person_id, photo_key, enrolled_at),
                )
        return True

    def last_begun(self, person_id: str) -> datetime | None:
        """The newest of what is unsettled."""
        with self._database.reading() as connection:
            (begun_at,) = connection.execute(
                "SELECT max(begun_at) FROM unsettled WHERE person_id = ?", (person_id,)
            ).fetchone()
        return from_moment(begun_at)

    def settle(self, person_id: str, *, begun_until: datetime) -> None:
        """One statement."""
        with self._database.writing() as connection:
            connection.execute(
                "DELETE FROM unsettled WHERE person_id = ? AND begun_at <= ?",
                (person_id, to_moment(begun_until)),
            )

    def begin_removing_photo(self, person_id: str, photo_id: str, *, now: datetime) -> tuple[str, ...] | None:
        """One transaction; the faces are those of every collection."""
        removing = {
            "person_id": person_id,
            "photo_id": photo_id,
            "removing": PhotoState.REMOVING,
            "indexed": PhotoState.INDEXED,
            "now": to_moment(now),
            "photo_key": Enrollment(person_id, photo_id).photo_key,
        }
        with self._database.writing() as connection:
            if not _exists(connection, person_id):
                return None
            connection.execute(
                "INSERT INTO photos (person_id, photo_id, state, enrolled_at, removed_at)"
                " VALUES (:person_id, :photo_id, :removing, :now, :now) ON CONFLICT (person_id, photo_id)"
                " DO UPDATE SET state = :removing, removed_at = :now WHERE state <> :removing",
                removing,
            )
            rows = connection.execute(
                "WITH every AS (SELECT person_id, photo_id, state, face_id FROM photos"
                " UNION ALL SELECT person_id, photo_id, state, face_id FROM collection_photos)"
                " SELECT face_id FROM every WHERE person_id = :person_id AND photo_id = :photo_id"
                " AND face_id IS NOT NULL UNION SELECT face_id FROM faces WHERE person_id = :person_id"
                " AND photo_key = :photo_key EXCEPT SELECT face_id FROM every"
                " WHERE person_id = :person_id AND photo_id <> :photo_id AND state = :indexed",
                removing,
            ).fetchall()
        return tuple(row["face_id"] for row in rows)

    def end_removing_photo(self, person_id: str, photo_id: str, face_ids: Iterable[str]) -> None:
        """One transaction; then nothing of the photo is left in the file either."""
        with self._database.writing() as connection:
            ended = connection.execute(
                "UPDATE photos SET state = ?, face_id = NULL, face_box = NULL, reason = NULL, sha256 = NULL"
                " WHERE person_id = ? AND photo_id = ? AND state = ?",
                (PhotoState.REMOVED, person_id, photo_id, PhotoState.REMOVING),
            )
            if not ended.rowcount:
                return
            connection.execute(
                "DELETE FROM collection_photos WHERE person_id = ? AND photo_id = ?", (person_id, photo_id)
            )
            _delete_faces(connection, person_id, face_ids)
        self._database.scrub()

    def merge(self, person_id: str, *, into: str) -> bool:
        """One statement."""
        with self._database.writing() as connection:
            merged = connection.execute(
                "UPDATE people SET merged_into = :into WHERE person_id = :person AND merged_into IS NULL"
                " AND :person <> :into"
                " AND EXISTS (SELECT 1 FROM people WHERE person_id = :into AND merged_into IS NULL)",
                {"person": person_id, "into": into},
            )
            return bool(merged.rowcount)

    def unmerge(self, person_id: str) -> None:
        """One statement."""
        with self._database.writing() as connection:
            connection.execute("UPDATE people SET merged_into = NULL WHERE person_id = ?", (person_id,))

    def face_ids(self, person_id: str) -> tuple[str, ...]:
        """Every face recorded for the person."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT face_id FROM faces WHERE person_id = ?", (person_id,)
            ).fetchall()
        return tuple(row["face_id"] for row in rows)

    def owner_of(self, face_id: str) -> Person | None:
        """One read over both tables."""
        with self._database.reading() as connection:
            found = _select(
                connection, "WHERE person_id = (SELECT person_id FROM faces WHERE face_id = ?)", (face_id,)
            )
        return found[0] if found else None

    def begin_forgetting(
        self,
        person_id: str,
        *,
        now: datetime,
        expires_at: datetime,
        lease_s: float,
        unless_there: bool = False,
    ) -> Remains | None:
        """Record and photos go, the tombstone comes, in one transaction; expired ones go, too."""
        with self._database.writing() as connection:
            if unless_there and _exists(connection, person_id):
                return None
            self._refuse_while_forgetting(connection, person_id, now)
            is_anew = _exists(connection, person_id)
            for table in ("people", "photos", "collection_photos"):
                connection.execute(f"DELETE FROM {table} WHERE person_id = ?", (person_id,))
            connection.execute("DELETE FROM tombstones WHERE expires_at <= ?", (to_moment(now),))
            raised = connection.execute(
                "INSERT INTO tombstones (id_hash, expires_at, leased_until)"
                " VALUES (:id_hash, :expires_at, :leased_until) ON CONFLICT (id_hash) DO UPDATE SET"
                " expires_at = :expires_at, leased_until = :leased_until,"
                " progress = iif(:is_anew, NULL, progress) RETURNING progress",
                {
                    "id_hash": self._hash(person_id),
                    "expires_at": to_moment(expires_at),
                    "leased_until": to_moment(now + timedelta(seconds=lease_s)),
                    "is_anew": is_anew,
                },
            )
            (progress,) = raised.fetchone()
            unsettled = connection.execute("SELECT 1 FROM unsettled WHERE person_id = ?", (person_id,))
            faces = connection.execute("SELECT face_id FROM faces WHERE person_id = ?", (person_id,))
            return Remains(
                tuple(row["face_id"] for row in faces.fetchall()),
                unsettled.fetchone() is not None,
                _merged(connection, person_id),
                Progress.from_json(progress) if progress else None,
            )

    def note_forgetting(self, person_id: str, progress: Progress) -> None:
        """One statement."""
        with self._database.writing() as connection:
            connection.execute(
                "UPDATE tombstones SET progress = ? WHERE id_hash = ?",
                (progress.to_json(), self._hash(person_id)),
            )

    def end_forgetting(self, person_id: str, face_ids: Iterable[str]) -> None:
        """One transaction; then nothing that this file's tables forgot is left in the file either."""
        with self._database.writing() as connection:
            _delete_faces(connection, person_id, face_ids)
            connection.execute("DELETE FROM unsettled WHERE person_id = ?", (person_id,))
            connection.execute(
                "UPDATE tombstones SET leased_until = '' WHERE id_hash = ?", (self._hash(person_id),)
            )
        self._database.scrub()

    def is_forgotten(self, person_id: str, *, now: datetime) -> bool:
        """Whether there is a tombstone of this id."""
        with self._database.reading() as connection:
            return self._is_forgotten(connection, person_id, now)

    def _is_forgotten(self, connection: sqlite3.Connection, person_id: str, now: datetime) -> bool:
        found = connection.execute(
            "SELECT 1 FROM tombstones WHERE id_hash = ? AND expires_at > ?",
            (self._hash(person_id), to_moment(now)),
        )
        return found.fetchone() is not None

    def _refuse_while_forgetting(self, connection: sqlite3.Connection, person_id: str, now: datetime) -> None:
        leased = connection.execute(
            "SELECT 1 FROM tombstones WHERE id_hash = ? AND leased_until > ?",
            (self._hash(person_id), to_moment(now)),
        )
        if leased.fetchone():
            raise ServiceBusy("this person is being forgotten right now; try again in a moment")

    def _hash(self, person_id: str) -> str:
        return hmac.new(self._tombstone_key, person_id.encode(), hashlib.sha256).hexdigest()


def _insert(connection: sqlite3.Connection, person: Person) -> None:
    """Create the person with name and day, unless there is one."""
    connection.execute(
        "INSERT OR IGNORE INTO people (person_id, name, created_at) VALUES (?, ?, ?)",
        (person.person_id, person.name, to_moment(person.created_at)),
    )


def _update(connection: sqlite3.Connection, person_id: str, change: PersonChange) -> None:
    columns: dict[str, Any] = {}
    for name, value in change.given().items():
        if name == "groups":
            columns["groups"] = json.dumps(value)
        elif name == "consent":
            columns |= {
                "consent_given_at": to_moment(value.given_at),
                "consent_recorded_by": value.recorded_by,
                "consent_text_version": value.text_version,
                "consent_withdrawn_at": to_moment(value.withdrawn_at),
            }
        else:
            columns[name] = value.isoformat() if isinstance(value, date) else value
    if columns:
        changes = ", ".join(f"{column} = :{column}" for column in columns)
        connection.execute(
            f"UPDATE people SET {changes} WHERE person_id = :person_id", columns | {"person_id": person_id}
        )
    if "name" in columns:
        _enter_name(connection, person_id, columns["name"])


def _enter_name(connection: sqlite3.Connection, person_id: str, name: str) -> None:
    """Have the name found by whatever one of its words begins with."""
    connection.execute("DELETE FROM people_names WHERE person_id = ?", (person_id,))
    words = searchable(name).split()
    connection.executemany(
        "INSERT OR IGNORE INTO people_names VALUES (?, ?)",
        [(" ".join(words[place:]), person_id) for place in range(len(words))],
    )
    connection.execute("UPDATE people SET is_searchable = 1 WHERE person_id = ?", (person_id,))


def check_named(connection: sqlite3.Connection, person_id: str | None) -> None:
    """Raise `PersonGone` unless the person exists, in the transaction that is going to name them."""
    if person_id is not None and not _exists(connection, person_id):
        raise PersonGone("the person was forgotten meanwhile")


def _delete_faces(connection: sqlite3.Connection, person_id: str, face_ids: Iterable[str]) -> None:
    connection.executemany(
        "DELETE FROM faces WHERE face_id = ? AND person_id = ?",
        [(face_id, person_id) for face_id in face_ids],
    )


def _exists(connection: sqlite3.Connection, person_id: str) -> bool:
    found = connection.execute("SELECT 1 FROM people WHERE person_id = ?", (person_id,))
    return found.fetchone() is not None


def _select(
    connection: sqlite3.Connection, where: str, values: tuple[object, ...], source: str = "people"
) -> tuple[Person, ...]:
    people = connection.execute(f"SELECT * FROM {source} {where}", values).fetchall()
    return tuple(
        _person(row, _photos(connection, row["person_id"]), _merged(connection, row["person_id"]))
        for row in people
    )


def _merged(connection: sqlite3.Connection, person_id: str) -> tuple[str, ...]:
    rows = connection.execute(
        "SELECT person_id FROM people WHERE merged_into = ? ORDER BY person_id", (person_id,)
    )
    return tuple(row["person_id"] for row in rows)


def _photos(connection: sqlite3.Connection, person_id: str) -> dict[str, EnrolledPhoto]:
    rows = connection.execute("SELECT * FROM photos WHERE person_id = ? ORDER BY photo_id", (person_id,))
    return {row["photo_id"]: photo_of(row) for row in rows}


def photo_of(row: sqlite3.Row) -> EnrolledPhoto:
    """The photo in a row of `photos`, or of `collection_photos`, which do not say as much."""
    columns = row.keys()
    problem = row["problem"] if "problem" in columns else None
    similar_id = row["similar_face_id"] if "similar_face_id" in columns else None
    return EnrolledPhoto(
        photo_id=row["photo_id"],
        state=PhotoState(row["state"]),
        enrolled_at=datetime.fromisoformat(row["enrolled_at"]),
        face_id=row["face_id"],
        face_box=from_box(row["face_box"]),
        reason=row["reason"],
        sha256=row["sha256"],
        removed_at=from_moment(row["removed_at"]) if "removed_at" in row.keys() else None,  # noqa: SIM118
        problem=PhotoProblem(problem) if problem else None,
        similar=SimilarFace(similar_id, row["similarity_pct"]) if similar_id else None,
    )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _person(row: sqlite3.Row, photos: dict[str, EnrolledPhoto], merged: tuple[str, ...]) -> Person:
    consented = from_moment(row["consent_given_at"])
    return Person(
        person_id=row["person_id"],
        name=row["name"],
        created_at=datetime.fromisoformat(row["created_at"]),
        consent=Consent(
            consented,
            row["consent_recorded_by"],
            row["consent_text_version"],
            from_moment(row["consent_withdrawn_at"]),
        )
        if consented
        else None,
        photos=photos,
        groups=tuple(json.loads(row["groups"])),
        active=bool(row["active"]),
        active_until=_day(row["active_until"]),
        merged_into=row["merged_into"],
        merged=merged,
        last_seen_on=_day(row["last_seen_on"]),
        forgotten_on=_day(row["forgotten_on"]),
    )
