"""`FaceIndex` in a dictionary, over the pictures of tests/twins/pictures.py."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from statistics import mean
from uuid import UUID, uuid5

from recognizeme.domain.errors import PoorPhoto
from recognizeme.domain.model import Box, FaceSearch, IndexedFace, ListedFace, Match
from recognizeme.domain.photo_problems import FaceLook, PhotoProblem
from recognizeme.domain.picture import Picture
from recognizeme.domain.policy import MatchBy
from tests.twins.pictures import Shown, shown_on

_RIVAL_AREA = 1 / 3
MODEL_VERSION = "1.0"


@dataclass
class TwinFaces:
    """`faces` holds for each face id whose it is and who is really on the picture; `calls` are paid for."""

    faces: dict[str, tuple[str | None, Shown]] = field(default_factory=dict)
    calls: int = 0
    match_by: MatchBy = MatchBy.FACES
    users: dict[str, set[str]] = field(default_factory=dict)

    def search(self, picture: Picture) -> FaceSearch:
        self.calls += 1
        shown = shown_on(picture.content)
        if not shown:
            return FaceSearch(face_box=None)
        largest = max(shown, key=lambda face: face.area)
        matches = self._matching(largest)
        if self.match_by is MatchBy.USERS:
            alike = {match.face_id: match.similarity_pct for match in matches}
            means = {user: mean(alike.get(face, 0) for face in faces) for user, faces in self.users.items()}
            by_user = [Match("", user, similarity) for user, similarity in means.items() if similarity >= 80]
            matches = tuple(sorted(by_user, key=lambda match: -match.similarity_pct))
        size = len(self.users if self.match_by is MatchBy.USERS else self.faces)
        return FaceSearch(_box(largest), matches, size, MODEL_VERSION)

    def search_face(self, face_id: str) -> Sequence[Match] | None:
        self.calls += 1
        if face_id not in self.faces:
            return None
        return self._matching(self.faces[face_id][1], without=face_id)

    def _matching(self, shown: Shown, without: str = "") -> tuple[Match, ...]:
        matches = [
            Match(face_id, person_id, min(shown.similarity_pct, enrolled.similarity_pct))
            for face_id, (person_id, enrolled) in self.faces.items()
            if person_id is not None and face_id != without and enrolled.who == shown.who
        ]
        return tuple(sorted(matches, key=lambda match: -match.similarity_pct))

    def add(self, person_id: str, picture: Picture, *, accept_poor: bool = False) -> IndexedFace:
        self.calls += 1
        shown = sorted(shown_on(picture.content), key=lambda face: -face.area)
        if not shown:
            raise PoorPhoto(PhotoProblem.NO_FACE)
        largest, *others = shown
        if largest.trouble and not accept_poor:
            raise PoorPhoto(PhotoProblem(largest.trouble))
        if others and others[0].area > largest.area * _RIVAL_AREA:
            raise PoorPhoto(PhotoProblem.SEVERAL_FACES)
        face_id = str(uuid5(UUID(int=0), f"{person_id}/{picture.sha256}"))
        self.faces[face_id] = (person_id, largest)
        if self.match_by is MatchBy.USERS:
            self.adopt(person_id, [face_id])
        return IndexedFace(face_id, _box(largest), _look(largest))

    def remove(self, face_ids: Sequence[str]) -> int:
        self.users = {user: left for user, faces in self.users.items() if (left := faces - set(face_ids))}
        return sum(self.faces.pop(face_id, None) is not None for face_id in set(face_ids))

    def remove_person(self, person_id: str) -> None:
        self.users.pop(person_id, None)

    def has_vector(self, person_id: str) -> bool:
        return person_id in self.users

    def adopt(self, person_id: str, face_ids: Sequence[str]) -> None:
        self.users.setdefault(person_id, set()).update(face for face in face_ids if face in self.faces)

    def all_faces(self) -> Iterator[ListedFace]:
        of = {face_id: user for user, faces in self.users.items() for face_id in faces}
        return iter(
            [ListedFace(face, person_id, of.get(face)) for face, (person_id, _) in self.faces.items()]
        )

    def put_there_by_others(self, picture: Picture) -> None:
        """A face without a person."""
        self.faces[picture.sha256] = (None, shown_on(picture.content)[0])


def _look(face: Shown) -> FaceLook:
    return FaceLook(200, 1, 90 if face.is_turned else 0, 0, 100, 50, 100)


def _box(face: Shown) -> Box:
    side = math.sqrt(face.area)
    return Box(0.5 - side / 2, 0.5 - side / 2, side, side)
