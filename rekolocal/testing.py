"""rekolocal in one's own tests: a server as a context manager; the pytest fixture `rekolocal` is one."""

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

from rekolocal.attributes import Attributes
from rekolocal.engine.faces import FaceEngine
from rekolocal.faults import Faults
from rekolocal.server import serve_in_thread
from rekolocal.service import Service
from rekolocal.signature import Credentials

if TYPE_CHECKING:
    from mypy_boto3_rekognition import RekognitionClient

_TEST_KEYS = Credentials("testing", "testing")


@dataclass(frozen=True, slots=True)
class LocalRekognition:
    """A running server: its URL, a boto3 `rekognition` client for it, and the service behind it."""

    endpoint_url: str
    client: "RekognitionClient"
    service: Service


@functools.cache
def _engine() -> FaceEngine:
    """One engine a process: every server of a test run can use the same."""
    return FaceEngine.load()


@contextmanager
def local_rekognition(
    *, faults: Faults | None = None, credentials: Credentials | None = None, updating_s: float = 0.0,
    attributes: Attributes | None = None,
) -> Iterator[LocalRekognition]:  # fmt: skip
    """An empty server in this process on a free port of 127.0.0.1, its collections in memory."""
    service = Service.open(None, engine=_engine(), updating_s=updating_s, attributes=attributes)
    try:
        with serve_in_thread(service=service, faults=faults, credentials=credentials) as server:
            client = client_for(server.url, credentials or _TEST_KEYS)
            yield LocalRekognition(server.url, client, service)
    finally:
        service.close()


def client_for(endpoint_url: str, keys: Credentials = _TEST_KEYS) -> "RekognitionClient":
    """A boto3 client that tries once: a test wants to see the first error."""
    return boto3.client(
        "rekognition",
        endpoint_url=endpoint_url,
        region_name="us-east-1",
        aws_access_key_id=keys.access_key,
        aws_secret_access_key=keys.secret_key,
        config=Config(retries={"total_max_attempts": 1}),
    )
