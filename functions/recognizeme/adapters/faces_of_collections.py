"""Faces in several collections: one is searched, and what is forgotten goes from all of them."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from recognizeme.domain.model import FaceSearch, IndexedFace, ListedFace, Match
from recognizeme.domain.picture import Picture
from recognizeme.domain.ports import FaceIndex


class FacesOfCollections:
    """A `FaceIndex` of the collection in use; the others are being built, or kept for a way back."""

    def __init__(self, in_use: FaceIndex, others: Sequence[FaceIndex]) -> None:
        self._in_use = in_use
        self._others = others

    def search(self, picture: Picture) -> FaceSearch:
        """Compare with the collection in use."""
        return self._in_use.search(picture)

    def search_face(self, face_id: str) -> Sequence[Match] | None:
        """Compare within the collection in use."""
        return self._in_use.search_face(face_id)

    def add(self, person_id: str, picture: Picture, *, accept_poor: bool = False) -> IndexedFace:
        """Add to the collection in use."""
        return self._in_use.add(person_id, picture, accept_poor=accept_poor)

    def remove(self, face_ids: Sequence[str]) -> int:
        """Remove from every collection."""
        return sum(index.remove(face_ids) for index in (self._in_use, *self._others))

    def remove_person(self, person_id: str) -> None:
        """Remove from every collection."""
        for index in (self._in_use, *self._others):
            index.remove_person(person_id)

    def has_vector(self, person_id: str) -> bool:
        """Whether any collection has one."""
        return any(index.has_vector(person_id) for index in (self._in_use, *self._others))

    def adopt(self, person_id: str, face_ids: Sequence[str]) -> None:
        """Adopt in the collection in use."""
        self._in_use.adopt(person_id, face_ids)

    def all_faces(self) -> Iterator[ListedFace]:
        """The faces of every collection."""
        yield from self._in_use.all_faces()
        for index in self._others:
            yield from (replace(face, is_searched=False) for face in index.all_faces())
