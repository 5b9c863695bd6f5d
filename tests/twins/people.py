"""`People` in dictionaries."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from threading import RLock

from recognizeme.adapters import cursor as cursors
from recognizeme.domain.errors import ServiceBusy
from recognizeme.domain.model import EnrolledPhoto, Enrollment, Person, PhotoState, Remains
from recognizeme.domain.people import PersonChange, searchable
from recognizeme.domain.ports import EVERYBODY, Page, PeopleQuery
from recognizeme.domain.receipts import Progress


@dataclass
class TwinPeople:
    people: dict[str, Person] = field(default_factory=dict)
    faces: dict[str, str] = field(default_factory=dict)
    photo_keys: dict[str, str] = field(default_factory=dict)
    unsettled: dict[tuple[str, str], datetime] = field(default_factory=dict)
    tombstones: dict[str, datetime] = field(default_factory=dict)
    leases: dict[str, datetime] = field(default_factory=dict)
    progress: dict[str, Progress] = field(default_factory=dict)
    lock: RLock = field(default_factory=RLock)

    def put(self, person: Person, *, now: datetime) -> Person:
        with self.lock:
            self._refuse_while_forgetting(person.person_id, now)
            self.tombstones.pop(person.person_id, None)
            self.progress.pop(person.person_id, None)
            known = self.people.get(person.person_id, replace(person, photos={}))
            changed = replace(
                person,
                created_at=known.created_at,
                consent=person.consent or known.consent,
                photos=known.photos,
                merged_into=known.merged_into,
                merged=known.merged,
            )
            self.people[person.person_id] = changed
            return changed

    def change(self, person_id: str, change: PersonChange) -> Person | None:
        with self.lock:
            if person_id not in self.people:
                return None
            self.people[person_id] = change.of(self.people[person_id])
            return self.people[person_id]

    def put_unless_forgotten(self, person: Person, *, now: datetime) -> bool:
        with self.lock:
            if person.person_id not in self.people and self.is_forgotten(person.person_id, now=now):
                return False
            self.people.setdefault(person.person_id, replace(person, photos={}))
            return True

    def get(self, person_id: str) -> Person | None:
        return self.people.get(person_id)

    def find(self, person_ids: Sequence[str]) -> dict[str, Person]:
        return {each: self.people[each] for each in person_ids if each in self.people}

    def list(self, query: PeopleQuery = EVERYBODY, *, limit: int, cursor: str | None = None) -> Page[Person]:
        after = cursors.decode("people", cursor) if cursor else ""
        found = [
            person
            for person_id, person in sorted(self.people.items())
            if person_id > after
            and (query.name is None or query.name in searchable(person.name))
            and (query.group is None or query.group in person.groups)
        ]
        if len(found) <= limit:
            return Page(tuple(found))
        return Page(tuple(found[:limit]), cursors.encode("people", found[limit - 1].person_id))

    def begin_photo(self, person_id: str, sha256: str, *, now: datetime) -> bool:
        with self.lock:
            if person_id in self.people:
                self.unsettled[person_id, sha256] = now
            return person_id in self.people

    def add_photo(self, person_id: str, photo: EnrolledPhoto, *, photo_key: str) -> bool:
        with self.lock:
            person = self.people.get(person_id)
            if person is None:
                return False
            known = person.photos.get(photo.photo_id)
            if known and known.removed_at != photo.removed_at:
                return False
            self._record(person, photo)
            if photo.face_id is not None:
                self.faces[photo.face_id] = person_id
                self.photo_keys[photo.face_id] = photo_key
            self.unsettled.pop((person_id, photo.sha256 or ""), None)
            return True

    def last_begun(self, person_id: str) -> datetime | None:
        return max((at for (owner, _), at in self.unsettled.items() if owner == person_id), default=None)

    def settle(self, person_id: str, *, begun_until: datetime) -> None:
        with self.lock:
            for one, at in list(self.unsettled.items()):
                if one[0] == person_id and at <= begun_until:
                    del self.unsettled[one]

    def begin_removing_photo(self, person_id: str, photo_id: str, *, now: datetime) -> tuple[str, ...] | None:
        with self.lock:
            person = self.people.get(person_id)
            if person is None:
                return None
            photo = person.photos.get(photo_id) or EnrolledPhoto(photo_id, PhotoState.REMOVING, now)
            removed_at = (photo.state is PhotoState.REMOVING and photo.removed_at) or now
            self._record(person, replace(photo, state=PhotoState.REMOVING, removed_at=removed_at))
            shown = {
                other.face_id
                for other in person.photos.values()
                if other.state is PhotoState.INDEXED and other.photo_id != photo_id
            }
            photo_key = Enrollment(person_id, photo_id).photo_key
            own = {face_id for face_id in self.face_ids(person_id) if self.photo_keys[face_id] == photo_key}
            return tuple(sorted({*own, *filter(None, [photo.face_id])} - shown))

    def end_removing_photo(self, person_id: str, photo_id: str, face_ids: Iterable[str]) -> None:
        with self.lock:
            person = self.people.get(person_id)
            photo = person.photos.get(photo_id) if person else None
            if person is None or photo is None or photo.state is not PhotoState.REMOVING:
                return
            removed = EnrolledPhoto(
                photo_id, PhotoState.REMOVED, photo.enrolled_at, removed_at=photo.removed_at
            )
            self._record(person, removed)
            for face_id in face_ids:
                self.faces.pop(face_id, None)

    def _record(self, person: Person, photo: EnrolledPhoto) -> None:
        self.people[person.person_id] = replace(person, photos={**person.photos, photo.photo_id: photo})

    def merge(self, person_id: str, *, into: str) -> bool:
        with self.lock:
            person, target = self.people.get(person_id), self.people.get(into)
            if person is None or target is None or person is target:
                return False
            if person.merged_into or target.merged_into:
                return False
            self.people[person_id] = replace(person, merged_into=into)
            self.people[into] = replace(target, merged=tuple(sorted({*target.merged, person_id})))
            return True

    def unmerge(self, person_id: str) -> None:
        with self.lock:
            person = self.people.get(person_id)
            if person and person.merged_into:
                self.people[person_id] = replace(person, merged_into=None)
                self._stands_no_longer(person)

    def _stands_no_longer(self, person: Person) -> None:
        target = self.people.get(person.merged_into or "")
        if target:
            merged = tuple(each for each in target.merged if each != person.person_id)
            self.people[target.person_id] = replace(target, merged=merged)

    def face_ids(self, person_id: str) -> tuple[str, ...]:
        with self.lock:
            return tuple(face_id for face_id, owner in self.faces.items() if owner == person_id)

    def owner_of(self, face_id: str) -> Person | None:
        return self.people.get(self.faces.get(face_id, ""))

    def begin_forgetting(
        self,
        person_id: str,
        *,
        now: datetime,
        expires_at: datetime,
        lease_s: float,
        unless_there: bool = False,
    ) -> Remains | None:
        with self.lock:
            if unless_there and person_id in self.people:
                return None
            self._refuse_while_forgetting(person_id, now)
            others = list(self.people.values())
            merged = tuple(sorted(each.person_id for each in others if each.merged_into == person_id))
            if person := self.people.pop(person_id, None):
                self._stands_no_longer(person)
                self.progress.pop(person_id, None)
            self.tombstones[person_id] = expires_at
            self.leases[person_id] = now + timedelta(seconds=lease_s)
            unsettled = any(owner == person_id for owner, _ in self.unsettled)
            return Remains(self.face_ids(person_id), unsettled, merged, self.progress.get(person_id))

    def note_forgetting(self, person_id: str, progress: Progress) -> None:
        with self.lock:
            if person_id in self.tombstones:
                self.progress[person_id] = progress

    def end_forgetting(self, person_id: str, face_ids: Iterable[str]) -> None:
        with self.lock:
            for face_id in face_ids:
                self.faces.pop(face_id, None)
            self.unsettled = {one: at for one, at in self.unsettled.items() if one[0] != person_id}
            self.leases.pop(person_id, None)

    def is_forgotten(self, person_id: str, *, now: datetime) -> bool:
        return person_id in self.tombstones and self.tombstones[person_id] > now

    def _refuse_while_forgetting(self, person_id: str, now: datetime) -> None:
        if person_id in self.leases and self.leases[person_id] > now:
            raise ServiceBusy("this person is being forgotten right now; try again in a moment")
