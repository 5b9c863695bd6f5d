"""A new collection from everybody's photos, beside the one in use: build, compare, switch, go back.

Rekognition keeps a collection on the model it was made with; only a new one has the newest. Each call does
what time allows and says where to go on, so that it takes a function's 29 s and any number of photos.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from recognizeme.domain.collections import Collections
from recognizeme.domain.errors import InvalidRequest, NotFound, NotPossible, ServiceBusy, UnusablePicture
from recognizeme.domain.lessons import capture_of, counter_id
from recognizeme.domain.model import EnrolledPhoto, Enrollment, Outcome, Person, PhotoState
from recognizeme.domain.picture import inspect
from recognizeme.domain.policy import Policy
from recognizeme.domain.ports import Clock, CollectionRoles, FaceIndex, Lessons, People, PhotoStore, Sightings

# A function has 29 s and the API waits for 30: the last call, of 7 s at the most, must end before.
_BUDGET = timedelta(seconds=15)
# A person's photos are compared in one call; these many tell whether the person is recognized as before.
MOST_COMPARED = 10
_LOST, _REFUSED = "lost", "refused"


class Step(StrEnum):
    """What is done: in this order, `back` in place of what comes before `settle`."""

    COUNT = "count"
    BUILD = "build"
    COMPARE = "compare"
    SWITCH = "switch"
    BACK = "back"
    SETTLE = "settle"


@dataclass(frozen=True, slots=True)
class RefusedPhoto:
    """A photo whose face the new collection does not take."""

    person_id: str
    name: str
    photo_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Difference:
    """A person whose photos, searched among the others, are recognized differently: once for each photo."""

    person_id: str
    name: str
    before: tuple[str, ...]
    now: tuple[str, ...]


@dataclass(slots=True)
class Progress:
    """What one call did, and where to go on; `next_cursor` is None at the end."""

    collections: Collections
    people: int = 0
    photos: int = 0
    refused: list[RefusedPhoto] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)
    next_cursor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reindexer:
    """The collaborators of reindexing. `make` makes a collection, unless there is one of that id."""

    roles: CollectionRoles
    first: str
    index_of: Callable[[str], FaceIndex]
    make: Callable[[str], None]
    people: People
    photos: PhotoStore
    sightings: Sightings
    lessons: Lessons
    policy: Policy
    now: Clock

    def step(self, step: Step, cursor: str | None = None) -> Progress:
        """Do a part of this step. Raises `NotPossible` for one that cannot follow what was done before."""
        match step:
            case Step.COUNT:
                return self._walk(Progress(self.roles.read()), cursor, lambda person, photo: None)
            case Step.BUILD:
                return self._build()
            case Step.COMPARE:
                return self._compare(cursor)
            case Step.SWITCH:
                return Progress(self._change(self.roles.read().switched()))
            case Step.BACK:
                return Progress(self._change(self.roles.read().back()))
            case Step.SETTLE:
                return self._settle(cursor)

    def _change(self, after: Collections) -> Collections:
        if not self.roles.replace(after):
            raise ServiceBusy("somebody else is reindexing right now; try again in a moment")
        return self.roles.read()

    def _build(self) -> Progress:
        before = self.roles.read()
        if not before.is_settled:
            raise NotPossible("the last switch is not settled yet; settle it first")
        begun = before.begun(self.first)
        building = begun.building
        assert building is not None
        if begun is not before:
            begun = self._change(begun)
        if begun.is_built:
            return Progress(begun)
        self.make(building)
        index, done = self.index_of(building), Progress(begun)

        def add(person: Person, photo: EnrolledPhoto) -> None:
            if (content := self._content(person, photo)) is not None:
                try:
                    index.add(person.person_id, inspect(content), accept_poor=True)
                except UnusablePicture as error:
                    done.refused.append(
                        RefusedPhoto(person.person_id, person.name, photo.photo_id, str(error))
                    )

        self._walk(done, begun.built_to, add)
        is_built = done.next_cursor is None
        if is_built:
            self._teach(index, recording=False)
        done.collections = self._change(replace(begun, built_to=done.next_cursor, is_built=is_built))
        return done

    def _settle(self, cursor: str | None) -> Progress:
        """Have the records name the faces of the collection in use; IndexFaces gives the same ones again."""
        before = self.roles.read()
        index, done = self.index_of(before.in_use), Progress(before)

        def record(person: Person, photo: EnrolledPhoto) -> None:
            if (content := self._content(person, photo)) is None:
                return
            try:
                picture = inspect(content)
                face = index.add(person.person_id, picture, accept_poor=True)
            except UnusablePicture as error:
                found = replace(
                    photo, state=PhotoState.REFUSED, face_id=None, face_box=None, reason=str(error)
                )
                done.refused.append(RefusedPhoto(person.person_id, person.name, photo.photo_id, str(error)))
            else:
                found = replace(photo, face_id=face.face_id, face_box=face.face_box, sha256=picture.sha256)
            key = Enrollment(person.person_id, photo.photo_id).photo_key
            # Whoever was forgotten meanwhile: the end of forgetting looks through every collection.
            if found != photo and self.people.begin_photo(
                person.person_id, found.sha256 or "", now=self.now()
            ):
                self.people.add_photo(person.person_id, found, photo_key=key)

        self._walk(done, cursor, record)
        if done.next_cursor is None and not before.is_settled:
            self._teach(index, recording=True)
            self._remove_strays(index)
            for collection in before.leaving:
                _empty(self.index_of(collection))
            done.collections = self._change(before.settled())
        return done

    def _remove_strays(self, index: FaceIndex) -> None:
        """Remove faces whose photo was removed while the collection was not in use: no record names them."""
        recorded: dict[str, set[str] | None] = {}
        strays = []
        for face in list(index.all_faces()):  # before the records: what is enrolled meanwhile is in those
            if face.person_id is None or capture_of(face.person_id):
                continue
            if face.person_id not in recorded:
                person = self.people.get(face.person_id)
                # Who is being enrolled right now, or gone: the check of the collection looks after those.
                is_known = person is not None and self.people.last_begun(face.person_id) is None
                photos = person.photos.values() if person else ()
                ids = {photo.face_id for photo in photos if photo.face_id}
                recorded[face.person_id] = ids if is_known else None
            known = recorded[face.person_id]
            if known is not None and face.face_id not in known:
                strays.append(face.face_id)
        index.remove(strays)

    def _compare(self, cursor: str | None) -> Progress:
        collections = self.roles.read()
        if collections.building is None:
            raise NotPossible("no new collection is being built that could be compared")
        old, new = self.index_of(collections.in_use), self.index_of(collections.building)
        built: dict[str, list[str]] = {}
        for face in new.all_faces():
            if face.person_id:
                built.setdefault(face.person_id, []).append(face.face_id)
        done = Progress(collections)
        seen: set[str] = set()

        def compare(person: Person, photo: EnrolledPhoto) -> None:
            if person.person_id in seen:
                return
            seen.add(person.person_id)
            # A face that two photos share is there once in either.
            known = sorted({each.face_id for each in _indexed(person) if each.face_id})
            before = self._told(old, known)
            now = self._told(new, built.get(person.person_id, []))
            now = tuple(sorted((*now, *(_REFUSED,) * (len(before) - len(now)))))
            if before != now:
                done.differences.append(Difference(person.person_id, person.name, before, now))

        return self._walk(done, cursor, compare, whole=True)

    def _told(self, index: FaceIndex, face_ids: list[str]) -> tuple[str, ...]:
        return tuple(sorted(self._outcome(index, face_id) for face_id in face_ids[:MOST_COMPARED]))

    def _outcome(self, index: FaceIndex, face_id: str) -> str:
        """Who a face shows by the other faces of its collection: stored vectors, so any model's will do."""
        matches = index.search_face(face_id)
        if matches is None:
            return _LOST
        floor_pct = self.policy.floor_pct
        decision = self.policy.decide(match for match in matches if match.similarity_pct >= floor_pct)
        if decision.outcome is Outcome.RECOGNIZED and decision.person_id:
            person = self.people.get(decision.person_id)
            return person.name if person else decision.person_id
        return str(decision.outcome)

    def _teach(self, index: FaceIndex, *, recording: bool) -> None:
        """The faces of whom pictures do not show belong to a collection, too."""
        now = self.now()
        for lesson in self.lessons.all():
            sighting = self.sightings.get(lesson.capture_id)
            if lesson.expires_at <= now or sighting is None or sighting.photo_key is None:
                continue
            try:
                picture = inspect(self.photos.read(sighting.photo_key))
                face = index.add(counter_id(lesson.capture_id), picture, accept_poor=True)
            except (NotFound, UnusablePicture):
                continue
            if self.lessons.get(lesson.capture_id) is None:
                index.remove([face.face_id])  # taken back meanwhile
            elif recording:
                self.lessons.settle(lesson.capture_id, face.face_id)

    def _content(self, person: Person, photo: EnrolledPhoto) -> bytes | None:
        try:
            return self.photos.read(Enrollment(person.person_id, photo.photo_id).photo_key)
        except NotFound:
            return None

    def _walk(
        self,
        done: Progress,
        cursor: str | None,
        work: Callable[[Person, EnrolledPhoto], None],
        *,
        whole: bool = False,
    ) -> Progress:
        """Work on every indexed photo from `cursor` on, while time lasts; `whole`: end between people."""
        skip, after = _position(cursor)
        ends_at: datetime = self.now() + _BUDGET
        while True:
            page = self.people.list(limit=1, cursor=after)
            for person in page.items:
                for number, photo in enumerate(_indexed(person)):
                    if number < skip:
                        continue
                    if done.photos and self.now() >= ends_at and not (whole and number):
                        done.next_cursor = f"{number}:{after or ''}"
                        return done
                    work(person, photo)
                    done.photos += 1
                done.people += skip == 0
            skip, after = 0, page.next_cursor
            if after is None:
                return done


def _empty(index: FaceIndex) -> None:
    faces = list(index.all_faces())
    for person_id in {face.person_id for face in faces if face.person_id}:
        index.remove_person(person_id)
    index.remove([face.face_id for face in faces])


def _indexed(person: Person) -> list[EnrolledPhoto]:
    """The photos whose faces belong to a collection, in an order that stays."""
    photos: Iterator[EnrolledPhoto] = (each for _, each in sorted(person.photos.items()))
    return [] if person.has_withdrawn else [each for each in photos if each.state is PhotoState.INDEXED]


def _position(cursor: str | None) -> tuple[int, str | None]:
    if cursor is None:
        return 0, None
    number, colon, after = cursor.partition(":")
    if not colon or not number.isdecimal() or len(number) > 6:
        raise InvalidRequest("the cursor is none that a step of reindexing gave")
    return int(number), after or None
