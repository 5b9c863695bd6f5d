"""Servers in processes of their own."""

import socket
import subprocess
import time


def free_port() -> int:
    """A port of 127.0.0.1 that was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def wait_for(port: int, process: "subprocess.Popen[bytes]", *, timeout_s: float = 60) -> None:
    """Wait until 127.0.0.1:`port` takes connections; fail when the process ends or the time is over."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            assert process.poll() is None, f"{process.args!r} ended at once"
            time.sleep(0.02)
    raise AssertionError(f"{process.args!r} does not listen on port {port}")
