"""The command `rekolocal serve` in a process of its own."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def running_command(*options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The process and its URL; terminated when the block ends, if it still runs."""
    command = [
        sys.executable,
        "-c",
        "from rekolocal.cli import main; main()",
        "serve",
        "--port",
        "0",
        *options,
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process, process.stdout.readline().split()[-1]
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait(20)
