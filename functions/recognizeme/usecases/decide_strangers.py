"""Decide about strangers: name, ignore or discard. Each is written down first, and finished by asking again.

Whoever is ignored leaves a counter-example to everybody in the people's collection, so that nobody is taken
for them, and a visit of theirs says that it is ignored (docs/adr/0027-strangers.md).
"""

from collections.abc import Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace

from recognizeme.domain.errors import InvalidRequest, NotFound, NotPossible
from recognizeme.domain.lessons import EVERYBODY
from recognizeme.domain.model import EnrolledPhoto, Outcome, Person, check_person_id
from recognizeme.domain.people import UNCHANGED, PersonChange
from recognizeme.domain.ports import Clock, FaceIndex, PhotoStore, Sightings, Strangers
from recognizeme.domain.strangers import Stranger, StrangerState, StrangerVisit
from recognizeme.usecases.correct import correct
from recognizeme.usecases.enroll import Enroller
from recognizeme.usecases.group_strangers import all_of, change, take_away
from recognizeme.usecases.merge import standing_for
from recognizeme.usecases.teach import Teacher

_MOST_PHOTOS = 10  # of the newest visits: each is two paid calls, and somebody waits for the answer
_UNDECIDED = (StrangerState.WAITING, StrangerState.IGNORED)


@dataclass(frozen=True, slots=True)
class Named:
    """A stranger who has a name, how many visits got it now, and what became of the pictures as photos."""

    stranger: Stranger
    visits: int
    photos: tuple[EnrolledPhoto, ...]
    person: Person


@dataclass(frozen=True, slots=True, kw_only=True)
class StrangerDesk:
    """The collaborators of deciding, gathered once; `faces` is the strangers' collection, if there is one."""

    photos: PhotoStore
    faces: FaceIndex | None
    sightings: Sightings
    strangers: Strangers
    teacher: Teacher
    enroller: Enroller
    now: Clock

    def name(self, stranger_id: str, given_id: str | None, said: PersonChange) -> Named:
        """Say who the stranger is: somebody known, or a person who is created with the name in `said`.

        Every visit gets the name, and the newest pictures become photos of the person if they pass what every
        photo has to. Raises `NotFound`, `NotPossible`, and, with nothing changed, `ConsentMissing`.
        """
        person_id = check_person_id(given_id or stranger_id)
        stranger = self._get(stranger_id)
        is_again = (stranger.state, stranger.person_id) == (StrangerState.NAMED, person_id)
        known = self.enroller.people.get(person_id)
        if known is None and said.name is UNCHANGED:
            raise NotFound(f"there is no person {person_id!r}; give a name to create them")
        if known and said != PersonChange() and not is_again:
            raise NotPossible(
                f"there is a person {person_id!r} already; leave the name out, or take another id"
            )
        planned = known or said.of(Person(person_id, str(said.name), self.now()))
        self.enroller.check_consent(planned)
        if not is_again:
            stranger = self._change(stranger_id, StrangerState.NAMED, person_id, of=_UNDECIDED)
        known = known or self.enroller.put_person(person_id, said)
        visits = list(self.strangers.visits_of(stranger_id))
        self._take_back(visits)
        counts_as = (standing_for(known, self.enroller.people) or known).person_id
        theirs, named = self._name_visits(visits, person_id, counts_as)
        photos: list[EnrolledPhoto] = []
        for capture_id in theirs[:_MOST_PHOTOS]:
            with suppress(NotFound, InvalidRequest):  # the picture is gone, or no picture
                photos.append(self.teacher.learn(capture_id))
        self._remove_faces(visits)
        person = self.enroller.people.get(person_id)
        if person is None:
            raise NotFound(f"person {person_id!r} was forgotten meanwhile")
        return Named(stranger, named, tuple(photos), person)

    def ignore(self, stranger_id: str) -> Stranger:
        """Known and of no interest: later visits join, and say that they are ignored. Again is no error."""
        stranger = self._change(stranger_id, StrangerState.IGNORED, of=_UNDECIDED)
        self._teach(stranger, taught=set())
        return stranger

    def discard(self, stranger_id: str) -> Stranger:
        """Remove the stranger, and the pictures and faces of the visits that still show nobody known."""
        stranger = self._change(
            stranger_id, StrangerState.DISCARDED, of=(*_UNDECIDED, StrangerState.DISCARDED)
        )
        visits = list(self.strangers.visits_of(stranger_id))
        self._take_back(visits)
        for visit in visits:
            capture_id = visit.capture.capture_id
            sighting = self.sightings.get(capture_id)
            if sighting and sighting.outcome is Outcome.UNKNOWN and sighting.photo_key:
                self.photos.delete([sighting.photo_key])
                self.sightings.drop_picture(capture_id)
        take_away([each.capture.capture_id for each in visits], strangers=self.strangers, faces=self.faces)
        left = self.strangers.get(stranger_id)
        if left and not any(True for _ in self.strangers.visits_of(stranger_id)):
            self.strangers.save(replace(left, visits=0))  # of which some had expired
        return stranger

    def renew_ignored(self) -> int:
        """Have the newest visit of each ignored stranger be the counter-example; return how many were taught.

        It expires like any other, and would end while they still come every day.
        """
        taught = {each.capture_id for each in self.teacher.lessons.all() if EVERYBODY in each.not_person_ids}
        return sum(
            self._teach(stranger, taught) for stranger in all_of(StrangerState.IGNORED, self.strangers)
        )

    def _teach(self, stranger: Stranger, taught: Collection[str]) -> bool:
        visits = list(self.strangers.visits_of(stranger.stranger_id))
        for visit in visits:
            if visit.capture.capture_id in taught:
                return False
            # Corrected, or without a usable picture: another visit may do.
            with suppress(NotFound, NotPossible, InvalidRequest):
                self.teacher.remember_ignored(visit.capture.capture_id)
                self._take_back(each for each in visits if each is not visit)
                return True
        return False

    def _name_visits(
        self, visits: Iterable[StrangerVisit], person_id: str, counts_as: str
    ) -> tuple[list[str], int]:
        """The captures that show the person, newest first, and how many of them did not before."""
        theirs: list[str] = []
        named = 0
        for visit in visits:
            capture_id = visit.capture.capture_id
            sighting = self.sightings.get(capture_id)
            if sighting and sighting.outcome is Outcome.UNKNOWN:
                sighting = correct(
                    capture_id,
                    person_id,
                    sightings=self.sightings,
                    people=self.enroller.people,
                    now=self.now,
                )
                named += 1
            if sighting and sighting.person_id == counts_as:
                theirs.append(capture_id)
        return theirs, named

    def _take_back(self, visits: Iterable[StrangerVisit]) -> None:
        for visit in visits:
            lesson = self.teacher.lessons.get(visit.capture.capture_id)
            if lesson and EVERYBODY in lesson.not_person_ids:
                self.teacher.take_back(lesson.capture_id)

    def _remove_faces(self, visits: Iterable[StrangerVisit]) -> None:
        if self.faces is not None:
            self.faces.remove([visit.face_id for visit in visits])

    def _get(self, stranger_id: str) -> Stranger:
        stranger = self.strangers.get(stranger_id)
        if stranger is None:
            raise NotFound(f"there is no stranger {stranger_id!r}")
        return stranger

    def _change(
        self,
        stranger_id: str,
        to: StrangerState,
        person_id: str | None = None,
        *,
        of: Collection[StrangerState],
    ) -> Stranger:
        return change(stranger_id, to=to, person_id=person_id, of=of, strangers=self.strangers)
