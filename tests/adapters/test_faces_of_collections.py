"""A stack with several collections: one is searched, and nobody who is forgotten stays in another."""

from collections import defaultdict
from dataclasses import replace

import pytest

from recognizeme.settings import Settings
from recognizeme.wiring import AwsParts
from tests.twins.collections import TwinCollectionRoles
from tests.twins.faces import TwinFaces
from tests.twins.pictures import picture

TABLES = "SIGHTINGS TOTALS FACES PEOPLE AUDIT LESSONS STRANGERS KIOSKS ANSWERS ROLLCALLS NOTIFICATIONS"
SETTINGS = Settings.from_env(
    {f"RECOGNIZEME_{name}_TABLE": "x" for name in TABLES.split()}
    | {"RECOGNIZEME_BUCKET": "x", "RECOGNIZEME_COLLECTION": "employees"}
)


@pytest.fixture
def collections(monkeypatch: pytest.MonkeyPatch) -> defaultdict[str, TwinFaces]:
    made: defaultdict[str, TwinFaces] = defaultdict(TwinFaces)
    monkeypatch.setattr(AwsParts, "index_of", lambda self, collection: made[collection])
    return made


def test_a_switch_counts_for_the_next_request_of_every_function(
    collections: defaultdict[str, TwinFaces], monkeypatch: pytest.MonkeyPatch
) -> None:
    roles = TwinCollectionRoles("employees")
    monkeypatch.setattr(AwsParts, "collection_roles", roles)
    one, other = AwsParts(SETTINGS), AwsParts(SETTINGS)
    one.faces.add("ada", picture("ada"))
    assert list(collections) == ["employees"]
    assert roles.replace(replace(roles.read().begun("employees"), is_built=True))
    assert roles.replace(roles.read().switched())
    for parts in (one, other):
        assert parts.faces.search(picture("ada")).matches == ()
    other.faces.add("ada", picture("ada"))
    assert len(collections["employees-2"].faces) == 1


def test_what_is_removed_goes_from_the_collections_beside_the_one_in_use(
    collections: defaultdict[str, TwinFaces], monkeypatch: pytest.MonkeyPatch
) -> None:
    roles = TwinCollectionRoles("employees")
    monkeypatch.setattr(AwsParts, "collection_roles", roles)
    roles.replace(roles.read().begun("employees"))
    for collection in ("employees", "employees-2"):
        collections[collection].add("ada", picture("ada"))
    faces = AwsParts(SETTINGS).faces
    assert [face.person_id for face in faces.all_faces()] == ["ada", "ada"]
    faces.remove([face.face_id for face in faces.all_faces()])
    assert not any(each.faces for each in collections.values())
