"""Every contract test runs three times: over AWS's adapters, SQLite and files, and in memory."""

import logging
import os
import secrets
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
import requests
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

from local.adapters.database import Database, open_database
from local.adapters.people import SqlitePeople
from local.adapters.photos import PHOTOS_PATH, FilePhotoStore
from local.adapters.sightings import SqliteSightings
from recognizeme.adapters.dynamodb import DynamoDbPeople, DynamoDbSightings
from recognizeme.adapters.s3 import S3PhotoStore
from recognizeme.domain.ports import People, PhotoStore, Sightings, UploadTicket
from tests.contract.samples import person
from tests.contract.tables import make_table
from tests.twins.people import TwinPeople
from tests.twins.photos import TwinPhotos
from tests.twins.sightings import TwinSightings

RETENTION_DAYS = 30


@dataclass
class SetClock:
    """A clock that goes only when it is told to."""

    time: datetime = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time

    def advance(self, by: timedelta) -> datetime:
        self.time += by
        return self.time


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture(params=[pytest.param("aws", marks=pytest.mark.integration), "local", "twin"])
def backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="session")
def moto() -> Iterator[str]:
    """AWS's S3 and DynamoDB on 127.0.0.1: moto, or another stand-in at RECOGNIZEME_CONTRACT_ENDPOINT.

    One request at a time: moto checks a condition and then writes, without a lock, which DynamoDB never does.
    """
    if endpoint := os.environ.get("RECOGNIZEME_CONTRACT_ENDPOINT"):
        yield endpoint
        return
    logging.getLogger("werkzeug").setLevel(logging.WARNING)  # a line for every request
    app = DomainDispatcherApplication(create_backend_app)
    lock = threading.Lock()

    def one_at_a_time(environ: Any, start_response: Any) -> list[bytes]:
        with lock:
            return list(app(environ, start_response))

    server = make_server("127.0.0.1", 0, one_at_a_time, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="session")
def aws_client(moto: str) -> Callable[[str], Any]:
    clients: dict[str, Any] = {}

    def client(service: str) -> Any:
        if service not in clients:
            clients[service] = boto3.client(
                service,  # type: ignore[call-overload]
                endpoint_url=moto,
                region_name="eu-central-1",
                aws_access_key_id="test",
                aws_secret_access_key="test",
            )
        return clients[service]

    return client


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with open_database(tmp_path / "recognizeme.db") as database:
        yield database


@pytest.fixture
def people_table(aws_client: Callable[[str], Any]) -> str:
    return make_table(aws_client("dynamodb"), "People", f"people-{secrets.token_hex(4)}")


@pytest.fixture
def people(backend: str, request: pytest.FixtureRequest) -> People:
    if backend == "twin":
        return TwinPeople()
    if backend == "local":
        return SqlitePeople(request.getfixturevalue("database"), tombstone_key=b"key")
    client = request.getfixturevalue("aws_client")("dynamodb")
    return DynamoDbPeople(
        client,
        request.getfixturevalue("people_table"),
        faces_table=make_table(client, "Faces", f"faces-{secrets.token_hex(4)}"),
        tombstone_key=b"key",
    )


@pytest.fixture
def sightings(backend: str, clock: SetClock, people: People, request: pytest.FixtureRequest) -> Sightings:
    """Sightings, and the people whom the samples name."""
    for person_id in ("ada", "bob"):
        people.put(person(person_id), now=clock())
    if isinstance(people, TwinPeople):
        return TwinSightings(people, clock, RETENTION_DAYS)
    if backend == "local":
        database = request.getfixturevalue("database")
        return SqliteSightings(database, retention_days=RETENTION_DAYS, now=clock)
    client = request.getfixturevalue("aws_client")("dynamodb")
    return DynamoDbSightings(
        client,
        make_table(client, "Sightings", f"sightings-{secrets.token_hex(4)}"),
        totals_table=make_table(client, "Totals", f"totals-{secrets.token_hex(4)}"),
        people_table=request.getfixturevalue("people_table"),
        retention_days=RETENTION_DAYS,
        now=clock,
    )


@dataclass
class Photos:
    """A photo store, and what the world does with its tickets and links."""

    store: PhotoStore
    upload: Callable[[UploadTicket, Mapping[str, str], bytes], None]
    show: Callable[[str], bytes]
    stored: list[tuple[str, int]] = field(default_factory=list)


@pytest.fixture
def photos(backend: str, clock: SetClock, tmp_path: Path, request: pytest.FixtureRequest) -> Photos:
    if backend == "twin":
        twin = TwinPhotos()
        return Photos(twin, twin.upload, twin.show)
    return _local_photos(tmp_path, clock) if backend == "local" else _aws_photos(request, clock)


def _local_photos(tmp_path: Path, clock: SetClock) -> Photos:
    stored: list[tuple[str, int]] = []
    store = FilePhotoStore(
        tmp_path / "photos",
        base_url="http://127.0.0.1:8000",
        signing_key=b"k" * 32,
        on_stored=lambda key, size_bytes, _: stored.append((key, size_bytes)),
        now=clock,
    )

    def show(url: str) -> bytes:
        parts = requests.compat.urlsplit(url)
        key = requests.compat.unquote(parts.path.removeprefix(PHOTOS_PATH))
        terms = dict(pair.split("=") for pair in parts.query.split("&"))
        return store.open_link(key, expires=terms["expires"], signature=terms["signature"]).picture

    return Photos(
        store, lambda _ticket, fields, picture: _ignore(store.accept(fields, picture)), show, stored
    )


def _ignore(_: object) -> None: ...


def _aws_photos(request: pytest.FixtureRequest, clock: SetClock) -> Photos:
    client = request.getfixturevalue("aws_client")("s3")
    bucket = f"photos-{secrets.token_hex(4)}"
    client.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})

    def upload(ticket: UploadTicket, fields: Mapping[str, str], picture: bytes) -> None:
        requests.post(ticket.url, data=fields, files={"file": picture}, timeout=5).raise_for_status()

    def show(url: str) -> bytes:
        answer = requests.get(url, timeout=5)
        answer.raise_for_status()
        return answer.content

    return Photos(S3PhotoStore(client, bucket, now=clock), upload, show)
