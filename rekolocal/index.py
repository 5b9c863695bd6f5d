"""Exact nearest-neighbour search over the vectors of one collection, in memory.

A search of a million vectors is bound by the memory it reads, so it reads a sketch of each vector first: 64 bytes
instead of 512. Vectors are rotated, which keeps distances, so that the coordinates in which faces differ come
first; 63 of them and the length of the rest, rounded to int8, bound the distance from below:

    |x - y|  >=  |sketch(x) - sketch(y)| - error(x) - error(y)

Only vectors the bound cannot rule out are compared in full, so nothing an exhaustive search finds is missed.
docs/adr/0005-vector-search.md has the alternatives.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numkong
import numpy as np
import numpy.typing as npt

Keys = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int32]
Bytes = npt.NDArray[np.int8]

_SKETCH = 64  # int8 values: coordinates, then the length of the rest
_STEP = 0.5 / 127  # what one unit of int8 stands for; faces differ by less than 0.5 in a coordinate
_MAX_ERROR = 0.02  # a vector whose sketch is further off (no face's is) is compared in full every time
_ROUNDING = 1e-4  # more than float32 arithmetic can lose
_SEGMENT = 65_536  # vectors in a full segment
_FIRST_LOOK = 2_048  # vectors seen before any can be ruled out
_FOLD = 4  # sketches side by side in one row of a product: rows of 256 bytes cost less than four of 64
_NEVER, _ALWAYS = np.int32(1 << 30), np.int32(-(1 << 30))


class _Segment:
    """Room for some vectors. `bias` makes a product a distance: half the sketch's squared length."""

    def __init__(self, size: int, dimensions: int) -> None:
        self.sketches: Bytes = np.zeros((size, _SKETCH), np.int8)
        self.biases: Ints = np.full(size, _NEVER, np.int32)
        self.vectors: Floats = np.zeros((size, dimensions), np.float32)
        self.keys: Keys = np.full(size, -1, np.int64)
        self.used = 0

    @property
    def room(self) -> int:
        return len(self.keys) - self.used


@dataclass(slots=True)
class _Nearest:
    """The best found so far, and the distance beyond which nothing is wanted."""

    limit: int
    cutoff: float
    keys: Keys
    distances: Floats

    def take(self, keys: Keys, distances: Floats) -> None:
        near = distances <= self.cutoff
        self.keys = np.concatenate([self.keys, keys[near]])
        self.distances = np.concatenate([self.distances, distances[near]])
        if len(self.keys) >= self.limit:
            order = np.lexsort((self.keys, self.distances))[: self.limit]
            self.keys, self.distances = self.keys[order], self.distances[order]
            self.cutoff = float(self.distances[-1])

    def ranked(self) -> tuple[Keys, Floats]:
        order = np.lexsort((self.keys, self.distances))
        return self.keys[order], self.distances[order]


class VectorIndex:
    """Keys and their vectors, searched exactly by Euclidean distance. Safe to share between threads.

    `rotation`: orthogonal float32 (dimensions, dimensions), in whose first rows the vectors differ most. Any
    gives the same answers, a good one gives them sooner. About 590 bytes a vector of 128 dimensions.
    """

    def __init__(self, rotation: Floats) -> None:
        self._rotation = np.ascontiguousarray(rotation.T)
        self._centre: Floats | None = None  # the first vector; the others are kept relative to it
        self._lock = threading.Lock()
        self._segments: list[_Segment] = []
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, keys: Keys, vectors: Floats) -> None:
        """`keys`: int64 (n,), none of them in the index; `vectors`: float32 (n, dimensions)."""
        if not len(keys):
            return
        rotated = np.asarray(vectors @ self._rotation, dtype=np.float32)
        with self._lock:
            if self._centre is None:
                self._centre = rotated[0].copy()
            rotated -= self._centre
            while len(keys):
                segment = self._segment_with_room()
                taken = min(len(keys), segment.room)
                _write(segment, keys[:taken], rotated[:taken])
                self._count += taken
                keys, rotated = keys[taken:], rotated[taken:]

    def _segment_with_room(self) -> _Segment:
        """The last segment, or a new one; they double at first, so that a small collection stays small."""
        if not self._segments or not self._segments[-1].room:
            size = min(_SEGMENT, max(64, 1 << self._count.bit_length()))
            self._segments.append(_Segment(size, len(self._rotation)))
        return self._segments[-1]

    def remove(self, keys: Iterable[int]) -> None:
        """Forget keys; one that is not there is no error."""
        gone = np.fromiter(keys, np.int64)
        with self._lock:
            for segment in self._segments:
                (slots,) = np.nonzero(np.isin(segment.keys[: segment.used], gone))
                segment.biases[slots] = _NEVER
                segment.keys[slots] = -1
                self._count -= len(slots)
            if self._count < sum(segment.used for segment in self._segments) // 2:
                self._compact()

    def _compact(self) -> None:
        """New segments without the holes; a search that has begun keeps the old ones."""
        old, self._segments, self._count = self._segments, [], 0
        for kept in old:
            (slots,) = np.nonzero(kept.keys >= 0)
            keys, vectors = kept.keys[slots], kept.vectors[slots]
            while len(keys):
                segment = self._segment_with_room()
                taken = min(len(keys), segment.room)
                _write(segment, keys[:taken], vectors[:taken])
                self._count += taken
                keys, vectors = keys[taken:], vectors[taken:]

    def search(self, vector: Floats, *, limit: int, max_distance: float = math.inf) -> tuple[Keys, Floats]:
        """The `limit` nearest within `max_distance` (inclusive): keys, and distances in ascending order."""
        nearest = _Nearest(limit, max_distance, np.empty(0, np.int64), np.empty(0, np.float32))
        with self._lock:
            centre, parts = self._centre, [(segment, segment.used) for segment in self._segments]
        if centre is None:
            return nearest.ranked()
        query = np.asarray(vector @ self._rotation - centre, dtype=np.float32)
        sketch, error = _sketch(query[None])
        folded = numkong.dots_pack(np.kron(np.eye(_FOLD, dtype=np.int8), sketch))
        length = int(np.square(sketch.astype(np.int64)).sum())
        for segment, slots in _blocks(parts):
            scores = _products(segment, slots, folded) - segment.biases[slots]
            self._compare(segment, slots, scores, query, length, float(error[0]), nearest)
        return nearest.ranked()

    def _compare(
        self,
        segment: _Segment,
        slots: slice,
        scores: Ints,
        query: Floats,
        length: int,
        error: float,
        nearest: _Nearest,
    ) -> None:
        """Compare in full what the sketches leave: first the most promising, for they rule out others."""
        (left,) = np.nonzero(scores >= _least_score(nearest.cutoff, length, error))
        if len(left) > 2 * nearest.limit:
            order = np.argpartition(-scores[left], nearest.limit)
            first, left = left[order[: nearest.limit]], left[order[nearest.limit :]]
            nearest.take(*self._distances(segment, slots.start + first, query))
            left = left[scores[left] >= _least_score(nearest.cutoff, length, error)]
        if len(left):
            nearest.take(*self._distances(segment, slots.start + left, query))

    def _distances(self, segment: _Segment, slots: Keys, query: Floats) -> tuple[Keys, Floats]:
        with self._lock:  # a removal must not come between a key and its vector
            keys, differences = segment.keys[slots], segment.vectors[slots] - query
        distances = np.sqrt(np.einsum("ij,ij->i", differences, differences))
        distances[keys < 0] = np.inf
        return keys, distances


def _write(segment: _Segment, keys: Keys, vectors: Floats) -> None:
    """Append vectors (rotated and centred); the bias comes last, for it makes them visible to searches."""
    slots = slice(segment.used, segment.used + len(keys))
    sketches, errors = _sketch(vectors)
    halves = np.square(sketches.astype(np.int32)).sum(axis=1) // 2
    segment.keys[slots], segment.vectors[slots], segment.sketches[slots] = keys, vectors, sketches
    segment.biases[slots] = np.where(errors > _MAX_ERROR, _ALWAYS, halves)
    segment.used += len(keys)


def _sketch(vectors: Floats) -> tuple[Bytes, Floats]:
    """int8 (n, 64) of float32 (n, dimensions), and how far each is from what it stands for."""
    exact = np.empty((len(vectors), _SKETCH), np.float32)
    exact[:, :-1] = vectors[:, : _SKETCH - 1]
    exact[:, -1] = np.linalg.norm(vectors[:, _SKETCH - 1 :], axis=1)
    sketches = np.clip(np.rint(exact / _STEP), -127, 127).astype(np.int8)
    errors = np.linalg.norm(sketches * np.float32(_STEP) - exact, axis=1)
    return sketches, errors.astype(np.float32)


def _least_score(cutoff: float, length: int, error: float) -> float:
    """The score (product minus bias, in steps squared) below which a vector is further than `cutoff`."""
    if math.isinf(cutoff):
        return float(-_NEVER // 2)
    reach = (cutoff + error + _MAX_ERROR + _ROUNDING) / _STEP
    return (length - reach * reach) / 2 - 1  # 1: the bias was rounded down to an integer


def _products(segment: _Segment, slots: slice, folded: numkong.PackedMatrix) -> Ints:
    """int32 (slots,): the sketches times the query's. Slots start and stop at multiples of the fold."""
    rows = segment.sketches[slots].reshape(-1, _FOLD * _SKETCH)
    return np.asarray(numkong.dots_packed(rows, folded)).reshape(-1)


def _blocks(parts: list[tuple[_Segment, int]]) -> Iterator[tuple[_Segment, slice]]:
    """The segments, the first one in two pieces: a short look that finds a cutoff for all that follows."""
    for number, (segment, used) in enumerate(parts):
        stop = -(-used // _FOLD) * _FOLD
        if number == 0 and stop > _FIRST_LOOK:
            yield segment, slice(0, _FIRST_LOOK)
            yield segment, slice(_FIRST_LOOK, stop)
        else:
            yield segment, slice(0, stop)
