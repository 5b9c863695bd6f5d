"""Draw docs/rekolocal-similarity.png: similarity over distance, with the two points that fix the curve.

With sample photos (RECOGNIZEME_SAMPLE_DATA), the distances of their pairs are drawn below it.
"""

from pathlib import Path

import matplotlib as mpl
import numpy as np

from benchmarks.report import SAMPLE_DATA
from rekolocal.engine.faces import FaceEngine
from rekolocal.engine.network import MODEL_VERSION
from rekolocal.similarity import SCALES

mpl.use("Agg")
import matplotlib.pyplot as plt

TARGET = Path(__file__).parents[1] / "docs" / "rekolocal-similarity.png"
PERSONS = {"32bit": "obama", "obama1": "obama", "obama3": "obama", "alex_lacamoire1": "alex_lacamoire"}


def pairs(photos: Path) -> tuple[list[float], list[float]]:
    """Distances of pairs of one person, and of two, among photos whose largest face is somebody's."""
    engine, known = FaceEngine.load(), []
    for photo in [*sorted(photos.glob("enroll/*/*")), *sorted(photos.glob("visits/*"))]:
        person = photo.parent.name if photo.parent.name != "visits" else PERSONS.get(photo.stem)
        face = engine.largest_face(photo.read_bytes()) if person else None
        if person and face:
            known.append((person, engine.embed([face])[0]))
    same: list[float] = []
    different: list[float] = []
    for number, (person, vector) in enumerate(known):
        for other, second in known[number + 1 :]:
            (same if person == other else different).append(float(np.linalg.norm(vector - second)))
    return same, different


def main() -> None:
    scale = SCALES[MODEL_VERSION]
    distances = np.linspace(0, 1.6, 400, dtype=np.float32)
    figure, curve = plt.subplots(figsize=(7, 4))
    curve.plot(distances, scale.similarity_pct(distances), color="black")
    for distance, similarity in ((scale.at_99, 99), (scale.at_80, 80)):
        curve.plot(distance, similarity, "o", color="black")
        curve.annotate(
            f"{similarity} at {distance:.2f}", (distance, similarity), (distance - 0.28, similarity - 9)
        )
    if (SAMPLE_DATA / "photos").is_dir():
        same, different = pairs(SAMPLE_DATA / "photos")
        curve.plot(
            same, np.full(len(same), 4), "|", markersize=14, color="tab:green", label="pairs of one person"
        )
        curve.plot(
            different, np.full(len(different), 10), "|", markersize=14, color="tab:red", label="pairs of two"
        )
        curve.legend(loc="center left")
    curve.set(xlabel="Euclidean distance of embeddings", ylabel="similarity", ylim=(0, 102), xlim=(0, 1.6))
    curve.grid(alpha=0.3)
    figure.tight_layout()
    figure.savefig(TARGET, dpi=110, metadata={"Software": None})


if __name__ == "__main__":
    main()
