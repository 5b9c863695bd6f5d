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
_MAX_ERROR = 0.016  # a vector whose sketch is further off (no face's is) is compared in full every time
_ROUNDING = 2e-4  # more than float32 arithmetic can lose
_SMALLEST, _SEGMENT = 64, 131_072  # vectors in the first segment of a new index, and in a full one
_FIRST = 4_096  # vectors among which a search without a bound looks for one
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
    """int8 (n, dimensions); biases, half the squared length in steps; how far off each is."""

    values: Bytes
    biases: Ints
    errors: Floats

    def least_score(self, cutoff: float) -> float:
        """Of a query's sketch: the score (product less bias) below which a vector is beyond `cutoff`."""
        least_of_all = float(-_NEVER // 2)
        if math.isinf(cutoff):
            return least_of_all
        reach = (cutoff + float(self.errors[0]) + _MAX_ERROR + _ROUNDING) / _STEP
        length = int(np.square(self.values.astype(np.int64)).sum())
        return max(least_of_all, (length - reach * reach) / 2 - 1)  # 1: a bias is rounded down to an integer


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
        with self._lock:
            self._append(keys, vectors)

    def _append(self, keys: Keys, vectors: Floats) -> None:
        done = 0
        while done < len(keys):
            segment = self._segment_with_room()
            rows = slice(done, done + segment.room)
            sketches = _sketch(vectors[rows])
            taken = len(sketches.values)
            slots = slice(segment.used, segment.used + taken)
            segment.keys[slots], segment.vectors[slots] = keys[rows], vectors[rows]
            segment.sketches[slots] = sketches.values
            segment.biases[slots] = sketches.biases  # last: it makes the vectors visible to searches
            segment.used += taken
            self._count += taken
            done += taken

    def _segment_with_room(self) -> _Segment:
        """The last segment, or a new one; the first begins small and is rebuilt larger until it is full."""
        last = self._segments[-1] if self._segments else None
        if last is None or not last.room:
            if last is not None and len(last.keys) < _SEGMENT:
                self._rebuild()
            else:
                self._segments.append(_Segment(_SEGMENT if last else _SMALLEST, self._dimensions))
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
                self._rebuild()

    def _rebuild(self) -> None:
        """New segments without holes, the first with room; a search that has begun keeps the old ones."""
        old, size = self._segments, _SMALLEST
        while size <= self._count and size < _SEGMENT:
            size = min(4 * size, _SEGMENT)
        self._segments, self._count = [_Segment(size, self._dimensions)], 0
        for segment in old:
            (slots,) = np.nonzero(segment.keys >= 0)
            self._append(segment.keys[slots], segment.vectors[slots])

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
            if math.isinf(nearest.cutoff):
                self._take_some(segment, scores[:_FIRST], query, nearest)
            (left,) = np.nonzero(scores >= sketch.least_score(nearest.cutoff))
            candidates.append(_Candidates(segment, left, scores[left]))
            # Many left: the bound is loose yet, so tighten it before going on.
            if len(left) > max(_MANY, 4 * nearest.limit):
                self._compare(candidates, query, sketch, nearest)
                candidates = []
        self._compare(candidates, query, sketch, nearest)

    def _take_some(self, segment: _Segment, scores: Ints, query: Floats, nearest: _Nearest) -> None:
        """Compare the most promising of a few in full, for a first bound, and take them out of `scores`."""
        chosen = np.argpartition(scores, -min(nearest.limit, len(scores)))[-nearest.limit :]
        nearest.take(*self._distances(segment, chosen, query))
        scores[chosen] = -_NEVER

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
            keys, differences = segment.keys[slots], segment.vectors.take(slots, axis=0)
        differences -= query
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


_scratch = threading.local()


class _Scorer:
    """Products of a query's sketch with those of many vectors, less their biases; the greater, the nearer.

    Full segments are scored into one piece of memory a thread: new pages cost as much as a good part of the
    scoring.
    """

    def __init__(self, sketch: _Sketches) -> None:
        self._folded = numkong.dots_pack(np.kron(np.eye(_FOLD, dtype=np.int8), sketch.values))
        shape = (_SEGMENT // _FOLD, _FOLD)
        if getattr(_scratch, "shape", None) != shape:
            _scratch.shape, _scratch.products = shape, numkong.empty(shape, dtype="int32")
        self._scratch = _scratch.products

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
