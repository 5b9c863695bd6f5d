"""Captures on disk until they are delivered; see docs/adr/0006-spool-on-disk.md.

    waiting/ID.jpg, waiting/ID.json   the picture, and what is known about it; the JSON is written last
    refused/                          what the API will never take, with the reason in the JSON
    damaged/                          files that are not what was written

A capture exists once its JSON does. Both files are flushed to the disk (fsync) before `add` returns.
"""

import fcntl
import hashlib
import json
import logging
import threading
import time
from bisect import bisect_left, insort
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kiosk.client.capture_id import captured_at
from kiosk.client.errors import KioskError
from kiosk.client.moment import EARLIEST
from kiosk.delivery.atomic_file import UNFINISHED, flush_folder, write_atomic
from kiosk.delivery.outbox import Capture

_LOG = logging.getLogger(__name__)

_WARN_AT = 0.8


class SpoolUnusable(KioskError):
    """The spool's folder cannot be used; the text says what to do."""


class DamagedCapture(Exception):
    """A capture's files are not what was written; they have been set aside in damaged/."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much the spool may hold. Past either bound the oldest captures are dropped, and counted."""

    max_bytes: int = 500 * 1024 * 1024
    max_age_s: float = 30 * 24 * 3600.0
    max_set_aside: int = 200  # captures in refused/, and in damaged/; as old at the most


@dataclass(frozen=True, slots=True)
class SpoolState:
    """What the spool holds now. `dropped` counts since the spool was made, over restarts."""

    waiting: int
    waiting_bytes: int
    max_bytes: int
    refused: int
    damaged: int
    dropped: int

    @property
    def is_nearly_full(self) -> bool:
        """Whether captures will soon be dropped."""
        return self.waiting_bytes > _WARN_AT * self.max_bytes


class Spool:
    """One kiosk's captures that wait. Safe to use from several threads; one process at a time.

    Raises `SpoolUnusable` when the folder cannot be made, or another kiosk uses it.
    """

    def __init__(
        self, folder: Path, *, bounds: Bounds | None = None, unix_s: Callable[[], float] = time.time
    ) -> None:
        self._folder = folder
        self._bounds = bounds or Bounds()
        self._unix_s = unix_s
        self._lock = threading.RLock()
        self._sizes: dict[str, int] = {}
        self._order: list[str] = []  # the same captures, oldest first: ids sort by time
        self._bytes = 0
        self._has_warned = False
        self._set_aside_counts: dict[str, int] = {}
        try:
            for name in ("waiting", "refused", "damaged"):
                (folder / name).mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock_file = (folder / "lock").open("w")
            fcntl.flock(self._lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise SpoolUnusable(f"another kiosk uses {folder}; give this one a --spool of its own") from error
        except OSError as error:
            raise SpoolUnusable(
                f"captures cannot be kept in {folder}: {error.strerror}; give --spool"
            ) from error
        try:
            self._take_stock()
        except OSError as error:
            self.close()
            raise SpoolUnusable(f"the captures in {folder} cannot be read: {error.strerror}") from error

    def close(self) -> None:
        """Let another process use the folder."""
        self._lock_file.close()

    def add(self, capture: Capture) -> None:
        """Keep a capture; when this returns it survives a power cut.

        Raises `OSError`, having kept nothing, when the disk is full or broken.
        """
        about = {
            "capture_id": capture.capture_id,
            "kiosk_id": capture.kiosk_id,
            "origin": capture.origin,
            "score": capture.score,
            "liveness": capture.liveness,
            "sha256": hashlib.sha256(capture.picture).hexdigest(),
        }
        picture, document = self._files("waiting", capture.capture_id)
        with self._lock:
            self._make_room(len(capture.picture))
            try:
                write_atomic(picture, capture.picture)
                write_atomic(document, json.dumps(about).encode())
                flush_folder(document.parent)
            except OSError:
                for file in (document, picture):
                    with suppress(OSError):
                        file.unlink(missing_ok=True)
                raise
            self._count_in(capture.capture_id, len(capture.picture))
            self._warn_once()

    def waiting(self) -> Sequence[str]:
        """The ids of the captures that wait, oldest first."""
        with self._lock:
            return tuple(self._order)

    def read(self, capture_id: str) -> Capture:
        """A capture that waits.

        Raises `DamagedCapture`, `KeyError` when it does not wait any more, and `OSError` when it cannot be
        read just now (the disk, too many open files): it goes on waiting.
        """
        picture, document = self._files("waiting", capture_id)
        with self._lock:
            if capture_id not in self._sizes:
                raise KeyError(capture_id)
            try:
                about = json.loads(document.read_bytes())
                data = picture.read_bytes()
                if hashlib.sha256(data).hexdigest() != about["sha256"] or about["capture_id"] != capture_id:
                    raise ValueError("the checksum is another")
                score = about["score"]
                return Capture(
                    capture_id,
                    str(about["kiosk_id"]),
                    data,
                    str(about["origin"]),
                    None if score is None else float(score),
                    str(about.get("liveness", "not_asked")),
                )
            except (FileNotFoundError, ValueError, KeyError, TypeError) as error:
                self._set_aside(capture_id, "damaged")
                raise DamagedCapture(f"the files of capture {capture_id} are damaged ({error})") from error

    def remove(self, capture_id: str) -> None:
        """Forget a capture that was delivered."""
        with self._lock:
            self._count_out(capture_id)
            for file in reversed(self._files("waiting", capture_id)):  # the JSON first: it is the capture
                with suppress(OSError):
                    file.unlink(missing_ok=True)

    def refuse(self, capture_id: str, reason: str) -> None:
        """Move a capture that the API will never take to refused/, and write the reason down with it."""
        with self._lock:
            document = self._files("waiting", capture_id)[1]
            with suppress(OSError, ValueError):
                about: dict[str, Any] = json.loads(document.read_bytes())
                write_atomic(document, json.dumps(about | {"refused": reason}).encode())
            self._set_aside(capture_id, "refused")

    def state(self) -> SpoolState:
        """What the spool holds now."""
        with self._lock:
            return SpoolState(
                waiting=len(self._sizes),
                waiting_bytes=self._bytes,
                max_bytes=self._bounds.max_bytes,
                refused=self._count("refused"),
                damaged=self._count("damaged"),
                dropped=self._dropped(),
            )

    def _take_stock(self) -> None:
        """Find what an earlier run left, and clear away what it had not finished writing."""
        files = tuple((self._folder / "waiting").iterdir())
        pictures, documents = (
            {file.stem: file for file in files if file.suffix == end} for end in (".jpg", ".json")
        )
        for file in files:
            has_no_document = file.suffix == ".jpg" and file.stem not in documents
            if file.suffix == UNFINISHED or has_no_document:
                with suppress(OSError):
                    file.unlink()
        for capture_id in documents:
            if not _is_capture_id(capture_id) or capture_id not in pictures:
                self._set_aside(capture_id, "damaged")
            else:
                self._count_in(capture_id, _size(pictures[capture_id]))
        for where in ("refused", "damaged"):
            self._clear(where)
        self._make_room(0)

    def _make_room(self, new_bytes: int) -> None:
        """Drop what is too old, and the oldest of what is too much."""
        for capture_id in tuple(self._order):
            age_s = self._age_s(capture_id)
            if age_s is not None and age_s <= self._bounds.max_age_s:
                break
            if age_s is not None:
                self._drop(capture_id, "it waited too long")
        while self._order and self._bytes + new_bytes > self._bounds.max_bytes:
            self._drop(self._order[0], "the spool is full")

    def _age_s(self, capture_id: str) -> float | None:
        """None for a capture of a time when the clock was not set."""
        taken_at = captured_at(capture_id)
        return self._unix_s() - taken_at.timestamp() if taken_at > EARLIEST else None

    def _count_in(self, capture_id: str, size: int) -> None:
        self._count_out(capture_id)
        self._sizes[capture_id] = size
        self._bytes += size
        insort(self._order, capture_id)

    def _count_out(self, capture_id: str) -> None:
        if capture_id in self._sizes:
            self._bytes -= self._sizes.pop(capture_id)
            del self._order[bisect_left(self._order, capture_id)]

    def _drop(self, capture_id: str, why: str) -> None:
        self.remove(capture_id)
        count = self._dropped() + 1
        with suppress(OSError):
            write_atomic(self._folder / "dropped", str(count).encode())
        _LOG.warning("capture %s was dropped undelivered, %s; %d so far", capture_id, why, count)

    def _dropped(self) -> int:
        try:
            return int((self._folder / "dropped").read_text())
        except (OSError, ValueError):
            return 0

    def _warn_once(self) -> None:
        limit = self._bounds.max_bytes
        is_nearly_full = self._bytes > _WARN_AT * limit
        if is_nearly_full and not self._has_warned:
            _LOG.warning(
                "%d captures wait, %d of %d MB: soon the oldest are dropped; does the API answer?",
                len(self._order),
                self._bytes // 2**20,
                limit // 2**20,
            )
        self._has_warned = is_nearly_full

    def _set_aside(self, capture_id: str, where: str) -> None:
        self._count_out(capture_id)
        for file in self._files("waiting", capture_id):
            with suppress(OSError):
                file.replace(self._folder / where / file.name)
        self._clear(where)

    def _clear(self, where: str) -> None:
        """Delete what was set aside and is too old or too much: nobody's picture stays for ever."""
        with suppress(OSError):
            files = sorted((self._folder / where).iterdir(), key=lambda file: file.name)
            newest = files[-2 * self._bounds.max_set_aside :]
            for file in files:
                age_s = self._age_s(file.stem) if _is_capture_id(file.stem) else None
                if file not in newest or (age_s is not None and age_s > self._bounds.max_age_s):
                    file.unlink(missing_ok=True)

    def _count(self, where: str) -> int:
        """How many were set aside there; when the disk does not say, as many as it said last."""
        with suppress(OSError):
            documents = sum(file.suffix == ".json" for file in (self._folder / where).iterdir())
            self._set_aside_counts[where] = documents
        return self._set_aside_counts.get(where, 0)

    def _files(self, where: str, capture_id: str) -> tuple[Path, Path]:
        folder = self._folder / where
        return folder / f"{capture_id}.jpg", folder / f"{capture_id}.json"


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:  # it is there, and may be read later
        return 0


def _is_capture_id(text: str) -> bool:
    try:
        captured_at(text)
    except (ValueError, OverflowError, OSError):
        return False
    return True
