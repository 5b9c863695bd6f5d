"""Child processes that end when their parent does, however it ends.

The parent holds the write end of the child's standard input; the system closes it with the parent, also on
SIGKILL, and the child takes that as its end. `python -m local.runtime.child_process kiosk.cli:main web
--port 8080` runs a console command that way.
"""

import importlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import IO

# How long a command may take to stop by itself.
_GRACE_S = 2.0


def start(
    arguments: Sequence[str], *, env: Mapping[str, str], stdout: int | IO[bytes] = subprocess.PIPE
) -> subprocess.Popen[bytes]:
    """Start `python ARGUMENTS`, out of reach of the terminal's Ctrl-C: the parent decides when it ends."""
    return subprocess.Popen(
        [sys.executable, *arguments],
        stdin=subprocess.PIPE,
        stdout=stdout,
        stderr=subprocess.PIPE,
        env=dict(env),
        start_new_session=True,
    )


def end(process: subprocess.Popen[bytes], *, grace_s: float = _GRACE_S + 0.5) -> None:
    """Let the child go: it stops by itself, or is killed after `grace_s`."""
    if process.stdin:
        # A child that is gone already has broken the pipe.
        with suppress(OSError):
            process.stdin.close()
    try:
        process.wait(grace_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _end_with_parent() -> None:
    # Not sys.stdin: the interpreter could not close that at its end while this thread waits on it.
    while os.read(0, 4096):
        pass
    signal.raise_signal(signal.SIGTERM)
    time.sleep(_GRACE_S)
    os._exit(1)


def main() -> None:
    """Call the command named like an entry point (`module:function`), for as long as the parent lives."""
    module, _, function = sys.argv[1].partition(":")
    sys.argv = [module.partition(".")[0], *sys.argv[2:]]
    threading.Thread(target=_end_with_parent, daemon=True).start()
    getattr(importlib.import_module(module), function)()


if __name__ == "__main__":
    main()
