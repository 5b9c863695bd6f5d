"""A new face collection from everybody's photos, beside the one in use: build, compare, switch, go back.

Needed when the recognition network is another one, whose vectors cannot be compared with the old, and when
the engine has lost faces. The stack does not run meanwhile. Building goes on where it was interrupted.
"""

import hashlib
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import ClientError

from local.data_folder import DataFolder
from local.errors import LocalError
from local.runtime.engine import Engine
from local.runtime.events import REGION
from local.wiring import LocalParts
from recognizeme.adapters.rekognition import RekognitionFaceIndex
from recognizeme.adapters.user_index import index_of
from recognizeme.domain.errors import NotFound, UnusablePicture
from recognizeme.domain.lessons import capture_of, counter_id
from recognizeme.domain.model import EnrolledPhoto, Enrollment, Match, Outcome, Person, PhotoState
from recognizeme.domain.picture import inspect
from recognizeme.wiring import match_by_of
from rekolocal.engine.network import MODEL_VERSION
from rekolocal.server import serve_in_thread
from rekolocal.signature import Credentials

if TYPE_CHECKING:
    from mypy_boto3_rekognition import RekognitionClient

_AT_ONCE = 1000
_MATCHES = 256


class NothingToUse(LocalError):
    """There is no collection to switch to, or to go back to."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A photo whose person is recognized differently when it is searched among the others."""

    name: str
    photo_id: str
    before: str
    now: str


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What was built. `refused`: name, photo and reason."""

    collection: str
    photos: int
    people: int
    refused: tuple[tuple[str, str, str], ...]
    differences: tuple[Difference, ...]


def missing_faces(engine: Engine, parts: LocalParts, data_folder: DataFolder) -> str | None:
    """A sentence when the engine holds fewer faces than the people's records name, or None."""
    recorded = len(
        {photo.face_id for _, photo in _photos(parts) if photo.state is PhotoState.INDEXED and photo.face_id}
    )
    known = engine.face_count(parts.collections.in_use())
    if known >= recorded:
        return None
    return (
        f"the face engine knows {known} of {recorded} enrolled faces, so people will be taken for strangers:"
        f" stop, run `recognizeme-local reindex --switch --data {data_folder.root}` and start again, or put"
        f" {data_folder.collections} back from a backup"
    )


def old_model(engine: Engine, parts: LocalParts, data_folder: DataFolder) -> str | None:
    """A sentence when the collection in use keeps faces of another recognition network, or None."""
    model = engine.model(parts.collections.in_use())
    if model == MODEL_VERSION:
        return None
    return (
        f"the faces in {data_folder.collections} are of the recognition network {model}, and this version has"
        f" {MODEL_VERSION}: run `recognizeme-local reindex --switch --data {data_folder.root}`, which indexes"
        " everybody's photos anew and keeps the old faces"
    )


@contextmanager
def own_engine(data_folder: DataFolder) -> Iterator["RekognitionClient"]:
    """The engine on a data folder on which no stack runs. Raises `DataInUse`."""
    keys = Credentials(secrets.token_hex(8), secrets.token_hex(32))
    lock = data_folder.lock()
    try:
        with serve_in_thread(data_folder.collections, credentials=keys) as server:
            yield boto3.client(
                "rekognition", endpoint_url=server.url, region_name=REGION,
                aws_access_key_id=keys.access_key, aws_secret_access_key=keys.secret_key,
            )  # fmt: skip
    finally:
        lock.close()


def rebuild(
    parts: LocalParts, client: "RekognitionClient", *, on_photo: Callable[[], None] = lambda: None
) -> Rebuilt:
    """Index every stored photo in a new collection, and compare it with the one in use."""
    _delete_leaving(parts, client)
    collection = parts.collections.begin()
    for each in (parts.collections.in_use(), collection):
        _make(client, each)
    index = index_of(match_by_of(parts.settings))(client, collection, floor_pct=parts.policy.floor_pct)
    people = {person.person_id: person for person in _people(parts)}
    done = parts.collections.recorded(collection)
    for person in people.values():
        for photo in person.photos.values():
            on_photo()
            _index(parts, index, collection, person, photo, done.get((person.person_id, photo.photo_id)))
    built = parts.collections.recorded(collection)
    for person_id, photo_id in built.keys() - {
        (person.person_id, photo_id) for person in people.values() for photo_id in person.photos
    }:
        parts.collections.drop(collection, person_id, photo_id)  # forgotten since it was built
        del built[person_id, photo_id]
    wanted = {photo.face_id for photo in built.values()} | set(_counter_examples(parts, index))
    index.remove([face.face_id for face in index.all_faces() if face.face_id not in wanted])
    refused = tuple(
        (people[person_id].name, photo_id, photo.reason or "")
        for (person_id, photo_id), photo in sorted(built.items())
        if photo.state is PhotoState.REFUSED
    )
    differences = tuple(_differences(parts, client, collection, people, built))
    return Rebuilt(
        collection, len(built) - len(refused), len({person for person, _ in built}), refused, differences
    )


def switch(parts: LocalParts, client: "RekognitionClient", collection: str) -> None:
    """Use the collection from the next start on, and keep the one in use until now."""
    parts.collections.switch(collection)
    _delete_leaving(parts, client)


def go_back(parts: LocalParts) -> str:
    """Use the collection that was kept; return its id. What was enrolled since is queued for it.

    Raises `NothingToUse`.
    """
    kept = parts.collections.kept()
    if kept is None:
        raise NothingToUse("no collection was kept; `recognizeme-local reindex --switch` keeps the old one")
    known = parts.collections.recorded(kept)
    parts.collections.switch(kept)
    for person, photo in _photos(parts):
        key = Enrollment(person.person_id, photo.photo_id).photo_key
        if (person.person_id, photo.photo_id) in known:
            continue
        try:
            size_bytes = len(parts.photos.read(key))
        except NotFound:
            continue
        # With another picture on record, or none, the one that is stored is indexed.
        if parts.people.add_photo(person.person_id, replace(photo, sha256=None), photo_key=key):
            parts.notify(key, size_bytes)
    return kept


def _counter_examples(parts: LocalParts, index: RekognitionFaceIndex) -> Iterator[str]:
    """Index again what corrections taught, as long as the pictures are there; give the faces' ids."""
    for lesson in parts.lessons.all():
        sighting = parts.sightings.get(lesson.capture_id)
        if sighting is None or sighting.photo_key is None or lesson.expires_at <= parts.now():
            continue
        with suppress(NotFound, UnusablePicture):
            picture = inspect(parts.photos.read(sighting.photo_key))
            yield index.add(counter_id(lesson.capture_id), picture, accept_poor=True).face_id


def _index(
    parts: LocalParts, index: RekognitionFaceIndex, collection: str, person: Person, photo: EnrolledPhoto,
    before: EnrolledPhoto | None,
) -> None:  # fmt: skip
    """Index one photo, unless that was done before with the same bytes."""
    key = Enrollment(person.person_id, photo.photo_id).photo_key
    try:
        content = parts.photos.read(key)
    except NotFound:
        return
    sha256 = hashlib.sha256(content).hexdigest()
    if before and before.sha256 == sha256:
        return
    made = EnrolledPhoto(photo.photo_id, PhotoState.REFUSED, parts.now(), sha256=sha256, reason=photo.reason)
    if photo.problem:  # poor, or of somebody else: no other engine changes that
        parts.collections.record(collection, person.person_id, made, photo_key=key)
        return
    try:
        face = index.add(person.person_id, inspect(content), accept_poor=photo.state is PhotoState.INDEXED)
    except UnusablePicture as error:
        made = replace(made, reason=str(error))
    else:
        made = replace(
            made, state=PhotoState.INDEXED, face_id=face.face_id, face_box=face.face_box, reason=None
        )
    parts.collections.record(collection, person.person_id, made, photo_key=key)


def _differences(
    parts: LocalParts, client: "RekognitionClient", collection: str, people: dict[str, Person],
    built: dict[tuple[str, str], EnrolledPhoto],
) -> Iterator[Difference]:  # fmt: skip
    in_use = parts.collections.in_use()
    names = {person_id: person.name for person_id, person in people.items()}
    for (person_id, photo_id), now in sorted(built.items()):
        before = people[person_id].photos[photo_id]
        told = [
            _told(parts, client, where, photo, names)
            for where, photo in ((in_use, before), (collection, now))
        ]
        if told[0] != told[1]:
            yield Difference(names[person_id], photo_id, *told)


def _told(
    parts: LocalParts, client: "RekognitionClient", collection: str, photo: EnrolledPhoto,
    names: dict[str, str],
) -> str:  # fmt: skip
    """Who the photo shows by the other faces of its collection: stored vectors, so any model's will do."""
    if photo.face_id is None:
        return "refused"
    try:
        answer = client.search_faces(
            CollectionId=collection, FaceId=photo.face_id, MaxFaces=_MATCHES,
            FaceMatchThreshold=parts.policy.floor_pct,
        )  # fmt: skip
    except ClientError as error:
        if error.response["Error"]["Code"] != "InvalidParameterException":
            raise
        return "lost"
    decision = parts.policy.decide(
        Match(match["Face"]["FaceId"], match["Face"]["ExternalImageId"], match["Similarity"])
        for match in answer["FaceMatches"]
        if capture_of(match["Face"]["ExternalImageId"]) is None
    )
    if decision.outcome is Outcome.RECOGNIZED and decision.person_id:
        return names.get(decision.person_id, decision.person_id)
    return str(decision.outcome)


def _delete_leaving(parts: LocalParts, client: "RekognitionClient") -> None:
    for collection in parts.collections.leaving():
        with suppress(client.exceptions.ResourceNotFoundException):
            client.delete_collection(CollectionId=collection)
        parts.collections.gone(collection)


def _make(client: "RekognitionClient", collection: str) -> None:
    with suppress(client.exceptions.ResourceAlreadyExistsException):
        client.create_collection(CollectionId=collection)


def _people(parts: LocalParts) -> Iterator[Person]:
    cursor = None
    while True:
        page = parts.people.list(limit=_AT_ONCE, cursor=cursor)
        yield from page.items
        if (cursor := page.next_cursor) is None:
            return


def _photos(parts: LocalParts) -> Iterator[tuple[Person, EnrolledPhoto]]:
    for person in _people(parts):
        for photo in person.photos.values():
            yield person, photo
