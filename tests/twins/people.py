"""`People` in dictionaries."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from threading import RLock

from recognizeme.adapters import cursor as cursors
from recognizeme.domain.errors import ServiceBusy
from recognizeme.domain.model import EnrolledPhoto, Person, Remains
from recognizeme.domain.ports import Page


@dataclass
class TwinPeople:
    people: dict[str, Person] = field(default_factory=dict)
    faces: dict[str, str] = field(default_factory=dict)
    unsettled: set[tuple[str, str]] = field(default_factory=set)
    tombstones: dict[str, datetime] = field(default_factory=dict)
    leases: dict[str, datetime] = field(default_factory=dict)
    lock: RLock = field(default_factory=RLock)

    def put(self, person: Person, *, now: datetime) -> Person:
        with self.lock:
            self._refuse_while_forgetting(person.person_id, now)
            self.tombstones.pop(person.person_id, None)
            known = self.people.get(person.person_id, replace(person, photos={}))
            changed = replace(known, name=person.name, consent=person.consent or known.consent)
            self.people[person.person_id] = changed
            return changed

    def put_unless_forgotten(self, person: Person, *, now: datetime) -> bool:
        with self.lock:
            if person.person_id not in self.people and self.is_forgotten(person.person_id, now=now):
                return False
            self.people.setdefault(person.person_id, replace(person, photos={}))
            return True

    def get(self, person_id: str) -> Person | None:
        return self.people.get(person_id)

    def list(self, *, limit: int, cursor: str | None = None) -> Page[Person]:
        after = cursors.decode("people", cursor) if cursor else ""
        found = [self.people[person_id] for person_id in sorted(self.people) if person_id > after]
        if len(found) <= limit:
            return Page(tuple(found))
        return Page(tuple(found[:limit]), cursors.encode("people", found[limit - 1].person_id))

    def begin_photo(self, person_id: str, sha256: str) -> bool:
        with self.lock:
            if person_id in self.people:
                self.unsettled.add((person_id, sha256))
            return person_id in self.people

    def add_photo(self, person_id: str, photo: EnrolledPhoto, *, photo_key: str) -> bool:
        with self.lock:
            person = self.people.get(person_id)
            if person is None:
                return False
            self.people[person_id] = replace(person, photos={**person.photos, photo.photo_id: photo})
            if photo.face_id is not None:
                self.faces[photo.face_id] = person_id
            self.unsettled.discard((person_id, photo.sha256 or ""))
            return True

    def face_ids(self, person_id: str) -> tuple[str, ...]:
        with self.lock:
            return tuple(face_id for face_id, owner in self.faces.items() if owner == person_id)

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
            self.people.pop(person_id, None)
            self.tombstones[person_id] = expires_at
            self.leases[person_id] = now + timedelta(seconds=lease_s)
            unsettled = any(owner == person_id for owner, _ in self.unsettled)
            return Remains(self.face_ids(person_id), unsettled)

    def end_forgetting(self, person_id: str, face_ids: Iterable[str]) -> None:
        with self.lock:
            for face_id in face_ids:
                self.faces.pop(face_id, None)
            self.unsettled = {one for one in self.unsettled if one[0] != person_id}
            self.leases.pop(person_id, None)

    def is_forgotten(self, person_id: str, *, now: datetime) -> bool:
        return person_id in self.tombstones and self.tombstones[person_id] > now

    def _refuse_while_forgetting(self, person_id: str, now: datetime) -> None:
        if person_id in self.leases and self.leases[person_id] > now:
            raise ServiceBusy("this person is being forgotten right now; try again in a moment")
