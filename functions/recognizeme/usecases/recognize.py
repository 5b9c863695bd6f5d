"""Recognize a capture: claim it, search its face, decide, remember. Idempotent by capture id."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from recognizeme.domain.errors import (
    CaptureDone,
    CaptureInProgress,
    NotFound,
    NotServed,
    PersonGone,
    RecognizeMeError,
    ServiceBusy,
    UnusablePicture,
)
from recognizeme.domain.lessons import EVERYBODY, capture_of, without_mistakes
from recognizeme.domain.model import Capture, FaceSearch, Match, Outcome, Person, Sighting, Status
from recognizeme.domain.picture import MAX_BYTES, Picture, inspect, sha256_of
from recognizeme.domain.policy import MOST_CANDIDATES, Decision, candidates
from recognizeme.domain.ports import (
    Clock,
    FaceIndex,
    Later,
    Lessons,
    People,
    PhotoStore,
    Sightings,
    UploadTicket,
    Witness,
)
from recognizeme.usecases.group_strangers import Grouper
from recognizeme.usecases.merge import standing_for
from recognizeme.usecases.sureness import Rules

_TRIES_TO_DECIDE = 4
_MOST_LESSONS = 10  # looked up for one decision; somebody stands at the door


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognizer:
    """The collaborators of recognizing, gathered once, and the two ways a capture comes in.

    `lease_s` is how long a claim holds: longer than a function may run, so that only a dead one loses it.
    `most_calls` paid calls are made for a capture, whoever makes them. Unknown visitors are grouped when the
    event of their picture comes, also of one that was recognized at once: nobody at the door waits for it.
    """

    photos: PhotoStore
    faces: FaceIndex
    sightings: Sightings
    people: People
    lessons: Lessons
    later: Later
    rules: Rules
    lease_s: float
    most_calls: int
    now: Clock
    witness: Witness
    grouper: Grouper | None = None

    def recognize_stored(self, capture: Capture, photo_key: str) -> Sighting:
        """Recognize a capture whose picture is in the store.

        While somebody else is at it, the sighting is `pending` and we look again later. Raises, with the
        sighting marked as failed so that it can be tried again, whatever the services raised. What was
        decided is not lost when grouping an unknown visitor fails: this event, tried again, groups it alone.
        """
        try:
            done = self._recognize_stored(capture, photo_key)
            if self.grouper and (stranger_id := self.grouper.group(done)):
                return replace(done, stranger_id=stranger_id)
            return done
        except CaptureInProgress as error:
            self.later.recognize(photo_key, delay_s=error.retry_after_s)
            return Sighting(capture, Status.PENDING)

    def recognize_now(self, capture: Capture, content: bytes) -> Sighting:
        """Recognize a picture at once, and store it: the event of that finds the work done.

        While somebody else is at it, the picture is stored, so that its event finishes what they may not.
        Raises as `recognize_stored` does, and `CaptureInProgress` for what is no picture and cannot be kept.
        """
        try:
            picture = inspect(content)
        except UnusablePicture as error:
            return self._reject(capture, str(error))
        try:
            return self._recognize_picture(capture, picture)
        except CaptureInProgress:
            self.photos.write_new(capture.photo_key(picture.content_type), content, picture.content_type)
            return self.sightings.get(capture.capture_id) or Sighting(capture, Status.PENDING)

    def _recognize_stored(self, capture: Capture, photo_key: str) -> Sighting:
        claimed = self._claim(capture)
        if claimed.status is Status.DONE:
            if claimed.photo_key != photo_key:
                # A second picture of it, or one that comes after the person it showed was forgotten: no
                # sighting leads to it, so nothing would ever remove it.
                self.photos.delete([photo_key])
            return claimed
        claimed = replace(claimed, photo_key=photo_key)
        with self._failure_recorded(claimed):
            try:
                picture = inspect(self.photos.read(photo_key))
            except NotFound:
                return self._save(self._rejected(claimed, "the picture is no longer stored"))
            except UnusablePicture as error:
                return self._save(self._rejected(claimed, str(error)))
            return self._recognize(claimed, picture)

    def _reject(self, capture: Capture, reason: str) -> Sighting:
        claimed = self._claim(capture)
        if claimed.status is Status.DONE:
            return claimed
        return self._save(self._rejected(claimed, reason))

    def _recognize_picture(self, capture: Capture, picture: Picture) -> Sighting:
        photo_key = capture.photo_key(picture.content_type)
        claimed = self._claim(capture)
        if claimed.status is Status.DONE:
            self._keep_picture(claimed, photo_key, picture)
            return claimed
        with self._failure_recorded(claimed):
            mine = replace(claimed, photo_key=photo_key, picture_sha256=picture.sha256)
            done = self._recognize(mine, picture)
            # Stored when there is a sighting, so that the event finds it. Whoever dies in between gets no
            # answer, hands the same picture in again, and it is stored then.
            self._keep_picture(done, photo_key, picture)
            return done

    def _claim(self, capture: Capture) -> Sighting:
        return self.sightings.claim(capture, now=self.now(), lease_s=self.lease_s)

    def _keep_picture(self, sighting: Sighting, key: str, picture: Picture) -> None:
        """See that this picture is stored if it is the sighting's, also in place of another one."""
        if (sighting.photo_key, sighting.picture_sha256) == (key, picture.sha256):
            if self.photos.write_new(key, picture.content, picture.content_type):
                return
            with suppress(NotFound):  # removed at this moment
                if sha256_of(self.photos.read(key)) != picture.sha256:
                    self.photos.write(key, picture.content, picture.content_type)

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

    def _recognize(self, sighting: Sighting, picture: Picture) -> Sighting:
        sighting = replace(sighting, picture_sha256=picture.sha256)
        calls = self.sightings.begin_call(sighting.capture.capture_id, most=self.most_calls)
        self.witness.call_begins()
        sighting = replace(sighting, rekognition_calls=calls)
        try:
            search = self.faces.search(picture)
        except NotServed:
            # Or an outage that outlasts a few tries would use up the budget of every capture in it.
            with suppress(RecognizeMeError):
                self.sightings.cancel_call(sighting.capture.capture_id)
                self.witness.call_cancelled()
            raise
        except UnusablePicture as error:
            return self._save(self._rejected(sighting, str(error)))
        sighting = replace(sighting, face_box=search.face_box)
        for _ in range(_TRIES_TO_DECIDE - 1):
            # Somebody may be forgotten while we look, or a table be busy: what was paid for is not given up.
            with suppress(PersonGone, ServiceBusy):
                return self._decide(sighting, search)
        return self._decide(sighting, search)

    def _decide(self, sighting: Sighting, search: FaceSearch) -> Sighting:
        if search.face_box is None:
            return self._save(self._result(sighting, Outcome.NO_FACE))
        now = self.now()
        counters = self._counters(search.matches)
        of_people = tuple(match for match in search.matches if capture_of(match.person_id) is None)
        people = self._people_of(of_people, now)
        # A face may outlive its person. It names nobody, and is no runner-up either.
        gone = {person_id for person_id, person in people.items() if person is None}
        if gone:
            self.witness.found_orphans(
                [match.face_id or match.person_id for match in of_people if match.person_id in gone]
            )
        # Two records of one human are one candidate.
        matches = [
            replace(match, person_id=person.person_id)
            for match in of_people
            if (person := people.get(match.person_id)) is not None
        ]
        named = {each.person_id: each for each in people.values() if each}
        inactive = {each.person_id for each in named.values() if not each.is_recognized(now)}
        ignored_pct = counters.pop(EVERYBODY, None)
        if ignored_pct is not None:
            for person_id in named:
                counters[person_id] = max(ignored_pct, counters.get(person_id, 0))
        told_apart = list(without_mistakes(matches, counters))
        best = named[candidates(told_apart)[0].person_id] if told_apart else None
        policy = self.rules.policy(sighting.capture.kiosk_id, best.groups if best else ())
        decision = policy.decide(told_apart, inactive=inactive)
        # Where somebody was who is not to be recognized is not to be known afterwards, either.
        considered = [match for match in matches if match.person_id not in inactive]
        sighting = replace(
            sighting,
            decision=policy.record(considered, search, counters),
            is_ignored=decision.outcome is Outcome.UNKNOWN
            and decision.reason is None
            and ignored_pct is not None
            and ignored_pct >= policy.threshold_pct,
        )
        person = named[decision.person_id] if decision.person_id else None
        return self._save(self._result(sighting, decision.outcome, decision, person))

    def _counters(self, matches: tuple[Match, ...]) -> dict[str, float]:
        """How similar the face is to pictures that do not show a person, for those of whom there are any."""
        counters: dict[str, float] = {}
        looked_up = 0
        for match in sorted(matches, key=lambda match: -match.similarity_pct):
            capture_id = capture_of(match.person_id)
            if capture_id is None:
                continue
            if match.similarity_pct < self.rules.deployment.floor_pct or looked_up == _MOST_LESSONS:
                break
            looked_up += 1
            # The collection alone is not believed: what was taken back or has expired counts no more.
            lesson = self.lessons.get(capture_id)
            for person_id in lesson.not_person_ids if lesson else ():
                person = standing_for(self.people.get(person_id), self.people)
                counters.setdefault(person.person_id if person else person_id, match.similarity_pct)
        return counters

    def _people_of(self, matches: tuple[Match, ...], now: datetime) -> dict[str, Person | None]:
        """Whom the candidates count as: from the most similar on, until enough of them may be recognized."""
        people: dict[str, Person | None] = {}
        for candidate in candidates(matches):
            active = {each.person_id for each in people.values() if each and each.is_recognized(now)}
            if len(active) == MOST_CANDIDATES:
                break
            people[candidate.person_id] = standing_for(self.people.get(candidate.person_id), self.people)
        return people

    def _save(self, done: Sighting) -> Sighting:
        if self.sightings.save(done):
            self.witness.decided(done)
            return done
        # Our lease ended, and somebody else was done before us.
        stored = self.sightings.get(done.capture.capture_id)
        if stored is None:
            raise NotFound(f"sighting {done.capture.capture_id} is no longer kept")
        return stored

    def _rejected(self, sighting: Sighting, reason: str) -> Sighting:
        return replace(self._result(sighting, Outcome.REJECTED), reason=reason)

    def _result(
        self,
        sighting: Sighting,
        outcome: Outcome,
        decision: Decision | None = None,
        person: Person | None = None,
    ) -> Sighting:
        return replace(
            sighting,
            status=Status.DONE,
            outcome=outcome,
            person_id=person.person_id if person else None,
            name=person.name if person else None,
            groups=person.groups if person else (),
            reason=decision.reason if decision else None,
            similarity_pct=decision.similarity_pct if decision else None,
            recognized_at=self.now(),
        )


def issue_ticket(
    capture: Capture,
    content_type: str,
    *,
    photos: PhotoStore,
    sightings: Sightings,
    ticket_s: float,
    now: Clock,
) -> UploadTicket:
    """Permission for a kiosk to upload this capture's picture.

    Raises `InvalidRequest` for a wrong type, and `CaptureDone` when there is a result: the picture under it
    never changes.
    """
    photo_key = capture.photo_key(content_type)
    stored = sightings.get(capture.capture_id)
    if stored and stored.status is Status.DONE:
        raise CaptureDone(f"capture {capture.capture_id} is recognized already; ask for its sighting")
    return photos.ticket(
        photo_key, content_type, max_bytes=MAX_BYTES, expires_at=now() + timedelta(seconds=ticket_s)
    )
