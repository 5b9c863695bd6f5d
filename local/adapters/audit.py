"""The audit log in SQLite: triggers let nobody change a line, or remove one before it has expired."""

import json
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from local.adapters.columns import to_moment
from local.adapters.database import Database
from recognizeme.adapters import cursor as cursors
from recognizeme.adapters.capture_ids import id_range
from recognizeme.domain.audit import AuditLine, AuditQuery, Result
from recognizeme.domain.model import check_capture_id
from recognizeme.domain.ports import Page

_STEPS = (
    """CREATE TABLE audit (
        line_id TEXT NOT NULL, part INTEGER NOT NULL,
        at TEXT NOT NULL, principal TEXT NOT NULL, on_behalf_of TEXT, action TEXT NOT NULL, person TEXT,
        about TEXT NOT NULL, source TEXT NOT NULL, result TEXT NOT NULL, status INTEGER, detail TEXT NOT NULL,
        expires_s INTEGER NOT NULL,
        PRIMARY KEY (line_id, part)
    ) WITHOUT ROWID""",
    "CREATE INDEX audit_person ON audit (person, line_id) WHERE person IS NOT NULL",
    """CREATE TRIGGER audit_unchanged BEFORE UPDATE ON audit
    BEGIN SELECT RAISE(ABORT, 'a line of the audit log cannot be changed'); END""",
    """CREATE TRIGGER audit_kept BEFORE DELETE ON audit
    WHEN OLD.expires_s > CAST(strftime('%s', 'now') AS INTEGER)
    BEGIN SELECT RAISE(ABORT, 'a line of the audit log cannot be removed before it expires'); END""",
    # INSERT OR REPLACE would remove a line without asking the trigger above.
    """CREATE TRIGGER audit_added BEFORE INSERT ON audit
    WHEN EXISTS (SELECT 1 FROM audit WHERE line_id = NEW.line_id AND part = NEW.part)
    BEGIN SELECT RAISE(IGNORE); END""",
)


class SqliteAuditLog:
    """`AuditLog`: an act has one row as it began, and one as it ended."""

    def __init__(
        self,
        database: Database,
        *,
        retention_days: int,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._database = database
        self._retention = timedelta(days=retention_days)
        self._now = now
        database.prepare("audit", _STEPS)

    def append(self, line: AuditLine) -> None:
        """On the disk when it returns; a line that is there stands."""
        row = {
            "line_id": line.line_id,
            "part": 0 if line.result is Result.BEGAN else 1,
            "at": to_moment(line.at),
            "principal": line.principal,
            "on_behalf_of": line.on_behalf_of,
            "action": line.action,
            "person": line.person,
            "about": json.dumps(dict(line.about)),
            "source": line.source,
            "result": line.result,
            "status": line.status,
            "detail": json.dumps(dict(line.detail)),
            "expires_s": int((line.at + self._retention).timestamp()),
        }
        names, places = ", ".join(row), ", ".join(f":{name}" for name in row)
        with self._database.writing() as connection:
            connection.execute(f"INSERT INTO audit ({names}) VALUES ({places})", row)

    def query(self, query: AuditQuery, *, limit: int, cursor: str | None = None) -> Page[AuditLine]:
        """Newest first; a page is short only at the end."""
        before = check_capture_id(cursors.decode("audit", cursor)) if cursor else None
        ids = id_range(query.since, query.until, before)
        equal = {
            "person": query.person,
            "principal": query.principal,
            "on_behalf_of": query.on_behalf_of,
            "action": query.action,
        }
        wanted = {name: value for name, value in equal.items() if value is not None}
        terms = [
            "line_id BETWEEN :low AND :high",
            "expires_s > :now_s",
            *(f"{name} = :{name}" for name in wanted),
        ]
        values = {
            **wanted, "low": ids.low, "high": ids.high, "now_s": self._now().timestamp(), "limit": limit + 1,
        }  # fmt: skip
        # Of two rows of one act max(part) picks how it ended, and the other columns are of that row.
        select = f"SELECT *, max(part) FROM audit WHERE {' AND '.join(terms)} GROUP BY line_id"
        with self._database.reading() as connection:
            rows = connection.execute(f"{select} ORDER BY line_id DESC LIMIT :limit", values).fetchall()
        found = tuple(map(_line, rows[:limit]))
        return Page(found, cursors.encode("audit", found[-1].line_id) if len(rows) > limit else None)

    def purge(self, *, now: datetime) -> int:
        """Remove what has expired by this time and by this machine's clock; return how many lines."""
        with self._database.writing() as connection:
            return connection.execute(
                "DELETE FROM audit WHERE expires_s <= min(:now_s, CAST(strftime('%s', 'now') AS INTEGER))",
                {"now_s": int(now.timestamp())},
            ).rowcount


def _line(row: sqlite3.Row) -> AuditLine:
    return AuditLine(
        line_id=row["line_id"],
        at=datetime.fromisoformat(row["at"]),
        principal=row["principal"],
        action=row["action"],
        result=Result(row["result"]),
        source=row["source"],
        on_behalf_of=row["on_behalf_of"],
        person=row["person"],
        about=json.loads(row["about"]),
        status=row["status"],
        detail=json.loads(row["detail"]),
    )
