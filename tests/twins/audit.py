"""`AuditLog` in a dictionary."""

from dataclasses import dataclass, field
from datetime import timedelta

from recognizeme.adapters import cursor as cursors
from recognizeme.domain.audit import AuditLine, AuditQuery, Result
from recognizeme.domain.ports import Clock, Page


@dataclass
class TwinAuditLog:
    """`lines` holds each act as it began (False) and as it ended (True)."""

    now: Clock
    retention_days: int = 365
    lines: dict[tuple[str, bool], AuditLine] = field(default_factory=dict)

    def append(self, line: AuditLine) -> None:
        self.lines.setdefault((line.line_id, line.result is not Result.BEGAN), line)

    def query(self, query: AuditQuery, *, limit: int, cursor: str | None = None) -> Page[AuditLine]:
        before = cursors.decode("audit", cursor) if cursor else None
        known = {
            line_id: line for (line_id, _), line in sorted(self.lines.items()) if self._fits(query, line)
        }
        found = [known[line_id] for line_id in sorted(known, reverse=True) if not before or line_id < before]
        following = cursors.encode("audit", found[limit - 1].line_id) if len(found) > limit else None
        return Page(tuple(found[:limit]), following)

    def _fits(self, query: AuditQuery, line: AuditLine) -> bool:
        return (
            line.at + timedelta(days=self.retention_days) > self.now()
            and query.person in {None, line.person}
            and query.principal in {None, line.principal}
            and query.on_behalf_of in {None, line.on_behalf_of}
            and query.action in {None, line.action}
            and (query.since is None or query.since <= line.at)
            and (query.until is None or line.at < query.until)
        )
