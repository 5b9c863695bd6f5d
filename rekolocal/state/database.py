"""The SQLite file: its schema, durability and transactions."""

import secrets
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

try:
    import fcntl
except ImportError:  # Windows has no flock
    fcntl = None  # type: ignore[assignment]

_SCHEMA_VERSION = 2
_SCHEMA = """
CREATE TABLE collections (
  key INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  created_at REAL NOT NULL,
  model TEXT NOT NULL
);
CREATE TABLE users (
  key INTEGER PRIMARY KEY AUTOINCREMENT,
  collection INTEGER NOT NULL REFERENCES collections ON DELETE CASCADE,
  id TEXT NOT NULL,
  updating_until REAL NOT NULL DEFAULT 0,
  vector BLOB,
  UNIQUE (collection, id)
);
CREATE TABLE faces (
  key INTEGER PRIMARY KEY AUTOINCREMENT,
  collection INTEGER NOT NULL REFERENCES collections ON DELETE CASCADE,
  id BLOB NOT NULL,
  image_id BLOB NOT NULL,
  image_digest BLOB NOT NULL,
  external_image_id TEXT,
  left REAL NOT NULL, top REAL NOT NULL, width REAL NOT NULL, height REAL NOT NULL,
  confidence_pct REAL NOT NULL,
  user INTEGER REFERENCES users ON DELETE SET NULL,
  UNIQUE (collection, id)
);
CREATE INDEX faces_by_image ON faces (collection, image_digest);
CREATE INDEX faces_by_user ON faces (user) WHERE user IS NOT NULL;
-- Apart from the faces, so that reading a million vectors at the start reads nothing else.
CREATE TABLE vectors (
  face INTEGER PRIMARY KEY REFERENCES faces ON DELETE CASCADE,
  collection INTEGER NOT NULL,
  vector BLOB NOT NULL
);
CREATE TABLE tags (
  collection INTEGER NOT NULL REFERENCES collections ON DELETE CASCADE,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (collection, key)
) WITHOUT ROWID;
CREATE TABLE answered (
  collection INTEGER NOT NULL REFERENCES collections ON DELETE CASCADE,
  operation TEXT NOT NULL,
  token TEXT NOT NULL,
  request_digest BLOB NOT NULL,
  reply TEXT NOT NULL,
  answered_at REAL NOT NULL,
  PRIMARY KEY (collection, operation, token)
) WITHOUT ROWID;
CREATE TABLE secret (bytes BLOB NOT NULL);
"""
# What version 1 kept were vectors of dlib's network, which was called 7.0.
_FROM_1 = "ALTER TABLE collections ADD COLUMN model TEXT NOT NULL DEFAULT '7.0'"


class FolderTaken(Exception):
    """Another server works on this folder; its index would not see our writes, nor ours its."""


def _claim(path: Path) -> IO[str]:
    """An open file that this process alone may hold; the system lets go of it however the process ends."""
    file = path.open("w")
    if fcntl is not None:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.close()
            raise FolderTaken(f"another rekolocal serves {path.parent}") from error
    return file


class Transaction:
    """One write transaction: `db` to work on, and what to do once it is durable."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self.db = db
        self.committed: list[Callable[[], None]] = []

    def after_commit(self, action: Callable[[], None]) -> None:
        """Run `action` when the transaction is on disk, before the next one starts."""
        self.committed.append(action)


class Database:
    """A SQLite file in WAL mode with `synchronous=FULL`: what a transaction committed survives SIGKILL and
    power.

    One writer at a time; readers have a connection a thread and wait for nobody. Without a folder everything
    lives in memory, on one connection.

    Raises FolderTaken when another process, or another Database of this one, works on the folder.
    """

    def __init__(self, folder: Path | None) -> None:
        self._path = folder / "rekolocal.sqlite3" if folder else None
        if folder:
            folder.mkdir(
                parents=True, exist_ok=True, mode=0o700
            )  # vectors of faces are nobody else's business
            self._claim = _claim(folder / "rekolocal.lock")
        self._lock = threading.RLock()
        self._local = threading.local()
        self._opened: list[sqlite3.Connection] = []
        self._writer = self._connect()
        self._create()

    def _connect(self) -> sqlite3.Connection:
        db = sqlite3.connect(
            self._path or ":memory:", check_same_thread=False, isolation_level=None, timeout=30
        )
        db.execute("PRAGMA foreign_keys = ON")
        if self._path:
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = FULL")
            db.execute("PRAGMA secure_delete = ON")
        with self._lock:
            self._opened.append(db)
        return db

    def _create(self) -> None:
        with self.write() as transaction:
            (version,) = transaction.db.execute("PRAGMA user_version").fetchone()
            if version == _SCHEMA_VERSION:
                return
            if version == 1:
                transaction.db.execute(_FROM_1)
                transaction.db.execute(f"PRAGMA user_version = {_SCHEMA_VERSION}")
                return
            if version:
                raise RuntimeError(
                    f"{self._path} has schema {version}; this rekolocal knows {_SCHEMA_VERSION}"
                )
            for statement in _SCHEMA.split(";"):
                transaction.db.execute(statement)
            transaction.db.execute("INSERT INTO secret VALUES (?)", (secrets.token_bytes(32),))
            transaction.db.execute(f"PRAGMA user_version = {_SCHEMA_VERSION}")

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        """A transaction: committed when the block ends, rolled back when it raises."""
        with self._lock:
            transaction = Transaction(self._writer)
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield transaction
                self._writer.execute("COMMIT")
            except BaseException:
                if self._writer.in_transaction:
                    self._writer.execute("ROLLBACK")
                raise
            for action in transaction.committed:
                action()

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """A connection to read from."""
        if self._path is None:
            with self._lock:
                yield self._writer
            return
        if not hasattr(self._local, "reader"):
            self._local.reader = self._connect()
            self._local.reader.execute("PRAGMA query_only = ON")
        yield self._local.reader

    def scrub(self) -> None:
        """Leave no byte of what was deleted in the files, unless somebody reads just then.

        Deleting writes zeros (`secure_delete`), but into the log of changes first, which still holds what
        was there before.
        """
        with self._lock:
            if self._path and self._opened:
                self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()

    def secret(self) -> bytes:
        """32 random bytes that belong to this file; pagination tokens are signed with them."""
        with self.read() as db:
            (value,) = db.execute("SELECT bytes FROM secret").fetchone()
        return bytes(value)

    def close(self) -> None:
        """Close every connection; call it when no request is running."""
        with self._lock:
            self.scrub()
            while self._opened:
                self._opened.pop().close()
            if self._path:
                self._claim.close()
