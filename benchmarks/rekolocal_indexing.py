"""IndexFaces in a collection of a thousand faces and in one of a million: it should make no difference."""

import tempfile
from collections.abc import Callable
from itertools import count
from pathlib import Path

import numpy as np

from benchmarks.rekolocal_pictures import photo
from benchmarks.rekolocal_search import FACES, fill
from benchmarks.report import Row, alternating_ms, publish
from benchmarks.synthetic_faces import SyntheticFaces
from rekolocal.engine.faces import FaceEngine
from rekolocal.operations.faces import index_faces
from rekolocal.pictures import Image
from rekolocal.service import Service

SIZES = (1_000, 30_000, FACES)
_BATCH = 50_000


Indexing = Callable[[], object]


def indexing(folder: Path, size: int, engine: FaceEngine, content: bytes) -> tuple[Service, Indexing]:
    """A service with `size` faces, and a call that durably adds one of a picture not seen before."""
    faces = SyntheticFaces()
    vectors = np.concatenate([faces.persons(min(_BATCH, size)) for _ in range(-(-size // _BATCH))])[:size]
    fill(folder, vectors)
    service, numbers = Service.open(folder, engine=engine), count()

    def index() -> object:
        different = content + next(numbers).to_bytes(4, "big")  # bytes after the end marker: the same picture
        image: Image = {"Bytes": different}
        reply = index_faces(service, collection_id="employees", image=image, quality_filter="NONE")
        assert len(reply["FaceRecords"]) == 1
        return None

    return service, index


def main() -> None:
    engine, content = FaceEngine.load(), photo(300)
    with tempfile.TemporaryDirectory() as folder:
        made = [indexing(Path(folder, str(size)), size, engine, content) for size in SIZES]
        times = alternating_ms(*(index for _, index in made), repeats=80)
        for service, _ in made:
            service.close()
    rows = [
        Row(f"IndexFaces among {size:,} faces, against {SIZES[0]:,}", f"{1000 / ms:.0f}/s",
            f"{1000 / times[0]:.0f}/s", f"{times[0] / ms:.2f}", "0.80-1.20", 0.8 <= times[0] / ms <= 1.2)
        for size, ms in zip(SIZES[1:], times[1:], strict=True)
    ]  # fmt: skip
    publish("rekolocal_indexing", rows)


if __name__ == "__main__":
    main()
