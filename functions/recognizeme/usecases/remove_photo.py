"""Remove one photo of a person: the picture, its face and what was known of both; that it was there stays."""

from dataclasses import dataclass
from datetime import timedelta

from recognizeme.domain.errors import NotFound
from recognizeme.domain.model import EnrolledPhoto, Enrollment, PhotoState
from recognizeme.domain.ports import Clock, FaceIndex, Later, People, PhotoStore


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoRemover:
    """The collaborators of removing photos, gathered once.

    `lease_s` is longer than a function may run: after it, whoever was enrolling beside a removal has ended.
    """

    photos: PhotoStore
    faces: FaceIndex
    people: People
    later: Later
    lease_s: float
    now: Clock

    def remove(self, enrollment: Enrollment) -> EnrolledPhoto:
        """Remove a photo; return what is left of its record. Again is no error.

        A face that another photo shows too, because it is the same picture, stays. Raises `NotFound`.
        """
        person = self.people.get(enrollment.person_id)
        if person is None:
            raise NotFound(f"there is no person {enrollment.person_id!r}")
        photo = person.photos.get(enrollment.photo_id)
        if (photo is None or photo.state is PhotoState.REMOVED) and not self._is_stored(enrollment):
            if photo is None:
                raise NotFound(f"there is no such photo of person {enrollment.person_id!r}")
            return photo
        # Before anything else: whatever happens to us, what we begin is finished. Then, too, whoever was
        # enrolling the photo at the same time has ended.
        self.later.remove_photo(enrollment.person_id, enrollment.photo_id, delay_s=self.lease_s + 5)
        self._remove(enrollment)
        left = self.people.get(enrollment.person_id)
        if left is None:
            raise NotFound(f"person {enrollment.person_id!r} was forgotten meanwhile")
        return left.photos[enrollment.photo_id]

    def finish(self, enrollment: Enrollment) -> None:
        """Remove what a removal left that was interrupted, or that somebody indexed while it went on."""
        person = self.people.get(enrollment.person_id)
        photo = person.photos.get(enrollment.photo_id) if person else None
        if photo is None:
            return
        if photo.state is PhotoState.REMOVING:
            self._remove(enrollment)
        elif photo.state is PhotoState.REMOVED and self._is_stored(enrollment):
            # Stored while the removal went on, when nobody looked at it.
            self.later.enroll(enrollment.photo_key, delay_s=0)
        self._remove_strays(enrollment)

    def _remove(self, enrollment: Enrollment) -> None:
        face_ids = self.people.begin_removing_photo(enrollment.person_id, enrollment.photo_id, now=self.now())
        if face_ids is None:
            return
        # The photo first: a late object-created event then finds nothing to index.
        self.photos.delete([enrollment.photo_key])
        self.faces.remove(face_ids)
        self.people.end_removing_photo(enrollment.person_id, enrollment.photo_id, face_ids)

    def _remove_strays(self, enrollment: Enrollment) -> None:
        """Remove faces of the person that were indexed and never recorded: their photo was removed then."""
        person_id = enrollment.person_id
        begun_at = self.people.last_begun(person_id)
        if begun_at is None:
            return
        # Of the collection in use: one that is being built has faces that are recorded later.
        listed = [
            face.face_id
            for face in self.faces.all_faces()
            if face.person_id == person_id and face.is_searched
        ]
        recorded = set(self.people.face_ids(person_id))
        is_quiet = self.people.last_begun(person_id) == begun_at and self.now() - begun_at >= timedelta(
            seconds=self.lease_s
        )
        if not is_quiet:  # one of them may be of a photo that is being enrolled
            self.later.remove_photo(person_id, enrollment.photo_id, delay_s=self.lease_s)
            return
        self.faces.remove([face_id for face_id in listed if face_id not in recorded])
        self.people.settle(person_id, begun_until=begun_at)

    def _is_stored(self, enrollment: Enrollment) -> bool:
        return enrollment.photo_key in self.photos.keys(enrollment.photo_key)
