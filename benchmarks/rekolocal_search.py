"""A search among a million faces: time, exactness, memory, and the start with all of them on disk.

The peer faiss is optional, like the others in requirements-peers.txt.
"""

import gc
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import psutil

from benchmarks.report import Row, in_rounds_ms, peers_on_path, publish
from benchmarks.synthetic_faces import Floats, SyntheticFaces
from rekolocal.engine.network import EMBEDDING_SIZE, MODEL_VERSION
from rekolocal.index import VectorIndex
from rekolocal.similarity import SCALES
from rekolocal.state import Database
from tests.rekolocal.integration.command import running_command
from tests.rekolocal.integration.wire import post

FACES = int(os.environ.get("REKOLOCAL_BENCH_FACES", "1000000"))
QUERIES = 1000
_BATCH = 50_000


def resident_bytes() -> int:
    gc.collect()
    return int(psutil.Process().memory_info().rss)


def index_rows(faces: SyntheticFaces) -> tuple[list[Row], Floats]:
    vectors = np.concatenate([faces.persons(_BATCH) for _ in range(FACES // _BATCH)])
    before = resident_bytes()
    index = VectorIndex(EMBEDDING_SIZE)
    for begin in range(0, FACES, _BATCH):
        index.add(np.arange(begin + 1, begin + _BATCH + 1), vectors[begin : begin + _BATCH])
    index.search(vectors[0], limit=1)
    bytes_a_face = (resident_bytes() - before) / FACES

    halves = 0.5 * np.einsum("ij,ij->i", vectors, vectors)
    known = faces.again(vectors[:: FACES // QUERIES])  # people from all over the index
    strangers = faces.persons(QUERIES)

    def exhaustive(query: Floats, limit: int = 1) -> int:
        """The fastest exact pass numpy offers: one matrix-vector product on all cores."""
        return int(np.argmax(vectors @ query - halves)) + 1

    peers = {"numpy": exhaustive, **flat_index(vectors)}
    at_80 = SCALES[MODEL_VERSION].at_80
    turn = iter(range(10**9))
    rows = []
    for what, queries, limit, reach in (
        ("top 1 of an enrolled person", known, 1, float("inf")),
        ("80 best at similarity >= 80, an enrolled person", known, 80, at_80),
        ("80 best at similarity >= 80, a stranger", strangers, 80, at_80),
    ):
        searches = [partial(index.search, limit=limit, max_distance=reach)]
        searches += [partial(peer, limit=limit) for peer in peers.values()]
        ours, *theirs = in_rounds_ms(
            *(lambda search=search: search(queries[next(turn) % QUERIES]) for search in searches)  # noqa: B023
        )
        share = ours / min(theirs)
        took = ", ".join(f"{name} {ms:.1f} ms" for name, ms in zip(peers, theirs, strict=True))
        label = f"{what}, among {FACES:,}, against the faster exhaustive pass"
        rows.append(Row(label, f"{ours:.1f} ms", took, f"{share:.2f}", "<= 0.33", share <= 1 / 3))
    equal = sum(
        int(index.search(query, limit=1)[0][0]) == exhaustive(query) for query in known[: QUERIES // 2]
    )
    equal += sum(
        int(index.search(query, limit=1)[0][0]) == exhaustive(query) for query in strangers[: QUERIES // 2]
    )
    rows.append(Row("equal top 1", f"{equal} of {QUERIES}", "numpy", "-", "all", equal == QUERIES))
    memory = f"{bytes_a_face:.0f} bytes"
    rows.append(
        Row("memory a face", memory, "512 bytes of float32", "-", "<= 700 bytes", bytes_a_face <= 700)
    )
    return rows, vectors


def flat_index(vectors: Floats) -> dict[str, Callable[..., object]]:
    """faiss's exhaustive index, where it is installed."""
    peers_on_path()
    try:
        import faiss
    except ImportError:
        return {}
    flat = faiss.IndexFlatL2(vectors.shape[1])
    flat.add(vectors)
    return {"faiss": lambda query, limit: flat.search(query[None], limit)}


def start_row(vectors: Floats) -> Row:
    """The command on the data of a million faces, from its start to its first answer."""
    request = {"CollectionId": "employees", "FaceMatchThreshold": 0, "MaxFaces": 3}
    times = []
    with tempfile.TemporaryDirectory() as folder:
        request["FaceId"] = fill(Path(folder), vectors)
        for _ in range(5):
            begun = time.perf_counter()
            with running_command("--data", folder) as (_, url):
                assert len(post(url, "SearchFaces", request).body["FaceMatches"]) == 3
                times.append(time.perf_counter() - begun)
    seconds = statistics.median(times)
    label = f"start with {FACES:,} faces, to the first answer"
    return Row(label, f"{seconds:.1f} s", "-", "-", "<= 5 s", seconds <= 5)


def fill(folder: Path, vectors: Floats) -> str:
    """A database as a server leaves it after indexing `vectors`; returns a FaceId."""
    database = Database(folder)
    ids = np.random.default_rng(1).bytes(16 * len(vectors))
    blobs = vectors.astype("<f4").tobytes()
    with database.write() as transaction:
        db = transaction.db
        db.execute("INSERT INTO collections VALUES (1, 'employees', 0, ?)", (MODEL_VERSION,))
        db.executemany(
            "INSERT INTO faces (key, collection, id, image_id, image_digest, left, top, width, height,"
            " confidence_pct) VALUES (?, 1, ?, ?, ?, 0.1, 0.1, 0.5, 0.5, 99)",
            ((key + 1, one := ids[16 * key : 16 * key + 16], one, one * 2) for key in range(len(vectors))),
        )
        db.executemany(
            "INSERT INTO vectors VALUES (?, 1, ?)",
            ((key + 1, blobs[512 * key : 512 * key + 512]) for key in range(len(vectors))),
        )
    database.close()
    hexed = ids[:16].hex()
    return f"{hexed[:8]}-{hexed[8:12]}-{hexed[12:16]}-{hexed[16:20]}-{hexed[20:]}"


def main() -> None:
    rows, vectors = index_rows(SyntheticFaces())
    publish("rekolocal_search", [*rows, start_row(vectors)])


if __name__ == "__main__":
    main()
