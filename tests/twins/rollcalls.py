"""`RollCalls` in dictionaries."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from threading import RLock

from recognizeme.adapters import cursor as cursors
from recognizeme.domain.errors import NotFound, NotPossible
from recognizeme.domain.ports import Clock, Page
from recognizeme.domain.rollcalls import By, Entry, RollCall, Tick, check_rollcall_id


@dataclass
class TwinRollCalls:
    now: Clock
    retention_days: int = 365
    heads: dict[str, RollCall] = field(default_factory=dict)
    lists: dict[str, dict[str, Entry]] = field(default_factory=dict)
    lock: RLock = field(default_factory=RLock)

    def start(self, roll_call: RollCall, entries: Iterable[Entry]) -> None:
        self.lists[roll_call.rollcall_id] = {entry.person_id: entry for entry in entries}
        self.heads[roll_call.rollcall_id] = roll_call

    def get(self, rollcall_id: str) -> RollCall | None:
        found = self.heads.get(rollcall_id)
        return found if found and self._is_kept(found) else None

    def has(self, rollcall_id: str, person_id: str) -> bool:
        return person_id in self.lists.get(rollcall_id, {})

    def entries(self, rollcall_id: str) -> list[Entry]:
        return [entry for _, entry in sorted(self.lists.get(rollcall_id, {}).items())]

    def list(self, *, limit: int, cursor: str | None = None) -> Page[RollCall]:
        before = check_rollcall_id(cursors.decode("rollcall", cursor)) if cursor else "g"
        newest_first = sorted(self.heads.items(), reverse=True)
        found = [head for each, head in newest_first if each < before and self._is_kept(head)]
        if len(found) <= limit:
            return Page(tuple(found))
        return Page(tuple(found[:limit]), cursors.encode("rollcall", found[limit - 1].rollcall_id))

    def tick(self, rollcall_id: str, person_id: str, tick: Tick) -> Entry:
        with self.lock:
            if self._known(rollcall_id).ended_at is not None:
                raise NotPossible("this roll call has ended; start another one")
            entry = self.lists[rollcall_id].get(person_id, Entry(person_id))
            self.lists[rollcall_id][person_id] = replace(entry, ticks=(*entry.ticks, tick))
            return self.lists[rollcall_id][person_id]

    def end(self, rollcall_id: str, *, at: datetime, by: By) -> RollCall:
        with self.lock:
            head = self._known(rollcall_id)
            if head.ended_at is None:
                self.heads[rollcall_id] = replace(head, ended_at=at, ended_by=by)
            return self.heads[rollcall_id]

    def mentions(self, person_id: str) -> int:
        return sum(person_id in entries for entries in self.lists.values())

    def forget(self, person_id: str) -> int:
        with self.lock:
            return sum(entries.pop(person_id, None) is not None for entries in self.lists.values())

    def _known(self, rollcall_id: str) -> RollCall:
        found = self.get(rollcall_id)
        if found is None:
            raise NotFound(f"there is no roll call {rollcall_id!r}")
        return found

    def _is_kept(self, head: RollCall) -> bool:
        return head.started_at + timedelta(days=self.retention_days) > self.now()
