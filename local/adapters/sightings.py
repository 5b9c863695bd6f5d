"""Sightings in SQLite, with the meaning that the DynamoDB table has."""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from local.adapters import people
from local.adapters.columns import from_box, from_decision, from_moment, to_box, to_decision, to_moment
from local.adapters.database import Database
from recognizeme.adapters import cursor as cursors
from recognizeme.adapters.aws import utc_now
from recognizeme.adapters.capture_ids import id_range, id_range_of_days
from recognizeme.domain.errors import CallsSpent, CaptureInProgress, NotFound
from recognizeme.domain.model import (
    Capture,
    Correction,
    Outcome,
    Sighting,
    Status,
    Trace,
    check_capture_id,
)
from recognizeme.domain.ports import Clock, Page, SightingQuery
from recognizeme.domain.presence import Pass
from recognizeme.domain.totals import TOTAL_DAYS, Count

# The day (UTC) in a capture id, whose first twelve hexadecimal digits are milliseconds; see `captured_at`.
_MILLISECONDS = " + ".join(
    f"((instr('0123456789abcdef', substr(capture_id, {place}, 1)) - 1) << {shift})"
    for place, shift in zip((1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13), range(44, -1, -4), strict=True)
)


def _is_counted(row: str) -> str:
    return f"{row}.status = 'done' AND {row}.outcome IS NOT NULL"


def _add(row: str) -> str:
    """Count a trigger's row."""
    return f"""INSERT INTO daily_totals
        SELECT {row}.day, {row}.kiosk_id, {row}.outcome, 1, {row}.rekognition_calls WHERE {_is_counted(row)}
        ON CONFLICT DO UPDATE SET sightings = sightings + 1,
            rekognition_calls = rekognition_calls + excluded.rekognition_calls"""


def _take(row: str) -> str:
    """Count a trigger's row no longer."""
    return f"""UPDATE daily_totals SET sightings = sightings - 1,
            rekognition_calls = rekognition_calls - {row}.rekognition_calls
        WHERE {_is_counted(row)}
            AND (day, kiosk_id, outcome) = ({row}.day, {row}.kiosk_id, {row}.outcome)"""


def _add_groups(row: str) -> str:
    """Count a trigger's row for its groups."""
    return f"""INSERT INTO daily_group_totals
        SELECT {row}.day, {row}.kiosk_id, value, 1, {row}.rekognition_calls FROM json_each({row}.groups)
        WHERE {_is_counted(row)}
        ON CONFLICT DO UPDATE SET sightings = sightings + 1,
            rekognition_calls = rekognition_calls + excluded.rekognition_calls"""


def _take_groups(row: str) -> str:
    """Count a trigger's row for its groups no longer."""
    return f"""UPDATE daily_group_totals SET sightings = sightings - 1,
            rekognition_calls = rekognition_calls - {row}.rekognition_calls
        WHERE {_is_counted(row)} AND (day, kiosk_id) = ({row}.day, {row}.kiosk_id)
            AND label IN (SELECT value FROM json_each({row}.groups))"""


_ENTER = "INSERT OR IGNORE INTO sightings_groups SELECT value, new.capture_id FROM json_each(new.groups)"
_LEAVE = """DELETE FROM sightings_groups WHERE capture_id = old.capture_id
    AND label IN (SELECT value FROM json_each(old.groups))"""

STEPS = (
    """CREATE TABLE sightings (
        capture_id TEXT PRIMARY KEY, kiosk_id TEXT NOT NULL, status TEXT NOT NULL,
        claimed_until TEXT, expires_at TEXT NOT NULL,
        photo_key TEXT, outcome TEXT, reason TEXT, person_id TEXT, name TEXT, similarity_pct REAL,
        face_box TEXT, recognized_at TEXT, rekognition_calls INTEGER NOT NULL,
        corrected_at TEXT, was_outcome TEXT, was_person_id TEXT
    ) WITHOUT ROWID""",
    # Every index is a page more to write and sync, twice a capture: partial where most rows have nothing.
    "CREATE INDEX sightings_kiosk ON sightings (kiosk_id, capture_id)",
    "CREATE INDEX sightings_person ON sightings (person_id, capture_id) WHERE person_id IS NOT NULL",
    "CREATE INDEX sightings_was_person ON sightings (was_person_id) WHERE was_person_id IS NOT NULL",
    f"""ALTER TABLE sightings ADD COLUMN day TEXT
        GENERATED ALWAYS AS (coalesce(date(({_MILLISECONDS}) / 1000, 'unixepoch'), ''))""",
    """CREATE TABLE daily_totals (
        day TEXT, kiosk_id TEXT, outcome TEXT, sightings INTEGER NOT NULL, rekognition_calls INTEGER NOT NULL,
        PRIMARY KEY (day, kiosk_id, outcome)
    ) WITHOUT ROWID""",
    """INSERT INTO daily_totals
        SELECT day, kiosk_id, outcome, count(*), sum(rekognition_calls) FROM sightings
        WHERE status = 'done' AND outcome IS NOT NULL GROUP BY day, kiosk_id, outcome""",
    # Whatever statement makes a sighting `done`, or changes one that is, keeps the totals in the same step.
    f"""CREATE TRIGGER sightings_saved AFTER INSERT ON sightings WHEN {_is_counted("new")}
        BEGIN {_add("new")}; END""",
    f"""CREATE TRIGGER sightings_changed AFTER UPDATE OF status, outcome, rekognition_calls ON sightings
        WHEN {_is_counted("old")} OR {_is_counted("new")} BEGIN {_take("old")}; {_add("new")}; END""",
    # Few are not done, and a filter finds a rare outcome at once.
    """CREATE INDEX sightings_unfinished
        ON sightings (capture_id, kiosk_id, status, rekognition_calls, expires_at) WHERE status <> 'done'""",
    "CREATE INDEX sightings_outcome ON sightings (outcome, capture_id) WHERE outcome IS NOT NULL",
    """CREATE INDEX sightings_kiosk_outcome ON sightings (kiosk_id, outcome, capture_id)
        WHERE outcome IS NOT NULL""",
    # One person's sightings are few enough to look through, where the index tells their kiosk and outcome.
    "DROP INDEX sightings_person",
    """CREATE INDEX sightings_person ON sightings (person_id, capture_id, kiosk_id, outcome, expires_at)
        WHERE person_id IS NOT NULL""",
    "ALTER TABLE sightings ADD COLUMN picture_sha256 TEXT",
    "ALTER TABLE sightings ADD COLUMN decision TEXT",
    # Where people were candidates, and not the ones whom the sighting shows or showed.
    """CREATE TABLE sighting_mentions (
        person_id TEXT NOT NULL, capture_id TEXT NOT NULL, PRIMARY KEY (person_id, capture_id)
    ) WITHOUT ROWID""",
    "CREATE INDEX sighting_mentions_capture ON sighting_mentions (capture_id)",
    """CREATE TRIGGER sightings_deleted AFTER DELETE ON sightings
        BEGIN DELETE FROM sighting_mentions WHERE capture_id = old.capture_id; END""",
    "ALTER TABLE sightings ADD COLUMN groups TEXT",  # JSON, or nothing for none
    """CREATE TABLE sightings_groups (
        label TEXT, capture_id TEXT, PRIMARY KEY (label, capture_id)
    ) WITHOUT ROWID""",
    """CREATE TABLE daily_group_totals (
        day TEXT, kiosk_id TEXT, label TEXT, sightings INTEGER NOT NULL, rekognition_calls INTEGER NOT NULL,
        PRIMARY KEY (day, kiosk_id, label)
    ) WITHOUT ROWID""",
    f"""CREATE TRIGGER sightings_grouped AFTER INSERT ON sightings WHEN new.groups IS NOT NULL
        BEGIN {_ENTER}; {_add_groups("new")}; END""",
    # Forgetting takes the groups away, and no outcome: the totals stay.
    f"""CREATE TRIGGER sightings_regrouped AFTER UPDATE OF groups ON sightings
        WHEN old.groups IS NOT new.groups BEGIN {_LEAVE}; {_ENTER}; END""",
    f"""CREATE TRIGGER sightings_group_changed AFTER UPDATE OF outcome ON sightings
        WHEN old.groups IS NOT NULL OR new.groups IS NOT NULL
        BEGIN {_take_groups("old")}; {_add_groups("new")}; END""",
    f"""CREATE TRIGGER sightings_ungrouped AFTER DELETE ON sightings WHEN old.groups IS NOT NULL
        BEGIN {_LEAVE}; END""",
    # Who was recognized where, of a day: told by the index alone, which finds a rare outcome as before.
    "DROP INDEX sightings_outcome",
    """CREATE INDEX sightings_outcome ON sightings (outcome, capture_id, person_id, kiosk_id, expires_at)
        WHERE outcome IS NOT NULL""",
    "ALTER TABLE sightings ADD COLUMN stranger_id TEXT",
    "ALTER TABLE sightings ADD COLUMN is_ignored INTEGER NOT NULL DEFAULT 0",
)


class SqliteSightings:
    """`Sightings` in one table; `retention_days` counts from the claim, by our clock."""

    def __init__(self, database: Database, *, retention_days: int, now: Clock = utc_now) -> None:
        self._database = database
        self._retention = timedelta(days=retention_days)
        self._now = now
        database.prepare("people", people.STEPS)
        database.prepare("sightings", STEPS)

    def claim(self, capture: Capture, *, now: datetime, lease_s: float) -> Sighting:
        """Look and take in one transaction, which excludes every other writer."""
        with self._database.writing() as connection:
            row = connection.execute(
                "SELECT * FROM sightings WHERE capture_id = ?", (capture.capture_id,)
            ).fetchone()
            if row and row["expires_at"] > to_moment(now):
                if row["status"] == Status.DONE:
                    return _sighting(row)
                longest = to_moment(now + timedelta(seconds=2 * lease_s))
                if row["status"] == Status.PENDING and to_moment(now) < row["claimed_until"] <= longest:
                    raise CaptureInProgress(
                        "this capture is being recognized right now; ask again in a moment"
                    )
            # Calls already paid for stay, so that a second try adds to them.
            claimed = Sighting(
                capture, Status.PENDING, rekognition_calls=row["rekognition_calls"] if row else 0
            )
            columns = {
                **_columns(claimed),
                "claimed_until": to_moment(now + timedelta(seconds=lease_s)),
                "expires_at": to_moment(now + self._retention),
            }
            names, values, _ = _sql(columns)
            # Those of an expired sighting; replacing a row fires no trigger.
            connection.execute("DELETE FROM sighting_mentions WHERE capture_id = ?", (capture.capture_id,))
            connection.execute(f"INSERT OR REPLACE INTO sightings ({names}) VALUES ({values})", columns)
            return claimed

    def begin_call(self, capture_id: str, *, most: int) -> int:
        """Look and count in one transaction."""
        with self._database.writing() as connection:
            pending = connection.execute(
                "SELECT rekognition_calls FROM sightings WHERE capture_id = ? AND status = 'pending'",
                (capture_id,),
            ).fetchone()
            if pending is None:
                raise CaptureInProgress("somebody else has decided this capture; ask for its sighting")
            calls = int(pending["rekognition_calls"]) + 1
            if calls > most:
                raise CallsSpent(f"Rekognition was asked {most} times about this capture, without an answer")
            connection.execute(
                "UPDATE sightings SET rekognition_calls = ? WHERE capture_id = ?", (calls, capture_id)
            )
            return calls

    def cancel_call(self, capture_id: str) -> None:
        """One update."""
        with self._database.writing() as connection:
            connection.execute(
                "UPDATE sightings SET rekognition_calls = rekognition_calls - 1"
                " WHERE capture_id = ? AND status = 'pending' AND rekognition_calls > 0",
                (capture_id,),
            )

    def begin_calls_of_unknown(self, capture: Capture, calls: int, *, most: int) -> bool:
        """Look and count in one transaction; a trigger counts it in the totals."""
        with self._database.writing() as connection:
            unknown = connection.execute(
                "SELECT rekognition_calls FROM sightings WHERE capture_id = ? AND outcome = 'unknown'",
                (capture.capture_id,),
            ).fetchone()
            if unknown is None:
                return False
            if unknown["rekognition_calls"] + calls > most:
                raise CallsSpent(f"Rekognition was asked {most} times about this capture")
            connection.execute(
                "UPDATE sightings SET rekognition_calls = rekognition_calls + ? WHERE capture_id = ?",
                (calls, capture.capture_id),
            )
        return True

    def set_stranger(self, capture_id: str, stranger_id: str) -> bool:
        """One update."""
        with self._database.writing() as connection:
            changed = connection.execute(
                "UPDATE sightings SET stranger_id = ?"
                " WHERE capture_id = ? AND outcome = 'unknown' AND photo_key IS NOT NULL",
                (stranger_id, capture_id),
            ).rowcount
        return changed > 0

    def save(self, sighting: Sighting) -> bool:
        """Store the result, unless there is one: the first `done` stands, and nothing undoes it."""
        columns = _columns(sighting) | {"claimed_until": None}
        names, values, _ = _sql(columns)
        _, _, changes = _sql({name: None for name in columns if name != "rekognition_calls"})
        with self._database.writing() as connection:
            people.check_named(connection, sighting.person_id)
            stored = connection.execute(
                f"INSERT INTO sightings ({names}, expires_at) VALUES ({values}, :expires_at)"
                f" ON CONFLICT (capture_id) DO UPDATE SET {changes} WHERE status <> 'done'",
                columns | {"expires_at": to_moment(self._now() + self._retention)},
            )
            if stored.rowcount > 0 and sighting.decision:
                connection.executemany(
                    "INSERT OR IGNORE INTO sighting_mentions VALUES (?, ?)",
                    [
                        (candidate.person_id, sighting.capture.capture_id)
                        for candidate in sighting.decision.candidates
                        if candidate.person_id != sighting.person_id
                    ],
                )
            return stored.rowcount > 0

    def correct(self, sighting: Sighting, correction: Correction) -> None:
        """Replace a result by what a person said. Raises `NotFound` when there is nothing to correct."""
        columns = _columns(replace(sighting, correction=correction)) | {"claimed_until": None}
        for kept in ("decision", "stranger_id", "is_ignored"):
            del columns[kept]
        _, _, changes = _sql(columns)
        with self._database.writing() as connection:
            people.check_named(connection, sighting.person_id)
            update = f"UPDATE sightings SET {changes} WHERE capture_id = :capture_id"
            if not connection.execute(update, columns).rowcount:
                raise NotFound(f"there is no sighting {sighting.capture.capture_id}")

    def get(self, capture_id: str) -> Sighting | None:
        """One sighting, unless its retention is over."""
        with self._database.reading() as connection:
            row = connection.execute(
                "SELECT * FROM sightings WHERE capture_id = ? AND expires_at > ?",
                (capture_id, to_moment(self._now())),
            ).fetchone()
        return _sighting(row) if row else None

    def query(self, query: SightingQuery, *, limit: int, cursor: str | None = None) -> Page[Sighting]:
        """Newest first; a page is short only at the end."""
        before = check_capture_id(cursors.decode("sightings", cursor)) if cursor else None
        ids = id_range(query.since, query.until, before)
        if query.group is not None and query.outcome is None:
            query = replace(query, outcome=Outcome.RECOGNIZED)  # nobody else is in a group
        wanted = {"person_id": query.person_id, "kiosk_id": query.kiosk_id, "outcome": query.outcome}
        conditions = [f"{column} = :{column}" for column, value in wanted.items() if value is not None]
        if query.merged:
            conditions[0] = "person_id IN (SELECT value FROM json_each(:people))"
        conditions += ["capture_id BETWEEN :low AND :high", "expires_at > :now"]
        source = f"sightings {_index(query)}"
        if query.group is not None:
            # Asked of the row, too: a capture that is claimed anew after its retention leaves its groups.
            conditions.append("instr(groups, json_quote(:group))")
            if query.person_id is None and query.kiosk_id is None:
                conditions.append("label = :group")
                source = "sightings_groups CROSS JOIN sightings USING (capture_id)"
        with self._database.reading() as connection:
            rows = connection.execute(
                # Chosen by the index alone, where it tells everything, before any row is read.
                "SELECT * FROM sightings WHERE capture_id IN"
                f" (SELECT capture_id FROM {source} WHERE {' AND '.join(conditions)}"
                " ORDER BY capture_id DESC LIMIT :most) ORDER BY capture_id DESC",
                {
                    **wanted,
                    "group": query.group,
                    "people": json.dumps([query.person_id, *query.merged]),
                    "low": ids.low,
                    "high": ids.high,
                    "now": to_moment(self._now()),
                    "most": limit + 1,
                },
            ).fetchall()
        found = tuple(_sighting(row) for row in rows)
        if len(found) <= limit:
            return Page(found)
        return Page(found[:limit], cursors.encode("sightings", found[limit - 1].capture.capture_id))

    def passes(self, since: datetime, until: datetime) -> list[Pass]:
        """From an index that tells it all."""
        ids = id_range(since, until)
        with self._database.reading() as connection:
            cursor = connection.cursor()
            cursor.row_factory = None  # plain tuples: there are tens of thousands a day
            rows = cursor.execute(
                "SELECT capture_id, person_id, kiosk_id FROM sightings INDEXED BY sightings_outcome"
                " WHERE outcome = 'recognized' AND capture_id BETWEEN ? AND ? AND expires_at > ?"
                " AND person_id IS NOT NULL ORDER BY capture_id DESC",
                (ids.low, ids.high, to_moment(self._now())),
            ).fetchall()
        return list(map(partial(tuple.__new__, Pass), rows))

    def counts(self, first: date, last: date, *, group: str | None = None) -> list[Count]:
        """The totals of what is done, and what an index knows of the rest."""
        if group is not None:
            return self._group_counts(first, last, group)
        ids = id_range_of_days(first, last)
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT * FROM daily_totals WHERE day BETWEEN :first AND :last AND sightings > 0"
                " UNION ALL SELECT day, kiosk_id, status, count(*), sum(rekognition_calls)"
                " FROM sightings INDEXED BY sightings_unfinished"
                " WHERE status <> 'done' AND capture_id BETWEEN :low AND :high AND expires_at > :now"
                " GROUP BY day, kiosk_id, status",
                {
                    "first": first.isoformat(),
                    "last": last.isoformat(),
                    "low": ids.low,
                    "high": ids.high,
                    "now": to_moment(self._now()),
                },
            ).fetchall()
        days = {day: date.fromisoformat(day) for day in {row["day"] for row in rows}}
        return [
            Count(days[day], kiosk_id, _RESULTS[result], sightings, calls)
            for day, kiosk_id, result, sightings, calls in rows
        ]

    def _group_counts(self, first: date, last: date, group: str) -> list[Count]:
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT day, kiosk_id, sightings, rekognition_calls FROM daily_group_totals"
                " WHERE day BETWEEN ? AND ? AND label = ? AND sightings > 0",
                (first.isoformat(), last.isoformat(), group),
            ).fetchall()
        return [
            Count(date.fromisoformat(day), kiosk_id, Outcome.RECOGNIZED, sightings, calls)
            for day, kiosk_id, sightings, calls in rows
        ]

    def drop_picture(self, capture_id: str) -> None:
        """One update, unless the sighting was corrected meanwhile."""
        with self._database.writing() as connection:
            connection.execute(
                "UPDATE sightings SET photo_key = NULL, picture_sha256 = NULL, stranger_id = NULL"
                " WHERE capture_id = ? AND outcome = 'unknown'",
                (capture_id,),
            )

    def traces(self, person_id: str) -> Iterator[Trace]:
        """All at once: what a person leaves in 90 days is little."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT capture_id, max(is_shown) AS is_shown FROM ("
                " SELECT capture_id, 1 AS is_shown FROM sightings WHERE person_id = ?1"
                " UNION ALL SELECT capture_id, 0 FROM sightings WHERE was_person_id = ?1"
                " UNION ALL SELECT capture_id, 0 FROM sighting_mentions WHERE person_id = ?1"
                ") GROUP BY capture_id",
                (person_id,),
            ).fetchall()
        return iter([Trace(row["capture_id"], bool(row["is_shown"])) for row in rows])

    def mentions(self, person_id: str) -> int:
        """As many as there are traces."""
        return sum(1 for _ in self.traces(person_id))

    def forget(self, person_id: str, traces: Iterable[Trace]) -> int:
        """One transaction."""
        with self._database.writing() as connection:
            return sum(_forget(connection, person_id, trace) for trace in traces)

    def release_claims(self) -> int:
        """End every lease, for a stack that starts and has this database for itself; return how many."""
        with self._database.writing() as connection:
            return connection.execute(
                "UPDATE sightings SET claimed_until = '' WHERE status = 'pending' AND claimed_until > ''"
            ).rowcount

    def purge(self, *, now: datetime) -> int:
        """Delete what is past its retention, as DynamoDB does by itself; return how many there were."""
        oldest = (now - timedelta(days=TOTAL_DAYS)).date()
        with self._database.writing() as connection:
            for totals in ("daily_totals", "daily_group_totals"):
                connection.execute(f"DELETE FROM {totals} WHERE day < ?", (oldest.isoformat(),))
            return connection.execute(
                "DELETE FROM sightings WHERE expires_at <= ?", (to_moment(now),)
            ).rowcount


def _forget(connection: sqlite3.Connection, person_id: str, trace: Trace) -> bool:
    changed = connection.execute(
        "UPDATE sightings SET was_person_id = NULL WHERE capture_id = ? AND was_person_id = ?",
        (trace.capture_id, person_id),
    ).rowcount
    if trace.is_shown:
        changed += connection.execute(
            "UPDATE sightings SET person_id = NULL, name = NULL, groups = NULL, photo_key = NULL,"
            " picture_sha256 = NULL, stranger_id = NULL WHERE capture_id = ? AND person_id = ?",
            (trace.capture_id, person_id),
        ).rowcount
    row = connection.execute(
        "SELECT decision FROM sightings WHERE capture_id = ?", (trace.capture_id,)
    ).fetchone()
    decision = from_decision(row["decision"]) if row else None
    if decision and decision.considered(person_id):
        changed += connection.execute(
            "UPDATE sightings SET decision = ? WHERE capture_id = ?",
            (to_decision(decision.without(person_id)), trace.capture_id),
        ).rowcount
    connection.execute(
        "DELETE FROM sighting_mentions WHERE person_id = ? AND capture_id = ?", (person_id, trace.capture_id)
    )
    return changed > 0


_RESULTS: dict[str, Outcome | Status] = {result.value: result for result in (*Outcome, *Status)}


def _index(query: SightingQuery) -> str:
    """The index to read, which SQLite, that knows nothing of what is rare, does not always choose."""
    if query.person_id is not None:
        return "INDEXED BY sightings_person"
    if query.outcome is not None:
        return f"INDEXED BY sightings_{'outcome' if query.kiosk_id is None else 'kiosk_outcome'}"
    return "" if query.kiosk_id is None else "INDEXED BY sightings_kiosk"


def _sql(columns: dict[str, Any]) -> tuple[str, str, str]:
    names = ", ".join(columns)
    values = ", ".join(f":{column}" for column in columns)
    return names, values, ", ".join(f"{column} = :{column}" for column in columns)


def _columns(sighting: Sighting) -> dict[str, Any]:
    correction = sighting.correction
    return {
        "capture_id": sighting.capture.capture_id,
        "kiosk_id": sighting.capture.kiosk_id,
        "status": sighting.status,
        "photo_key": sighting.photo_key,
        "picture_sha256": sighting.picture_sha256,
        "outcome": sighting.outcome,
        "reason": sighting.reason,
        "person_id": sighting.person_id,
        "name": sighting.name,
        "groups": json.dumps(sighting.groups) if sighting.groups else None,
        "similarity_pct": sighting.similarity_pct,
        "face_box": to_box(sighting.face_box),
        "recognized_at": to_moment(sighting.recognized_at),
        "rekognition_calls": sighting.rekognition_calls,
        "corrected_at": to_moment(correction.corrected_at) if correction else None,
        "was_outcome": correction.was_outcome if correction else None,
        "was_person_id": correction.was_person_id if correction else None,
        "decision": to_decision(sighting.decision),
        "stranger_id": sighting.stranger_id,
        "is_ignored": sighting.is_ignored,
    }


def _sighting(row: sqlite3.Row) -> Sighting:
    corrected_at = from_moment(row["corrected_at"])
    return Sighting(
        capture=Capture(row["capture_id"], row["kiosk_id"]),
        status=Status(row["status"]),
        photo_key=row["photo_key"],
        picture_sha256=row["picture_sha256"],
        outcome=Outcome(row["outcome"]) if row["outcome"] else None,
        reason=row["reason"],
        person_id=row["person_id"],
        name=row["name"],
        groups=tuple(json.loads(row["groups"])) if row["groups"] else (),
        similarity_pct=row["similarity_pct"],
        face_box=from_box(row["face_box"]),
        recognized_at=from_moment(row["recognized_at"]),
        rekognition_calls=row["rekognition_calls"],
        correction=Correction(corrected_at, Outcome(row["was_outcome"]), row["was_person_id"])
        if corrected_at
        else None,
        decision=from_decision(row["decision"]),
        stranger_id=row["stranger_id"],
        is_ignored=bool(row["is_ignored"]),
    )
