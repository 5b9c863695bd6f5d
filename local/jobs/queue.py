"""Events that wait for a function, in SQLite, with Lambda's retries and a dead-letter state.

What `add` has returned from survives the process and the power. A job is deleted once its function has
handled it, so the table holds only what is still to do or has failed for good.
"""

import json
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any

from local.adapters.database import Database
from local.runtime.events import Event

# Lambda tries an asynchronous event again after one and two minutes; on one machine nobody wants to wait that
# long. The first wait gives a crashed engine time to start again. The second must outlast the lease (30 s) of
# a recognition whose process was killed, or nobody takes it over.
RETRY_WAITS_S = (4.0, 35.0)
# As long as SQS keeps a message at most: after that, nobody is going to replay it.
DEAD_DAYS = 14

_STEPS = (
    """CREATE TABLE jobs (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        function TEXT NOT NULL,
        event TEXT NOT NULL,
        state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'running', 'dead')),
        attempts INTEGER NOT NULL DEFAULT 0,
        due_at REAL NOT NULL,
        added_at REAL NOT NULL,
        error TEXT
    )""",
    "CREATE INDEX jobs_due ON jobs (function, state, due_at)",
)
_COLUMNS = "id, function, event, state, attempts, added_at, error"


@dataclass(frozen=True, slots=True)
class Job:
    """One event for one function; `attempts` counts the tries begun, `added_at` is Unix seconds."""

    id: int
    function: str
    event: Event
    state: str
    attempts: int
    added_at: float
    error: str | None

    def as_json(self) -> dict[str, Any]:
        """The job for `--json`."""
        return asdict(self)


class JobQueue:
    """The queue, in a database that threads and processes share; every method may raise `ServiceBusy`."""

    def __init__(self, database: Database, *, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._clock = clock
        database.prepare("jobs", _STEPS)

    def add(self, function: str, event: Event) -> int:
        """Queue an event, durably; return the job's id."""
        now = self._clock()
        return int(
            self._rows(
                "INSERT INTO jobs (function, event, due_at, added_at) VALUES (?, ?, ?, ?) RETURNING id",
                (function, json.dumps(event), now, now),
            )[0][0]
        )

    def take(self, function: str) -> Job | None:
        """The longest-waiting due job of a function, now `running`; of many callers one gets it."""
        due = "function = ? AND state = 'waiting' AND due_at <= ?"
        values = (function, self._clock())
        with self._database.reading() as connection:  # most looks find nothing: those disturb no writer
            if not connection.execute(f"SELECT 1 FROM jobs WHERE {due} LIMIT 1", values).fetchone():
                return None
        rows = self._rows(
            "UPDATE jobs SET state = 'running', attempts = attempts + 1 WHERE id = ("
            f"SELECT id FROM jobs WHERE {due} ORDER BY due_at, id LIMIT 1) RETURNING {_COLUMNS}",
            values,
        )
        return _job(rows[0]) if rows else None

    def done(self, job: Job) -> None:
        """The function handled it."""
        self._rows("DELETE FROM jobs WHERE id = ?", (job.id,))

    def failed(self, job: Job, error: str) -> None:
        """The function raised, crashed or took too long: try again later, or give up."""
        if job.attempts <= len(RETRY_WAITS_S):
            self._rows(
                "UPDATE jobs SET state = 'waiting', due_at = ?, error = ? WHERE id = ?",
                (self._clock() + RETRY_WAITS_S[job.attempts - 1], error, job.id),
            )
        else:
            self._rows("UPDATE jobs SET state = 'dead', error = ? WHERE id = ?", (error, job.id))

    def put_back(self, job: Job) -> None:
        """The host is stopping: the try does not count."""
        self._rows("UPDATE jobs SET state = 'waiting', attempts = attempts - 1 WHERE id = ?", (job.id,))

    def hurry(self) -> None:
        """What the failures came from is put right: nothing need wait any longer."""
        self._rows("UPDATE jobs SET due_at = ? WHERE state = 'waiting'", (self._clock(),))

    def recover(self) -> int:
        """At start, when nobody else runs jobs: queue again what was interrupted; return how many."""
        self._rows(
            "DELETE FROM jobs WHERE state = 'dead' AND added_at < ?", (self._clock() - DEAD_DAYS * 86400,)
        )
        # Not the event's fault, so the try does not count.
        return len(
            self._rows(
                "UPDATE jobs SET state = 'waiting', attempts = attempts - 1, due_at = ?"
                " WHERE state = 'running' RETURNING id",
                (self._clock(),),
            )
        )

    def jobs(self, *, state: str | None = None) -> list[Job]:
        """The jobs still here, in the order they came."""
        rows = self._rows(
            f"SELECT {_COLUMNS} FROM jobs WHERE ? IS NULL OR state = ? ORDER BY id", (state, state)
        )
        return [_job(row) for row in rows]

    def replay(self, ids: Iterable[int] | None = None, *, limit: int = -1) -> list[int]:
        """Give dead jobs (without `ids`, the oldest `limit`) their tries back; return which."""
        wanted = None if ids is None else json.dumps(list(ids))
        rows = self._rows(
            "UPDATE jobs SET state = 'waiting', attempts = 0, due_at = ?1 WHERE id IN ("
            "SELECT id FROM jobs WHERE state = 'dead'"
            " AND (?2 IS NULL OR id IN (SELECT value FROM json_each(?2)))"
            " ORDER BY id LIMIT ?3) RETURNING id",
            (self._clock(), wanted, limit),
        )
        return sorted(row[0] for row in rows)

    def _rows(self, statement: str, values: tuple[object, ...] = ()) -> list[Any]:
        with self._database.writing() as connection:
            return connection.execute(statement, values).fetchall()


def _job(row: tuple[Any, ...]) -> Job:
    id_, function, event, state, attempts, added_at, error = row
    return Job(id_, function, json.loads(event), state, attempts, added_at, error)
