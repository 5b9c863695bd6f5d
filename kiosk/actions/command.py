"""A program of the operator's, started without a shell and with next to nothing in its environment."""

import json
import os
import signal
import stat
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Any

from kiosk.actions.action import ActionFailed, ActionRefused


class Command:
    """Runs a program with the message as JSON on its standard input; past the time limit it is killed.

    It and its children are one process group, so nothing of it is left. Exit status 0 is success.
    """

    def __init__(self, path: str) -> None:
        program = Path(path)
        if not program.is_absolute() or not program.is_file() or not os.access(program, os.X_OK):
            raise ActionRefused(f"command:{path} must be the full path of a program that may be executed")
        if program.stat().st_mode & stat.S_IWOTH:
            raise ActionRefused(f"command:{path} can be changed by anybody; chmod o-w it")
        self.name = f"command {path}"
        self._program = program

    def act(self, message: dict[str, Any], *, timeout_s: float) -> None:
        """Run the program to its end."""
        environment = {
            "PATH": os.defpath,
            "RECOGNIZEME_ID": str(message["id"]),
            "RECOGNIZEME_OUTCOME": str(message["outcome"]),
            "RECOGNIZEME_PERSON_ID": str(message["person_id"] or ""),
        }
        try:
            process = subprocess.Popen(
                [self._program],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=environment,
                cwd="/",
                start_new_session=True,
            )
        except OSError as error:
            raise ActionFailed(f"could not be started: {error.strerror}") from error
        try:
            process.communicate(json.dumps(message, ensure_ascii=False).encode(), timeout=timeout_s)
        except subprocess.TimeoutExpired as error:
            raise ActionFailed(f"did not end within {timeout_s:g} s and was killed") from error
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        if process.returncode:
            raise ActionFailed(f"ended with status {process.returncode}")
