"""Nobody who can write to the database can change the audit log, other than by taking its triggers away."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from local.adapters.audit import SqliteAuditLog
from local.adapters.database import Database, open_database
from recognizeme.domain.audit import AuditLine, AuditQuery, Result
from recognizeme.domain.model import new_capture_id

NOW = datetime.now(UTC)


def line(at: datetime, number: int = 0) -> AuditLine:
    line_id = new_capture_id(at, number.to_bytes(10))
    return AuditLine(line_id, at, "token 1a2b3c4d", "DELETE /people/{person_id}", Result.DONE, "127.0.0.1")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with open_database(tmp_path / "recognizeme.db") as database:
        yield database


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET principal = 'somebody else'",
        "DELETE FROM audit",
        "INSERT OR REPLACE INTO audit SELECT line_id, part, at, 'somebody else', on_behalf_of, action,"
        " person, about, source, result, status, detail, expires_s FROM audit",
        "UPDATE audit SET expires_s = 0",
    ],
)
def test_a_line_stands_whatever_the_statement(database: Database, statement: str) -> None:
    log = SqliteAuditLog(database, retention_days=365)
    log.append(line(NOW))
    connection = sqlite3.connect(database.path)

    with closing(connection), suppress(sqlite3.IntegrityError):
        connection.execute(statement)
        connection.commit()

    assert list(log.query(AuditQuery(), limit=10).items) == [line(NOW)]


def test_only_what_has_expired_is_purged(database: Database) -> None:
    log = SqliteAuditLog(database, retention_days=30)
    log.append(line(NOW - timedelta(days=31)))
    log.append(line(NOW - timedelta(days=29), number=1))

    assert log.purge(now=NOW) == 1
    assert list(log.query(AuditQuery(), limit=10).items) == [line(NOW - timedelta(days=29), number=1)]


def test_a_purge_by_a_clock_that_jumped_ahead_keeps_what_this_machine_says_is_not_expired(
    database: Database,
) -> None:
    log = SqliteAuditLog(database, retention_days=30)
    log.append(line(NOW))

    assert log.purge(now=NOW + timedelta(days=400)) == 0
    assert list(log.query(AuditQuery(), limit=10).items) == [line(NOW)]
