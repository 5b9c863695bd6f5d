"""Rows of faces and their vectors."""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np
import numpy.typing as npt

from rekolocal.engine.faces import Box
from rekolocal.state.collections import Collection

Vectors = npt.NDArray[np.float32]
Keys = npt.NDArray[np.int64]

_SELECT = """
    SELECT f.key, f.id, f.image_id, f.external_image_id, f.left, f.top, f.width, f.height, f.confidence_pct,
        c.model, f.user, u.id
    FROM faces f JOIN collections c ON c.key = f.collection LEFT JOIN users u ON u.key = f.user
"""


@dataclass(frozen=True, slots=True)
class StoredFace:
    """A face's row. `key` is ours, ascending, never used again; `user` and `user_id` may be None."""

    key: int
    id: UUID
    image_id: UUID
    external_image_id: str | None
    box: Box
    confidence_pct: float
    model: str
    user: int | None = None
    user_id: str | None = None


_Row = tuple[int, bytes, bytes, str | None, float, float, float, float, float, str, int | None, str | None]


def _face(row: _Row) -> StoredFace:
    key, id_, image_id, external_image_id, left, top, width, height, confidence, model, user, user_id = row
    return StoredFace(
        key, UUID(bytes=id_), UUID(bytes=image_id), external_image_id, Box(left, top, width, height),
        confidence, model, user, user_id,
    )  # fmt: skip


def insert(
    db: sqlite3.Connection,
    collection: Collection,
    *,
    face_id: UUID,
    image_id: UUID,
    image_digest: bytes,
    external_image_id: str | None,
    box: Box,
    confidence_pct: float,
    vector: Vectors,
) -> StoredFace:
    """`vector`: float32 (128,)."""
    row = db.execute(
        "INSERT INTO faces (collection, id, image_id, image_digest, external_image_id, left, top, width,"
        " height, confidence_pct) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (collection.key, face_id.bytes, image_id.bytes, image_digest, external_image_id,
         box.left, box.top, box.width, box.height, confidence_pct),
    )  # fmt: skip
    assert row.lastrowid is not None
    content = vector.astype("<f4").tobytes()
    db.execute("INSERT INTO vectors VALUES (?, ?, ?)", (row.lastrowid, collection.key, content))
    return StoredFace(
        row.lastrowid, face_id, image_id, external_image_id, box, confidence_pct, collection.model
    )


def of_image(
    db: sqlite3.Connection, collection: Collection, image_digest: bytes, external_image_id: str | None
) -> list[StoredFace]:
    """Faces stored from the same bytes with the same ExternalImageId, or both times without."""
    return [
        _face(row)
        for row in db.execute(
            f"{_SELECT} WHERE f.collection = ? AND f.image_digest = ? AND f.external_image_id IS ?",
            (collection.key, image_digest, external_image_id),
        )
    ]


def with_ids(db: sqlite3.Connection, collection: Collection, ids: Iterable[str]) -> dict[str, StoredFace]:
    """The faces that exist, by FaceId."""
    found: dict[str, StoredFace] = {}
    for id_ in ids:
        row = db.execute(
            f"{_SELECT} WHERE f.collection = ? AND f.id = ?", (collection.key, UUID(id_).bytes)
        ).fetchone()
        if row is not None:
            found[id_] = _face(row)
    return found


def with_keys(db: sqlite3.Connection, keys: Sequence[int]) -> dict[int, StoredFace]:
    """The faces that exist, by key."""
    rows = db.execute(f"{_SELECT} WHERE f.key IN (SELECT value FROM json_each(?))", (json.dumps(list(keys)),))
    return {face.key: face for face in map(_face, rows)}


def page(
    db: sqlite3.Connection,
    collection: Collection,
    after: int,
    limit: int,
    *,
    user_id: str | None = None,
    ids: Sequence[str] | None = None,
) -> list[StoredFace]:
    """Faces in the order of their making, after the one with key `after`."""
    where = "f.collection = ? AND f.key > ?"
    values: list[int | str] = [collection.key, after]
    if user_id is not None:
        where, values = f"{where} AND u.id = ?", [*values, user_id]
    if ids is not None:
        found = [face.key for face in with_ids(db, collection, ids).values()]
        where, values = f"{where} AND f.key IN (SELECT value FROM json_each(?))", [*values, json.dumps(found)]
    rows = db.execute(f"{_SELECT} WHERE {where} ORDER BY f.key LIMIT ?", (*values, limit))
    return [_face(row) for row in rows]


def delete(db: sqlite3.Connection, keys: Iterable[int]) -> None:
    """The faces and their vectors."""
    db.executemany("DELETE FROM faces WHERE key = ?", [(key,) for key in keys])


def vectors(db: sqlite3.Connection, keys: Sequence[int]) -> Vectors:
    """float32 (len(keys), 128), in the order of `keys`, which must exist."""
    rows = dict(
        db.execute("SELECT face, vector FROM vectors WHERE face IN (SELECT value FROM json_each(?))",
                   (json.dumps(list(keys)),))
    )  # fmt: skip
    return np.frombuffer(b"".join(rows[key] for key in keys), dtype="<f4").reshape(len(keys), -1)


def all_vectors(db: sqlite3.Connection, batch: int = 2_048) -> Iterator[tuple[Keys, Keys, Vectors]]:
    """Every collection's vectors, in batches: collection keys (n,), face keys (n,), float32 (n, 128)."""
    cursor = db.execute("SELECT collection, face, vector FROM vectors ORDER BY face")
    while rows := cursor.fetchmany(batch):
        collections, faces, contents = zip(*rows, strict=True)
        yield (
            np.array(collections, dtype=np.int64),
            np.array(faces, dtype=np.int64),
            np.frombuffer(b"".join(contents), dtype="<f4").reshape(len(rows), -1),
        )
