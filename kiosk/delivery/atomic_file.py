"""Writing a file whole or not at all."""

import os
from contextlib import suppress
from pathlib import Path

UNFINISHED = ".part"
"""What the name of a file ends in while it is being written; such a file means nothing."""


def write_atomic(file: Path, data: bytes, *, lasting: bool = True) -> None:
    """Replace a file, readable by its owner only. `lasting`: flushed, so that it survives a power cut.

    Raises `OSError`, having left the file as it was.
    """
    unfinished = file.with_name(file.name + UNFINISHED)
    try:
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as target:
            target.write(data)
            target.flush()
            if lasting:
                os.fsync(target.fileno())
        unfinished.replace(file)
    except OSError:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
        raise


def flush_folder(folder: Path) -> None:
    """Make what was renamed in a folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
