"""Events that wait for a function, in SQLite, with Lambda's retries and a dead-letter state.

What `add` has returned from survives the process and the power. A job is deleted once its function has
handled it, so the table holds only what is still to do or has failed for good.

Waits are monotonic seconds, which all processes of a machine share: setting the clock changes none of them.
They mean nothing after a restart of the machine, so `recover` ends them all.
"""

import json
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any

from local.adapters.database import Database
from local.runtime.events import Event, event_key

# Lambda tries an asynchronous event again after one and two minutes; on one machine nobody wants to wait that
# long. The first wait gives a crashed engine time to start again, the second one that does not answer.
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
    "ALTER TABLE jobs ADD COLUMN awaited_until REAL NOT NULL DEFAULT 0",
    "CREATE INDEX jobs_awaited ON jobs (function, awaited_until) WHERE state = 'waiting'",
)
_DUE = "function = :function AND state = 'waiting' AND due_at <= :now"
_OLDEST = f"SELECT id FROM jobs WHERE {_DUE} ORDER BY due_at, id LIMIT 1"
_AWAITED = f"SELECT id FROM jobs WHERE {_DUE} AND awaited_until > :now ORDER BY awaited_until DESC LIMIT 1"
_KEY = "json_extract(event, '$.Records[0].s3.object.key')"
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
    """The queue, in a database that threads and processes share; every method may raise `ServiceBusy`.

    `clock` gives Unix seconds, `monotonic` seconds that nobody sets.
    """

    def __init__(
        self,
        database: Database,
        *,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._clock = clock
        self._monotonic = monotonic
        database.prepare("jobs", _STEPS)

    def add(self, function: str, event: Event, *, awaited_s: float = 0.0, delay_s: float = 0.0) -> int:
        """Queue an event, durably; return the job's id. Somebody waits for it for `awaited_s` from now on.

        It is not due before `delay_s` have passed.
        """
        now = self._monotonic()
        rows = self._rows(
            "INSERT INTO jobs (function, event, due_at, awaited_until, added_at) VALUES (?, ?, ?, ?, ?)"
            " RETURNING id",
            (function, json.dumps(event), now + delay_s, now + awaited_s, self._clock()),
        )
        return int(rows[0][0])

    def take(self, function: str, *, oldest_first: bool = False) -> Job | None:
        """A due job of a function, now `running`; of many callers one gets it.

        The newest of those somebody waits for, else (or with `oldest_first`) the one that is due the longest.
        """
        values = {"function": function, "now": self._monotonic()}
        with self._database.reading() as connection:  # most looks find nothing: those disturb no writer
            if not connection.execute(f"SELECT 1 FROM jobs WHERE {_DUE} LIMIT 1", values).fetchone():
                return None
        chosen = _OLDEST if oldest_first else f"SELECT coalesce(({_AWAITED}), ({_OLDEST}))"
        rows = self._rows(
            "UPDATE jobs SET state = 'running', attempts = attempts + 1"
            f" WHERE id = ({chosen}) RETURNING {_COLUMNS}",
            values,
        )
        return _job(rows[0]) if rows else None

    def done(self, job: Job) -> None:
        """The function handled it."""
        self._rows("DELETE FROM jobs WHERE id = ?", (job.id,))
        if "forget" in job.event:
            self._database.scrub()  # it named somebody who is forgotten now

    def failed(self, job: Job, error: str) -> None:
        """The function raised, crashed or took too long: try again later, or give up."""
        if job.attempts <= len(RETRY_WAITS_S):
            self._rows(
                "UPDATE jobs SET state = 'waiting', due_at = ?, error = ? WHERE id = ?",
                (self._monotonic() + RETRY_WAITS_S[job.attempts - 1], error, job.id),
            )
        else:
            self._rows("UPDATE jobs SET state = 'dead', error = ? WHERE id = ?", (error, job.id))

    def defer(self, job: Job, wait_s: float, reason: str) -> None:
        """It could not be tried yet, through no fault of its own: the try does not count."""
        self._rows(
            "UPDATE jobs SET state = 'waiting', attempts = attempts - 1, due_at = ?, error = ? WHERE id = ?",
            (self._monotonic() + wait_s, reason, job.id),
        )

    def hurry(self) -> None:
        """What the failures came from is put right: nothing need wait any longer."""
        self._rows("UPDATE jobs SET due_at = ? WHERE state = 'waiting'", (self._monotonic(),))

    def recover(self) -> int:
        """At start, when nobody else runs jobs: queue again what was interrupted; return how many."""
        # Not the event's fault, so the try does not count.
        interrupted = self._rows(
            "UPDATE jobs SET state = 'waiting', attempts = attempts - 1 WHERE state = 'running' RETURNING id"
        )
        self._rows("UPDATE jobs SET due_at = 0, awaited_until = 0 WHERE state = 'waiting'")
        return len(interrupted)

    def call_off(self, job_id: int) -> None:
        """Remove a job that waits: somebody else has done it."""
        self._rows("DELETE FROM jobs WHERE id = ? AND state = 'waiting'", (job_id,))

    def drop(self, *, keys: Iterable[str] = (), prefix: str | None = None) -> int:
        """Remove the jobs about these stored objects, whatever their state; return how many.

        Those, and with `prefix` also all whose key starts with it.
        """
        rows = self._rows(
            f"DELETE FROM jobs WHERE {_KEY} IN (SELECT value FROM json_each(?1))"
            f" OR substr({_KEY}, 1, length(?2)) = ?2 RETURNING id",
            (
                json.dumps([event_key(key) for key in keys]),
                None if prefix is None else event_key(prefix),
            ),
        )
        return len(rows)

    def drop_expired(self, *, now_s: float) -> int:
        """Remove the jobs that failed for good so long before `now_s` (Unix seconds) that nobody asks."""
        rows = self._rows(
            "DELETE FROM jobs WHERE state = 'dead' AND added_at < ? RETURNING id",
            (now_s - DEAD_DAYS * 86400,),
        )
        return len(rows)

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
            (self._monotonic(), wanted, limit),
        )
        return sorted(row[0] for row in rows)

    def _rows(self, statement: str, values: tuple[object, ...] | dict[str, object] = ()) -> list[Any]:
        with self._database.writing() as connection:
            return connection.execute(statement, values).fetchall()


def _job(row: tuple[Any, ...]) -> Job:
    id_, function, event, state, attempts, added_at, error = row
    return Job(id_, function, json.loads(event), state, attempts, added_at, error)
