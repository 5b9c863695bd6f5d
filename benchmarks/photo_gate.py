"""What spoils a photo to enroll, by how much, and where the gate stops it: the figures behind its bars.

    .venv/bin/python -m benchmarks.photo_gate

Each photo of the sample data's `enroll/` folder, scaled to a face of 200 px, is spoilt step by step. For each
step: how many still look like another photo of the same person (99 % or more, the rest would be strangers at
the door), how many the kiosk's gate refuses, and how many the engine's bars refuse. A gate is right when it
refuses what is no longer recognized, and lets through what is.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from benchmarks.report import SAMPLE_DATA, Row, publish
from kiosk.vision.detect import YuNet
from kiosk.vision.frame import Image
from kiosk.vision.portrait import problem_of
from recognizeme.adapters.rekognition import RekognitionFaceIndex
from recognizeme.domain.errors import UnusablePicture
from recognizeme.domain.photo_problems import problem_of as engine_problem_of
from recognizeme.domain.picture import inspect
from rekolocal.testing import local_rekognition

_FACE_PX = 200
_SURE_PCT = 99.0

Change = Callable[[Image, float], npt.NDArray[np.generic]]
STEPS: dict[str, tuple[Change, tuple[float, ...]]] = {
    "blur, sigma in px": (lambda image, by: cv2.GaussianBlur(image, (0, 0), by), (2, 3, 4, 6, 8, 12)),
    "light, times": (lambda image, by: np.clip(image * by, 0, 255), (0.3, 0.15, 0.1, 0.07, 2, 2.5, 3, 4)),
    "face, px": (
        lambda image, by: cv2.resize(
            image, None, fx=by / _FACE_PX, fy=by / _FACE_PX, interpolation=cv2.INTER_AREA
        ),
        (80, 60, 50, 40, 32),
    ),
    "cut off at the left, of the face": (lambda image, by: _cut(image, by, 0), (0.1, 0.2, 0.3, 0.4, 0.5)),
    "cut off at the top, of the face": (lambda image, by: _cut(image, 0, by), (0.1, 0.2, 0.3, 0.4)),
}


@dataclass(frozen=True)
class Photo:
    """A portrait of somebody: scaled to a face of 200 px, and as it was."""

    person: str
    image: Image
    original: bytes


def main() -> None:
    """Measure, step by step."""
    photos = [_photo(path) for path in sorted((SAMPLE_DATA / "photos" / "enroll").rglob("*.jpg"))]
    pairs = [photo for photo in photos if sum(each.person == photo.person for each in photos) > 1]
    rows: list[Row] = []
    with local_rekognition() as server:
        server.client.create_collection(CollectionId="gate")
        index = RekognitionFaceIndex(server.client, "gate", floor_pct=0)
        for what, (change, steps) in STEPS.items():
            for by in steps:
                rows.append(_row(f"{what}: {by:g}", change, by, pairs, index))
    publish("photo_gate", rows)


def _row(what: str, change: Change, by: float, pairs: list[Photo], index: RekognitionFaceIndex) -> Row:
    detector = YuNet()
    sure = kiosk = engine = wrong = 0
    for photo in pairs:
        image = np.asarray(change(photo.image, by), np.uint8)
        other = next(each for each in pairs if each.person == photo.person and each is not photo)
        reference = index.add("reference", inspect(other.original), accept_poor=True)
        try:
            spoilt = index.add("spoilt", inspect(_png(image)), accept_poor=True)
        except UnusablePicture:  # no face, more than one, or too small a picture
            spoilt = None
        matches = index.search_face(spoilt.face_id) if spoilt else None
        similar = max(
            (each.similarity_pct for each in matches or () if each.person_id == "reference"), default=0
        )
        by_kiosk = problem_of(image, detector) is not None
        by_engine = spoilt is None or engine_problem_of(spoilt.look) is not None
        sure += similar >= _SURE_PCT
        kiosk += by_kiosk
        engine += by_engine
        wrong += similar < _SURE_PCT and not by_kiosk and not by_engine
        index.remove([reference.face_id, *([spoilt.face_id] if spoilt else ())])
    return Row(
        what,
        f"refused: kiosk {kiosk}, engine {engine} of {len(pairs)}",
        f"still recognized: {sure}",
        f"let through and lost: {wrong}",
        "",
        None,
    )


def _photo(path: Path) -> Photo:
    read = cv2.imread(str(path))
    assert read is not None
    image = np.asarray(read, np.uint8)
    (face, *_) = YuNet().detect(image)
    factor = min(1.0, _FACE_PX / face.box.area**0.5)
    image = np.asarray(cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA), np.uint8)
    return Photo(path.parent.name, image, path.read_bytes())


def _png(image: Image) -> bytes:
    return cv2.imencode(".png", image)[1].tobytes()


def _cut(image: Image, left: float, top: float) -> Image:
    (face, *_) = YuNet().detect(image)
    x = face.box.left + left * face.box.width if left else 0
    y = face.box.top + top * face.box.height if top else 0
    return image[max(0, int(y)) :, max(0, int(x)) :]


if __name__ == "__main__":
    main()
