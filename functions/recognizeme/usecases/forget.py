"""Forget a person: their faces, photos, name, and the pictures that a camera took of them."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import islice

from recognizeme.domain.errors import NotFound, ServiceBusy
from recognizeme.domain.lessons import Lesson, capture_of
from recognizeme.domain.model import ListedFace, Remains, Removed, Trace, captured_at, check_person_id
from recognizeme.domain.ports import (
    Clock,
    FaceIndex,
    Later,
    Lessons,
    Notifications,
    People,
    PhotoStore,
    RollCalls,
    Sightings,
    Strangers,
)
from recognizeme.usecases.check_collection import means_nothing
from recognizeme.usecases.group_strangers import drop_named, take_away
from recognizeme.usecases.notify import forget_in_rules

# Until every event of theirs has expired: six hours of retries and fourteen days in the failure queue.
TOMBSTONE_DAYS = 15
_AT_ONCE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgetter:
    """The collaborators of forgetting, gathered once.

    `lease_s` is longer than a function may run: how long nobody of this id is created while one forgets
    them, and after which whatever went on beside it has ended.
    """

    photos: PhotoStore
    faces: FaceIndex
    people: People
    sightings: Sightings
    lessons: Lessons
    strangers: Strangers
    stranger_faces: FaceIndex | None
    roll_calls: RollCalls
    notifications: Notifications
    later: Later
    lease_s: float
    now: Clock

    def forget(self, person_id: str) -> Removed:
        """Remove all that is known of a person; sightings stay, without name and picture, for the statistics.

        Who was merged into them is the same human, and is forgotten with them.

        Again is no error. Raises `NotFound` when nothing is known of the person, and never was, and
        `ServiceBusy` while they are being forgotten already.
        """
        if not self._is_known(check_person_id(person_id)):
            raise NotFound(f"there is no person {person_id!r}")
        # Before anything else: whatever happens to us, what we begin is finished. Then, too, whoever was
        # enrolling or recognizing the person at the same time has ended, and nothing comes after that.
        self.later.forget(person_id, delay_s=self.lease_s + 5)
        remains = self._begin(person_id)
        assert remains is not None
        return self._remove(person_id, remains)

    def finish(self, person_id: str) -> Removed | None:
        """Remove what a forgetting left that was interrupted or overtaken; None when they are enrolled anew.

        This looks through the whole collection, also for faces that were never recorded.
        """
        try:
            remains = self._begin(person_id, unless_there=True)
        except ServiceBusy:
            self.later.forget(person_id, delay_s=self.lease_s)
            return None
        if remains is None:
            return None
        return self._remove(person_id, replace(remains, is_unsettled=True))

    def _is_known(self, person_id: str) -> bool:
        return bool(
            self.people.get(person_id)
            or self.people.is_forgotten(person_id, now=self.now())
            or self.people.face_ids(person_id)
            or any(True for _ in self.photos.keys(_photos_of(person_id)))
            or any(True for _ in self.sightings.traces(person_id))
            or self.roll_calls.mentions(person_id)
        )

    def _begin(self, person_id: str, *, unless_there: bool = False) -> Remains | None:
        now = self.now()
        return self.people.begin_forgetting(
            person_id,
            now=now,
            expires_at=now + timedelta(days=TOMBSTONE_DAYS),
            lease_s=self.lease_s,
            unless_there=unless_there,
        )

    def _remove(self, person_id: str, remains: Remains) -> Removed:
        removed = Removed()
        for merged_id in remains.merged:
            removed += self._remove_merged(merged_id, into=person_id)
        return removed + self._remove_one(person_id, remains)

    def _remove_merged(self, person_id: str, *, into: str) -> Removed:
        """Forget somebody with whom they were merged into, unless the merge has been taken back."""
        person = self.people.get(person_id)
        if person is None or person.merged_into != into:
            return Removed()
        self.later.forget(person_id, delay_s=self.lease_s + 5)
        remains = self._begin(person_id)
        assert remains is not None
        return self._remove(person_id, remains)

    def _remove_one(self, person_id: str, remains: Remains) -> Removed:
        # Photos first: a late object-created event then finds nothing to index.
        photos = self.photos.delete_below([_photos_of(person_id)])
        face_ids = list(remains.face_ids)
        counters: list[ListedFace] = []
        for face in self.faces.all_faces() if remains.is_unsettled else ():
            if face.person_id == person_id:
                face_ids.append(face.face_id)
            elif capture_of(face.person_id) is not None:
                counters.append(face)
        self.faces.remove_person(person_id)
        faces = self.faces.remove(tuple(dict.fromkeys(face_ids)))
        for lesson in [each for each in self.lessons.all() if person_id in each.not_person_ids]:
            self._take_back(lesson)
        forget_in_rules(person_id, self.notifications)
        captures, sightings = self._remove_sightings(person_id)
        while self.roll_calls.forget(person_id):  # an index may be moments behind its table
            pass
        stale = [face.face_id for face in counters if means_nothing(face, self.lessons)]
        if stale:
            self.faces.remove(stale)
        self.later.drop_photos(person_id)
        self.people.end_forgetting(person_id, remains.face_ids)
        return Removed(faces, photos, captures, sightings)

    def _take_back(self, lesson: Lesson) -> None:
        # A face that was indexed and never recorded is found when this is finished, or by the daily check.
        if lesson.face_id is not None:
            self.faces.remove([lesson.face_id])
        self.lessons.remove(lesson.capture_id)

    def _remove_sightings(self, person_id: str) -> tuple[int, int]:
        kiosks = self.photos.folders("captures/")
        # Whoever is forgotten may be the one on the picture that is remembered as not showing somebody else.
        lessons = {lesson.capture_id: lesson for lesson in self.lessons.all()}
        captures = sightings = 0
        # Until a pass changes nothing: an index may be moments behind its table.
        while True:
            changed = 0
            traces = self.sightings.traces(person_id)
            while some := tuple(islice(traces, _AT_ONCE)):
                for trace in some:
                    if trace.is_shown and trace.capture_id in lessons:
                        self._take_back(lessons.pop(trace.capture_id))
                shown = [trace.capture_id for trace in some if trace.is_shown]
                take_away(shown, strangers=self.strangers, faces=self.stranger_faces)
                # The pictures go before the name that leads to them, or a crash in between would lose them.
                captures += self.photos.delete_below(_pictures_of(some, kiosks))
                changed += self.sightings.forget(person_id, some)
            if not changed:
                drop_named(person_id, strangers=self.strangers)
                return captures, sightings
            sightings += changed


def _photos_of(person_id: str) -> str:
    return f"enrollments/{person_id}/"


def _pictures_of(traces: tuple[Trace, ...], kiosks: frozenset[str]) -> Iterator[str]:
    """Where pictures of these captures may be, whichever kiosk and type they were handed in under."""
    for trace in traces:
        if trace.is_shown:
            for kiosk_id in kiosks:
                yield f"captures/{kiosk_id}/{captured_at(trace.capture_id):%Y/%m/%d}/{trace.capture_id}."
