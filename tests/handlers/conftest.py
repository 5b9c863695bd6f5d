"""The four real handlers over SQLite, files and a real face engine, driven by events as AWS shapes them."""

import importlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus, urlencode

import pytest

from local.adapters.database import open_database
from local.adapters.lessons import SqliteLessons
from local.adapters.people import SqlitePeople
from local.adapters.photos import FilePhotoStore
from local.adapters.sightings import SqliteSightings
from local.adapters.strangers import SqliteStrangers
from local.jobs.queue import JobQueue
from local.runtime.events import Request, http_event
from local.wiring import DeadJobs, LaterJobs
from recognizeme import wiring
from recognizeme.adapters.rekognition import RekognitionFaceIndex
from recognizeme.adapters.user_index import RekognitionUserIndex
from recognizeme.domain.model import FaceSearch, IndexedFace, ListedFace, Match, new_capture_id
from recognizeme.domain.picture import Picture
from recognizeme.domain.policy import Policy
from recognizeme.domain.ports import FaceIndex
from recognizeme.settings import Settings
from recognizeme.usecases.sureness import Rules
from rekolocal.testing import LocalRekognition, local_rekognition
from tests.api.answers import check
from tests.portraits import ASTRONAUT, HOPPER
from tests.twins.answers import TwinAnswers
from tests.twins.audit import TwinAuditLog
from tests.twins.collections import TwinCollectionRoles
from tests.twins.kiosks import TwinKiosks
from tests.twins.notifications import TwinMessenger, TwinNotifications
from tests.twins.rollcalls import TwinRollCalls

Json = dict[str, Any]


@dataclass
class CountedFaces:
    """The real face index, with its calls counted, that can be told to fail."""

    index: FaceIndex
    searches: int = 0
    additions: int = 0
    failures: list[Exception] = field(default_factory=list)

    def search(self, picture: Picture) -> FaceSearch:
        self.searches += 1
        if self.failures:
            raise self.failures.pop(0)
        return self.index.search(picture)

    def search_face(self, face_id: str) -> Sequence[Match] | None:
        self.searches += 1
        if self.failures:
            raise self.failures.pop(0)
        return self.index.search_face(face_id)

    def add(self, person_id: str, picture: Picture, *, accept_poor: bool = False) -> IndexedFace:
        self.additions += 1
        if self.failures:
            raise self.failures.pop(0)
        return self.index.add(person_id, picture, accept_poor=accept_poor)

    def remove(self, face_ids: Any) -> int:
        return self.index.remove(face_ids)

    def remove_person(self, person_id: str) -> None:
        self.index.remove_person(person_id)

    def has_vector(self, person_id: str) -> bool:
        return self.index.has_vector(person_id)

    def adopt(self, person_id: str, face_ids: Any) -> None:
        self.index.adopt(person_id, face_ids)

    def all_faces(self) -> Iterator[ListedFace]:
        return self.index.all_faces()

    def held_for(self, person_id: str) -> int:
        """How many faces the collection holds of a person."""
        return sum(face.person_id == person_id for face in self.all_faces())


@dataclass
class Stack:
    """The parts behind the handlers, and ways to call them as AWS does."""

    settings: Settings
    policy: Policy
    photos: FilePhotoStore
    faces: CountedFaces
    sightings: SqliteSightings
    people: SqlitePeople
    now: Callable[[], datetime]
    lessons: SqliteLessons
    jobs: JobQueue
    stored: list[str]
    clock_s: float = 1_800_000_000.0

    id_key = b"k"

    def __post_init__(self) -> None:
        self.kiosks = TwinKiosks()
        self.notifications = TwinNotifications()
        self.messenger = TwinMessenger()
        self.collection_roles = TwinCollectionRoles(self.settings.collection_id)
        self.forget_audit_log()
        self.answers = TwinAnswers()
        self.strangers = SqliteStrangers(self.jobs._database, retention_days=30, now=self.now)
        self.stranger_faces: RekognitionFaceIndex | None = None
        self.roll_calls = TwinRollCalls(self.now)

    @property
    def rules(self) -> Rules:
        """Without what one of before knew: what is set counts at once."""
        return Rules(kiosks=self.kiosks, deployment=self.policy, now=self.now)

    def index_of(self, collection: str) -> RekognitionUserIndex:
        """Of the same engine."""
        assert isinstance(self.faces.index, RekognitionUserIndex)
        return RekognitionUserIndex(self.faces.index._client, collection)

    def make_collection(self, collection: str) -> None:
        """At the same engine."""
        self.index_of(collection).make()

    def forget_audit_log(self) -> None:
        """Begin a new audit log."""
        self.audit_log = TwinAuditLog(self.now)

    @property
    def later(self) -> LaterJobs:
        return LaterJobs(self.jobs)

    @property
    def failed_events(self) -> DeadJobs:
        return DeadJobs(self.jobs)

    def invoke(self, function: str, event: object) -> Json:
        module = importlib.import_module(f"{function}.app")
        answer = module.lambda_handler(event, LambdaContext())
        json.dumps(answer)  # what Lambda would do with it
        return dict(answer)

    def http(
        self,
        function: str,
        method: str,
        path: str,
        body: bytes | Json = b"",
        *,
        query: dict[str, str] | None = None,
        content_type: str = "application/json",
        headers: dict[str, str] | None = None,
        principal: str = "this machine",
    ) -> tuple[int, Json]:
        answer = self.http_answer(
            function, method, path, body, query=query, content_type=content_type, headers=headers,
            principal=principal,
        )  # fmt: skip
        return answer["statusCode"], json.loads(answer["body"])

    def http_answer(
        self,
        function: str,
        method: str,
        path: str,
        body: bytes | Json = b"",
        *,
        query: dict[str, str] | None = None,
        content_type: str = "application/json",
        headers: dict[str, str] | None = None,
        principal: str = "this machine",
    ) -> Json:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        sent = {"content-type": content_type, "host": "x"} | (headers or {})
        request = Request(method, path, urlencode(query or {}), tuple(sent.items()), content)
        event = http_event(
            request,
            route=f"{method} {path}",
            path_parameters={},
            request_id="r",
            now=self.now(),
            principal=principal,
        )
        answer = self.invoke(function, event)
        kind = answer.get("headers", {}).get("Content-Type", "")
        check(method, path, answer["statusCode"], kind, (answer["body"] or "").encode())
        return answer

    def s3(self, function: str, *keys: str) -> Json:
        records = [{"s3": {"bucket": {"name": "b"}, "object": {"key": quote_plus(key)}}} for key in keys]
        return self.invoke(function, {"Records": records})

    def new_capture_id(self) -> str:
        return new_capture_id(self.now(), len(self.stored).to_bytes(2) + self.faces.searches.to_bytes(8))

    def enroll(self, person_id: str, picture: bytes, name: str | None = None) -> None:
        assert self.http("enrollment", "PUT", f"/people/{person_id}", {"name": name or person_id})[0] == 200
        path = f"/people/{person_id}/photos"
        query = {"allow_duplicate": "a test"}
        status, photo = self.http("enrollment", "POST", path, picture, query=query, content_type="image/jpeg")
        assert (status, photo["state"]) == (201, "indexed"), photo


@dataclass
class LambdaContext:
    function_name: str = "function"
    memory_limit_in_mb: int = 256
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:000000000000:function:function"
    aws_request_id: str = "00000000-0000-0000-0000-000000000000"


@pytest.fixture(scope="session")
def rekolocal() -> Iterator[LocalRekognition]:
    with local_rekognition() as server:
        yield server


@pytest.fixture
def stack(tmp_path: Path, rekolocal: LocalRekognition) -> Iterator[Stack]:
    settings = Settings(
        *("bucket", "sightings", "totals", "faces", "people", "audit", "lessons", "strangers", "answers"),
        *("kiosks", "rollcalls", "notifications", f"c-{tmp_path.name}"),
    )
    rekolocal.client.create_collection(CollectionId=settings.collection_id)
    database = open_database(tmp_path / "tables.sqlite")
    stored: list[str] = []
    photos = FilePhotoStore(
        tmp_path / "photos",
        base_url="http://127.0.0.1:8000",
        signing_key=b"k" * 32,
        on_stored=lambda key, *_: stored.append(key),
    )
    built = Stack(
        settings,
        Policy(settings.threshold_pct, settings.margin_pct),
        photos,
        CountedFaces(RekognitionUserIndex(rekolocal.client, settings.collection_id)),
        SqliteSightings(database, retention_days=90),
        SqlitePeople(database, tombstone_key=b"k"),
        lambda: datetime.now(UTC),
        SqliteLessons(database),
        JobQueue(database, monotonic=lambda: built.clock_s),
        stored,
    )
    wiring.use(built)
    yield built
    wiring.use(None)
    rekolocal.client.delete_collection(CollectionId=settings.collection_id)


@pytest.fixture(scope="session")
def ada() -> bytes:
    return ASTRONAUT.read_bytes()


@pytest.fixture(scope="session")
def grace() -> bytes:
    return HOPPER.read_bytes()
