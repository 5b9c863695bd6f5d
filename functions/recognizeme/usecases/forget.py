"""Forget a person: their faces, photos, name, and the pictures that a camera took of them.

What is about to be removed is counted, and the count stored with the tombstone, before it is removed. So a
receipt is right whoever finished what it is about, after whatever interruption.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import reduce
from itertools import islice
from operator import add

from recognizeme.domain.errors import NotFound, ServiceBusy
from recognizeme.domain.lessons import Lesson, capture_of
from recognizeme.domain.model import ListedFace, Remains, Trace, captured_at, check_person_id
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
from recognizeme.domain.receipts import Found, Progress, Receipt, Removed, digest
from recognizeme.usecases.check_collection import means_nothing
from recognizeme.usecases.group_strangers import drop_named, named_as, take_away
from recognizeme.usecases.notify import forget_in_rules

# Until every event of theirs has expired: six hours of retries and fourteen days in the failure queue.
TOMBSTONE_DAYS = 15
_AT_ONCE = 500
# A function has half a minute: what somebody left behind who came every day for years takes several.
_BUDGET = timedelta(seconds=20)


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

    def forget(self, person_id: str) -> Receipt:
        """Remove all that is known of a person; sightings stay, without name and picture, for the statistics.

        Who was merged into them is the same human, and is forgotten with them.

        Again is no error, and the receipt is of all that was removed. Raises `NotFound` when nothing is known
        of the person, and never was, and `ServiceBusy` while they are being forgotten already.
        """
        if not self._is_known(check_person_id(person_id)):
            raise NotFound(f"there is no person {person_id!r}")
        # Before anything else: whatever happens to us, what we begin is finished. Then, too, whoever was
        # enrolling or recognizing the person at the same time has ended, and nothing comes after that.
        self._finish_later(person_id)
        remains = self._begin(person_id)
        assert remains is not None
        return self._remove(person_id, remains)

    def finish(self, person_id: str) -> Receipt | None:
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

    def look(self, person_id: str) -> Found:
        """Look into every store for what it holds of somebody, forgotten or not; nothing is changed."""
        check_person_id(person_id)
        recorded = self.people.face_ids(person_id)
        held = (face.face_id for face in self.faces.all_faces() if face.person_id == person_id)
        return Found(
            people=int(self.people.get(person_id) is not None),
            faces=len({*recorded, *held}),
            vectors=int(self.faces.has_vector(person_id)),
            photos=self.photos.count_below(_photos_of(person_id)),
            sightings=self.sightings.mentions(person_id),
            lessons=sum(person_id in lesson.not_person_ids for lesson in self.lessons.all()),
            strangers=len(named_as(person_id, strangers=self.strangers)),
            roll_calls=self.roll_calls.mentions(person_id),
            rules=sum(person_id in rule.people for rule in self.notifications.rules()),
        )

    def _is_known(self, person_id: str) -> bool:
        return bool(
            self.people.get(person_id)
            or self.people.is_forgotten(person_id, now=self.now())
            or self.people.face_ids(person_id)
            or any(True for _ in self.photos.keys(_photos_of(person_id)))
            or any(True for _ in self.sightings.traces(person_id))
            or self.roll_calls.mentions(person_id)
        )

    def _finish_later(self, person_id: str) -> None:
        self.later.forget(person_id, delay_s=self.lease_s + 5)

    def _begin(self, person_id: str, *, unless_there: bool = False) -> Remains | None:
        now = self.now()
        return self.people.begin_forgetting(
            person_id,
            now=now,
            expires_at=now + timedelta(days=TOMBSTONE_DAYS),
            lease_s=self.lease_s,
            unless_there=unless_there,
        )

    def _remove(self, person_id: str, remains: Remains) -> Receipt:
        """Remove the person and those merged into them; then look whether that is so."""
        book = _Book(self.people, person_id, remains.progress or Progress(self.now(), Removed(people=1)))
        until = self.now() + _BUDGET
        merged = dict.fromkeys((*book.progress.merged, *remains.merged))
        is_done = all(self._remove_one(*each, book, until) for each in self._removing(merged, book))
        is_done = is_done and self._remove_one(person_id, remains, book, until)
        if not is_done:  # the leases end by themselves, and then the rest is removed
            self._finish_later(person_id)
        found = reduce(add, map(self.look, book.person_ids)) if is_done else None
        return Receipt(book.person_ids, book.progress.began_at, self.now(), book.progress.removed, found)

    def _removing(self, merged: Iterable[str], book: "_Book") -> Iterator[tuple[str, Remains]]:
        """What is left of those merged into somebody, unless the merge has been taken back."""
        for person_id in merged:
            person = self.people.get(person_id)
            if person and person.merged_into not in book.person_ids:
                continue
            book.merge(person_id)
            self._finish_later(person_id)
            remains = self._begin(person_id, unless_there=person is None)
            if remains is not None:
                yield from self._removing(remains.merged, book)
                yield person_id, remains

    def _remove_one(self, person_id: str, remains: Remains, book: "_Book", until: datetime) -> bool:
        """Remove one person; False when there was no time for all of it."""
        # Photos first: a late object-created event then finds nothing to index.
        self.photos.delete_below([_photos_of(person_id)], before=lambda keys: book.plan(photos=keys))
        face_ids = list(remains.face_ids)
        counters: list[ListedFace] = []
        for face in self.faces.all_faces() if remains.is_unsettled else ():
            if face.person_id == person_id:
                face_ids.append(face.face_id)
            elif capture_of(face.person_id) is not None:
                counters.append(face)
        vectors = [person_id] if self.faces.has_vector(person_id) else []
        book.plan(is_kept=True, faces=face_ids, vectors=vectors)
        self.faces.remove_person(person_id)
        self.faces.remove(tuple(dict.fromkeys(face_ids)))
        self._take_back([each for each in self.lessons.all() if person_id in each.not_person_ids], book)
        rules = [each.rule_id for each in self.notifications.rules() if person_id in each.people]
        book.plan(is_kept=True, rules=rules)
        forget_in_rules(person_id, self.notifications)
        if not self._remove_sightings(person_id, book, until):
            return False
        # By number: who is taken off a list leaves nothing on it to tell it by.
        book.plan(is_kept=True, roll_calls=map(str, range(self.roll_calls.mentions(person_id))))
        while self.roll_calls.forget(person_id):  # an index may be moments behind its table
            pass
        stale = [face.face_id for face in counters if means_nothing(face, self.lessons)]
        if stale:
            self.faces.remove(stale)
        self.later.drop_photos(person_id)
        book.close(person_id)
        self.people.end_forgetting(person_id, remains.face_ids)
        return True

    def _take_back(self, lessons: list[Lesson], book: "_Book") -> None:
        # A face that was indexed and never recorded is found when this is finished, or by the daily check.
        book.plan(lessons=[lesson.capture_id for lesson in lessons])
        for lesson in lessons:
            if lesson.face_id is not None:
                self.faces.remove([lesson.face_id])
            self.lessons.remove(lesson.capture_id)

    def _remove_sightings(self, person_id: str, book: "_Book", until: datetime) -> bool:
        strangers = [each.stranger_id for each in named_as(person_id, strangers=self.strangers)]
        book.plan(is_kept=True, strangers=strangers)
        kiosks = self.photos.folders("captures/")
        # Whoever is forgotten may be the one on the picture that is remembered as not showing somebody else.
        lessons = {lesson.capture_id: lesson for lesson in self.lessons.all()}
        # Until a pass changes nothing: an index may be moments behind its table.
        while True:
            changed = 0
            traces = self.sightings.traces(person_id)
            while some := tuple(islice(traces, _AT_ONCE)):
                shown = [trace.capture_id for trace in some if trace.is_shown]
                self._take_back([lessons.pop(each) for each in shown if each in lessons], book)
                take_away(shown, strangers=self.strangers, faces=self.stranger_faces)
                # The pictures go before the name that leads to them, or a crash in between would lose them.
                self.photos.delete_below(
                    _pictures_of(some, kiosks), before=lambda keys: book.plan(captures=keys)
                )
                book.plan(
                    sightings=[trace.capture_id for trace in some],
                    mentions=[trace.capture_id for trace in some if not trace.is_shown],
                )
                changed += self.sightings.forget(person_id, some)
                if self.now() >= until:
                    return False
            if not changed:
                drop_named(person_id, strangers=self.strangers)
                return True


class _Book:
    """The count of what one forgetting removes, stored in its tombstone.

    Whatever is about to be removed is planned before: what was planned last, and was perhaps removed before
    an interruption, is found counted afterwards, whether it is still there or not.
    """

    def __init__(self, people: People, person_id: str, progress: Progress) -> None:
        self.progress = progress
        self._people = people
        self._person_id = person_id
        self.person_ids = (person_id, *progress.merged)
        self._counted = set(progress.planned)
        self._kept = progress.planned  # until the end: who resumes may be interrupted as well

    def merge(self, person_id: str) -> None:
        """Remember who is forgotten with the person."""
        if person_id not in self.person_ids:
            self.person_ids += (person_id,)
            more = replace(
                self.progress, merged=self.person_ids[1:], removed=self.progress.removed.plus(people=1)
            )
            self._note(more)

    def plan(self, *, is_kept: bool = False, **stores: Iterable[str]) -> None:
        """These are going to be removed, by store.

        `is_kept` when they will be seen again by whoever resumes this: faces stay recorded until the end.
        """
        digests = {
            store: frozenset(digest(store, item, self._person_id) for item in items)
            for store, items in stores.items()
        }
        planned = frozenset[str]().union(*digests.values())
        if planned <= self._counted:
            return
        removed = self.progress.removed.plus(
            **{store: len(those - self._counted) for store, those in digests.items()}
        )
        self._counted |= planned
        if is_kept:
            self._kept |= planned
        self._note(replace(self.progress, removed=removed, planned=self._kept | planned))

    def close(self, person_id: str) -> None:
        """This one is removed; when it is the last, the others' ids need not be known any more."""
        if person_id == self._person_id:
            self._note(replace(self.progress, merged=()))

    def _note(self, progress: Progress) -> None:
        self.progress = progress
        self._people.note_forgetting(self._person_id, progress)


def _photos_of(person_id: str) -> str:
    return f"enrollments/{person_id}/"


def _pictures_of(traces: tuple[Trace, ...], kiosks: frozenset[str]) -> Iterator[str]:
    """Where pictures of these captures may be, whichever kiosk and type they were handed in under."""
    for trace in traces:
        if trace.is_shown:
            for kiosk_id in kiosks:
                yield f"captures/{kiosk_id}/{captured_at(trace.capture_id):%Y/%m/%d}/{trace.capture_id}."
