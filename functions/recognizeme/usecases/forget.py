"""Forget a person: their faces, photos, name, and the pictures that a camera took of them."""

from collections.abc import Iterable
from dataclasses import dataclass

from recognizeme.domain.errors import NotFound
from recognizeme.domain.model import Removed, check_person_id
from recognizeme.domain.ports import FaceIndex, People, PhotoStore, SightingQuery, Sightings
from recognizeme.usecases.statistics import all_sightings


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgetter:
    """The collaborators of forgetting, gathered once."""

    photos: PhotoStore
    faces: FaceIndex
    people: People
    sightings: Sightings

    def forget(self, person_id: str) -> Removed:
        """Remove everything known about a person; sightings stay, without a name, for the statistics.

        Safe to call again after a failure halfway. Raises `NotFound` when nothing is known of the person.
        """
        if not self._is_known(check_person_id(person_id)):
            raise NotFound(f"there is no person {person_id!r}")
        before = self._remove(person_id, self.people.face_ids(person_id))
        # The record goes last, so that a failure on the way leaves somebody to forget again. Whoever was
        # enrolling or recognizing the person meanwhile had to find the record: hence the second round.
        late_face_ids = self.people.delete(person_id)
        after = self._remove(person_id, late_face_ids)
        return before + after

    def _is_known(self, person_id: str) -> bool:
        return bool(
            self.people.get(person_id)
            or self.people.face_ids(person_id)
            or any(True for _ in self.photos.keys(_photos_of(person_id)))
            or self.sightings.query(SightingQuery(person_id=person_id), limit=1).items
        )

    def _remove(self, person_id: str, face_ids: Iterable[str]) -> Removed:
        # Photos first: a late object-created event then finds nothing to index. The pictures of the door
        # before the sightings that name them: a failure in between leaves their keys to be found again.
        photos = self.photos.delete(list(self.photos.keys(_photos_of(person_id))))
        faces = self.faces.remove(tuple(face_ids))
        seen = all_sightings(self.sightings, SightingQuery(person_id=person_id))
        captures = self.photos.delete([sighting.photo_key for sighting in seen if sighting.photo_key])
        forgotten_keys = self.sightings.forget(person_id)
        captures += self.photos.delete(forgotten_keys)
        return Removed(faces, photos, captures, len(forgotten_keys))


def _photos_of(person_id: str) -> str:
    return f"enrollments/{person_id}/"
