"""`Answers` in a dictionary."""

from dataclasses import dataclass, field, replace
from datetime import datetime

from recognizeme.domain.ports import Remembered


@dataclass
class TwinAnswers:
    """`kept` holds, by id, what is remembered, the end of its lease, and when it expires."""

    kept: dict[str, tuple[Remembered, datetime, datetime]] = field(default_factory=dict)

    def begin(
        self, answer_id: str, request: str, *, now: datetime, leased_until: datetime, expires_at: datetime
    ) -> Remembered | None:
        if answer_id in self.kept:
            found, until, expires = self.kept[answer_id]
            if now < expires and (found.answer is not None or now < until):
                return found
        self.kept[answer_id] = Remembered(request, None), leased_until, expires_at
        return None

    def finish(self, answer_id: str, answer: bytes, *, leased_until: datetime) -> None:
        if self._is_ours(answer_id, leased_until):
            found, until, expires = self.kept[answer_id]
            self.kept[answer_id] = replace(found, answer=answer), until, expires

    def give_up(self, answer_id: str, *, leased_until: datetime) -> None:
        if self._is_ours(answer_id, leased_until):
            del self.kept[answer_id]

    def _is_ours(self, answer_id: str, leased_until: datetime) -> bool:
        found, until, _ = self.kept.get(answer_id, (None, None, None))
        return found is not None and found.answer is None and until == leased_until
