"""Rows of collections and their tags."""

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rekolocal.engine.network import MODEL_VERSION
from rekolocal.errors import (
    ResourceAlreadyExistsException,
    ResourceNotFoundException,
)


@dataclass(frozen=True, slots=True)
class Collection:
    """A collection's row. `key` is ours and never used again; `created_at` is epoch seconds.

    `model`: the network whose vectors it keeps, for ever.
    """

    key: int
    id: str
    created_at: float
    model: str = MODEL_VERSION

    def check_model(self) -> None:
        """Raises ResourceNotFoundException when new vectors cannot be compared with the collection's."""
        if self.model != MODEL_VERSION:
            raise ResourceNotFoundException(
                f"The collection {self.id} keeps faces of the model {self.model}, which cannot be compared"
                f" with those of {MODEL_VERSION}: make it anew from its photos, with `recognizeme-local"
                " reindex`, or with CreateCollection and IndexFaces"
            )


_SELECT = "SELECT key, id, created_at, model FROM collections"


def insert(db: sqlite3.Connection, collection_id: str, now: float) -> Collection:
    """Raises ResourceAlreadyExistsException."""
    try:
        row = db.execute(
            "INSERT INTO collections (id, created_at, model) VALUES (?, ?, ?)",
            (collection_id, now, MODEL_VERSION),
        )
    except sqlite3.IntegrityError as error:
        message = f"The collection id: {collection_id} already exists"
        raise ResourceAlreadyExistsException(message) from error
    assert row.lastrowid is not None
    return Collection(row.lastrowid, collection_id, now)


def get(db: sqlite3.Connection, collection_id: str) -> Collection:
    """Raises ResourceNotFoundException."""
    row = db.execute(f"{_SELECT} WHERE id = ?", (collection_id,)).fetchone()
    if row is None:
        raise ResourceNotFoundException(f"The collection id: {collection_id} does not exist")
    return Collection(*row)


def page(db: sqlite3.Connection, after: int, limit: int) -> list[Collection]:
    """Collections in the order of their making, after the one with key `after`."""
    rows = db.execute(f"{_SELECT} WHERE key > ? ORDER BY key LIMIT ?", (after, limit))
    return [Collection(*row) for row in rows]


def delete(db: sqlite3.Connection, collection: Collection) -> None:
    """The collection and everything in it."""
    db.execute("DELETE FROM collections WHERE key = ?", (collection.key,))


def count(db: sqlite3.Connection, collection: Collection) -> tuple[int, int]:
    """How many faces and users it has."""
    (faces,) = db.execute("SELECT count(*) FROM faces WHERE collection = ?", (collection.key,)).fetchone()
    (users,) = db.execute("SELECT count(*) FROM users WHERE collection = ?", (collection.key,)).fetchone()
    return faces, users


def tags(db: sqlite3.Connection, collection: Collection) -> dict[str, str]:
    """Its tags."""
    return dict(db.execute("SELECT key, value FROM tags WHERE collection = ?", (collection.key,)).fetchall())


def set_tags(db: sqlite3.Connection, collection: Collection, tags: Mapping[str, str]) -> None:
    """Add tags, or give existing ones another value."""
    db.executemany(
        "INSERT INTO tags VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
        [(collection.key, key, value) for key, value in tags.items()],
    )


def remove_tags(db: sqlite3.Connection, collection: Collection, keys: Iterable[str]) -> None:
    """Remove tags; one that is not there is no error."""
    db.executemany(
        "DELETE FROM tags WHERE collection = ? AND key = ?", [(collection.key, key) for key in keys]
    )
