"""Recognize a capture: claim it, search its face, decide, remember. Idempotent by capture id."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import timedelta

from recognizeme.domain.errors import NotFound, RecognizeMeError, UnusablePicture
from recognizeme.domain.model import Capture, Outcome, Person, Sighting, Status
from recognizeme.domain.picture import MAX_BYTES, Picture, inspect
from recognizeme.domain.policy import Decision, Policy
from recognizeme.domain.ports import Clock, FaceIndex, People, PhotoStore, Sightings, UploadTicket


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognizer:
    """The collaborators of recognizing, gathered once, and the two ways a capture comes in.

    `lease_s` is how long a claim holds: longer than a function may run, so that only a dead one loses it.
    """

    photos: PhotoStore
    faces: FaceIndex
    sightings: Sightings
    people: People
    policy: Policy
    lease_s: float
    now: Clock

    def recognize_stored(self, capture: Capture, photo_key: str) -> Sighting:
        """Recognize a capture whose picture is in the store.

        Returns the sighting, old or new. Raises `CaptureInProgress` and, with the sighting marked as
        failed so that it can be tried again, whatever the services raised.
        """
        claimed = self._claim(capture)
        if claimed.status is Status.DONE:
            return claimed
        sighting = replace(claimed, photo_key=photo_key)
        with self._failure_recorded(sighting):
            try:
                picture = inspect(self.photos.read(photo_key))
            except NotFound:
                done = self._result(sighting, Outcome.REJECTED, reason="the picture is no longer stored")
            except UnusablePicture as error:
                done = self._result(sighting, Outcome.REJECTED, reason=str(error))
            else:
                done = self._identify(sighting, picture)
            self.sightings.save(done)
            return done

    def recognize_now(self, capture: Capture, content: bytes) -> Sighting:
        """Store the picture and recognize it at once; its object-created event will find the work done.

        Raises as `recognize_stored` does. A picture that cannot be one is rejected and not stored.
        """
        claimed = self._claim(capture)
        if claimed.status is Status.DONE:
            return claimed
        with self._failure_recorded(claimed):
            try:
                picture = inspect(content)
            except UnusablePicture as error:
                done = self._result(claimed, Outcome.REJECTED, reason=str(error))
            else:
                photo_key = capture.photo_key(picture.content_type)
                done = self._identify(replace(claimed, photo_key=photo_key), picture)
                # Stored last: its event must find the work done, or it fails and is tried again.
                self.photos.write(photo_key, content, picture.content_type)
            self.sightings.save(done)
            return done

    def _claim(self, capture: Capture) -> Sighting:
        return self.sightings.claim(capture, now=self.now(), lease_s=self.lease_s)

    @contextmanager
    def _failure_recorded(self, sighting: Sighting) -> Iterator[None]:
        """An error in the block marks the sighting as failed, with the reason, before it goes on its way."""
        try:
            yield
        except Exception as error:
            known = isinstance(error, RecognizeMeError)
            reason = str(error) if known else f"internal error ({type(error).__name__})"
            # The first error is the one to report; should this fail too, the claim's lease ends by itself.
            with suppress(RecognizeMeError):
                self.sightings.save(replace(sighting, status=Status.FAILED, reason=reason))
            raise

    def _identify(self, sighting: Sighting, picture: Picture) -> Sighting:
        try:
            search = self.faces.search(picture)
        except UnusablePicture as error:
            return self._result(sighting, Outcome.REJECTED, reason=str(error))
        sighting = replace(
            sighting, face_box=search.face_box, rekognition_calls=sighting.rekognition_calls + 1
        )
        if search.face_box is None:
            return self._result(sighting, Outcome.NO_FACE)
        matches = search.matches
        while True:
            decision = self.policy.decide(matches)
            if decision.person_id is None:
                return self._result(sighting, decision.outcome, decision=decision)
            person = self.people.get(decision.person_id)
            if person is not None:
                return self._result(sighting, decision.outcome, decision=decision, person=person)
            # A face may outlive its person for a moment while they are forgotten: it names nobody.
            matches = tuple(match for match in matches if match.person_id != decision.person_id)

    def _result(
        self,
        sighting: Sighting,
        outcome: Outcome,
        *,
        reason: str | None = None,
        decision: Decision | None = None,
        person: Person | None = None,
    ) -> Sighting:
        return replace(
            sighting,
            status=Status.DONE,
            outcome=outcome,
            reason=reason,
            person_id=person.person_id if person else None,
            name=person.name if person else None,
            similarity_pct=decision.similarity_pct if decision else None,
            recognized_at=self.now(),
        )


def issue_ticket(
    capture: Capture, content_type: str, *, photos: PhotoStore, ticket_s: float, now: Clock
) -> UploadTicket:
    """Permission for a kiosk to upload this capture's picture. Raises `InvalidRequest` for a wrong type."""
    return photos.ticket(
        capture.photo_key(content_type),
        content_type,
        max_bytes=MAX_BYTES,
        expires_at=now() + timedelta(seconds=ticket_s),
    )
