"""The audit log: lines are added and found again, and nothing else."""

import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from local.adapters.audit import SqliteAuditLog
from recognizeme.adapters.dynamodb import DynamoDbAuditLog
from recognizeme.domain.audit import AuditLine, AuditQuery, Result
from recognizeme.domain.errors import InvalidRequest
from recognizeme.domain.model import new_capture_id
from recognizeme.domain.ports import AuditLog
from tests.contract.conftest import SetClock
from tests.contract.tables import make_table
from tests.twins.audit import TwinAuditLog

KEPT_DAYS = 365
EVERYTHING = AuditQuery()


@pytest.fixture
def log(backend: str, clock: SetClock, request: pytest.FixtureRequest) -> AuditLog:
    if backend == "twin":
        return TwinAuditLog(clock, KEPT_DAYS)
    if backend == "local":
        database = request.getfixturevalue("database")
        return SqliteAuditLog(database, retention_days=KEPT_DAYS, now=clock)
    client = request.getfixturevalue("aws_client")("dynamodb")
    table = make_table(client, "AuditLog", f"audit-{secrets.token_hex(4)}")
    return DynamoDbAuditLog(client, table, retention_days=KEPT_DAYS, now=clock)


@pytest.fixture
def line(clock: SetClock) -> Callable[..., AuditLine]:
    def make(**changed: Any) -> AuditLine:
        at = changed.pop("at", clock())
        made = AuditLine(
            line_id=new_capture_id(at, secrets.token_bytes(10)),
            at=at,
            principal="token 1a2b3c4d",
            action="PUT /people/{person_id}",
            result=Result.DONE,
            source="127.0.0.1",
        )
        return replace(made, **changed)

    return make


Make = Callable[..., AuditLine]


def found(log: AuditLog, query: AuditQuery = EVERYTHING) -> list[AuditLine]:
    return list(log.query(query, limit=100).items)


def test_a_line_is_read_as_it_was_written(log: AuditLog, line: Make) -> None:
    plain = line()
    full = line(
        on_behalf_of="maria@example.org",
        person="0f" * 16,
        about={"capture_id": "c", "photo_id": "1e" * 16},
        status=200,
        detail={"reason": "left", "faces": "3"},
    )
    log.append(plain)
    log.append(full)

    assert sorted(found(log), key=lambda each: each.line_id) == sorted(
        [plain, full], key=lambda each: each.line_id
    )


def test_what_has_ended_is_one_line_and_what_has_not_is_shown_as_it_began(log: AuditLog, line: Make) -> None:
    began, unknown = line(result=Result.BEGAN), line(result=Result.BEGAN)
    ended = replace(began, result=Result.DONE, status=200, person="0f" * 16)
    for each in (began, unknown, ended):
        log.append(each)

    assert {each.line_id: each for each in found(log)} == {began.line_id: ended, unknown.line_id: unknown}


def test_a_line_that_is_there_stands(log: AuditLog, line: Make) -> None:
    written = line()
    log.append(written)

    log.append(replace(written, principal="somebody else", result=Result.REFUSED))

    assert found(log) == [written]


def test_pages_follow_one_another_and_split_no_act(log: AuditLog, line: Make, clock: SetClock) -> None:
    ids = []
    for _ in range(7):
        began = line(at=clock.advance(timedelta(days=10)), result=Result.BEGAN)
        log.append(began)
        log.append(replace(began, result=Result.DONE))
        ids.append(began.line_id)
    pages, cursor = [], None
    while True:
        page = log.query(EVERYTHING, limit=2, cursor=cursor)
        pages.append([each.line_id for each in page.items])
        assert {each.result for each in page.items} <= {Result.DONE}
        if (cursor := page.next_cursor) is None:
            break

    assert [line_id for page in pages for line_id in page] == ids[::-1]
    assert [len(page) for page in pages if page] == [2, 2, 2, 1]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (AuditQuery(person="ada"), {"ada's"}),
        (AuditQuery(principal="admin"), {"admin's"}),
        (AuditQuery(on_behalf_of="maria"), {"maria's"}),
        (AuditQuery(action="DELETE"), {"a deletion"}),
        (AuditQuery(since=SetClock().time), {"ada's", "admin's", "maria's", "a deletion"}),
        (AuditQuery(until=SetClock().time), {"yesterday's"}),
        (AuditQuery(person="ada", principal="admin"), set()),
    ],
    ids=["person", "principal", "on behalf of", "action", "since", "until", "person and principal"],
)
def test_lines_are_found_by_whom_by_what_and_by_when(
    log: AuditLog, line: Make, clock: SetClock, query: AuditQuery, expected: set[str]
) -> None:
    told: dict[str, dict[str, Any]] = {
        "ada's": {"person": "ada"},
        "admin's": {"principal": "admin"},
        "maria's": {"on_behalf_of": "maria"},
        "a deletion": {"action": "DELETE"},
        "yesterday's": {"at": clock() - timedelta(days=1)},
    }
    for name, more in told.items():
        log.append(line(detail={"called": name}, **more))

    assert {each.detail["called"] for each in found(log, query)} == expected


def test_a_line_is_shown_until_it_expires(log: AuditLog, line: Make, clock: SetClock) -> None:
    log.append(line())
    clock.advance(timedelta(days=KEPT_DAYS - 1))
    assert len(found(log)) == 1

    clock.advance(timedelta(days=2))

    assert found(log) == []


def test_a_cursor_of_another_list_is_refused(log: AuditLog) -> None:
    with pytest.raises(InvalidRequest):
        log.query(EVERYTHING, limit=1, cursor="bm9uc2Vuc2U")


def test_there_is_no_way_to_change_or_remove_a_line(log: AuditLog) -> None:
    offered = {name for name in dir(log) if not name.startswith("_")}

    # Of an expired line `purge` is the end; fields of the twin hold what the others have in their files.
    assert offered <= {"append", "query", "connect", "purge", "now", "lines", "retention_days"}
