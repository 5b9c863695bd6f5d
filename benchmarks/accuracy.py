"""Which recognition network: SFace, dlib's, or both fused, each on faces that YuNet finds.

    RECOGNIZEME_SAMPLE_DATA=../shared/data .venv/bin/python -m benchmarks.accuracy

Open-set identification on the Yale Face Database: in each of 20 draws 10 of the 15 people are enrolled with
one plain photo and 5 are strangers; every other photo is searched, as it is and degraded. TPIR is the share
of searches of enrolled people that name the right one, at the distance where no stranger's search, or 1 % of
them, would name somebody. Intervals (95 %) come from drawing people with replacement: photos of one person
are not independent. A face that is not found is never named.

dlib's network is a peer: `pip install --no-deps --target .venv-peers -r benchmarks/requirements-peers.txt`.
The Yale photos are for research only and not passed on: without them this says so and ends.
"""

import json
import math
import sys
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import cv2
import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from PIL import Image
from rich.console import Console
from rich.table import Table

from benchmarks.report import RESULTS, SAMPLE_DATA, peers_on_path
from kiosk.evaluation.intervals import draws
from rekolocal.engine.alignment import align
from rekolocal.engine.detection import Detection, YuNet
from rekolocal.engine.faces import Embedder
from rekolocal.engine.network import MODEL_VERSION
from rekolocal.engine.picture import Pixels
from rekolocal.similarity import SCALES

mpl.use("Agg")
import matplotlib.pyplot as plt

Floats = npt.NDArray[np.float64]
Network = Callable[[Pixels, Detection], Floats]
Photo = tuple[str, str]  # person, and which of their photos

TARGET = Path(__file__).parents[1] / "docs" / "accuracy-det.png"
ENROLLED_WITH = "normal"
DRAWS, STRANGERS, REPLICATES = 20, 5, 1000
SFACE, DLIB, FUSED = "SFace", "dlib's", "both fused"
_SCALE = SCALES[MODEL_VERSION]


# --- pictures as a door camera takes them ------------------------------------


def motion_blur(pixels: Pixels, random: np.random.Generator, detector: YuNet) -> Pixels:
    """The head moved by about a tenth of its width."""
    angle = random.uniform(0, np.pi)
    kernel = np.zeros((11, 11), np.float32)
    x, y = 5 * np.cos(angle), 5 * np.sin(angle)
    cv2.line(kernel, (round(5 - x), round(5 - y)), (round(5 + x), round(5 + y)), 1.0)
    return np.asarray(cv2.filter2D(pixels, -1, kernel / kernel.sum()), np.uint8)


def dark(pixels: Pixels, random: np.random.Generator, detector: YuNet) -> Pixels:
    """An eighth of the light, with the noise of photons and of the sensor."""
    electrons = random.poisson(pixels * (0.12 / 2))
    return np.clip(electrons * 2 + random.normal(0, 3, pixels.shape), 0, 255).astype(np.uint8)


def jpeg_30(pixels: Pixels, random: np.random.Generator, detector: YuNet) -> Pixels:
    """A thrifty camera's compression."""
    content = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, 30])[1]
    return np.asarray(cv2.imdecode(content, cv2.IMREAD_COLOR), np.uint8)


def face_of_40_px(pixels: Pixels, random: np.random.Generator, detector: YuNet) -> Pixels:
    """The smallest face that Rekognition promises to find."""
    found = detector.detect(pixels, largest_only=False)
    scale = 40 / found[0].width if found else 0.5
    return np.asarray(cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)


CONDITIONS: dict[str, Callable[[Pixels, np.random.Generator, YuNet], Pixels]] = {
    "as they are": lambda pixels, random, detector: pixels,
    "motion blur": motion_blur,
    "dark, with noise": dark,
    "JPEG 30": jpeg_30,
    "40 px faces": face_of_40_px,
}


# --- networks ----------------------------------------------------------------


def sface() -> Network:
    """The engine's own."""
    embedder = Embedder()
    return lambda pixels, face: embedder.embed(align(pixels, face).chip[None])[0].astype(np.float64)


def dlib_network() -> Network | None:
    """dlib's, aligned by its own five points, as rekolocal had it; None where it is not installed."""
    peers_on_path()
    spec = find_spec("face_recognition_models")
    if find_spec("dlib") is None or spec is None or spec.origin is None:
        return None
    import dlib

    models = Path(spec.origin).parent / "models"
    predictor = dlib.shape_predictor(str(models / "shape_predictor_5_face_landmarks.dat"))
    network = dlib.face_recognition_model_v1(str(models / "dlib_face_recognition_resnet_model_v1.dat"))

    def embed(pixels: Pixels, face: Detection) -> Floats:
        side = round((face.width + face.height) / 2)
        left = round(face.left + face.width / 2 - side / 2)
        top = round(face.top + face.height * 0.54 - side / 2)
        points = predictor(pixels, dlib.rectangle(left, top, left + side - 1, top + side - 1))
        chip = dlib.get_face_chip(pixels, points, size=150, padding=0.25)
        return np.array(network.compute_face_descriptor(chip))

    return embed


def fused(vectors: Mapping[str, Floats]) -> Floats:
    """Both side by side, each in units of the distance that is 80 % similar: distances add up squared."""
    return np.concatenate([vectors[SFACE] / _SCALE.at_80, vectors[DLIB] / SCALES["7.0"].at_80])


# --- what comes of it --------------------------------------------------------


@dataclass(frozen=True)
class Searches:
    """Searches of a network under one condition. `person`: an index; `distance`: to the nearest enrolled."""

    person: npt.NDArray[np.int64]
    distance: Floats
    right: npt.NDArray[np.bool_]
    stranger: npt.NDArray[np.bool_]

    def tpir(self, fpir: float, weights: Floats) -> float:
        """Of the people weighted so: the share of right names where `fpir` of the strangers get one."""
        strangers = np.argsort(np.where(self.stranger, self.distance, np.inf))[: self.stranger.sum()]
        share = np.cumsum(weights[self.person[strangers]])
        first_too_many = int(np.searchsorted(share, fpir * share[-1] + 1e-9, side="right"))
        limit = self.distance[strangers[min(first_too_many, len(strangers) - 1)]]
        mates = weights[self.person] * ~self.stranger
        return float((mates * (self.right & (self.distance < limit))).sum() / mates.sum())

    def with_interval(self, fpir: float, people: int) -> tuple[float, float, float]:
        """TPIR, and the ends of its 95 % interval over people drawn with replacement."""
        drawn = [self.tpir(fpir, weights) for weights in draws(people, replicates=REPLICATES)]
        low, high = np.nanpercentile(drawn, [2.5, 97.5])
        return self.tpir(fpir, np.ones(people)), float(low), float(high)

    def det(self) -> tuple[Floats, Floats]:
        """False positive and false negative identification rates over all thresholds."""
        limits = np.sort(self.distance[self.stranger])
        mates = ~self.stranger
        missed = [1 - (self.right & (self.distance < limit))[mates].mean() for limit in limits]
        return np.arange(len(limits)) / len(limits), np.array(missed)


def searches(vectors: Mapping[Photo, Floats | None], gallery: Mapping[str, Floats]) -> Searches:
    """Every photo but the enrolled one against every draw's gallery."""
    people = sorted(gallery)
    number = {person: index for index, person in enumerate(people)}
    rows: list[tuple[int, float, bool, bool]] = []
    for draw in range(DRAWS):
        strangers = set(np.random.default_rng(draw).choice(people, STRANGERS, replace=False))
        enrolled = [person for person in people if person not in strangers]
        known = np.stack([gallery[person] for person in enrolled])
        for (person, photo), vector in vectors.items():
            is_stranger = person in strangers
            if photo == ENROLLED_WITH and not is_stranger:
                continue
            if vector is None:
                rows.append((number[person], 99.0, False, is_stranger))
                continue
            distances = np.linalg.norm(known - vector, axis=1)
            nearest = int(distances.argmin())
            right = enrolled[nearest] == person
            rows.append((number[person], float(distances[nearest]), right, is_stranger))
    columns = [np.array(column) for column in zip(*rows, strict=True)]
    return Searches(*columns)


def photos(folder: Path) -> Iterator[tuple[Photo, Pixels]]:
    for path in sorted(folder.glob("*.gif")):
        person, photo, _ = path.name.split(".")
        yield (person, photo), np.asarray(Image.open(path).convert("RGB"), np.uint8)


def embeddings(networks: Mapping[str, Network]) -> dict[str, dict[str, dict[Photo, Floats | None]]]:
    """By network, condition and photo; None where no face was found."""
    detector = YuNet()
    names = [*networks, FUSED] if DLIB in networks else [*networks]
    found: dict[str, dict[str, dict[Photo, Floats | None]]] = {
        name: {condition: {} for condition in CONDITIONS} for name in names
    }
    for photo, pixels in photos(SAMPLE_DATA / "yale"):
        for condition, degrade in CONDITIONS.items():
            seed = zlib.crc32("".join((*photo, condition)).encode())
            view = degrade(pixels, np.random.default_rng(seed), detector)
            faces = detector.detect(view, largest_only=False)
            vectors = {name: embed(view, faces[0]) for name, embed in networks.items()} if faces else {}
            if FUSED in found and vectors:
                vectors[FUSED] = fused(vectors)
            for name in names:
                found[name][condition][photo] = vectors.get(name)
    return found


def false_matches(
    plain: Mapping[Photo, Floats | None], visits: Mapping[Photo, Floats | None]
) -> dict[str, Any]:
    """How often a plain photo and a visit of two people, and of one, pass 80 and 99: seen, and estimated.

    The cosines of two people's vectors are close to normally distributed; beyond what the pairs can show, the
    rate is that of the normal distribution with their mean and deviation. Intervals draw people.
    """
    known = {photo: vector for photo, vector in plain.items() if vector is not None}
    seen = {photo: vector for photo, vector in visits.items() if vector is not None}
    cosines = np.stack(list(known.values())) @ np.stack(list(seen.values())).T
    people, numbers = np.unique([person for person, _ in (*known, *seen)], return_inverse=True)
    owners, visitors = numbers[: len(known)], numbers[len(known) :]
    two = owners[:, None] != visitors
    one = ~two & np.array([[photo != visit for visit in seen] for photo in known])
    drawn = []
    for weights in draws(len(people), replicates=REPLICATES):
        pairs = weights[owners][:, None] * weights[visitors]
        drawn.append(_rates(cosines, pairs * two, pairs * one))
    here = _rates(cosines, two.astype(float), one.astype(float))
    ends = {name: np.percentile([each[name] for each in drawn], [2.5, 97.5]).tolist() for name in here}
    return {name: [value, *ends[name]] for name, value in here.items()} | {"pairs of two": int(two.sum())}


def _rates(cosines: Floats, two: Floats, one: Floats) -> dict[str, float]:
    """`two` and `one` weigh the pairs of two people and of one."""
    mean = float((two * cosines).sum() / two.sum())
    deviation = float(np.sqrt((two * (cosines - mean) ** 2).sum() / two.sum()))
    rates = {}
    for name, distance in (("80", _SCALE.at_80), ("99", _SCALE.at_99)):
        limit = 1 - distance**2 / 2
        rates[f"false matches at {name}"] = float((two * (cosines >= limit)).sum() / two.sum())
        rates[f"the same, normal, at {name}"] = math.erfc((limit - mean) / deviation / math.sqrt(2)) / 2
        rates[f"false non-matches at {name}"] = float((one * (cosines < limit)).sum() / max(one.sum(), 1e-9))
    return rates


def draw_det(results: Mapping[str, Mapping[str, Searches]]) -> None:
    """One curve a network, over all conditions."""
    figure, axes = plt.subplots(figsize=(6.4, 4.4))
    for (name, by_condition), style in zip(results.items(), ("-", "--", ":"), strict=False):
        parts = by_condition.values()
        pooled = Searches(
            *(np.concatenate([getattr(part, field) for part in parts]) for field in Searches.__annotations__)
        )
        fpir, fnir = pooled.det()
        axes.plot(np.maximum(fpir, 2e-4), np.maximum(fnir, 1e-3), style, color="black", label=name)
    axes.set(xscale="log", yscale="log", xlim=(2e-4, 1), ylim=(1e-2, 1))
    axes.set(xlabel="strangers who get a name (FPIR)", ylabel="enrolled people who do not (FNIR)")
    axes.grid(alpha=0.3, which="both")
    axes.legend()
    figure.tight_layout()
    figure.savefig(TARGET, dpi=110, metadata={"Software": None})


def main() -> None:
    if not (SAMPLE_DATA / "yale").is_dir():
        print(f"no photos in {SAMPLE_DATA / 'yale'}: skipped")
        return
    cv2.setNumThreads(1)
    networks = {SFACE: sface()}
    if theirs := dlib_network():
        networks[DLIB] = theirs
    found = embeddings(networks)
    people = len({person for person, _ in found[SFACE]["as they are"]})
    table = Table("photos", "network", "TPIR, no stranger named", "TPIR, 1 % of them", "right at rank 1",
                  "no face", title="open-set identification")  # fmt: skip
    results: dict[str, dict[str, Searches]] = {name: {} for name in found}
    kept: dict[str, Any] = {}
    for condition in CONDITIONS:
        for name, by_condition in found.items():
            gallery = {
                person: vector
                for (person, photo), vector in by_condition["as they are"].items()
                if photo == ENROLLED_WITH and vector is not None
            }
            results[name][condition] = got = searches(by_condition[condition], gallery)
            none, one = got.with_interval(0, people), got.with_interval(0.01, people)
            rank_1 = float(got.right[~got.stranger].mean())
            unseen = sum(vector is None for vector in by_condition[condition].values())
            cells = [f"{value:.3f} ({low:.3f}-{high:.3f})" for value, low, high in (none, one)]
            table.add_row(condition, name, *cells, f"{rank_1:.3f}", str(unseen))
            kept[f"{condition}, {name}"] = {"at none": none, "at 1 %": one, "rank 1": rank_1}
    console = Console(width=120)
    console.print(table)
    rates = Table("photos", "rate", "of pairs", "95 %", title="SFace, one to one")
    for condition, vectors in found[SFACE].items():
        kept[f"{condition}, pairs"] = pairs = false_matches(found[SFACE]["as they are"], vectors)
        for name, value in pairs.items():
            if isinstance(value, list):
                rates.add_row(condition, name, f"{value[0]:.1e}", f"{value[1]:.1e} to {value[2]:.1e}")
    console.print(rates)
    draw_det(results)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "accuracy.json").write_text(json.dumps(kept, indent=2) + "\n")
    if DLIB not in networks:
        print("dlib's network is not installed: SFace alone", file=sys.stderr)


if __name__ == "__main__":
    main()
