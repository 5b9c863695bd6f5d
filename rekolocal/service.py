"""What the operations work with: the state, the engine, the indexes, pictures, time and ids."""

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import numpy as np

from rekolocal.attributes import Attributes
from rekolocal.engine.faces import FaceEngine
from rekolocal.engine.network import EMBEDDING_SIZE
from rekolocal.index import Floats, Keys, VectorIndex
from rekolocal.pages import Pages
from rekolocal.pictures import Pictures
from rekolocal.state import Database, faces, users


@dataclass
class Service:
    """Collaborators of the operations. `region` and `account` stand in ARNs.

    `updating_s`: how long a user's status stays UPDATING after its faces changed; the new vector serves at
    once.
    """

    database: Database
    engine: FaceEngine
    pictures: Pictures
    pages: Pages
    region: str = "us-east-1"
    account: str = "000000000000"
    updating_s: float = 0.0
    attributes: Attributes = field(default_factory=Attributes)
    now: Callable[[], float] = time.time
    new_id: Callable[[], uuid.UUID] = uuid.uuid4
    _face_indexes: dict[int, VectorIndex] = field(default_factory=dict)
    _user_indexes: dict[int, VectorIndex] = field(default_factory=dict)

    @classmethod
    def open(
        cls,
        folder: Path | None,
        *,
        engine: FaceEngine | None = None,
        yunet_model: Path | None = None,
        engine_threads: int = 1,
        region: str = "us-east-1",
        updating_s: float = 0.0,
        attributes: Attributes | None = None,
    ) -> Self:
        """The service on the data in `folder` (None: in memory), its indexes filled.

        `yunet_model`: a detector's model of one's own, which RECOGNIZEME_YUNET_MODEL may name as well.
        """
        if engine is None:
            engine = FaceEngine.load(yunet_model=yunet_model, threads=engine_threads)
        database = Database(folder)
        pages = Pages(database.secret())
        service = cls(
            database, engine, Pictures(), pages, region=region, updating_s=updating_s,
            attributes=attributes or Attributes(),
        )  # fmt: skip
        service._fill_indexes()
        return service

    def close(self) -> None:
        """Close the database; call it when no request is running."""
        self.database.close()

    def arn(self, collection_id: str) -> str:
        """A collection's Amazon Resource Name."""
        return f"arn:aws:rekognition:{self.region}:{self.account}:collection/{collection_id}"

    def face_index(self, collection_key: int) -> VectorIndex:
        """The vectors of a collection's faces."""
        return self._face_indexes.setdefault(collection_key, VectorIndex(EMBEDDING_SIZE))

    def user_index(self, collection_key: int) -> VectorIndex:
        """The vectors of a collection's users."""
        return self._user_indexes.setdefault(collection_key, VectorIndex(EMBEDDING_SIZE))

    def forget_collection(self, key: int) -> None:
        """Drop a deleted collection's indexes."""
        self._face_indexes.pop(key, None)
        self._user_indexes.pop(key, None)

    def _fill_indexes(self) -> None:
        with self.database.read() as db:
            for batch in faces.all_vectors(db):
                self._index(*batch)
            for collection, key, vector in users.all_vectors(db):
                self.user_index(collection).add(np.array([key]), vector[None])

    def _index(self, collections: Keys, keys: Keys, vectors: Floats) -> None:
        if collections[0] == collections[-1] and (collections == collections[0]).all():
            self.face_index(int(collections[0])).add(keys, vectors)
            return
        for collection in np.unique(collections):
            chosen = collections == collection
            self.face_index(int(collection)).add(keys[chosen], vectors[chosen])
