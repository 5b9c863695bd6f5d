"""Clients of Rekognition that are not boto3, each in a process of its own, driven line by line."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parent / "clients"
AWS_CLI = Path(__file__).parents[3] / ".venv-awscli/bin/python"
NODE = shutil.which("node")
NODE_MODULES = FOLDER / "node_modules"
COMMANDS = {
    "aws-cli": [str(AWS_CLI), str(FOLDER / "aws_cli.py")] if AWS_CLI.is_file() else None,
    "javascript": [NODE, str(FOLDER / "javascript.mjs")] if NODE and NODE_MODULES.is_dir() else None,
}


class Refused(Exception):
    """What the client made of an error."""

    def __init__(self, answer: Mapping[str, Any]) -> None:
        super().__init__(f"{answer['code']}: {answer['message']}")
        self.code, self.message = answer["code"], answer["message"]
        self.members = answer.get("members", {})


@dataclass(frozen=True)
class OtherClient:
    process: subprocess.Popen[str]
    folder: Path

    def __call__(self, operation: str, **request: Any) -> dict[str, Any]:
        """The reply as the client gives it; raises `Refused`."""
        blobs = {}
        for name in [name for name in request if name.endswith("Image")]:
            blobs[name] = str(self.folder / name)
            Path(blobs[name]).write_bytes(request.pop(name)["Bytes"])
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps([operation, request, blobs]) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        if "code" in answer:
            raise Refused(answer)
        reply: dict[str, Any] = answer["reply"]
        return reply


@contextmanager
def other_client(name: str, url: str, folder: Path) -> Iterator[OtherClient]:
    """The client `name` of COMMANDS, for the server at `url`; skips where it is not installed."""
    command = COMMANDS[name]
    if command is None:
        assert not os.environ.get("REQUIRE_CLIENTS"), f"{name} is not installed: make clients"
        pytest.skip(f"{name} is not installed: make clients")
    keys = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_REGION": "us-east-1"}
    env = {**os.environ, **keys, "AWS_DEFAULT_REGION": "us-east-1"}
    with subprocess.Popen(
        [*command, url], env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield OtherClient(process, folder)
        finally:
            process.kill()
