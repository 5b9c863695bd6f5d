"""Enroll people: who they are, and the photos that tell what they look like."""

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from recognizeme.domain.errors import (
    ConsentMissing,
    InvalidRequest,
    NotFound,
    PoorPhoto,
    RecognizeMeError,
    ServiceBusy,
    UnusablePicture,
)
from recognizeme.domain.model import (
    Consent,
    EnrolledPhoto,
    Enrollment,
    Exceptions,
    IndexedFace,
    Person,
    PhotoState,
    SimilarFace,
    check_person_id,
    extension,
)
from recognizeme.domain.people import UNCHANGED, PersonChange
from recognizeme.domain.photo_problems import ADVICE, PhotoProblem, problem_of
from recognizeme.domain.picture import MAX_BYTES, Picture, inspect, sha256_of
from recognizeme.domain.ports import Clock, FaceIndex, Later, People, PhotoStore, UploadTicket
from recognizeme.usecases.merge import standing_for

_MISSING = "no consent of this person is recorded; record it, and photos of them are taken"
_WITHDRAWN = "this person has withdrawn their consent; no photos of them are taken"
_NO_CONSENT = (_MISSING, _WITHDRAWN)

# Whoever records consent may have a clock that is a little ahead of ours.
_CLOCK_AHEAD = timedelta(minutes=5)
_STRICT = Exceptions()
# A picture that was taken once is taken again, or its face would go from under the photo that it is.
_AS_BEFORE = Exceptions(accept_poor=True, allow_duplicate="enrolled before")


def _check_consent(consent: Consent, now: datetime) -> None:
    latest = now + _CLOCK_AHEAD
    if consent.given_at > latest:
        raise InvalidRequest("consent.given_at lies in the future; it is the time when consent was given")
    if consent.withdrawn_at and not consent.given_at <= consent.withdrawn_at <= latest:
        raise InvalidRequest("consent.withdrawn_at must lie between consent.given_at and now")


@dataclass(frozen=True, slots=True)
class _NoPicture:
    """A stored file that cannot be used, and why."""

    sha256: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Enroller:
    """The collaborators of enrolling, gathered once.

    A face is indexed, judged by what the engine says of it, and compared with everybody's: as similar as
    `duplicate_pct` (0-100) to another person's, it is taken out again. So of two who enroll the same face at
    once at least one learns of the other, as it would not if the comparison came first.
    """

    photos: PhotoStore
    faces: FaceIndex
    people: People
    later: Later
    duplicate_pct: float
    ticket_s: float
    lease_s: float
    now: Clock
    consent_required: bool = False
    withdrawn_days: int = 7

    def put_person(
        self, person_id: str, change: PersonChange, *, withdrawn_at: datetime | None = None
    ) -> Person:
        """Create a person, or change what is given of one; the rest stays.

        `withdrawn_at` is when they withdrew the consent that is recorded. Raises `NotFound` for somebody who
        is not there and is given no name, and `InvalidRequest`, also for a consent of the future.
        """
        now = self.now()
        if withdrawn_at:
            known = self.people.get(check_person_id(person_id))
            if known is None or known.consent is None:
                raise NotFound(f"no consent of {person_id!r} is recorded that could be withdrawn")
            change = replace(change, consent=replace(known.consent, withdrawn_at=withdrawn_at))
        if change.consent is not UNCHANGED:
            _check_consent(change.consent, now)
            ended = change.consent.withdrawn_at
            leaves_on = (ended + timedelta(days=self.withdrawn_days)).date() if ended else None
            change = replace(change, forgotten_on=leaves_on)
        if changed := self.people.change(check_person_id(person_id), change):
            if change.consent is not UNCHANGED:
                self._look_again_at_refused(changed)
            return changed
        if change.name is UNCHANGED:
            raise NotFound(f"there is no person {person_id!r}; give a name to create them")
        return self.people.put(change.of(Person(person_id, change.name, now)), now=now)

    def issue_ticket(self, person_id: str, photo_id: str, content_type: str) -> UploadTicket:
        """Permission to upload one photo of a known person.

        Raises `NotFound`, `InvalidRequest` and `ConsentMissing`.
        """
        extension(content_type)
        person = self._known(person_id)
        self.check_consent(person)
        enrollment = Enrollment(person.person_id, photo_id)
        return self.photos.ticket(
            enrollment.photo_key,
            content_type,
            max_bytes=MAX_BYTES,
            expires_at=self.now() + timedelta(seconds=self.ticket_s),
        )

    def enroll_now(
        self,
        person_id: str,
        content: bytes,
        photo_id: str | None = None,
        exceptions: Exceptions = _STRICT,
    ) -> EnrolledPhoto:
        """Store a photo of a known person and index its face at once.

        Without a photo id it is named after its content, so that the same file is enrolled once.
        Raises `NotFound`, `InvalidRequest` and, with nothing stored, `ConsentMissing` and `UnusablePicture`.
        """
        person = self._known(person_id)
        self.check_consent(person)
        picture = inspect(content)
        content_name = f"{picture.sha256[:32]}.{extension(picture.content_type)}"
        enrollment = Enrollment(person_id, photo_id or content_name)
        known = person.photos.get(enrollment.photo_id)
        if known and known.state is PhotoState.REMOVING:
            raise ServiceBusy("this photo is being removed right now; try again in a moment")
        # Stored first, so that its event finishes what we begin. That event knows of no exceptions, and would
        # undo what they allow: with them, the picture is stored when there is nothing left to do.
        is_strict, event = exceptions == _STRICT, None
        if is_strict:
            event = self.photos.write(
                enrollment.photo_key, content, picture.content_type, busy_s=self.lease_s
            )
        enrolled = self._enroll(person, enrollment, picture, exceptions)
        if enrolled is None:
            self._known(person_id)
            raise ServiceBusy("this photo was removed meanwhile; try again in a moment")
        if not is_strict:
            self.photos.write(enrollment.photo_key, content, picture.content_type)
        elif event:
            self._call_off(event, enrollment, picture)
        return enrolled

    def enroll_stored(self, enrollment: Enrollment) -> EnrolledPhoto | None:
        """Index the photo that is stored under this name, or None when it has been forgotten meanwhile.

        A picture that was enrolled under this name already (`enroll_now` raises an event too, and events
        come twice) is not paid for again.

        A folder of photos may be copied straight into the store: a person nobody has named yet is named
        after their id, unless somebody of this id was forgotten and this is a late event of theirs.
        """
        enrolled: EnrolledPhoto | None = None
        # Until what is stored has been seen: it may be replaced while it is looked at. The record comes
        # before the picture, so that a photo that is removed in between is not recorded.
        while True:
            person = self.people.get(enrollment.person_id)
            picture = self._stored(enrollment)
            if picture is None:
                return enrolled
            if person is None:
                if self._is_new(enrollment.person_id):
                    continue
                self._leave_to_forgetting(enrollment.person_id)
                return None
            known = person.photos.get(enrollment.photo_id)
            if known and known.state is PhotoState.REMOVING:
                return None
            refusal = self._refusal(person)
            if known and known.sha256 == picture.sha256 and (refusal or known.reason not in _NO_CONSENT):
                return known
            shown = _NoPicture(picture.sha256, refusal) if refusal else picture
            enrolled = self._enroll(person, enrollment, shown)
            if enrolled is None:
                return None

    def _look_again_at_refused(self, person: Person) -> None:
        """Have the stored photos enrolled that were refused for want of a consent that is there now."""
        if self._refusal(person):
            return
        for photo in person.photos.values():
            if photo.state is PhotoState.REFUSED and photo.reason in _NO_CONSENT:
                key = Enrollment(person.person_id, photo.photo_id).photo_key
                self.later.enroll(key, delay_s=0)

    def check_consent(self, person: Person) -> None:
        """Raise `ConsentMissing` when no photo of this person would be taken."""
        if refusal := self._refusal(person):
            raise ConsentMissing(refusal)

    def _refusal(self, person: Person) -> str | None:
        """Why no photo of this person is taken, whatever it shows."""
        if person.has_withdrawn:
            return _WITHDRAWN
        return _MISSING if self.consent_required and person.consent is None else None

    def _known(self, person_id: str) -> Person:
        person = self.people.get(check_person_id(person_id))
        if person is None:
            raise NotFound(f"there is no person {person_id!r}; create them with PUT /people/{person_id}")
        return person

    def _is_new(self, person_id: str) -> bool:
        return self.people.put_unless_forgotten(Person(person_id, person_id, self.now()), now=self.now())

    def _stored(self, enrollment: Enrollment) -> Picture | _NoPicture | None:
        content = b""
        try:
            content = self.photos.read(enrollment.photo_key)
            return inspect(content)
        except NotFound:
            return None
        except UnusablePicture as error:
            return _NoPicture(sha256_of(content), str(error))

    def _call_off(self, event: str, enrollment: Enrollment, recorded: Picture) -> None:
        """Spare the event of what has been recorded, unless another picture has been stored meanwhile."""
        with suppress(RecognizeMeError):  # then it comes, and finds nothing to do
            if sha256_of(self.photos.read(enrollment.photo_key)) == recorded.sha256:
                self.later.call_off(event)

    def _enroll(
        self,
        person: Person,
        enrollment: Enrollment,
        picture: Picture | _NoPicture,
        exceptions: Exceptions = _STRICT,
    ) -> EnrolledPhoto | None:
        # Written down before the face is there: should we die in between, forgetting knows to look for it.
        if not self.people.begin_photo(person.person_id, picture.sha256, now=self.now()):
            self._leave_to_forgetting(person.person_id)
            return None
        replaced = person.photos.get(enrollment.photo_id)
        photo = replace(
            self._examined(person, enrollment.photo_id, picture, exceptions),
            removed_at=replaced.removed_at if replaced else None,
        )
        if not self.people.add_photo(person.person_id, photo, photo_key=enrollment.photo_key):
            self._leave_to_forgetting(person.person_id)
            return None
        still_shown = {other.face_id for other in person.photos.values() if other is not replaced}
        if replaced and replaced.face_id and replaced.face_id not in {photo.face_id, *still_shown}:
            self.faces.remove([replaced.face_id])
        return photo

    def _examined(
        self, person: Person, photo_id: str, picture: Picture | _NoPicture, exceptions: Exceptions
    ) -> EnrolledPhoto:
        photo = EnrolledPhoto(photo_id, PhotoState.REFUSED, self.now(), sha256=picture.sha256)
        if isinstance(picture, _NoPicture):
            return replace(photo, reason=picture.reason)
        if any(
            known.state is PhotoState.INDEXED and known.sha256 == picture.sha256
            for known in person.photos.values()
        ):
            exceptions = _AS_BEFORE
        try:
            face = self.faces.add(person.person_id, picture, accept_poor=exceptions.accept_poor)
        except PoorPhoto as error:
            return _refused(photo, error.problem)
        except UnusablePicture as error:
            return replace(photo, reason=str(error))
        if not exceptions.accept_poor and (problem := problem_of(face.look)):
            self.faces.remove([face.face_id])
            return _refused(photo, problem)
        if not exceptions.allow_duplicate and (similar := self._similar(person, face)):
            self.faces.remove([face.face_id])
            return replace(_refused(photo, PhotoProblem.LOOKS_LIKE_ANOTHER), similar=similar)
        return replace(photo, state=PhotoState.INDEXED, face_id=face.face_id, face_box=face.face_box)

    def _similar(self, person: Person, face: IndexedFace) -> SimilarFace | None:
        """The most similar face of somebody else who exists, when it is too similar."""
        own = standing_for(person, self.people) or person
        matches = self.faces.search_face(face.face_id)
        if matches is None:  # whoever enrolls the same picture has taken it out again
            raise ServiceBusy("the same photo is being enrolled elsewhere; try again in a moment")
        passed = {person.person_id, own.person_id}  # somebody's other photos are the most alike of all
        for match in matches:
            if match.similarity_pct < self.duplicate_pct:
                break
            if match.person_id in passed:
                continue
            other = standing_for(self.people.get(match.person_id), self.people)
            if other and other.person_id != own.person_id:
                return SimilarFace(match.face_id, match.similarity_pct)
            passed.add(match.person_id)
        return None

    def _leave_to_forgetting(self, person_id: str) -> None:
        # Not removed here: somebody of this id may be enrolled anew by now, even with the same picture.
        self.later.forget(person_id, delay_s=0)


def _refused(photo: EnrolledPhoto, problem: PhotoProblem) -> EnrolledPhoto:
    return replace(photo, problem=problem, reason=ADVICE[problem])
