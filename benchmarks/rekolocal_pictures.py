"""From a picture's bytes to its faces' vectors, against face_recognition 1.3 with its defaults.

The peer is optional: `uv pip install --no-deps --target .venv-peers -r benchmarks/requirements-peers.txt`.
"""

import io
from collections.abc import Callable
from functools import partial

import cv2

from benchmarks.report import Row, against, alternating_ms, median_ms, peers_on_path, publish
from rekolocal.engine.faces import Embeddings, FaceEngine
from tests.portraits import HOPPER


def photo(side_px: int) -> bytes:
    """The portrait as a JPEG, its longer side `side_px`."""
    pixels = cv2.imread(str(HOPPER))
    assert pixels is not None
    scale = side_px / max(pixels.shape[:2])
    return cv2.imencode(".jpg", cv2.resize(pixels, None, fx=scale, fy=scale))[1].tobytes()


def all_embeddings(engine: FaceEngine, content: bytes) -> Embeddings:
    return engine.embed(engine.faces(content))


def largest_embedding(engine: FaceEngine, content: bytes) -> Embeddings:
    face = engine.largest_face(content)
    return engine.embed([face] if face else [])


def peer() -> Callable[[bytes], object] | None:
    peers_on_path()
    try:
        import face_recognition
    except (ImportError, SystemExit):  # it calls quit() where its models cannot be imported
        return None

    def embeddings(content: bytes) -> object:
        return face_recognition.face_encodings(face_recognition.load_image_file(io.BytesIO(content)))

    return embeddings


def main() -> None:
    cv2.setNumThreads(1)  # as in the server; the peer has one thread too
    theirs, engine = peer(), FaceEngine.load()
    rows: list[Row] = []
    for what, content, bar in (
        ("photo, 960 px, all faces", photo(960), 8),
        ("door crop, 300 px, largest face", photo(300), 5),
    ):
        ours = partial(all_embeddings if "all" in what else largest_embedding, engine, content)
        assert len(ours()) == 1
        label = f"{what}, against face_recognition"
        if theirs is None:
            rows.append(
                Row(label, f"{median_ms(ours):.1f} ms", "peer not installed", "-", f">= {bar}x", None)
            )
        else:
            ours_ms, theirs_ms = alternating_ms(ours, partial(theirs, content), repeats=11)
            rows.append(against(label, ours_ms, theirs_ms, at_least=bar))
    publish("rekolocal_pictures", rows)


if __name__ == "__main__":
    main()
