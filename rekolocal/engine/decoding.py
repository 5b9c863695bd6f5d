"""Pictures decoded in processes of their own.

A decoder reads, in C, bytes that anybody may have made. In a process apart, a picture over which it loops or
crashes costs that picture and nothing else: the system ends a process that has used up its time.
"""

import contextlib
import os
import signal
import struct
import subprocess
import sys
import weakref
from io import BufferedReader, BufferedWriter
from typing import cast

import cv2
import numpy as np

from rekolocal.engine.picture import Picture, check
from rekolocal.errors import InvalidImageFormatException

if sys.platform == "linux":
    import fcntl

_LIMIT_S = 10.0  # of processor time; the largest pictures allowed take one or two
_PIPE_BYTES = 1 << 20  # as many as Linux lets anybody have: decoded pictures are large
_LENGTH = struct.Struct("<Q")
_SIZE = struct.Struct("<II")  # rows and columns; zeros for what is no picture

_Process = subprocess.Popen[bytes]


class Decoder:
    """Decodes JPEG and PNG. Safe to share between threads: as many processes as have decoded at once wait."""

    def __init__(self, *, limit_s: float = _LIMIT_S) -> None:
        self._limit_s = limit_s
        self._idle = [self._start()]
        weakref.finalize(self, _end, self._idle)

    def decode(self, content: bytes) -> Picture:
        """Decode a JPEG or PNG of any colour model and depth; an alpha channel is dropped.

        Raises what `check` raises, and InvalidImageFormatException for what cannot be decoded in time.
        """
        check(content)
        process = self._ready()
        try:
            picture = _ask(process, content)
        except BaseException as error:
            _end([process])
            if isinstance(error, OSError | EOFError):
                raise InvalidImageFormatException("The image cannot be decoded in time") from error
            raise
        self._idle.append(process)
        if picture is None:
            raise InvalidImageFormatException("Request has invalid image format")
        return picture

    def _ready(self) -> _Process:
        while self._idle:
            with contextlib.suppress(IndexError):  # another thread took the last
                process = self._idle.pop()
                if process.poll() is None:
                    return process
        return self._start()

    def _start(self) -> _Process:
        paths = os.pathsep.join(filter(None, sys.path))
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "rekolocal.engine.decoding", str(self._limit_s)],
            env={**os.environ, "PYTHONPATH": paths, "OPENBLAS_NUM_THREADS": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        if sys.platform == "linux":
            with contextlib.suppress(OSError):  # a user's share of such memory is limited
                fcntl.fcntl(cast(BufferedReader, process.stdout), fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        return process


def _ask(process: _Process, content: bytes) -> Picture | None:
    """None for what is no picture. Raises OSError or EOFError when the process has ended."""
    to_process, from_process = cast(BufferedWriter, process.stdin), cast(BufferedReader, process.stdout)
    to_process.write(_LENGTH.pack(len(content)))
    to_process.write(content)
    to_process.flush()
    size = from_process.read(_SIZE.size)
    if len(size) < _SIZE.size:
        raise EOFError
    height, width = _SIZE.unpack(size)
    if not height:
        return None
    pixels = np.empty((height, width, 3), np.uint8)
    if from_process.readinto(pixels.data.cast("B")) < pixels.nbytes:
        raise EOFError
    return Picture(pixels)


def _end(processes: list[_Process]) -> None:
    for process in processes:
        process.kill()
        with contextlib.suppress(OSError), process:  # which closes the pipes and waits
            pass


def _serve(limit_s: float) -> None:
    """Decode what comes until the pipe is closed, as it is when the server ends in whatever way."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the server
    cv2.setNumThreads(1)
    questions, answers = sys.stdin.buffer, sys.stdout.buffer
    while head := questions.read(_LENGTH.size):
        content = questions.read(*_LENGTH.unpack(head))
        _end_after(limit_s)
        pixels = _pixels(content)
        _end_after(0)
        if pixels is None:
            answers.write(_SIZE.pack(0, 0))
        else:
            answers.write(_SIZE.pack(*pixels.shape[:2]))
            answers.write(pixels.data.cast("B"))
        answers.flush()


def _end_after(limit_s: float) -> None:
    """Have the system end this process once it has used so much processor time; 0: never. Windows cannot."""
    if sys.platform != "win32":
        signal.setitimer(signal.ITIMER_PROF, limit_s)


def _pixels(content: bytes) -> cv2.typing.MatLike | None:
    try:
        return cv2.imdecode(np.frombuffer(content, dtype=np.uint8), cv2.IMREAD_COLOR_RGB)
    except cv2.error:
        return None


if __name__ == "__main__":
    _serve(float(sys.argv[1]))
