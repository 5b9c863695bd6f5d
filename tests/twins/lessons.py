"""`Lessons` in a dictionary."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime

from recognizeme.domain.lessons import Lesson
from recognizeme.domain.ports import Clock


@dataclass
class TwinLessons:
    now: Clock
    lessons: dict[str, Lesson] = field(default_factory=dict)

    def get(self, capture_id: str) -> Lesson | None:
        lesson = self.lessons.get(capture_id)
        return lesson if lesson and lesson.expires_at > self.now() else None

    def all(self) -> Iterator[Lesson]:
        return iter([*self.lessons.values()])

    def add(self, capture_id: str, person_id: str, *, taught_at: datetime, expires_at: datetime) -> Lesson:
        known = self.lessons.get(capture_id)
        people = tuple(sorted({*(known.not_person_ids if known else ()), person_id}))
        face_id = known.face_id if known else None
        self.lessons[capture_id] = Lesson(capture_id, people, taught_at, expires_at, face_id)
        return self.lessons[capture_id]

    def settle(self, capture_id: str, face_id: str) -> Lesson | None:
        if capture_id not in self.lessons:
            return None
        self.lessons[capture_id] = replace(self.lessons[capture_id], face_id=face_id)
        return self.lessons[capture_id]

    def remove(self, capture_id: str) -> None:
        self.lessons.pop(capture_id, None)
