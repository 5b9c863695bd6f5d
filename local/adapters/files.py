"""Files by key, written so that a crash at any moment leaves the old content or the new, never half of it."""

import errno
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

from local.adapters.file_names import decode, path_of
from recognizeme.domain.errors import Misconfigured, NotFound, ServiceBusy

_FULL = {errno.ENOSPC, errno.EDQUOT}
# No upload takes this long; what a killed process left under a temporary name is removed after it.
_ABANDONED_S = 3600
_TRIES = 20


class DurableFiles:
    """Files under one folder, by key, for their owner only; safe for many threads and processes.

    Methods raise `InvalidRequest` for a key no file can have, `ServiceBusy` when the disk is full or
    fails, and `Misconfigured` when the folder cannot be used.
    """

    def __init__(self, root: Path, *, now_s: float) -> None:
        self._root = root
        self._incoming = root / ".incoming"
        with self._translated():
            root.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._incoming.mkdir(mode=0o700, exist_ok=True)
            for left in self._incoming.iterdir():
                with suppress(FileNotFoundError):
                    if left.stat().st_mtime < now_s - _ABANDONED_S:
                        left.unlink()

    def write(self, key: str, content: bytes) -> None:
        """Store the content; when this returns, file and name survive a power cut."""
        target = self._root / path_of(key)
        temporary = self._incoming / uuid4().hex
        with self._translated():
            try:
                descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
                with os.fdopen(descriptor, "wb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
                self._rename(temporary, target)
            except BaseException:
                temporary.unlink(missing_ok=True)
                raise

    def _rename(self, temporary: Path, target: Path) -> None:
        for _ in range(_TRIES):
            # `delete` may take the empty folder away in between.
            with suppress(FileNotFoundError):
                self._make_folder(target.parent)
                temporary.rename(target)
                _sync_folder(target.parent)
                return
        raise ServiceBusy(f"files in {self._root} are being moved by others; try again in a moment")

    def _make_folder(self, folder: Path) -> None:
        if folder.is_dir():
            return
        self._make_folder(folder.parent)
        with suppress(FileExistsError):
            folder.mkdir(mode=0o700)
        _sync_folder(folder.parent)

    def read(self, key: str) -> bytes:
        """The content. Raises `NotFound`."""
        with self._translated():
            try:
                return (self._root / path_of(key)).read_bytes()
            except FileNotFoundError as error:
                raise NotFound("the picture is not stored; it may have expired or been removed") from error

    def keys(self, prefix: str) -> Iterator[str]:
        """Every key that starts with `prefix`, in no order."""
        for key, _ in self._find(prefix):
            yield key

    def delete(self, keys: Iterable[str]) -> int:
        """Remove the files, and folders that are empty then: their names may tell who was here."""
        return sum(self._remove(self._root / path_of(key)) for key in set(keys))

    def expire(self, prefix: str, *, before_s: float) -> int:
        """Remove files with this prefix last written before `before_s` (Unix seconds); return how many."""
        removed = 0
        for _, path in list(self._find(prefix)):
            with self._translated(), suppress(FileNotFoundError):
                if path.stat().st_mtime < before_s:
                    removed += self._remove(path)
        return removed

    def _find(self, prefix: str) -> Iterator[tuple[str, Path]]:
        with self._translated():
            for folder_name, folder in _entries(self._root):
                in_folder = decode(folder_name) if folder.is_dir() else None
                if in_folder is None or not (in_folder.startswith(prefix) or prefix.startswith(in_folder)):
                    continue  # no such key can be in it
                for file_name, path in _entries(folder):
                    name = decode(file_name)
                    if name is not None and (in_folder + name).startswith(prefix):
                        yield in_folder + name, path

    def _remove(self, path: Path) -> bool:
        with self._translated():
            try:
                path.unlink()
            except FileNotFoundError:
                return False
            _sync_folder(path.parent)
            for folder in path.parents:
                if folder == self._root or not _remove_empty(folder):
                    return True
        return True

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if error.errno in _FULL:
                raise ServiceBusy(
                    f"the disk that holds {self._root} is full; free some space and try again"
                ) from error
            if error.errno in {errno.EIO, errno.EMFILE, errno.ENFILE}:
                raise ServiceBusy(
                    f"{self._root} cannot be written just now; try again in a moment"
                ) from error
            raise Misconfigured(
                f"{self._root} cannot be used ({error.strerror}); check the folder and its permissions"
            ) from error


def _entries(folder: Path) -> Iterator[tuple[str, Path]]:
    try:
        entries = list(folder.iterdir())
    except FileNotFoundError:  # removed since it was listed
        return
    for entry in entries:
        if entry.name.endswith("+"):
            yield from ((entry.name[:-1] + rest, path) for rest, path in _entries(entry))
        else:
            yield entry.name, entry


def _remove_empty(folder: Path) -> bool:
    try:
        folder.rmdir()
    except FileNotFoundError:
        return True
    except OSError as error:
        if error.errno in {errno.ENOTEMPTY, errno.EEXIST}:
            return False
        raise
    _sync_folder(folder.parent)
    return True


def _sync_folder(folder: Path) -> None:
    """A name is durable when its folder is."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except FileNotFoundError:  # emptied and removed by somebody else; then nothing is left to keep
        return
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
