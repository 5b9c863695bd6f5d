"""An append-only record of what was decided and done: one JSON a line, readable by its owner only."""

import json
import os
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

_MAX_BYTES = 10 * 1024 * 1024
_KEPT = 5  # older files: name.1 is the youngest of them


class AuditLog:
    """A file that lines are added to; past 10 MB it is put away as `.1`, and at most five are kept."""

    def __init__(self, file: Path, *, max_bytes: int = _MAX_BYTES) -> None:
        self._file = file
        self._max_bytes = max_bytes
        self._lock = threading.Lock()

    def write(self, entry: Mapping[str, Any]) -> None:
        """Add one line. Raises `OSError` when it could not be written."""
        line = json.dumps(entry, ensure_ascii=False).encode() + b"\n"
        with self._lock:
            self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(self._file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                if os.write(descriptor, line) < len(line):
                    raise OSError("the disk is full")
                size = os.fstat(descriptor).st_size
            finally:
                os.close(descriptor)
            if size > self._max_bytes:
                self._put_away()

    def _put_away(self) -> None:
        for number in range(_KEPT, 0, -1):
            younger = self._file.with_name(f"{self._file.name}.{number - 1}") if number > 1 else self._file
            with suppress(OSError):
                younger.replace(self._file.with_name(f"{self._file.name}.{number}"))
