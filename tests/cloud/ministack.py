"""MiniStack, a local CloudFormation with the services behind it, over HTTPS and with IAM enforced."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.credentials import Credentials

from tests.cloud.processes import free_port, wait_for
from tests.cloud.signing import Signed
from tests.cloud.template import FUNCTIONS, REGION, ROOT, routes

ACCOUNT = "000000000000"
ROOT_KEY = "test"  # MiniStack's root caller
PROGRAM = ROOT / ".venv-ministack" / "bin" / "ministack"


class Missing(Exception):
    """MiniStack cannot run here; the text says what to do."""


@dataclass(frozen=True)
class MiniStack:
    """A running cloud, and clients for it."""

    url: str
    certificate: Path

    @property
    def environment(self) -> dict[str, str]:
        """What points the AWS SDK, and sam, here."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_CA_BUNDLE": str(self.certificate),
            "REQUESTS_CA_BUNDLE": str(self.certificate),
            "AWS_ACCESS_KEY_ID": ROOT_KEY,
            "AWS_SECRET_ACCESS_KEY": ROOT_KEY,
            "AWS_DEFAULT_REGION": REGION,
        }

    def caller(self, key: str = ROOT_KEY) -> Signed:
        """Whoever holds this access key."""
        return Signed(Credentials(key, key), REGION)

    def client(self, service: str) -> Any:
        """A client of the root caller."""
        return boto3.client(
            service,  # type: ignore[call-overload]  # the stubs want a literal
            endpoint_url=self.url,
            verify=str(self.certificate),
            region_name=REGION,
            aws_access_key_id=ROOT_KEY,
            aws_secret_access_key=ROOT_KEY,
            config=Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}),
        )

    def add_routes(self, api_id: str, stack: str) -> None:
        """What CloudFormation reads from the API's OpenAPI body, which MiniStack does not look at."""
        gateway = self.client("apigatewayv2")
        for name in FUNCTIONS:
            arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{stack}-{name.lower()}:live"
            integration = gateway.create_integration(
                ApiId=api_id, IntegrationType="AWS_PROXY", IntegrationUri=arn, PayloadFormatVersion="2.0"
            )
            for method, path in routes(name):
                gateway.create_route(
                    ApiId=api_id,
                    RouteKey=f"{method} {path}",
                    AuthorizationType="AWS_IAM",
                    Target=f"integrations/{integration['IntegrationId']}",
                )

    def api_url(self, api_id: str) -> str:
        """Where the HTTP API answers."""
        return f"{self.url}/_aws/execute-api/{api_id}/$default"


@contextmanager
def ministack(folder: Path) -> Iterator[MiniStack]:
    """MiniStack on a free port of 127.0.0.1, its state and certificate in `folder`. Raises `Missing`."""
    if not PROGRAM.exists():
        raise Missing("MiniStack has an environment of its own: make .venv-ministack/.installed")
    certificate = _certificate(folder)
    port = free_port()
    environment = {
        "PATH": f"{PROGRAM.parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "AUTH": "true",
        "USE_SSL": "1",
        "MINISTACK_SSL_CERT": str(certificate),
        "MINISTACK_SSL_KEY": str(certificate.with_suffix(".key")),
        # The functions run in its worker processes and inherit this.
        "AWS_CA_BUNDLE": str(certificate),
    }
    with (folder / "ministack.log").open("wb") as log:
        process = subprocess.Popen([PROGRAM], cwd=folder, env=environment, stdout=log, stderr=log)
        try:
            wait_for(port, process)
            yield MiniStack(f"https://127.0.0.1:{port}", certificate)
        finally:
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _certificate(folder: Path) -> Path:
    if not shutil.which("openssl"):
        raise Missing("openssl makes the certificate: apt-get install openssl")
    path = folder / "loopback.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"),
            *("-keyout", path.with_suffix(".key"), "-out", path),
        ],
        check=True,
        capture_output=True,
    )
    return path
