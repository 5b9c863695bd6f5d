"""`FaceIndex` in a dictionary, over the pictures of tests/twins/pictures.py."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from uuid import UUID, uuid5

from recognizeme.domain.errors import UnusablePicture
from recognizeme.domain.model import Box, FaceSearch, IndexedFace, ListedFace, Match
from recognizeme.domain.picture import Picture
from tests.twins.pictures import Shown, shown_on

_RIVAL_AREA = 1 / 3
MODEL_VERSION = "1.0"


@dataclass
class TwinFaces:
    """`faces` holds for each face id whose it is and who is really on the picture; `calls` are paid for."""

    faces: dict[str, tuple[str | None, Shown]] = field(default_factory=dict)
    calls: int = 0

    def search(self, picture: Picture) -> FaceSearch:
        self.calls += 1
        shown = shown_on(picture.content)
        if not shown:
            return FaceSearch(face_box=None)
        largest = max(shown, key=lambda face: face.area)
        matches = [
            Match(face_id, person_id, min(largest.similarity_pct, enrolled.similarity_pct))
            for face_id, (person_id, enrolled) in self.faces.items()
            if person_id is not None and enrolled.who == largest.who
        ]
        matches.sort(key=lambda match: -match.similarity_pct)
        return FaceSearch(_box(largest), tuple(matches), len(self.faces), MODEL_VERSION)

    def search_face(self, face_id: str) -> Sequence[Match] | None:
        self.calls += 1
        if face_id not in self.faces:
            return None
        searched = self.faces[face_id][1]
        matches = [
            Match(other_id, person_id, min(searched.similarity_pct, other.similarity_pct))
            for other_id, (person_id, other) in self.faces.items()
            if other_id != face_id and person_id is not None and other.who == searched.who
        ]
        return sorted(matches, key=lambda match: -match.similarity_pct)

    def add(self, person_id: str, picture: Picture, *, accept_poor: bool = False) -> IndexedFace:
        self.calls += 1
        shown = sorted(shown_on(picture.content), key=lambda face: -face.area)
        if not shown:
            raise UnusablePicture("the photo shows no face")
        largest, *others = shown
        if largest.trouble and not accept_poor:
            raise UnusablePicture(largest.trouble)
        if others and others[0].area > largest.area * _RIVAL_AREA:
            raise UnusablePicture("two people of similar size; crop the photo to one of them")
        face_id = str(uuid5(UUID(int=0), f"{person_id}/{picture.sha256}"))
        self.faces[face_id] = (person_id, largest)
        return IndexedFace(face_id, _box(largest))

    def remove(self, face_ids: Sequence[str]) -> int:
        return sum(self.faces.pop(face_id, None) is not None for face_id in set(face_ids))

    def all_faces(self) -> Iterator[ListedFace]:
        return iter([ListedFace(face_id, person_id) for face_id, (person_id, _) in self.faces.items()])

    def put_there_by_others(self, picture: Picture) -> None:
        """A face without a person."""
        self.faces[picture.sha256] = (None, shown_on(picture.content)[0])


def _box(face: Shown) -> Box:
    side = math.sqrt(face.area)
    return Box(0.5 - side / 2, 0.5 - side / 2, side, side)
