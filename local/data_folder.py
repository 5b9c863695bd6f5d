"""Where a stack on one machine keeps what it holds: one data folder, readable by its owner alone."""

import errno
import os
import secrets
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from local.errors import LocalError

_KEY_BYTES = 32
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


class DataInUse(LocalError):
    """Another stack runs on this data folder."""


class DataUnusable(LocalError):
    """The data folder cannot be made or written."""


@dataclass(frozen=True, slots=True)
class DataFolder:
    """The files below a data folder."""

    root: Path

    @property
    def database(self) -> Path:
        """Sightings, people, and events that wait for a function."""
        return self.root / "recognizeme.db"

    @property
    def collections(self) -> Path:
        """What the face-recognition engine holds."""
        return self.root / "rekolocal"

    @property
    def photos(self) -> Path:
        """The pictures."""
        return self.root / "photos"

    @property
    def log(self) -> Path:
        """What the functions and servers write."""
        return self.root / "recognizeme.log"

    @property
    def key(self) -> Path:
        """What upload tickets and picture links are signed with, so that they outlive a restart."""
        return self.root / "signing.key"

    def make(self) -> Self:
        """Make the folder and its signing key unless they are there. Raises `DataUnusable`."""
        with self._usable():
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self.root):  # or every part would find out for itself
                pass
            self._make_key()
        self.signing_key()
        return self

    def signing_key(self) -> bytes:
        """What upload tickets and links are signed with. Raises `DataUnusable` when it is damaged."""
        with self._usable():
            key = self.key.read_bytes()
        # With a key that can be guessed, anybody could sign.
        if len(key) < _KEY_BYTES or not any(key):
            raise DataUnusable(
                f"{self.key} is damaged ({len(key)} bytes); put it back from a backup, or delete it: the next"
                " start makes a new one, and links and upload tickets given out before then no longer work"
            )
        return key

    @contextmanager
    def _usable(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise self._unusable(error.strerror or str(error), is_full=error.errno in _FULL) from error

    def _unusable(self, why: str, *, is_full: bool) -> DataUnusable:
        remedy = (
            "free some space" if is_full else "check its permissions, or choose another folder with --data"
        )
        return DataUnusable(f"{self.root} cannot hold the data ({why}); {remedy}")

    def _make_key(self) -> None:
        if not self.key.exists():
            made = self.key.with_suffix(f".{os.getpid()}")
            try:
                with os.fdopen(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                    file.write(secrets.token_bytes(_KEY_BYTES))
                    file.flush()
                    os.fsync(file.fileno())
                made.replace(self.key)
            finally:
                made.unlink(missing_ok=True)

    def lock(self) -> sqlite3.Connection:
        """Hold the folder for one stack until the connection is closed or the process ends, however it ends.

        Raises `DataInUse` and `DataUnusable`. A lock of SQLite's, because those work alike on every system.
        """
        path = self.root / "lock"
        connection = sqlite3.connect(path, timeout=0, isolation_level=None)
        try:
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.Error as error:
            connection.close()
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF
            if code == sqlite3.SQLITE_BUSY:
                raise DataInUse(
                    f"another RecognizeMe runs on the data in {self.root}; stop it first"
                ) from error
            raise self._unusable(f"{path.name}: {error}", is_full=code == sqlite3.SQLITE_FULL) from error
        return connection
