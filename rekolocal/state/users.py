"""Rows of users and their vectors."""

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rekolocal.errors import ConflictException, ResourceNotFoundException
from rekolocal.state.collections import Collection

Vector = npt.NDArray[np.float32]

_SELECT = """
    SELECT u.key, u.id, u.updating_until, (SELECT count(*) FROM faces WHERE user = u.key), u.vector
    FROM users u
"""


@dataclass(frozen=True, slots=True)
class User:
    """A user's row. `vector` is float32 (128,), of length 1, the faces' mean; None while there are none."""

    key: int
    id: str
    updating_until: float
    face_count: int
    vector: Vector | None

    def status(self, now: float) -> str:
        """Rekognition's UserStatus."""
        if now < self.updating_until:
            return "UPDATING"
        return "ACTIVE" if self.face_count else "CREATED"


def _user(row: tuple[int, str, float, int, bytes | None]) -> User:
    key, id_, updating_until, face_count, vector = row
    return User(
        key, id_, updating_until, face_count, None if vector is None else np.frombuffer(vector, dtype="<f4")
    )


def insert(db: sqlite3.Connection, collection: Collection, user_id: str) -> None:
    """Raises ConflictException when the user exists."""
    try:
        db.execute("INSERT INTO users (collection, id) VALUES (?, ?)", (collection.key, user_id))
    except sqlite3.IntegrityError as error:
        raise ConflictException(f"The user id: {user_id} already exists in the collection") from error


def get(db: sqlite3.Connection, collection: Collection, user_id: str) -> User:
    """Raises ResourceNotFoundException."""
    row = db.execute(f"{_SELECT} WHERE u.collection = ? AND u.id = ?", (collection.key, user_id)).fetchone()
    if row is None:
        raise ResourceNotFoundException(f"The user id: {user_id} does not exist")
    return _user(row)


def with_keys(db: sqlite3.Connection, keys: Sequence[int]) -> dict[int, User]:
    """The users that exist, by key."""
    rows = db.execute(f"{_SELECT} WHERE u.key IN (SELECT value FROM json_each(?))", (json.dumps(list(keys)),))
    return {user.key: user for user in map(_user, rows)}


def page(db: sqlite3.Connection, collection: Collection, after: int, limit: int) -> list[User]:
    """Users in the order of their making, after the one with key `after`."""
    rows = db.execute(
        f"{_SELECT} WHERE u.collection = ? AND u.key > ? ORDER BY u.key LIMIT ?",
        (collection.key, after, limit),
    )
    return [_user(row) for row in rows]


def delete(db: sqlite3.Connection, user: User) -> None:
    """The user; the faces stay, belonging to nobody."""
    db.execute("DELETE FROM users WHERE key = ?", (user.key,))


def assign(db: sqlite3.Connection, face_keys: Iterable[int], user: User | None) -> None:
    """Make the faces the user's, or nobody's."""
    owner = None if user is None else user.key
    db.executemany("UPDATE faces SET user = ? WHERE key = ?", [(owner, key) for key in face_keys])


def face_keys(db: sqlite3.Connection, user: User) -> list[int]:
    """Keys of the user's faces."""
    return [key for (key,) in db.execute("SELECT key FROM faces WHERE user = ? ORDER BY key", (user.key,))]


def set_vector(db: sqlite3.Connection, user: User, vector: Vector | None, updating_until: float) -> None:
    """The user's new vector, and until when (epoch seconds) the user counts as being updated."""
    content = None if vector is None else vector.astype("<f4").tobytes()
    db.execute(
        "UPDATE users SET vector = ?, updating_until = ? WHERE key = ?", (content, updating_until, user.key)
    )


def all_vectors(db: sqlite3.Connection) -> list[tuple[int, int, Vector]]:
    """Every user's collection key, key and vector."""
    rows = db.execute("SELECT collection, key, vector FROM users WHERE vector IS NOT NULL")
    return [(collection, key, np.frombuffer(vector, dtype="<f4")) for collection, key, vector in rows]
