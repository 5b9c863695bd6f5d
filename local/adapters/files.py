"""Files by key, written so that a crash at any moment leaves the old content or the new, never half of it."""

import errno
import os
from collections.abc import Callable, Iterable, Iterator
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
        with self._translated(), self._written(content) as temporary:
            self._place(temporary, target, Path.rename)

    def write_new(self, key: str, content: bytes) -> bool:
        """Store the content as `write` does, unless there is some; return whether it was stored."""
        target = self._root / path_of(key)
        with self._translated():
            if target.exists():
                return False
            with self._written(content) as temporary:
                try:
                    self._place(temporary, target, os.link)
                except FileExistsError:
                    return False
                temporary.unlink()
        return True

    @contextmanager
    def _written(self, content: bytes) -> Iterator[Path]:
        # The process's number tells what a killed one left from what is being written.
        temporary = self._incoming / f"{os.getpid()}-{uuid4().hex}"
        try:
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            yield temporary
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise

    def _place(self, temporary: Path, target: Path, move: Callable[[Path, Path], object]) -> None:
        for _ in range(_TRIES):
            # `delete` may take the empty folder away in between.
            with suppress(FileNotFoundError):
                self._make_folder(target.parent)
                move(temporary, target)
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

    def keys(self, *prefixes: str) -> Iterator[str]:
        """Every key that starts with one of the prefixes, in no order."""
        for key, _ in self._find(*prefixes):
            yield key

    def folders(self, prefix: str) -> frozenset[str]:
        """What stands between the prefix and the next slash of any key."""
        with self._translated():
            decoded = (decode(name) or "" for name, _ in _entries(self._root))
            below = [folder.removeprefix(prefix) for folder in decoded if folder.startswith(prefix)]
        return frozenset(rest.partition("/")[0] for rest in below if "/" in rest)

    def delete(self, keys: Iterable[str]) -> int:
        """Remove the files, and folders that are empty then: their names may tell who was here."""
        return sum(self._remove(self._root / path_of(key)) for key in set(keys))

    def clear_abandoned(self) -> None:
        """Remove what killed processes had begun to write."""
        with self._translated():
            for left in self._incoming.iterdir():
                if not _is_running(left.name.partition("-")[0]):
                    left.unlink(missing_ok=True)

    def expire(self, prefix: str, *, before_s: float) -> int:
        """Remove files with this prefix last written before `before_s` (Unix seconds); return how many."""
        removed = 0
        for _, path in list(self._find(prefix)):
            with self._translated(), suppress(FileNotFoundError):
                if path.stat().st_mtime < before_s:
                    removed += self._remove(path)
        return removed

    def _find(self, *prefixes: str) -> Iterator[tuple[str, Path]]:
        with self._translated():
            for folder_name, folder in _entries(self._root):
                in_folder = decode(folder_name) if folder.is_dir() else None
                if in_folder is None:
                    continue
                if not in_folder.startswith(prefixes) and not any(
                    prefix.startswith(in_folder) for prefix in prefixes
                ):
                    continue  # no such key can be in it
                for file_name, path in _entries(folder):
                    name = decode(file_name)
                    if name is not None and (in_folder + name).startswith(prefixes):
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


def _is_running(process: str) -> bool:
    try:
        os.kill(int(process), 0)
    except (ValueError, ProcessLookupError):
        return False
    except PermissionError:
        pass
    return True


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
