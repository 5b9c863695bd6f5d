"""A copy of a data folder, taken while a stack runs on it.

The copy is itself a data folder: `recognizeme-local up --data COPY` runs on it. It holds what a crash at that
moment would have left, from which a stack recovers by itself: while both databases are copied nobody can
commit to ours. Pictures are copied last: a picture may be stored right after the sighting that names it, and
what is deleted meanwhile is missing in the copy, as it is in the original.
"""

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from local.adapters.database import open_database
from local.data_folder import DataFolder
from local.errors import LocalError

_SQLITE = b"SQLite format 3\x00"


class BackupRefused(LocalError):
    """The backup cannot be made like this."""


@dataclass(frozen=True, slots=True)
class Backup:
    """What was copied."""

    to: Path
    pictures: int
    size_bytes: int


def back_up(source: DataFolder, to: Path, *, on_picture: Callable[[int], None] = lambda done: None) -> Backup:
    """Copy the data folder to a new folder `to`, which is there when it is whole, or not at all.

    Raises `BackupRefused` when there is nothing to copy, or `to` exists, and OSError as the disk gives it.
    """
    if not source.database.is_file():
        raise BackupRefused(f"{source.root} holds no RecognizeMe data; name its folder with --data")
    if to.exists():
        raise BackupRefused(f"{to} exists already; name a new folder for each backup")
    unfinished = DataFolder(to.with_name(f".{to.name}.unfinished"))
    shutil.rmtree(unfinished.root, ignore_errors=True)
    unfinished.root.mkdir(mode=0o700, parents=True)
    try:
        shutil.copy2(source.key, unfinished.key)
        with open_database(source.database) as database, database.writing():
            _copy_database(source.database, unfinished.database)
            _copy_collections(source.collections, unfinished.collections)
        pictures = _copy_pictures(source.photos, unfinished.photos, on_picture)
        size_bytes = sum(path.stat().st_size for path in _files(unfinished.root))
        _flush(unfinished.root)
        unfinished.root.rename(to)
    except BaseException:
        shutil.rmtree(unfinished.root, ignore_errors=True)
        raise
    return Backup(to, pictures, size_bytes)


def _copy_collections(source: Path, to: Path) -> None:
    to.mkdir(mode=0o700)
    for path in _files(source):
        with path.open("rb") as file:
            is_database = file.read(len(_SQLITE)) == _SQLITE
        if is_database:
            target = to / path.relative_to(source)
            target.parent.mkdir(parents=True, exist_ok=True)
            _copy_database(path, target)


def _copy_database(source: Path, to: Path) -> None:
    # SQLite's own way to copy a file that is being written: each transaction is in the copy whole, or not.
    with closing(sqlite3.connect(source)) as read, closing(sqlite3.connect(to)) as written:
        read.backup(written)
    to.chmod(0o600)


def _copy_pictures(source: Path, to: Path, on_picture: Callable[[int], None]) -> int:
    copied = 0
    to.mkdir(mode=0o700)
    for path in _files(source):
        target = to / path.relative_to(source)
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            shutil.copy2(path, target)
        except FileNotFoundError:
            continue  # deleted meanwhile
        copied += 1
        on_picture(copied)
    return copied


def _files(root: Path) -> Iterator[Path]:
    """The files below a folder, without what is only half written."""
    for folder, names, files in os.walk(root):
        names[:] = [name for name in names if not name.startswith(".")]
        yield from (Path(folder) / file for file in files)


def _flush(root: Path) -> None:
    for path in _files(root):
        with path.open("rb") as file:
            os.fsync(file.fileno())
