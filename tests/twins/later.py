"""`Later` in a list."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime


@dataclass
class TwinLater:
    """`waiting` holds what is to be done ("recognize", "forget", ...), with what, after how many seconds."""

    waiting: list[tuple[str, str, float]] = field(default_factory=list)
    call_off: Callable[[str], None] = lambda event: None

    def recognize(self, photo_key: str, *, delay_s: float) -> None:
        self.waiting.append(("recognize", photo_key, delay_s))

    def forget(self, person_id: str, *, delay_s: float) -> None:
        self.waiting.append(("forget", person_id, delay_s))

    def enroll(self, photo_key: str, *, delay_s: float) -> None:
        self.waiting.append(("enroll", photo_key, delay_s))

    def remove_photo(self, person_id: str, photo_id: str, *, delay_s: float) -> None:
        self.waiting.append(("remove_photo", f"{person_id}/{photo_id}", delay_s))

    def look_through_people(self, cursor: str) -> None:
        self.waiting.append(("people", cursor, 0))

    def drop_pictures(self, before: datetime, cursor: str) -> None:
        self.waiting.append(("pictures", cursor, 0))

    def leave(self, person_id: str) -> None:
        self.waiting.append(("leave", person_id, 0))

    def check_collection(self, *, delay_s: float) -> None:
        self.waiting.append(("check_collection", "", delay_s))

    def send_notice(self, notice_id: str, *, delay_s: float) -> None:
        self.waiting.append(("notice", notice_id, delay_s))

    def drop_photos(self, person_id: str) -> None: ...
