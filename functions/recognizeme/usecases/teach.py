"""Let corrections teach: take a sighting's picture as a photo of whom it shows, or remember whom it does not.

That a picture does not show somebody is written down before its face is indexed, so that a crash in between
leaves a lesson that is finished when it is taught again, or taken back. A face whose lesson is gone means
nothing to a decision, and the daily look through the collection removes it.
"""

from dataclasses import dataclass
from datetime import timedelta

from recognizeme.domain.errors import InvalidRequest, NotFound, NotPossible, UnusablePicture
from recognizeme.domain.lessons import EVERYBODY, Lesson, counter_id, learned_photo_id
from recognizeme.domain.model import (
    EnrolledPhoto,
    Exceptions,
    PhotoState,
    Sighting,
    Status,
    check_person_id,
    extension,
)
from recognizeme.domain.picture import inspect, sha256_of
from recognizeme.domain.ports import Clock, FaceIndex, Lessons, People, PhotoStore, Sightings
from recognizeme.usecases.enroll import Enroller
from recognizeme.usecases.merge import standing_for


@dataclass(frozen=True, slots=True, kw_only=True)
class Teacher:
    """The collaborators of teaching, gathered once.

    A counter-example is the face of somebody who never agreed: it is kept for `stranger_days`, as strangers'
    pictures are.
    """

    photos: PhotoStore
    faces: FaceIndex
    people: People
    sightings: Sightings
    lessons: Lessons
    enroller: Enroller
    stranger_days: int
    now: Clock

    def can_learn(self, sighting: Sighting) -> bool:
        """Whether the picture could be taken as a photo of whom the sighting shows."""
        return sighting.person_id is not None and sighting.photo_key is not None

    def learn(self, capture_id: str) -> EnrolledPhoto:
        """Take the picture as a photo of whom the sighting shows; the enroller judges it like any other.

        Again changes nothing and costs nothing. Raises `NotFound`, `NotPossible` and `InvalidRequest`.
        """
        sighting = self._sighting(capture_id)
        if sighting.person_id is None:
            raise NotPossible(f"sighting {capture_id} shows nobody we know; correct it first")
        content = self._picture_of(sighting)
        try:
            kind = extension(inspect(content).content_type)
        except UnusablePicture as error:
            raise InvalidRequest(f"the picture cannot be learned from: {error}") from error
        photo_id = learned_photo_id(capture_id, kind)
        person = self.people.get(sighting.person_id)
        known = person.photos.get(photo_id) if person else None
        if known and known.state is PhotoState.INDEXED and known.sha256 == sha256_of(content):
            return known
        # It looks like whom it was taken for: no reason to refuse it, once somebody says that it is not them.
        is_told_apart = self.lessons.get(capture_id) is not None
        exceptions = Exceptions(allow_duplicate="a correction" if is_told_apart else None)
        return self.enroller.enroll_now(sighting.person_id, content, photo_id, exceptions)

    def remember_not(self, capture_id: str, person_id: str) -> Lesson:
        """Remember that the picture does not show this person, so that the mistake is not made again.

        Again changes nothing. Raises `NotFound`, `InvalidRequest` for a picture that cannot be used, and
        `NotPossible` for a sighting that says it is them.
        """
        sighting = self._sighting(capture_id)
        person = self.people.get(check_person_id(person_id))
        if person is None:
            raise NotFound(f"there is no person {person_id!r}")
        counts_as = standing_for(person, self.people) or person
        if sighting.person_id in (person_id, counts_as.person_id):
            raise NotPossible(f"sighting {capture_id} says that it is {person_id!r}; correct it first")
        return self._remember(sighting, person_id)

    def remember_ignored(self, capture_id: str) -> Lesson:
        """Remember that the picture shows somebody who is of no interest, and so nobody known."""
        sighting = self._sighting(capture_id)
        if sighting.person_id is not None:
            raise NotPossible(f"sighting {capture_id} says that it is {sighting.person_id!r}")
        return self._remember(sighting, EVERYBODY)

    def _remember(self, sighting: Sighting, person_id: str) -> Lesson:
        capture_id = sighting.capture.capture_id
        content = self._picture_of(sighting)
        known = self.lessons.get(capture_id)
        is_indexed = known is not None and known.face_id is not None
        if known and is_indexed and person_id in known.not_person_ids:
            return known
        now = self.now().replace(microsecond=0)
        lesson = self.lessons.add(
            capture_id, person_id, taught_at=now, expires_at=now + timedelta(days=self.stranger_days)
        )
        if is_indexed:
            return lesson
        try:
            face = self.faces.add(counter_id(capture_id), inspect(content), accept_poor=True)
        except UnusablePicture as error:
            self.lessons.remove(capture_id)
            raise InvalidRequest(f"the picture cannot be learned from: {error}") from error
        settled = self.lessons.settle(capture_id, face.face_id)
        is_gone = person_id != EVERYBODY and self.people.get(person_id) is None
        if settled is None or is_gone:
            self.faces.remove([face.face_id])
            self.lessons.remove(capture_id)
            raise NotFound(f"what sighting {capture_id} taught was taken back or forgotten meanwhile")
        return settled

    def take_back(self, capture_id: str) -> Lesson:
        """Forget whom the picture does not show. Raises `NotFound` when nothing of the kind is remembered."""
        lesson = self.lessons.get(capture_id)
        if lesson is None:
            raise NotFound(f"nothing is remembered of sighting {capture_id!r}")
        owner = counter_id(capture_id)
        # Looked for, since one may be there that was never recorded, and one of another collection.
        self.faces.remove([face.face_id for face in self.faces.all_faces() if face.person_id == owner])
        self.lessons.remove(capture_id)
        return lesson

    def _sighting(self, capture_id: str) -> Sighting:
        sighting = self.sightings.get(capture_id)
        if sighting is None:
            raise NotFound(f"there is no sighting {capture_id!r}")
        if sighting.status is not Status.DONE:
            raise NotPossible(f"sighting {capture_id} is {sighting.status}; it teaches when it is done")
        return sighting

    def _picture_of(self, sighting: Sighting) -> bytes:
        if sighting.photo_key is None:
            raise NotFound(f"no picture is stored for sighting {sighting.capture.capture_id!r}")
        return self.photos.read(sighting.photo_key)
