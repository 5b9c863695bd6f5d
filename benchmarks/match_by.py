"""Faces or user vectors: which names the right one more often, with 1, 3 and 5 photos of each person.

    RECOGNIZEME_SAMPLE_DATA=../shared/data .venv/bin/python -m benchmarks.match_by

Open-set identification by the product's own decision (threshold 99, margin 1) on the engine's vectors. In
each of 40 draws 10 of the 15 people of the Yale Face Database are enrolled with photos drawn at random, and
5 are strangers; every photo that was not enrolled is searched, as it is and degraded. `faces` compares with
every enrolled photo and takes a person's nearest, `users` compares with one vector a person, the mean of
theirs. Intervals (95 %) come from drawing people with replacement: photos of one person are not independent.
The margin is how far the right person is ahead of the next one, in points; `highest` the similarity of the
stranger who comes closest, and `right above it` what remains right when the threshold is just above that one.

`one misfiled`: one of each person's photos is of the next person, the mistake that is made on a Monday.

The sample photos of public figures are shown beside it: they are too few for rates. Skips without the data.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.table import Table

from benchmarks.accuracy import SFACE, Photo, embeddings, sface
from benchmarks.report import RESULTS, SAMPLE_DATA
from recognizeme.domain.model import Match, Outcome
from recognizeme.domain.policy import Policy, candidates
from rekolocal.engine.alignment import align
from rekolocal.engine.decoding import Decoder
from rekolocal.engine.detection import YuNet
from rekolocal.engine.faces import Embedder, mean_of
from rekolocal.engine.network import MODEL_VERSION
from rekolocal.similarity import SCALES

Floats = npt.NDArray[np.float32]
Gallery = Mapping[str, Sequence[Floats]]

DRAWS, STRANGERS, REPLICATES, SEED = 40, 5, 1000, 20261124
PHOTOS = (1, 3, 5)
POLICY = Policy()
_SCALE = SCALES[MODEL_VERSION]


def by_faces(gallery: Gallery, searched: Floats) -> list[Match]:
    """A match for each enrolled photo."""
    return _matches([(person, vector) for person, vectors in gallery.items() for vector in vectors], searched)


def by_users(gallery: Gallery, searched: Floats) -> list[Match]:
    """A match for each person, with the mean of their photos as rekolocal has it."""
    means = [(person, mean_of(np.stack(vectors))) for person, vectors in gallery.items()]
    return _matches(means, searched)


WAYS: Mapping[str, Callable[[Gallery, Floats], list[Match]]] = {"faces": by_faces, "users": by_users}


def _matches(enrolled: Sequence[tuple[str, Floats]], searched: Floats) -> list[Match]:
    distances = np.linalg.norm(np.stack([vector for _, vector in enrolled]) - searched, axis=1)
    similarities = _SCALE.similarity_pct(distances.astype(np.float32))
    return [
        Match("", person, float(similarity))
        for (person, _), similarity in zip(enrolled, similarities, strict=True)
    ]


@dataclass(frozen=True)
class Search:
    """One search of one draw: whose picture, of a stranger or not, and what it came to."""

    person: str
    is_stranger: bool
    outcome: Outcome
    is_right: bool
    ahead_pct: float
    best_pct: float
    is_best_right: bool


def search(gallery: Gallery, person: str, searched: Floats, way: str) -> Search:
    """The decision, as a recognition makes it."""
    matches = WAYS[way](gallery, searched)
    decision = POLICY.decide(match for match in matches if match.similarity_pct >= POLICY.floor_pct)
    own = max((match.similarity_pct for match in matches if match.person_id == person), default=0.0)
    ranked = candidates(matches)
    best_other = max(one.similarity_pct for one in ranked if one.person_id != person)
    return Search(
        person,
        person not in gallery,
        decision.outcome,
        decision.person_id == person,
        own - best_other,
        ranked[0].similarity_pct,
        ranked[0].person_id == person,
    )


def drawn(
    plain: Mapping[Photo, Floats], visits: Mapping[Photo, Floats], photos: int, *, misfiled: bool = False
) -> dict[str, list[Search]]:
    """The same draws for both ways."""
    random = np.random.default_rng(SEED)
    people = sorted({person for person, _ in plain})
    found: dict[str, list[Search]] = {way: [] for way in WAYS}
    for _ in range(DRAWS):
        enrolled = list(random.permutation(people)[STRANGERS:])
        gallery: dict[str, list[Floats]] = {}
        used: set[Photo] = set()
        for person in enrolled:
            own = [photo for photo in plain if photo[0] == person]
            chosen = [own[n] for n in random.permutation(len(own))[:photos]]
            gallery[person] = [plain[photo] for photo in chosen]
            used.update(chosen)
        if misfiled:
            wrong = [gallery[person][0] for person in enrolled]
            for person, vector in zip(enrolled, [*wrong[1:], wrong[0]], strict=True):
                gallery[person][0] = vector
        for photo, vector in visits.items():
            if photo not in used:
                for way in WAYS:
                    found[way].append(search(gallery, photo[0], vector, way))
    return found


def rates(searches: Sequence[Search]) -> dict[str, list[float]]:
    """Shares with their intervals: of the enrolled named right, wrong, unsure; of strangers named."""
    people = sorted({one.person for one in searches})
    random = np.random.default_rng(SEED)
    counts = np.array(
        [
            [
                sum(not one.is_stranger for one in own),
                sum(
                    not one.is_stranger and one.outcome is Outcome.RECOGNIZED and one.is_right for one in own
                ),
                sum(
                    not one.is_stranger and one.outcome is Outcome.RECOGNIZED and not one.is_right
                    for one in own
                ),
                sum(not one.is_stranger and one.outcome is Outcome.UNCERTAIN for one in own),
                sum(one.is_stranger for one in own),
                sum(one.is_stranger and one.outcome is Outcome.RECOGNIZED for one in own),
            ]
            for own in ([one for one in searches if one.person == person] for person in people)
        ],
        float,
    )
    weights = random.multinomial(len(people), [1 / len(people)] * len(people), REPLICATES)
    samples = np.vstack([counts.sum(axis=0), weights @ counts])
    of = {"right": (1, 0), "wrong": (2, 0), "uncertain": (3, 0), "strangers named": (5, 4)}
    shares = {name: samples[:, part] / np.maximum(samples[:, whole], 1) for name, (part, whole) in of.items()}
    return {
        name: [float(share[0]), *(float(each) for each in np.percentile(share[1:], [2.5, 97.5]))]
        for name, share in shares.items()
    }


def sample_photos() -> str:
    """What both ways say of the visits of the public figures, with all their photos enrolled."""
    decoder, detector, embedder = Decoder(), YuNet(), Embedder()

    def vector(path: object) -> Floats | None:
        pixels = decoder.decode(path.read_bytes()).pixels  # type: ignore[attr-defined]
        faces = detector.detect(pixels, largest_only=True)
        return embedder.embed(align(pixels, faces[0]).chip[None])[0] if faces else None

    gallery: dict[str, list[Floats]] = {}
    for path in sorted((SAMPLE_DATA / "photos" / "enroll").glob("*/*")):
        if (found := vector(path)) is not None:
            gallery.setdefault(path.parent.name, []).append(found)
    lines = []
    for path in sorted((SAMPLE_DATA / "photos" / "visits").iterdir()):
        if (found := vector(path)) is None:
            continue
        said = []
        for way in WAYS:
            best = candidates(WAYS[way](gallery, found))[:2]
            decision = POLICY.decide(match for match in best if match.similarity_pct >= POLICY.floor_pct)
            nearest = ", ".join(f"{one.person_id} {one.similarity_pct:.2f}" for one in best)
            said.append(f"{way}: {decision.outcome} ({nearest})")
        lines.append(f"{path.name}: {'; '.join(said)}")
    return "\n".join(lines)


def main() -> None:
    """Print a table and keep the figures in benchmarks/results."""
    if not (SAMPLE_DATA / "yale").is_dir():
        print(f"no photos in {SAMPLE_DATA / 'yale'}: skipped")
        return
    cv2.setNumThreads(1)
    found = embeddings({SFACE: sface()})[SFACE]
    seen = {
        condition: {photo: v.astype(np.float32) for photo, v in vectors.items() if v is not None}
        for condition, vectors in found.items()
    }
    table = Table("photos each", "visits", "by", "right", "wrong", "uncertain", "strangers named", "margin",
                  "5 % below", "highest", "right above it",
                  title="open-set identification at 99 with a margin of 1")  # fmt: skip
    kept: dict[str, object] = {}
    for photos in PHOTOS:
        plain = seen["as they are"]
        drawings = {name: drawn(plain, visits, photos) for name, visits in seen.items()}
        if photos > 1:
            drawings["as they are, one misfiled"] = drawn(plain, plain, photos, misfiled=True)
        for condition, by_way in drawings.items():
            for way, searches in by_way.items():
                got = rates(searches)
                ahead = [one.ahead_pct for one in searches if not one.is_stranger]
                margin, low = (float(each) for each in np.percentile(ahead, [50, 5]))
                highest = max(one.best_pct for one in searches if one.is_stranger)
                own = [one for one in searches if not one.is_stranger]
                above = sum(one.is_best_right and one.best_pct > highest for one in own) / len(own)
                cells = [f"{share:.4f} ({a:.4f}-{b:.4f})" for share, a, b in got.values()]
                table.add_row(
                    str(photos),
                    condition,
                    way,
                    *cells,
                    f"{margin:.1f}",
                    f"{low:.1f}",
                    f"{highest:.1f}",
                    f"{above:.4f}",
                )
                kept[f"{photos}, {condition}, {way}"] = {
                    **got,
                    "margin": [margin, low],
                    "highest": highest,
                    "right above it": above,
                }
    Console(width=200).print(table)
    if (SAMPLE_DATA / "photos").is_dir():
        print(sample_photos())
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "match_by.json").write_text(json.dumps(kept, indent=2) + "\n")


if __name__ == "__main__":
    main()
