"""How well faces are told apart on one's own photos: each is handed in among all the others."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import boto3

from kiosk.evaluation.trial import Likeness, Probe, Trial, Unusable, unlike
from kiosk.vision.detect import YuNet
from kiosk.visits.stills import still_to_hand_in
from local.errors import LocalError
from recognizeme.adapters.rekognition import RekognitionFaceIndex
from recognizeme.domain.errors import UnusablePicture
from recognizeme.domain.picture import inspect
from recognizeme.domain.policy import candidates
from rekolocal.server import serve_in_thread

_SUFFIXES = frozenset({".jpg", ".jpeg", ".png"})
_COLLECTION = "evaluation"
_CONDITIONS = (
    "your doors: photos of one person taken together are more alike than a photo and a visit months later",
)


class NotEnoughPhotos(LocalError):
    """The folder does not hold what is needed."""


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


def try_out(
    people: Mapping[str, Sequence[Path]], *, source: str, on_photo: Callable[[], None] = lambda: None
) -> Trial:
    """Enroll every usable photo in an empty collection, then hand each in as a kiosk does, leaving it out.

    Raises `NotEnoughPhotos` when fewer than two people are left. `on_photo` is called twice for each photo.
    """
    detector = YuNet()
    unusable: list[Unusable] = []
    # A folder may be called anything; what Rekognition takes as a person's id may not.
    names = {f"p{number}": name for number, name in enumerate(people)}
    with _empty_collection() as faces:
        enrolled: dict[str, tuple[str, Path]] = {}  # by the face's id
        for person_id, name in names.items():
            for photo in people[name]:
                on_photo()
                try:
                    face_id = faces.add(person_id, inspect(photo.read_bytes())).face_id
                except UnusablePicture as error:
                    unusable.append(Unusable(_label(name, photo), name, str(error)))
                    continue
                if face_id in enrolled:
                    reason = f"the same picture as {enrolled[face_id][1].name}"
                    unusable.append(Unusable(_label(name, photo), name, reason, is_copy=True))
                else:
                    enrolled[face_id] = (name, photo)
        own = {
            name: [_label(name, photo) for whose, photo in enrolled.values() if whose == name]
            for name in people
        }
        probes: list[Probe] = []
        for face_id, (name, photo) in enrolled.items():
            on_photo()
            label = _label(name, photo)
            try:
                found = faces.search(inspect(still_to_hand_in(photo.read_bytes(), detector)))
            except UnusablePicture as error:
                unusable.append(Unusable(label, name, str(error)))
                continue
            if found.face_box is None:
                unusable.append(Unusable(label, name, "no face was found as a kiosk hands it in"))
                continue
            nearest = [
                Likeness(names[match.person_id], _label(*enrolled[match.face_id]), match.similarity_pct)
                for match in candidates(match for match in found.matches if match.face_id != face_id)
            ]
            mate = next((each for each in nearest if each.person_id == name), unlike(label, name, own))
            others = tuple(each for each in nearest if each.person_id != name)
            probes.append(Probe(label, name, mate, others))
    usable = {name: name for name in people if own[name]}
    if len(usable) < 2 or all(probe.own is None for probe in probes):
        raise NotEnoughPhotos(
            "too few photos are left to try: two people are needed, one of them with two photos in which the"
            " face can be seen"
        )
    return Trial(usable, tuple(probes), tuple(unusable), source, _CONDITIONS, "move each to the right folder")


def _label(name: str, photo: Path) -> str:
    return f"{name}/{photo.name}"


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
