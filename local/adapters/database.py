"""One SQLite file for many threads and processes; what was committed survives a power cut."""

import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock
from typing import Self

from recognizeme.domain.errors import Misconfigured, RecognizeMeError, ServiceBusy

# How long a writer waits for the others; a write takes milliseconds.
_BUSY_S = 10.0

_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


class Database:
    """Connections to one file, opened when they are needed and kept for the next one who asks.

    SQLite serializes writers, whatever thread or process they are in; readers never wait (WAL).
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._idle: list[sqlite3.Connection] = []
        self._lock = Lock()
        self._writer = Lock()

    def prepare(self, room: str, steps: Sequence[str]) -> None:
        """Bring a room (a group of tables) up to date: run the steps that this file has not seen yet.

        A step is one SQL statement. Steps are only ever added at the end.
        """
        with self.reading() as connection:
            seen = _steps_seen(connection, room)
        if seen > len(steps):
            raise Misconfigured(f"{self.path} was written by a newer RecognizeMe; update this one")
        if seen == len(steps):
            return
        with self.writing() as connection:
            for step in steps[_steps_seen(connection, room) :]:  # another process may have been faster
                connection.execute(step)
            connection.execute(
                "CREATE TABLE IF NOT EXISTS rooms (room TEXT PRIMARY KEY, steps INTEGER NOT NULL)"
            )
            connection.execute("INSERT OR REPLACE INTO rooms VALUES (?, ?)", (room, len(steps)))

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction that nobody else writes beside; committed and on the disk when the block ends.

        Raises `ServiceBusy` when the disk is full or the others take too long, `Misconfigured` when the file
        cannot be used; then, as for any error in the block, nothing of it was stored.
        """
        # Threads queue here: SQLite lets writers poll, and among many of them some would wait long.
        if not self._writer.acquire(timeout=_BUSY_S):
            raise ServiceBusy(f"{self.path} is being written by others; try again in a moment")
        try:
            with self._transaction("BEGIN IMMEDIATE") as connection:
                yield connection
        finally:
            self._writer.release()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A view of one moment that neither waits for writers nor holds them up; raises as `writing` does."""
        with self._transaction("BEGIN") as connection:
            yield connection

    def scrub(self) -> bool:
        """Leave no byte of what was deleted in the files; False when others were reading just then.

        Deleting writes zeros (`secure_delete`), but into the log of changes first, which still holds what
        was there before.
        """
        with self._translated():
            connection = self._borrow()
            try:
                busy, *_ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            except BaseException:
                connection.close()
                raise
            self._put_back(connection)
        return not busy

    def close(self) -> None:
        """Close what is idle; to be called when nobody uses the database any more."""
        if self._idle:
            with suppress(RecognizeMeError):
                self.scrub()
        with self._lock:
            while self._idle:
                self._idle.pop().close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[sqlite3.Connection]:
        with self._translated():
            connection = self._borrow()
            try:
                connection.execute(begin)
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                connection.close()  # which rolls back, whatever state it is in
                raise
            self._put_back(connection)

    def _borrow(self) -> sqlite3.Connection:
        with self._lock:
            if self._idle:
                return self._idle.pop()
        return self._open()

    def _put_back(self, connection: sqlite3.Connection) -> None:
        with self._lock:
            self._idle.append(connection)

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self.path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False
        )
        connection.row_factory = sqlite3.Row
        _switch_to_wal(connection)
        # FULL: WAL's default (NORMAL) may lose the last commits when the power goes.
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA secure_delete = ON")
        return connection

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise self._domain_error(error) from error

    def _domain_error(self, error: sqlite3.Error) -> RecognizeMeError:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in _BUSY:
            return ServiceBusy(f"{self.path} is being written by others; try again in a moment")
        if code == sqlite3.SQLITE_FULL:
            return ServiceBusy(f"the disk that holds {self.path} is full; free some space and try again")
        if code == sqlite3.SQLITE_IOERR:
            return ServiceBusy(f"the disk that holds {self.path} does not answer; check it and try again")
        return Misconfigured(f"{self.path} cannot be used ({error}); check the file and its permissions")


def _switch_to_wal(connection: sqlite3.Connection) -> None:
    # Of two who open a new file at once, SQLite tells one that it is locked, whatever timeout it was given.
    deadline = time.monotonic() + _BUSY_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF not in _BUSY or time.monotonic() >= deadline:
                raise
        time.sleep(0.005)


def _steps_seen(connection: sqlite3.Connection, room: str) -> int:
    if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'rooms'").fetchone():
        return 0
    row = connection.execute("SELECT steps FROM rooms WHERE room = ?", (room,)).fetchone()
    return row["steps"] if row else 0


def open_database(path: Path) -> Database:
    """The database in this file, made when it is missing, readable for its owner only.

    Raises `Misconfigured` when the file cannot be made or is no database.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(mode=0o600)
    except OSError as error:
        raise Misconfigured(f"{path} cannot be made: {error.strerror}") from error
    return Database(path)
