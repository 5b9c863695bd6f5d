"""SFace in onnxruntime against the same file in OpenCV's own network, one thread each, on the same chips."""

import cv2
import numpy as np

from benchmarks.report import Row, against, alternating_ms, publish
from rekolocal.engine.faces import Embedder, FaceEngine
from rekolocal.engine.models import SFACE
from tests.portraits import ASTRONAUT, HOPPER


def main() -> None:
    cv2.setNumThreads(1)
    engine, embedder = FaceEngine.load(), Embedder()
    chips = [engine.faces(portrait.read_bytes())[0].chip for portrait in (ASTRONAUT, HOPPER)]
    chips += [np.ascontiguousarray(chip[:, ::-1]) for chip in chips]
    published = cv2.FaceRecognizerSF.create(str(SFACE.installed()), "")
    views = [np.ascontiguousarray(chip[:, :, ::-1]) for chip in chips]
    ours, theirs = alternating_ms(
        lambda: embedder.embed(chips[0][None]), lambda: published.feature(views[0]), repeats=30
    )
    features = np.vstack([published.feature(view) for view in views])
    features = features / np.linalg.norm(features, axis=1, keepdims=True)
    difference = float(np.abs(embedder.embed(np.stack(chips)) - features).max())
    publish(
        "rekolocal_embedding",
        [
            against("embedding, one thread, against OpenCV", ours, theirs, at_least=1.5),
            Row("largest difference of an embedding's value", f"{difference:.1e}", "OpenCV's", "-",
                "<= 1e-5", difference <= 1e-5),
        ],
    )  # fmt: skip


if __name__ == "__main__":
    main()
