"""The vector index finds what an exhaustive search finds, and nothing else."""

import math
import threading

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rekolocal.index import VectorIndex

Floats = npt.NDArray[np.float32]
DIMENSIONS = 128


def persons(count: int, *, spread: float = 0.05, seed: int = 0) -> Floats:
    """Vectors as far from each other as embeddings of different persons are, around a common centre."""
    rng = np.random.default_rng(seed)
    return (rng.standard_normal((count, DIMENSIONS)) * spread + 0.1).astype(np.float32)


def filled(vectors: Floats) -> VectorIndex:
    index = VectorIndex(DIMENSIONS)
    index.add(np.arange(1, len(vectors) + 1, dtype=np.int64), vectors)
    return index


def exhaustively(vectors: Floats, query: Floats, limit: int, max_distance: float) -> tuple[list[int], Floats]:
    distances = np.linalg.norm(vectors.astype(np.float64) - query, axis=1)
    order = np.argsort(distances, kind="stable")[:limit]
    order = order[distances[order] <= max_distance]
    return (order + 1).tolist(), distances[order].astype(np.float32)


@pytest.mark.parametrize("count", [1, 3, 64, 65, 2_047, 2_049, 5_000, 70_000])
@pytest.mark.parametrize(("limit", "max_distance"), [(1, math.inf), (80, 0.75), (4_096, math.inf)])
def test_a_search_finds_exactly_what_an_exhaustive_one_finds(
    count: int, limit: int, max_distance: float
) -> None:
    vectors = persons(count)
    index = filled(vectors)
    queries = [
        vectors[count // 2] + np.float32(0.02),
        persons(1, seed=9)[0],
        np.zeros(DIMENSIONS, np.float32),
    ]
    for query in queries:
        keys, distances = index.search(query, limit=limit, max_distance=max_distance)
        expected_keys, expected_distances = exhaustively(vectors, query, limit, max_distance)
        np.testing.assert_allclose(distances, expected_distances, atol=1e-5)
        found = np.linalg.norm(vectors[keys - 1] - query, axis=1)  # so that ties may come in any order
        np.testing.assert_allclose(found, expected_distances, atol=1e-5)
        assert len(set(keys.tolist())) == len(keys)
        assert limit > 1 or keys.tolist() == expected_keys


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    spread=st.sampled_from([0.001, 0.05, 0.5, 30.0]),
    count=st.integers(1, 400),
    limit=st.integers(1, 50),
)
def test_vectors_that_are_no_faces_are_found_as_well(
    seed: int, spread: float, count: int, limit: int
) -> None:
    vectors = persons(count, spread=spread, seed=seed)
    query = persons(1, spread=spread, seed=seed + 1)[0]
    _, distances = filled(vectors).search(query, limit=limit)
    _, expected = exhaustively(vectors, query, limit, math.inf)
    np.testing.assert_allclose(distances, expected, rtol=1e-4, atol=1e-4)


def test_an_empty_index_finds_nobody() -> None:
    keys, distances = VectorIndex(DIMENSIONS).search(persons(1)[0], limit=10)
    assert len(keys) == len(distances) == 0


def test_a_removed_vector_is_found_no_more_and_its_neighbours_still_are() -> None:
    vectors = persons(500)
    index = filled(vectors)
    index.remove([7, 8, 1_000_000])
    assert len(index) == 498
    assert 7 not in index.search(vectors[6], limit=500)[0]
    assert index.search(vectors[8], limit=1)[0].tolist() == [9]


def test_an_index_that_was_mostly_emptied_gives_its_memory_back_and_finds_the_rest() -> None:
    vectors = persons(70_000)
    index = filled(vectors)
    index.remove(range(101, 70_001))
    assert sum(segment.used for segment in index._segments) == len(index) == 100
    assert index.search(vectors[42], limit=1)[0].tolist() == [43]


def test_equal_vectors_are_all_found_oldest_first() -> None:
    vectors = np.repeat(persons(1), 10, axis=0)
    keys, distances = filled(vectors).search(vectors[0], limit=4)
    assert keys.tolist() == [1, 2, 3, 4]
    np.testing.assert_allclose(distances, 0, atol=1e-5)


def test_searches_beside_additions_and_removals_never_lose_what_stays() -> None:
    vectors = persons(3_000)
    index = filled(vectors[:1_000])
    stop = threading.Event()
    failures: list[int] = []

    def search() -> None:
        while not stop.is_set():
            for number in (0, 500, 999):
                if index.search(vectors[number], limit=1)[0].tolist() != [number + 1]:
                    failures.append(number)

    searcher = threading.Thread(target=search)
    searcher.start()
    for key in range(1_001, 3_001):
        index.add(np.array([key]), vectors[key - 1 : key])
        if key % 3 == 0:
            index.remove([key])
    stop.set()
    searcher.join()
    assert failures == []
    assert len(index) == 3_000 - sum(key % 3 == 0 for key in range(1_001, 3_001))


def test_several_threads_search_a_large_collection_as_one_would(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rekolocal.index._SEGMENT", 256)
    monkeypatch.setattr("os.cpu_count", lambda: 4)
    vectors = persons(20_000)
    index = filled(vectors)
    for seed in range(20):
        query = persons(1, seed=seed)[0]
        keys, _ = index.search(query, limit=80, max_distance=0.75)
        assert keys.tolist() == exhaustively(vectors, query, 80, 0.75)[0]
        keys, _ = index.search(vectors[seed] + np.float32(0.01), limit=1)
        assert keys.tolist() == [seed + 1]
