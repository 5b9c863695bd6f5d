"""`Strangers` in dictionaries."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from recognizeme.adapters import cursor as cursors
from recognizeme.domain.model import check_capture_id
from recognizeme.domain.ports import Clock, Page
from recognizeme.domain.strangers import Stranger, StrangerState, StrangerVisit


@dataclass
class TwinStrangers:
    now: Clock
    retention_days: int = 30
    strangers: dict[str, tuple[Stranger, datetime]] = field(default_factory=dict)
    seen: dict[str, tuple[StrangerVisit, datetime]] = field(default_factory=dict)

    def get(self, stranger_id: str) -> Stranger | None:
        stranger, expires_at = self.strangers.get(stranger_id, (None, self.now()))
        return stranger if expires_at > self.now() else None

    def list(self, state: StrangerState, *, limit: int, cursor: str | None = None) -> Page[Stranger]:
        before = check_capture_id(cursors.decode("strangers", cursor)) if cursor is not None else "~"
        found = sorted(
            (
                each
                for each, expires_at in self.strangers.values()
                if each.state is state and each.last_capture_id < before and expires_at > self.now()
            ),
            key=lambda each: each.last_capture_id,
            reverse=True,
        )
        if len(found) <= limit:
            return Page(tuple(found))
        return Page(tuple(found[:limit]), cursors.encode("strangers", found[limit - 1].last_capture_id))

    def visits(self, capture_ids: Collection[str]) -> Mapping[str, StrangerVisit]:
        return {
            capture_id: visit
            for capture_id, (visit, expires_at) in self.seen.items()
            if capture_id in capture_ids and expires_at > self.now()
        }

    def visits_of(self, stranger_id: str) -> Iterator[StrangerVisit]:
        mine = [capture_id for capture_id, (each, _) in self.seen.items() if each.stranger_id == stranger_id]
        visits = self.visits(mine)
        return iter([visits[capture_id] for capture_id in sorted(visits, reverse=True)])

    def save(
        self, stranger: Stranger, *, joins: StrangerVisit | None = None, leaves: str | None = None
    ) -> bool:
        known = self.strangers.get(stranger.stranger_id)
        if (known[0].version if known else 0) != stranger.version:
            return False
        if (joins and joins.capture.capture_id in self.seen) or (leaves and leaves not in self.seen):
            return False
        expires_at = self.now() + timedelta(days=self.retention_days)
        if stranger.visits < 1:
            self.strangers.pop(stranger.stranger_id, None)
        else:
            self.strangers[stranger.stranger_id] = replace(stranger, version=stranger.version + 1), expires_at
        if joins:
            self.seen[joins.capture.capture_id] = joins, expires_at
        if leaves:
            del self.seen[leaves]
        return True
