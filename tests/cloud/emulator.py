"""AWS's Lambda Runtime Interface Emulator, as aws-sam-cli ships it, around a built artifact."""

import json
import os
import platform
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.cloud.processes import free_port, wait_for
from tests.cloud.template import ROOT

MACHINES = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}
_INVOKE = "/2015-03-31/functions/function/invocations"


def find_emulator() -> Path | None:
    """The emulator for this machine, or None: it is for Linux and comes with `.venv-sam`."""
    machine = MACHINES.get(platform.machine().lower())
    if sys.platform != "linux" or machine is None:
        return None
    found = ROOT.glob(f".venv-sam/lib/python*/site-packages/samcli/local/rapid/aws-lambda-rie-{machine}")
    return next(found, None)


def build(function: str, target: Path) -> Path:
    """Build a function's artifact with the recipe that `sam build` uses."""
    target.mkdir(parents=True, exist_ok=True)
    subprocess.run(
        ["make", "--silent", f"build-{function}Function", f"ARTIFACTS_DIR={target}"],
        cwd=ROOT / "functions",
        env={
            **os.environ,
            "UV": str(Path(sys.executable).with_name("uv")),
            "PYTHON_VERSION": f"{sys.version_info.major}.{sys.version_info.minor}",  # what it will run on
        },
        check=True,
        timeout=60,
    )
    return target


@dataclass(frozen=True)
class Emulator:
    """A running function."""

    url: str

    def invoke(self, event: object, *, timeout_s: float = 60) -> Any:
        """Give it an event; whoever raised answers with `errorMessage` and `errorType`, as Lambda does."""
        request = urllib.request.Request(self.url + _INVOKE, data=json.dumps(event).encode())
        with urllib.request.urlopen(request, timeout=timeout_s) as answer:
            return json.loads(answer.read())


@contextmanager
def emulated(
    artifact: Path, handler: str, environment: Mapping[str, str], *, log: Path
) -> Iterator[Emulator]:
    """The artifact's handler behind the emulator on free ports, until the block ends."""
    program = find_emulator()
    assert program is not None
    address, runtime_api = (f"127.0.0.1:{free_port()}" for _ in range(2))
    command = [
        str(program),
        "--runtime-interface-emulator-address",
        address,
        "--runtime-api-address",
        runtime_api,
        sys.executable,
        "-m",
        "awslambdaric",
        handler,
    ]
    # The artifact stands first on the path: the checkout is installed in this environment too.
    clean = {
        "PATH": os.defpath,
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(artifact),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=artifact, env={**clean, **environment}, stdout=output, stderr=output
        )
        try:
            wait_for(int(address.rpartition(":")[2]), process)
            yield Emulator(f"http://{address}")
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
