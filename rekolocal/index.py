"""Exact nearest-neighbour search over the vectors of one collection, in memory."""

from __future__ import annotations

import threading
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

Keys = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]


class VectorIndex:
    """Keys and their vectors, searched exactly by Euclidean distance. Safe to share between threads."""

    def __init__(self, dimensions: int) -> None:
        self._lock = threading.Lock()
        self._keys: Keys = np.empty(0, np.int64)
        self._vectors: Floats = np.empty((0, dimensions), np.float32)

    def __len__(self) -> int:
        return len(self._keys)

    def add(self, keys: Keys, vectors: Floats) -> None:
        """`keys`: int64 (n,), new ones; `vectors`: float32 (n, dimensions)."""
        with self._lock:
            self._keys = np.concatenate([self._keys, keys])
            self._vectors = np.concatenate([self._vectors, vectors])

    def remove(self, keys: Iterable[int]) -> None:
        """Forget keys; one that is not there is no error."""
        with self._lock:
            stays = ~np.isin(self._keys, np.fromiter(keys, np.int64))
            self._keys, self._vectors = self._keys[stays], self._vectors[stays]

    def search(self, vector: Floats, *, limit: int, max_distance: float) -> tuple[Keys, Floats]:
        """The `limit` nearest within `max_distance` (inclusive), nearest first: their keys and distances."""
        with self._lock:
            keys, vectors = self._keys, self._vectors
        distances = np.linalg.norm(vectors - vector, axis=1)
        order = np.argsort(distances, kind="stable")[:limit]
        order = order[distances[order] <= max_distance]
        return keys[order], distances[order].astype(np.float32)
