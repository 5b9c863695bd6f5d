"""A new collection from everybody's photos: built, compared, switched to, and back."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from kiosk.client.api import ApiClient
from kiosk.client.capture_id import new_capture_id
from kiosk.client.sighting import Sighting
from local.cli import main
from local.data_folder import DataFolder
from local.reindex import own_engine, rebuild
from local.stack import Refused, Stack
from local.wiring import DATA, URL, LocalParts
from recognizeme.adapters.rekognition import RekognitionFaceIndex
from tests.local.runtime.test_functions import eventually
from tests.portraits import ASTRONAUT, HOPPER

pytestmark = pytest.mark.integration

PEOPLE = {"collins": ("Eileen Collins", ASTRONAUT), "hopper": ("Grace Hopper", HOPPER)}


@pytest.fixture
def enrolled(data: Path) -> Path:
    """A data folder with two people enrolled, on which no stack runs."""
    with Stack(DataFolder(data)) as stack, ApiClient(stack.url) as api:
        for person_id, (name, photo) in PEOPLE.items():
            api.put_person(person_id, name=name)
            content_type = "image/png" if photo.suffix == ".png" else "image/jpeg"
            api.enroll_photo(person_id, f"1{photo.suffix}", photo.read_bytes(), content_type=content_type)
    return data


def reindex(data: Path, *options: str) -> Result:
    return CliRunner().invoke(main, ["reindex", *options, "--data", str(data)], catch_exceptions=False)


def seen(api: ApiClient, photo: Path) -> Sighting:
    return api.hand_in(
        photo.read_bytes(), kiosk_id="front", capture_id=new_capture_id(), timeout_s=60,
        content_type="image/png" if photo.suffix == ".png" else "image/jpeg",
    )  # fmt: skip


def faces_by_collection(data: Path) -> dict[str, set[str]]:
    with own_engine(DataFolder(data)) as client:
        return {
            collection: {
                face["ExternalImageId"] for face in client.list_faces(CollectionId=collection)["Faces"]
            }
            for collection in client.list_collections()["CollectionIds"]
        }


def parts_of(data: Path) -> LocalParts:
    return LocalParts.from_env({DATA: str(data), URL: ""})


def test_nothing_changes_before_the_switch_and_the_old_collection_is_kept_after_it(enrolled: Path) -> None:
    built = reindex(enrolled)
    assert built.output.splitlines() == [
        "2 photos of 2 people indexed in employees-2, 0 refused",
        "each photo searched among the others: everybody is recognized as before",
        "nothing has changed yet: `recognizeme-local reindex --switch` uses it",
    ]
    assert parts_of(enrolled).collections.in_use() == "employees"
    assert "employees-2 is in use; `recognizeme-local reindex --back`" in reindex(enrolled, "--switch").output
    with Stack(DataFolder(enrolled)) as stack, ApiClient(stack.url) as api:
        assert stack.notices == []
        assert seen(api, ASTRONAUT).name == "Eileen Collins"
    assert faces_by_collection(enrolled) == {key: {*PEOPLE} for key in ("employees", "employees-2")}


@pytest.mark.slow
def test_what_corrections_taught_is_known_to_the_new_collection_too(enrolled: Path) -> None:
    with Stack(DataFolder(enrolled)) as stack, ApiClient(stack.url) as api:
        visit = seen(api, HOPPER)
        api.correct(visit.capture_id, person_id=None)
        api.teach(visit.capture_id, not_person_id="hopper")
    reindex(enrolled, "--switch")
    with Stack(DataFolder(enrolled)) as stack, ApiClient(stack.url) as api:
        assert (seen(api, HOPPER).outcome, seen(api, ASTRONAUT).name) == ("unknown", "Eileen Collins")
        api.take_back(visit.capture_id)
        assert seen(api, HOPPER).name == "Grace Hopper"
    assert faces_by_collection(enrolled) == {key: {*PEOPLE} for key in ("employees", "employees-2")}


@pytest.mark.slow
def test_who_is_forgotten_leaves_the_kept_collection_too(enrolled: Path) -> None:
    reindex(enrolled, "--switch")
    with Stack(DataFolder(enrolled)) as stack, ApiClient(stack.url) as api:
        api.forget("hopper")
    assert faces_by_collection(enrolled) == {key: {"collins"} for key in ("employees", "employees-2")}
    assert reindex(enrolled, "--back").exit_code == 0
    with Stack(DataFolder(enrolled)) as stack, ApiClient(stack.url) as api:
        assert seen(api, HOPPER).outcome == "unknown"
        assert [person["person_id"] for person in api.people()] == ["collins"]


def test_an_interrupted_build_goes_on_where_it_was(enrolled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    added: list[str] = []
    add = RekognitionFaceIndex.add

    def counted(index: RekognitionFaceIndex, person_id: str, picture: Any, **options: Any) -> Any:
        if person_id == "hopper" and "hopper" not in added:
            added.append(person_id)
            raise KeyboardInterrupt
        added.append(person_id)
        return add(index, person_id, picture, **options)

    monkeypatch.setattr(RekognitionFaceIndex, "add", counted)
    parts = parts_of(enrolled)
    with own_engine(DataFolder(enrolled)) as client:
        with pytest.raises(KeyboardInterrupt):
            rebuild(parts, client)
        assert rebuild(parts, client).photos == 2
    assert added == ["collins", "hopper", "hopper"]


@pytest.mark.slow
def test_the_way_back_is_open_and_takes_along_who_was_enrolled_since(enrolled: Path) -> None:
    with Stack(DataFolder(enrolled)) as stack, ApiClient(stack.url) as api:
        api.forget("hopper")
    reindex(enrolled, "--switch")
    with Stack(DataFolder(enrolled)) as stack, ApiClient(stack.url) as api:
        api.put_person("grace", name="Grace Hopper")
        api.enroll_photo("grace", "1.jpg", HOPPER.read_bytes(), content_type="image/jpeg")
    assert "employees is in use" in reindex(enrolled, "--back").output
    with Stack(DataFolder(enrolled)) as stack, ApiClient(stack.url) as api:
        assert seen(api, ASTRONAUT).name == "Eileen Collins"
        assert eventually(lambda: stack.engine.face_count("employees") == 2)
        assert seen(api, HOPPER).name == "Grace Hopper"
    assert faces_by_collection(enrolled)["employees"] == {"collins", "grace"}


def test_without_a_kept_collection_there_is_no_way_back(enrolled: Path) -> None:
    refused = CliRunner().invoke(main, ["reindex", "--back", "--data", str(enrolled)])
    assert (refused.exit_code, refused.output.count("\n")) == (1, 1)
    assert "no collection was kept" in refused.output


@pytest.mark.slow
def test_faces_of_another_network_stop_the_start_with_one_sentence_and_are_made_anew(enrolled: Path) -> None:
    database = DataFolder(enrolled).collections / "rekolocal.sqlite3"
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("UPDATE collections SET model = '7.0'")
        connection.commit()
    with pytest.raises(Refused, match=r"are of the recognition network 7\.0") as refused:
        Stack(DataFolder(enrolled)).__enter__()
    assert f"`recognizeme-local reindex --switch --data {enrolled}`" in str(refused.value)

    built, in_use = (json.loads(line) for line in reindex(enrolled, "--switch", "--json").output.splitlines())
    assert (built["photos"], built["differences"], in_use["collection"]) == (2, [], "employees-2")
    with Stack(DataFolder(enrolled)) as stack, ApiClient(stack.url) as api:
        assert seen(api, HOPPER).name == "Grace Hopper"
