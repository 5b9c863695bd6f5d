"""Corrections that teach, through the handlers and on a real face engine."""

import io
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from PIL import Image

from recognizeme.adapters.user_index import index_of
from recognizeme.domain.lessons import counter_id
from recognizeme.domain.policy import MatchBy
from rekolocal.testing import LocalRekognition
from tests.handlers.conftest import Json, Stack
from tests.handlers.test_door_and_query import seen

pytestmark = pytest.mark.integration


@pytest.fixture(params=MatchBy, autouse=True)
def compared(stack: Stack, rekolocal: LocalRekognition, request: pytest.FixtureRequest) -> None:
    """Visitors are compared with every face, and with one vector a person."""
    stack.faces.index = index_of(request.param)(rekolocal.client, stack.settings.collection_id)


def smaller(picture: bytes, factor: float = 0.8) -> bytes:
    """Another picture of the same face."""
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    stream = io.BytesIO()
    image.resize((int(image.width * factor), int(image.height * factor))).save(stream, "PNG")
    return stream.getvalue()


def corrected(stack: Stack, sighting: Json, person_id: str | None) -> Json:
    path = f"/sightings/{sighting['capture_id']}/correction"
    status, answer = stack.http("enrollment", "POST", path, {"person_id": person_id})
    assert status == 200
    return answer


def taught(stack: Stack, sighting: Json, **lesson: object) -> Json:
    status, answer = stack.http("enrollment", "POST", f"/sightings/{sighting['capture_id']}/lessons", lesson)
    assert status == 200, answer
    return answer


def test_a_picture_that_was_learned_is_them_when_it_is_handed_in_again(
    stack: Stack, ada: bytes, grace: bytes
) -> None:
    stack.enroll("ada", ada)
    stack.http("enrollment", "PUT", "/people/grace", {"name": "Grace Hopper"})
    visit = smaller(grace)
    first = seen(stack, visit)
    assert first["outcome"] == "unknown"
    assert corrected(stack, first, None)["can_learn"] is False
    assert corrected(stack, first, "grace")["can_learn"] is True
    photo = taught(stack, first, learn=True)["photo"]
    assert (photo["photo_id"], photo["state"]) == (f"capture-{first['capture_id']}.png", "indexed")
    assert taught(stack, first, learn=True)["photo"] == photo
    assert (stack.faces.additions, stack.faces.held_for("grace")) == (2, 1)

    assert seen(stack, visit)["person_id"] == "grace"
    assert seen(stack, grace)["person_id"] == "grace"
    assert seen(stack, ada)["person_id"] == "ada"
    listed = stack.http("query", "GET", "/people/grace/photos")[1]["items"]
    assert [each["photo_id"] for each in listed] == [photo["photo_id"]]


def test_a_picture_that_does_not_show_somebody_is_not_them_when_it_is_handed_in_again(
    stack: Stack, ada: bytes, grace: bytes
) -> None:
    stack.enroll("ada", ada)
    stack.enroll("bob", smaller(grace, 0.6), name="Bob")  # a photo that was filed under the wrong name
    visit = smaller(grace)
    first = seen(stack, visit)
    assert first["person_id"] == "bob"
    path = f"/sightings/{first['capture_id']}/lessons"
    assert stack.http("enrollment", "POST", path, {"not_person_id": "bob"})[0] == 409, (
        "the sighting says it is him"
    )
    corrected(stack, first, None)
    lesson = taught(stack, first, not_person_id="bob")["lesson"]
    assert (lesson["not_person_ids"], lesson["learned"]) == (["bob"], True)
    assert taught(stack, first, not_person_id="bob")["lesson"] == lesson
    assert stack.http("query", "GET", "/lessons")[1]["items"] == [lesson]

    again = seen(stack, visit)
    assert (again["outcome"], again["person_id"]) == ("unknown", None)
    assert seen(stack, ada)["person_id"] == "ada"
    explained = stack.http("query", "GET", f"/sightings/{again['capture_id']}")[1]["explanation"]
    assert "said not to show them" in explained

    assert stack.http("enrollment", "DELETE", path) == (200, lesson)
    assert stack.http("query", "GET", "/lessons")[1]["items"] == []
    assert stack.faces.held_for(counter_id(str(first["capture_id"]))) == 0
    assert seen(stack, visit)["person_id"] == "bob"
    assert stack.http("enrollment", "DELETE", path)[0] == 404


def test_whoever_it_was_and_whoever_it_was_not_are_learned_from_one_picture(
    stack: Stack, ada: bytes, grace: bytes
) -> None:
    stack.enroll("bob", smaller(grace, 0.6), name="Bob")
    stack.http("enrollment", "PUT", "/people/grace", {"name": "Grace Hopper"})
    visit = smaller(grace)
    first = seen(stack, visit)
    corrected(stack, first, "grace")
    learned = taught(stack, first, learn=True, not_person_id="bob")
    assert (learned["photo"]["state"], learned["lesson"]["not_person_ids"]) == ("indexed", ["bob"])
    assert seen(stack, visit)["person_id"] == "grace"
    assert stack.http("enrollment", "DELETE", "/people/grace")[1]["removed"]["faces"] == 1
    assert stack.faces.held_for(counter_id(str(first["capture_id"]))) == 0, "it was her face"


def test_teaching_out_of_form_is_a_problem_and_leaves_nothing(stack: Stack, ada: bytes) -> None:
    sighting = seen(stack, ada)
    path = f"/sightings/{sighting['capture_id']}/lessons"
    for body, says in (
        (b"[]", "JSON object"),
        ({"learn": "yes"}, "true or false"),
        ({"not_person_id": 7}, "string"),
        ({"not_person_id": "a b"}, "person_id"),
    ):
        status, problem = stack.http("enrollment", "POST", path, body)
        assert (status, says in problem["detail"]) == (400, True), problem
    status, problem = stack.http("enrollment", "POST", path, {"learn": True})
    assert (status, "correct it first" in problem["detail"]) == (409, True), problem
    assert stack.http("enrollment", "POST", path, {"not_person_id": "nobody"})[0] == 404
    assert (
        stack.http("enrollment", "POST", f"/sightings/{stack.new_capture_id()}/lessons", {"learn": True})[0]
        == 404
    )
    assert taught(stack, sighting) == {"photo": None, "lesson": None}
    assert stack.faces.additions == 0


def test_a_strangers_face_is_kept_no_longer_than_any_sighting_is(stack: Stack, ada: bytes) -> None:
    stack.settings = replace(stack.settings, sighting_days=10)
    stack.enroll("bob", ada, name="Bob")
    first = seen(stack, smaller(ada))
    corrected(stack, first, None)
    lesson = taught(stack, first, not_person_id="bob")["lesson"]
    kept = datetime.fromisoformat(lesson["expires_at"]) - datetime.fromisoformat(lesson["taught_at"])
    assert kept == timedelta(days=10)
