"""Enroll people: who they are, and the photos that tell what they look like."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from recognizeme.domain.errors import NotFound, UnusablePicture
from recognizeme.domain.model import (
    Consent,
    EnrolledPhoto,
    Enrollment,
    Person,
    PhotoState,
    check_name,
    check_person_id,
    extension,
)
from recognizeme.domain.picture import MAX_BYTES, Picture, inspect
from recognizeme.domain.ports import Clock, FaceIndex, People, PhotoStore, UploadTicket


@dataclass(frozen=True, slots=True, kw_only=True)
class Enroller:
    """The collaborators of enrolling, gathered once."""

    photos: PhotoStore
    faces: FaceIndex
    people: People
    ticket_s: float
    now: Clock

    def put_person(self, person_id: str, name: str, consent: Consent | None) -> Person:
        """Create a person, or rename one; photos stay, and so does consent when none is given."""
        check_person_id(person_id)
        known = self.people.get(person_id)
        if known is None:
            return self.people.put(Person(person_id, check_name(name), self.now(), consent))
        return self.people.put(replace(known, name=check_name(name), consent=consent or known.consent))

    def issue_ticket(self, person_id: str, photo_id: str, content_type: str) -> UploadTicket:
        """Permission to upload one photo of a known person. Raises `NotFound` and `InvalidRequest`."""
        extension(content_type)
        enrollment = Enrollment(self._known(person_id).person_id, photo_id)
        return self.photos.ticket(
            enrollment.photo_key,
            content_type,
            max_bytes=MAX_BYTES,
            expires_at=self.now() + timedelta(seconds=self.ticket_s),
        )

    def enroll_now(self, person_id: str, content: bytes, photo_id: str | None = None) -> EnrolledPhoto:
        """Store a photo of a known person and index its face at once.

        Without a photo id it is named after its content, so that the same file is enrolled once.
        Raises `NotFound`, `InvalidRequest` and `UnusablePicture` (bytes that are no picture are not stored).
        """
        person = self._known(person_id)
        picture = inspect(content)
        content_name = f"{picture.sha256[:32]}.{extension(picture.content_type)}"
        enrollment = Enrollment(person_id, photo_id or content_name)
        self.photos.write(enrollment.photo_key, content, picture.content_type)
        enrolled = self._record(person, enrollment, self._examined(enrollment, picture))
        if enrolled is None:
            raise NotFound(f"person {person_id!r} was forgotten meanwhile")
        return enrolled

    def enroll_stored(
        self, enrollment: Enrollment, stored_at: datetime | None = None
    ) -> EnrolledPhoto | None:
        """Index a photo that was put into the store, or None when it has been forgotten meanwhile.

        A photo that was enrolled after it was stored (`enroll_now` raises an event too, and events come
        twice) is not paid for again.

        A folder of photos may be copied straight into the store: a person nobody has named yet is named
        after their id.
        """
        person = self.people.get(enrollment.person_id)
        known = person.photos.get(enrollment.photo_id) if person else None
        if known and stored_at and known.enrolled_at >= stored_at:
            return known
        try:
            picture = inspect(self.photos.read(enrollment.photo_key))
        except NotFound:
            return None
        except UnusablePicture as error:
            photo = self._refused(enrollment, error)
        else:
            photo = self._examined(enrollment, picture)
        if person is None:
            person = self.put_person(enrollment.person_id, enrollment.person_id, consent=None)
        return self._record(person, enrollment, photo)

    def _known(self, person_id: str) -> Person:
        person = self.people.get(check_person_id(person_id))
        if person is None:
            raise NotFound(f"there is no person {person_id!r}; create them with PUT /people/{person_id}")
        return person

    def _examined(self, enrollment: Enrollment, picture: Picture) -> EnrolledPhoto:
        try:
            face = self.faces.add(enrollment.person_id, picture)
        except UnusablePicture as error:
            return self._refused(enrollment, error)
        return EnrolledPhoto(enrollment.photo_id, PhotoState.INDEXED, self.now(), face.face_id, face.face_box)

    def _refused(self, enrollment: Enrollment, error: UnusablePicture) -> EnrolledPhoto:
        return EnrolledPhoto(enrollment.photo_id, PhotoState.REFUSED, self.now(), reason=str(error))

    def _record(self, person: Person, enrollment: Enrollment, photo: EnrolledPhoto) -> EnrolledPhoto | None:
        if not self.people.add_photo(person.person_id, photo, photo_key=enrollment.photo_key):
            # The person was forgotten while we indexed: take back what was just added.
            self.faces.remove([photo.face_id] if photo.face_id else [])
            self.photos.delete([enrollment.photo_key])
            return None
        replaced = person.photos.get(photo.photo_id)
        still_shown = {other.face_id for other in person.photos.values() if other is not replaced}
        if replaced and replaced.face_id and replaced.face_id not in {photo.face_id, *still_shown}:
            self.faces.remove([replaced.face_id])
        return photo
