"""Strangers over the API, with real faces: grouped by the picture's event, shown, and decided about."""

import pytest

from recognizeme.adapters.rekognition import RekognitionFaceIndex
from rekolocal.testing import LocalRekognition
from tests.handlers.conftest import Stack

pytestmark = pytest.mark.integration


@pytest.fixture
def kept(stack: Stack, rekolocal: LocalRekognition) -> Stack:
    collection = stack.settings.strangers_collection
    rekolocal.client.create_collection(CollectionId=collection)
    stack.stranger_faces = RekognitionFaceIndex(rekolocal.client, collection)
    return stack


def visit(stack: Stack, picture: bytes) -> str:
    capture_id = stack.new_capture_id()
    query = {"capture_id": capture_id}
    path = "/kiosks/front/recognitions"
    status, seen = stack.http("door", "POST", path, picture, query=query, content_type="image/jpeg")
    assert (status, seen["outcome"], seen["stranger_id"]) == (200, "unknown", None)
    stack.s3("recognition", stack.stored[-1])
    return capture_id


def test_a_stranger_is_grouped_shown_and_named(kept: Stack, ada: bytes) -> None:
    first, second = visit(kept, ada), visit(kept, ada)
    [stranger] = kept.http("query", "GET", "/strangers")[1]["items"]
    assert (stranger["stranger_id"], stranger["visits"], stranger["kiosks"]) == (first, 2, ["front"])
    _, shown = kept.http("query", "GET", f"/strangers/{first}")
    assert [each["capture_id"] for each in shown["sightings"]] == [second, first]
    assert {each["stranger_id"] for each in shown["sightings"]} == {first}
    body = {"person_id": "ada", "name": "Ada"}
    status, named = kept.http("enrollment", "POST", f"/strangers/{first}/name", body)
    assert (status, named["state"], named["named_visits"]) == (200, "named", 2)
    assert {photo["state"] for photo in named["photos"]} == {"indexed"}
    _, seen = kept.http("query", "GET", f"/sightings/{second}")
    assert (seen["name"], seen["named_later"], seen["correction"]["was_outcome"]) == ("Ada", True, "unknown")
    assert kept.http("query", "GET", "/strangers")[1]["items"] == []
    [listed] = kept.http("query", "GET", "/strangers", query={"state": "named"})[1]["items"]
    assert listed["person_id"] == "ada"


def test_an_ignored_stranger_is_told_at_the_next_visit_and_a_lesson_says_so(kept: Stack, ada: bytes) -> None:
    first = visit(kept, ada)
    status, ignored = kept.http("enrollment", "POST", f"/strangers/{first}/ignore")
    assert (status, ignored["state"]) == (200, "ignored")
    again = visit(kept, ada)
    _, seen = kept.http("query", "GET", f"/sightings/{again}")
    assert (seen["ignored"], seen["stranger_id"]) == (True, first)
    [lesson] = kept.http("query", "GET", "/lessons")[1]["items"]
    assert (lesson["ignored"], lesson["not_person_ids"]) == (True, [])


def test_a_discarded_stranger_is_gone(kept: Stack, ada: bytes) -> None:
    first = visit(kept, ada)
    assert kept.http("enrollment", "POST", f"/strangers/{first}/discard")[1]["state"] == "discarded"
    assert kept.http("query", "GET", f"/strangers/{first}")[0] == 404
    assert kept.http("query", "GET", f"/sightings/{first}/photo")[0] == 404
    assert kept.stranger_faces
    assert list(kept.stranger_faces.all_faces()) == []


def test_the_daily_look_through_the_collection_counts_strangers(kept: Stack, ada: bytes) -> None:
    visit(kept, ada)
    found = kept.invoke("enrollment", {"check": "collection"})
    assert (found["of_strangers"], found["strangers_removed"]) == (1, 0)


def test_a_stranger_who_does_not_exist_is_said_so(kept: Stack) -> None:
    nobody = kept.new_capture_id()
    for path in ("name", "ignore", "discard"):
        body = {"name": "Eve"} if path == "name" else {}
        assert kept.http("enrollment", "POST", f"/strangers/{nobody}/{path}", body)[0] == 404
    assert kept.http("query", "GET", "/strangers", query={"state": "no"})[0] == 400
