"""Exact nearest-neighbour search over the vectors of one collection, in memory.

A search of a million vectors is bound by the memory it reads, so it reads a sketch of each first: its
coordinates rounded to int8, 128 bytes instead of 512, which bound the distance from below:

    |x - y|  >=  |sketch(x) - sketch(y)| - error(x) - error(y)

Only vectors the bound cannot rule out are compared in full, so nothing an exhaustive search finds is missed.
docs/adr/0005-vector-search.md has the alternatives.
"""

import functools
import math
import os
import threading
from collections import deque
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numkong
import numpy as np
import numpy.typing as npt

Keys = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int32]
Bytes = npt.NDArray[np.int8]
Mask = npt.NDArray[np.bool_]

_STEP = 0.5 / 127  # what one unit of int8 stands for; faces' coordinates are below 0.5
_MAX_ERROR = 0.02  # a vector whose sketch is further off (no face's is) is compared in full every time
_ROUNDING = 2e-3  # more than float32 arithmetic can lose
_SEGMENT = 131_072  # vectors in a full segment
_MANY = 512  # vectors of a segment that are left when the bound is loose
_FOLD = 2  # sketches side by side in one row of a product: rows of 256 bytes cost less than two of 128
_NEVER, _ALWAYS = np.int32(1 << 30), np.int32(-(1 << 30))


class _Segment:
    """Room for some vectors. `bias` makes a product a distance: half the sketch's squared length."""

    def __init__(self, size: int, dimensions: int) -> None:
        self.sketches: Bytes = np.zeros((size, dimensions), np.int8)
        self.biases: Ints = np.full(size, _NEVER, np.int32)
        self.vectors: Floats = np.zeros((size, dimensions), np.float32)
        self.keys: Keys = np.full(size, -1, np.int64)
        self.used = 0

    @property
    def room(self) -> int:
        return len(self.keys) - self.used


@dataclass(frozen=True, slots=True)
class _Sketches:
    """int8 (n, dimensions); biases, half the squared length in steps; how far off each is (if known)."""

    values: Bytes
    biases: Ints
    errors: Floats | None = None

    def least_score(self, cutoff: float) -> float:
        """Of a query's sketch: the score (product less bias) below which a vector is beyond `cutoff`."""
        if math.isinf(cutoff):
            return float(-_NEVER // 2)
        assert self.errors is not None
        reach = (cutoff + float(self.errors[0]) + _MAX_ERROR + _ROUNDING) / _STEP
        length = int(np.square(self.values.astype(np.int64)).sum())
        return (length - reach * reach) / 2 - 1  # 1: a bias is rounded down to an integer


@dataclass(frozen=True, slots=True)
class _Candidates:
    """Slots of a segment that the bound has not ruled out, and their scores."""

    segment: _Segment
    slots: Keys
    scores: Ints


@dataclass(slots=True)
class _Nearest:
    """The best found so far, and the distance beyond which nothing is wanted."""

    limit: int
    cutoff: float
    keys: Keys
    distances: Floats
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, keys: Keys, distances: Floats) -> None:
        with self.lock:
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

    About 650 bytes a vector of 128 dimensions. Vectors of length 1 are found soonest; any are found.
    """

    def __init__(self, dimensions: int) -> None:
        self._dimensions = dimensions
        self._lock = threading.Lock()
        self._segments: list[_Segment] = []
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, keys: Keys, vectors: Floats) -> None:
        """`keys`: int64 (n,), none of them in the index; `vectors`: float32 (n, dimensions)."""
        if not len(keys):
            return
        sketches = _sketch(vectors)
        with self._lock:
            self._append(keys, vectors, sketches)

    def _append(self, keys: Keys, vectors: Floats, sketches: _Sketches) -> None:
        done = 0
        while done < len(keys):
            segment = self._segment_with_room()
            rows = slice(done, done + segment.room)
            taken = len(keys[rows])
            slots = slice(segment.used, segment.used + taken)
            segment.keys[slots], segment.vectors[slots] = keys[rows], vectors[rows]
            segment.sketches[slots] = sketches.values[rows]
            segment.biases[slots] = sketches.biases[rows]  # last: it makes the vectors visible to searches
            segment.used += taken
            self._count += taken
            done += taken

    def _segment_with_room(self) -> _Segment:
        """The last segment, or a new one; they double at first, so that a small collection stays small."""
        if not self._segments or not self._segments[-1].room:
            size = min(_SEGMENT, max(64, 1 << self._count.bit_length()))
            self._segments.append(_Segment(size, self._dimensions))
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
        for segment in old:
            (slots,) = np.nonzero(segment.keys >= 0)
            sketches = _Sketches(segment.sketches[slots], segment.biases[slots])
            self._append(segment.keys[slots], segment.vectors[slots], sketches)

    def search(self, vector: Floats, *, limit: int, max_distance: float = math.inf) -> tuple[Keys, Floats]:
        """The `limit` nearest within `max_distance` (inclusive): keys, and distances in ascending order."""
        nearest = _Nearest(limit, max_distance, np.empty(0, np.int64), np.empty(0, np.float32))
        with self._lock:
            parts = deque((segment, segment.used) for segment in self._segments)
        if not parts:
            return nearest.ranked()
        sketch = _sketch(vector[None])
        # Idle cores take segments of a large collection too; on a busy machine the caller does it all.
        many = sum(used == _SEGMENT for _, used in parts)
        helping = [
            _helpers().submit(self._search, parts, vector, sketch, nearest)
            for _ in range(min(many, os.cpu_count() or 1) - 1)
        ]
        self._search(parts, vector, sketch, nearest)
        for helper in helping:
            if not helper.cancel():
                helper.result()
        return nearest.ranked()

    def _search(
        self, parts: deque[tuple[_Segment, int]], query: Floats, sketch: _Sketches, nearest: _Nearest
    ) -> None:
        """Search segments until none is left; several threads may, of the same `parts` and `nearest`."""
        scorer = _Scorer(sketch)
        candidates: list[_Candidates] = []
        while part := _next(parts):
            segment, used = part
            scores = scorer.scores(segment, slice(0, -(-used // _FOLD) * _FOLD))
            (left,) = np.nonzero(scores >= sketch.least_score(nearest.cutoff))
            candidates.append(_Candidates(segment, left, scores[left]))
            # Many left: the bound is loose yet, so tighten it before going on.
            if len(left) > max(_MANY, 4 * nearest.limit):
                self._compare(candidates, query, sketch, nearest)
                candidates = []
        self._compare(candidates, query, sketch, nearest)

    def _compare(
        self, candidates: list[_Candidates], query: Floats, sketch: _Sketches, nearest: _Nearest
    ) -> None:
        """Compare in full what the sketches leave: first the most promising, for they rule out others."""
        if not candidates:
            return
        scores = np.concatenate([each.scores for each in candidates])
        promising = float(-_NEVER)
        if len(scores) > 2 * nearest.limit:
            promising = float(np.partition(scores, -nearest.limit)[-nearest.limit])
        for each in candidates:
            self._take(each, each.scores >= promising, query, nearest)
        least = sketch.least_score(nearest.cutoff)
        for each in candidates:
            self._take(each, (each.scores < promising) & (each.scores >= least), query, nearest)

    def _take(self, candidates: _Candidates, chosen: Mask, query: Floats, nearest: _Nearest) -> None:
        slots = candidates.slots[chosen]
        if len(slots):
            nearest.take(*self._distances(candidates.segment, slots, query))

    def _distances(self, segment: _Segment, slots: Keys, query: Floats) -> tuple[Keys, Floats]:
        with self._lock:  # a removal must not come between a key and its vector
            keys, differences = segment.keys[slots], segment.vectors[slots] - query
        distances = np.sqrt(np.einsum("ij,ij->i", differences, differences))
        stays = keys >= 0
        return keys[stays], distances[stays]


@functools.cache
def _helpers() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="search")


def _next(parts: deque[tuple[_Segment, int]]) -> tuple[_Segment, int] | None:
    try:
        return parts.popleft()
    except IndexError:
        return None


def _sketch(vectors: Floats) -> _Sketches:
    """Sketches of float32 (n, dimensions)."""
    exact = vectors * np.float32(1 / _STEP)
    rounded = np.clip(np.rint(exact), -127, 127)
    exact -= rounded
    errors = np.sqrt(np.einsum("ij,ij->i", exact, exact)) * np.float32(_STEP)
    halves = np.einsum("ij,ij->i", rounded, rounded).astype(np.int32) // 2
    return _Sketches(rounded.astype(np.int8), np.where(errors > _MAX_ERROR, _ALWAYS, halves), errors)


class _Scorer:
    """Products of a query's sketch with those of many vectors, less their biases; the greater, the nearer.

    Full segments are scored into one piece of memory: new pages cost as much as a good part of the scoring.
    """

    def __init__(self, sketch: _Sketches) -> None:
        self._folded = numkong.dots_pack(np.kron(np.eye(_FOLD, dtype=np.int8), sketch.values))
        self._scratch = numkong.empty((_SEGMENT // _FOLD, _FOLD), dtype="int32")

    def scores(self, segment: _Segment, slots: slice) -> Ints:
        """int32 (slots,), until the next call. `slots` start and stop at multiples of the fold."""
        rows = segment.sketches[slots].reshape(-1, _FOLD * segment.sketches.shape[1])
        if len(rows) == _SEGMENT // _FOLD:
            numkong.dots_packed(rows, self._folded, out=self._scratch)
            products = self._scratch
        else:
            products = numkong.dots_packed(rows, self._folded)
        scores: Ints = np.asarray(products).reshape(-1)
        scores -= segment.biases[slots]
        return scores
