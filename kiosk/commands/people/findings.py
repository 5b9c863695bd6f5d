"""What is wrong with people's photos, from how similar their faces are to each other and to everybody's."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from operator import itemgetter

from kiosk.client.api import ApiClient
from kiosk.client.wire import Json
from kiosk.commands.output import Record

# Two photos of one person are above this, those of strangers below: docs/performance.md.
ALIKE_PCT = 80.0
# From here on two photos are nearly the same picture: scaled, cut, stored anew.
SAME_PICTURE_PCT = 99.999999

# The kinds of finding, the worst first.
KINDS = ("too_close", "misfiled", "unlike", "lost", "no_photo", "adds_nothing", "one_photo")


@dataclass(frozen=True, slots=True)
class PersonPhotos:
    """A person, and their photos by face, the oldest first; `twice` are further photos of a face."""

    person_id: str
    name: str
    photos: Mapping[str, str]
    twice: tuple[tuple[str, str], ...] = ()

    def photo(self, face_id: str | None) -> Json:
        """A finding's words for a photo of theirs, or for the person alone."""
        photo_id = self.photos.get(face_id, "") if face_id else None
        return {"person_id": self.person_id, "name": self.name, "photo_id": photo_id}


@dataclass(slots=True)
class Album:
    """Everybody's photos, asked for when they are needed, once.

    `humans` is whom each record counts as: itself, or another that it is merged into.
    """

    api: ApiClient
    names: Mapping[str, str]
    humans: Mapping[str, str]
    _known: dict[str, PersonPhotos] = field(default_factory=dict)

    def person(self, person_id: str) -> PersonPhotos:
        """One person's photos. Raises `NotFound`."""
        if person_id not in self._known:
            photos: dict[str, str] = {}
            twice: list[tuple[str, str]] = []
            for photo in sorted(self.api.photos(person_id), key=itemgetter("enrolled_at", "photo_id")):
                face_id, photo_id = photo.get("face_id"), str(photo["photo_id"])
                if photo.get("state") != "indexed" or face_id is None:
                    continue
                if face_id in photos:
                    twice.append((str(face_id), photo_id))
                else:
                    photos[str(face_id)] = photo_id
            name = self.names.get(person_id, person_id)
            self._known[person_id] = PersonPhotos(person_id, name, photos, tuple(twice))
        return self._known[person_id]

    def same_human(self, person: PersonPhotos, match: Json) -> bool:
        """Whether a match is of another record of the same person."""
        other_id = str(match["person_id"])
        one, other = (self.humans.get(each, each) for each in (person.person_id, other_id))
        return one == other


def findings(person: PersonPhotos, pages: Iterable[Json], album: Album) -> Iterator[Record]:
    """The findings about one person; `pages` are those of `POST /people/{person_id}/neighbours`.

    A pair of people who look the same is found by the one whose id comes first.
    """
    for face_id, photo_id in person.twice:
        copy = {**person.photo(face_id), "photo_id": photo_id}
        yield {"finding": "adds_nothing", **copy, "other": person.photo(face_id), "similarity_pct": 100.0}
    if not person.photos:
        yield _about(person, "no_photo")
        return
    if len(person.photos) == 1:
        yield _about(person, "one_photo")
    faces: dict[str, Json] = {}
    threshold_pct = 100.0
    for page in pages:
        threshold_pct = float(page["threshold_pct"])
        for face in page["items"]:
            if face["is_lost"]:
                yield _about(person, "lost", str(face["face_id"]))
            elif face["face_id"] in person.photos:
                faces[str(face["face_id"])] = face
    yield from _misplaced(person, faces, album, threshold_pct)
    yield from _superfluous(person, faces)


def _misplaced(
    person: PersonPhotos, faces: Mapping[str, Json], album: Album, threshold_pct: float
) -> Iterator[Record]:
    like = {
        face_id: [
            other
            for other in face["others"]
            if other["similarity_pct"] >= threshold_pct and not album.same_human(person, other)
        ]
        for face_id, face in faces.items()
    }
    unlike = [face_id for face_id, face in faces.items() if len(faces) > 1 and _own_pct(face) < ALIKE_PCT]
    misfiled = [face_id for face_id in unlike if like[face_id]]
    for face_id in misfiled:
        other = like[face_id][0]
        yield _about(person, "misfiled", face_id, _theirs(album, other), other["similarity_pct"])
    # Of two photos that differ, the one that is somebody else's says which of them is wrong.
    for face_id in () if misfiled else unlike:
        beside = next(each for each in person.photos if each != face_id)
        yield _about(person, "unlike", face_id, person.photo(beside), _own_pct(faces[face_id]))
    closest: dict[str, Record] = {}
    for face_id in faces:
        for other in () if face_id in misfiled else like[face_id]:
            other_id, pct = str(other["person_id"]), other["similarity_pct"]
            known = closest.get(other_id)
            if person.person_id < other_id and (known is None or pct > known["similarity_pct"]):
                closest[other_id] = _about(person, "too_close", face_id, _theirs(album, other), pct)
    yield from closest.values()


def _superfluous(person: PersonPhotos, faces: Mapping[str, Json]) -> Iterator[Record]:
    superfluous: set[str] = set()
    earlier: list[str] = []
    for face_id in person.photos:
        for own in faces.get(face_id, {}).get("own", ()):
            same = own["face_id"]
            if same in earlier and same not in superfluous and own["similarity_pct"] >= SAME_PICTURE_PCT:
                superfluous.add(face_id)
                yield _about(person, "adds_nothing", face_id, person.photo(same), own["similarity_pct"])
                break
        earlier.append(face_id)


def explained(found: Iterable[Record]) -> list[Record]:
    """The findings, the worst first, without pairs of people who are close because a photo is misfiled."""
    known = list(found)
    misfiled = {_photo_of(each) for each in known if each["finding"] == "misfiled"}

    def is_explained(each: Record) -> bool:
        photos = {_photo_of(each), _photo_of(each["other"])} if each["other"] else set()
        return each["finding"] == "too_close" and bool(photos & misfiled)

    left = [each for each in known if not is_explained(each)]
    return sorted(left, key=lambda each: (KINDS.index(each["finding"]), each["person_id"]))


def _own_pct(face: Json) -> float:
    return max((float(own["similarity_pct"]) for own in face["own"]), default=0.0)


def _theirs(album: Album, match: Json) -> Json:
    return album.person(str(match["person_id"])).photo(str(match["face_id"]))


def _about(
    person: PersonPhotos,
    finding: str,
    face_id: str | None = None,
    other: Json | None = None,
    similarity_pct: float | None = None,
) -> Record:
    return {
        "finding": finding,
        **person.photo(face_id),
        "other": other,
        "similarity_pct": similarity_pct,
    }


def _photo_of(each: Record) -> tuple[object, object]:
    return each["person_id"], each["photo_id"]
