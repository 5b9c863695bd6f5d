"""Every route of a stack on this machine against openapi.json, with made-up requests: `make api-fuzz`.

schemathesis finds answers that are not documented, valid requests that are refused, invalid ones that are
not, methods that are not answered with 405, and routes that need no token. It has an environment of its own
(requirements/schemathesis.txt); fuzz.toml bounds it.
"""

import os
import secrets
import subprocess
import sys
import tempfile
from pathlib import Path

from kiosk.client.api import ApiClient
from local.data_folder import DataFolder
from local.stack import Stack
from tests.portraits import ASTRONAUT

ROOT = Path(__file__).parents[2]
_HERE = Path(__file__).parent


def main(arguments: list[str]) -> int:
    """Run it; what is given goes to `schemathesis run` as well, such as --include-path /people."""
    token = secrets.token_urlsafe(32)
    with tempfile.TemporaryDirectory() as folder, Stack(DataFolder(Path(folder)), token=token) as stack:
        with ApiClient(stack.url, token=token) as api:
            _begin_with_somebody(api)
        done = subprocess.run(
            [
                *(ROOT / ".venv-schemathesis/bin/schemathesis", "--config-file", _HERE / "fuzz.toml", "run"),
                *(ROOT / "functions/query/openapi.json", "--url", stack.url),
                *("--header", f"Authorization: Bearer {token}"),
                *arguments,
            ],
            cwd=folder,  # it leaves what it found there
            env={
                "PATH": os.defpath,
                "HOME": folder,
                "PYTHONPATH": str(ROOT),
                "SCHEMATHESIS_HOOKS": "tests.api.fuzz_hooks",
            },
            check=False,
        )
    return done.returncode


def _begin_with_somebody(api: ApiClient) -> None:
    """What schemathesis asks for by the simplest ids exists: a person, a photo, a sighting."""
    portrait = ASTRONAUT.read_bytes()
    api.put_person("0", name="0")
    api.enroll_photo("0", "0", portrait, content_type="image/png")
    capture_id = "00000000-0000-7000-8000-000000000000"
    api.recognize(portrait, kiosk_id="0", capture_id=capture_id, content_type="image/png")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
