"""How well faces are told apart on one's own photos: everybody's first is enrolled, the others visit."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import boto3

from kiosk.vision.detect import YuNet
from kiosk.visits.stills import still_to_hand_in
from local.errors import LocalError
from local.evaluation.error_rates import Attempt
from recognizeme.adapters.rekognition import RekognitionFaceIndex
from recognizeme.domain.errors import UnusablePicture
from recognizeme.domain.picture import inspect
from rekolocal.server import serve_in_thread

_SUFFIXES = frozenset({".jpg", ".jpeg", ".png"})
_COLLECTION = "evaluation"


class NotEnoughPhotos(LocalError):
    """The folder does not hold what is needed."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What was measured: how many were enrolled, every attempt, and the photos left out and why."""

    people: int
    attempts: tuple[Attempt, ...]
    left_out: Mapping[Path, str]


def photos_by_person(folder: Path) -> dict[str, list[Path]]:
    """The photos of each person's folder, by its name. Raises `NotEnoughPhotos`."""
    people = {
        person.name: photos
        for person in sorted(folder.iterdir())
        if person.is_dir()
        and (photos := sorted(path for path in person.iterdir() if path.suffix.lower() in _SUFFIXES))
    }
    if len(people) < 2 or all(len(photos) < 2 for photos in people.values()):
        raise NotEnoughPhotos(
            f"{folder} must hold a folder for each of two people or more, one of them with two photos or more"
        )
    return people


def try_out(people: Mapping[str, Sequence[Path]], *, on_photo: Callable[[], None] = lambda: None) -> Trial:
    """Enroll everybody's first usable photo in an empty collection, and hand in the others as a kiosk does.

    Raises `NotEnoughPhotos` when none is left to hand in. `on_photo` is called once for each photo.
    """
    detector = YuNet()
    left_out: dict[Path, str] = {}
    attempts: list[Attempt] = []
    # A folder may be called anything; what Rekognition takes as a person's id may not.
    names = {f"p{number}": name for number, name in enumerate(people)}
    with _empty_collection() as faces:
        visitors = {}
        for person_id, name in names.items():
            waiting = iter(people[name])
            for photo in waiting:
                on_photo()
                try:
                    faces.add(person_id, inspect(photo.read_bytes()))
                except UnusablePicture as error:
                    left_out[photo] = f"not enrolled: {error}"
                else:
                    visitors[person_id] = list(waiting)
        for person_id, photos in visitors.items():
            for photo in photos:
                on_photo()
                try:
                    found = faces.search(inspect(still_to_hand_in(photo.read_bytes(), detector)))
                except UnusablePicture as error:
                    left_out[photo] = str(error)
                else:
                    matches = tuple(replace(m, person_id=names[m.person_id]) for m in found.matches)
                    attempts.append(Attempt(str(photo), names[person_id], matches))
    if not attempts:
        raise NotEnoughPhotos("no photo is left to try: each person needs two in which the face can be seen")
    return Trial(len(visitors), tuple(attempts), left_out)


@contextmanager
def _empty_collection() -> Iterator[RekognitionFaceIndex]:
    with serve_in_thread() as server:
        client = boto3.client(
            "rekognition",
            endpoint_url=server.url,
            region_name="us-east-1",
            aws_access_key_id="local",
            aws_secret_access_key="local",
        )
        client.create_collection(CollectionId=_COLLECTION)
        # Every similarity counts here, also one that no door would look at.
        yield RekognitionFaceIndex(client, _COLLECTION, floor_pct=0.0)
