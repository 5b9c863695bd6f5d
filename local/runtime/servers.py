"""Servers beside the host, in processes of their own that are replaced when they end or fall silent."""

import logging
import secrets
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import IO

from local.errors import LocalError
from local.runtime import child_process

_LOG = logging.getLogger(__name__)

# Long enough not to keep the machine busy with a server that cannot start.
_RESTART_WAIT_S = 0.5
_START_TIMEOUT_S = 60.0
_FIRST_PORT, _PORTS = 20_000, 12_000
_CHECK_EVERY_S = 3.0
# Long enough for a busy machine; whoever has not answered for so long hangs, and is replaced.
SILENCE_S = 15.0


class DidNotStart(LocalError):
    """A server did not come up; the text says which, and its last words."""


class PortTaken(LocalError):
    """Another program listens on the port, or the address is not this machine's."""


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 is any free one. Raises `PortTaken`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named as TCP's, or asyncio leaves Nagle's algorithm on and answers wait 40 ms for an acknowledgement.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(128)
    except OSError as error:
        listening.close()
        raise PortTaken(
            f"cannot listen on {host}:{port} ({error.strerror or error}); take another --port or --web-port"
        ) from error
    return listening


def free_port() -> int:
    """A loopback port that was free a moment ago.

    Not one of those that a system gives to connections (from 32768 or 49152 on), or a busy machine takes it
    before a server listens there, or while the server is replaced.
    """
    while True:
        try:
            with listen("127.0.0.1", _FIRST_PORT + secrets.randbelow(_PORTS)) as probe:
                return int(probe.getsockname()[1])
        except PortTaken:
            continue


class Server:
    """One console command (`module:function` and arguments) that is kept listening on 127.0.0.1:`port`.

    `on_log` gets each line it writes, with its name. `check` raises OSError when it does not answer; without
    one it is only seen whether it listens.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        port: int,
        env: Mapping[str, str],
        on_log: Callable[[str, str], None],
        check: Callable[[], object] | None = None,
        silence_s: float = SILENCE_S,
    ) -> None:
        self._name, self._command, self._env = name, list(command), env
        self._on_log = on_log
        self._check = check or partial(_connect, port)
        self._silence_s = silence_s
        self._last_line = ""
        self._stopping = threading.Event()
        self._readers: list[threading.Thread] = []
        self._process = self._start()

    def wait_ready(
        self, ask: Callable[[], object] | None = None, *, timeout_s: float = _START_TIMEOUT_S
    ) -> None:
        """Wait until `ask`, or else the check, raises no OSError any more. Raises `DidNotStart`."""
        deadline = time.monotonic() + timeout_s
        while True:
            try:
                (ask or self._check)()
                return
            except OSError as error:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    for reader in self._readers:
                        reader.join(1.0)  # its last words may still be on their way
                    said = self._last_line.removeprefix("Error: ") or error
                    raise DidNotStart(f"{self._name} did not start: {said}") from error
                time.sleep(0.02)

    def watch(self, on_back: Callable[[], None] = lambda: None) -> None:
        """Replace it from now on when it ends or hangs; `on_back` is called each time it answers again."""
        threading.Thread(target=self._keep, args=(on_back,), name=f"watch-{self._name}", daemon=True).start()

    def stop(self) -> None:
        """End it."""
        self._stopping.set()
        child_process.end(self._process)

    def _start(self) -> subprocess.Popen[bytes]:
        process = child_process.start(
            ["-m", "local.runtime.child_process", *self._command], env=self._env, stdout=subprocess.PIPE
        )
        self._readers = [
            threading.Thread(target=self._pass_log_on, args=(stream,), daemon=True)
            for stream in (process.stdout, process.stderr)
        ]
        for reader in self._readers:
            reader.start()
        return process

    def _keep(self, on_back: Callable[[], None]) -> None:
        while True:
            end = self._wait_for_end()
            if self._stopping.wait(_RESTART_WAIT_S):
                return
            _LOG.error("%s %s; starting it again", self._name, end)
            try:
                self._process = self._start()
                if self._stopping.is_set():  # meanwhile: `stop` ended the one before
                    child_process.end(self._process)
                    return
                self.wait_ready()
                on_back()
            except Exception as error:  # whatever it is: without this thread nobody would start it again
                _LOG.error("%s is not back yet: %s", self._name, type(error).__name__)

    def _wait_for_end(self) -> str:
        """Wait until it ends, or has been silent for so long that it is killed; return what happened."""
        silent_since = None
        while True:
            try:
                return f"ended with status {self._process.wait(_CHECK_EVERY_S)}"
            except subprocess.TimeoutExpired:
                asked_at = time.monotonic()
            try:
                self._check()
            except OSError:
                silent_since = silent_since or asked_at
                if time.monotonic() - silent_since < self._silence_s:
                    continue
                self._process.kill()
                self._process.wait()
                return f"did not answer for {self._silence_s:g} seconds"
            except Exception as error:  # our own trouble says nothing about the server
                _LOG.error("%s cannot be asked: %s", self._name, type(error).__name__)
            silent_since = None

    def _pass_log_on(self, stream: IO[bytes]) -> None:
        for line in stream:
            self._last_line = line.decode(errors="replace").rstrip("\n")
            self._on_log(self._name, self._last_line)


def _connect(port: int) -> None:
    socket.create_connection(("127.0.0.1", port), timeout=1.0).close()
