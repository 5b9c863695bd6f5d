"""`POST /reindexes` on a real engine."""

import pytest

from tests.handlers.conftest import Json, Stack

pytestmark = pytest.mark.integration


def step(stack: Stack, name: str) -> Json:
    """All of a step; what the last call answered."""
    cursor = None
    while True:
        status, answer = stack.http("enrollment", "POST", "/reindexes", {"step": name, "cursor": cursor})
        assert status == 200, answer
        cursor = answer["next_cursor"]
        if cursor is None:
            return answer


def test_a_new_collection_is_built_compared_switched_to_and_left_again(stack: Stack, ada: bytes) -> None:
    stack.http("enrollment", "PUT", "/people/ada", {"name": "Ada"})
    status, _ = stack.http(
        "enrollment", "POST", "/people/ada/photos", ada, query={"photo_id": "a.png"}, content_type="image/png"
    )
    assert status == 201
    first = stack.settings.collection_id
    assert step(stack, "count")["photos"] == 1
    assert stack.http("enrollment", "POST", "/reindexes", {"step": "switch"})[0] == 409
    built = step(stack, "build")
    assert (built["in_use"], built["building"], built["is_built"]) == (first, f"{first}-2", True)
    assert step(stack, "compare")["differences"] == []
    assert step(stack, "switch")["in_use"] == f"{first}-2"
    assert step(stack, "settle")["is_settled"] is True
    (face,) = stack.index_of(f"{first}-2").all_faces()
    person = stack.people.get("ada")
    assert person
    assert person.photos["a.png"].face_id == face.face_id
    assert step(stack, "back")["in_use"] == first
    step(stack, "settle")
    again = stack.people.get("ada")
    assert again
    assert again.photos["a.png"].face_id in {each.face_id for each in stack.index_of(first).all_faces()}
    assert set(stack.people.face_ids("ada")) == {face.face_id, again.photos["a.png"].face_id}


@pytest.mark.parametrize("body", [{}, {"step": "leap"}, {"step": 3}, {"step": "count", "cursor": 3}])
def test_what_is_no_step_is_refused_with_the_steps_there_are(stack: Stack, body: Json) -> None:
    status, answer = stack.http("enrollment", "POST", "/reindexes", body)
    assert status == 400
    assert (
        "step must be one of count" in str(answer)
        or "must be a string" in str(answer)
        or "missing" in str(answer)
    )
