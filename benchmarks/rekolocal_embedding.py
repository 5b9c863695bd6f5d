"""The recognition network in onnxruntime against dlib's own, one thread each, on the same chips."""

import dlib
import numpy as np

from benchmarks.report import Row, against, alternating_ms, publish
from rekolocal.engine.faces import Embedder, FaceEngine
from rekolocal.engine.network import WEIGHTS_FILE, model_path
from tests.portraits import ASTRONAUT, HOPPER


def main() -> None:
    engine = FaceEngine.load()
    chips = [engine.faces(portrait.read_bytes())[0].chip for portrait in (ASTRONAUT, HOPPER)]
    chips += [np.ascontiguousarray(chip[:, ::-1]) for chip in chips]
    network, embedder = dlib.face_recognition_model_v1(str(model_path(WEIGHTS_FILE))), Embedder(threads=1)
    ours, theirs = alternating_ms(
        lambda: embedder.embed(chips[0][None]), lambda: network.compute_face_descriptor(chips[0]), repeats=30
    )
    difference = max(
        float(np.abs(embedder.embed(chip[None])[0] - np.array(network.compute_face_descriptor(chip))).max())
        for chip in chips
    )
    publish(
        "rekolocal_embedding",
        [
            against("embedding, one thread, against dlib-bin", ours, theirs, at_least=10),
            Row("largest difference of an embedding's value", f"{difference:.1e}", "dlib's", "-",
                "<= 1e-5", difference <= 1e-5),
        ],
    )  # fmt: skip


if __name__ == "__main__":
    main()
