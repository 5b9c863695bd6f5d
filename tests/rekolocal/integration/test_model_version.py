"""A collection keeps the model it was made with: vectors of two models are never compared."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from rekolocal.engine.faces import FaceEngine
from rekolocal.engine.network import MODEL_VERSION
from rekolocal.server import serve_in_thread
from rekolocal.service import Service
from rekolocal.state import Database
from rekolocal.testing import client_for

pytestmark = pytest.mark.integration


@pytest.fixture
def old_folder(tmp_path: Path, engine: FaceEngine, astronaut: bytes, hopper: bytes) -> Path:
    """The data of a rekolocal that had dlib's network: two faces in `employees`, schema 1."""
    service = Service.open(tmp_path, engine=engine)
    with serve_in_thread(service=service) as server:
        client = client_for(server.url)
        client.create_collection(CollectionId="employees")
        for name, photo in (("eileen", astronaut), ("grace", hopper)):
            client.index_faces(
                CollectionId="employees", Image={"Bytes": photo}, ExternalImageId=name, MaxFaces=1
            )
    with service.database.write() as transaction:
        transaction.db.execute("ALTER TABLE collections DROP COLUMN model")
        transaction.db.execute("PRAGMA user_version = 1")
    service.close()
    return tmp_path


@pytest.fixture
def client(old_folder: Path, engine: FaceEngine) -> Iterator[Any]:
    service = Service.open(old_folder, engine=engine)
    with serve_in_thread(service=service) as server:
        yield client_for(server.url)
    service.close()


def test_old_collections_say_which_model_they_keep_and_new_ones_have_the_new(client: Any) -> None:
    client.create_collection(CollectionId="visitors")
    assert client.list_collections()["FaceModelVersions"] == ["7.0", MODEL_VERSION]
    assert client.describe_collection(CollectionId="employees")["FaceModelVersion"] == "7.0"
    (face, _) = client.list_faces(CollectionId="employees")["Faces"]
    assert face["IndexFacesModelVersion"] == "7.0"


@pytest.mark.parametrize("operation", ["index_faces", "search_faces_by_image", "search_users_by_image"])
def test_a_new_picture_is_never_compared_with_old_vectors(
    client: Any, operation: str, astronaut: bytes
) -> None:
    with pytest.raises(
        ClientError, match=r"keeps faces of the model 7\.0, which cannot be compared"
    ) as caught:
        getattr(client, operation)(CollectionId="employees", Image={"Bytes": astronaut})
    assert caught.value.response["Error"]["Code"] == "ResourceNotFoundException"
    assert "make it anew from its photos, with `recognizeme-local reindex`" in str(caught.value)


def test_old_vectors_are_compared_with_each_other_on_their_own_scale(client: Any) -> None:
    first, second = client.list_faces(CollectionId="employees")["Faces"]
    found = client.search_faces(CollectionId="employees", FaceId=first["FaceId"], FaceMatchThreshold=0)
    (match,) = found["FaceMatches"]
    assert match["Face"]["FaceId"] == second["FaceId"]
    assert match["Similarity"] < 1  # 1.3 apart, far beyond the 0.6 that dlib's network calls 80 %
    assert found["FaceModelVersion"] == "7.0"


def test_an_old_database_is_brought_up_to_date_once(old_folder: Path) -> None:
    for _ in range(2):
        database = Database(old_folder)
        with database.read() as db:
            assert db.execute("SELECT id, model FROM collections").fetchall() == [("employees", "7.0")]
        database.close()
