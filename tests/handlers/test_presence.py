"""Who is in, over HTTP."""

import pytest

from recognizeme.domain.kiosks import Direction, Kiosk
from recognizeme.domain.model import Capture, new_capture_id
from tests.contract.samples import recognized
from tests.handlers.conftest import Stack

pytestmark = pytest.mark.integration


def seen(stack: Stack, person_id: str, kiosk_id: str, number: int = 0) -> str:
    capture = Capture(new_capture_id(stack.now(), number.to_bytes(2) + bytes(8)), kiosk_id)
    assert stack.sightings.save(recognized(capture, person_id))
    return capture.capture_id


def test_who_is_in_is_listed_page_by_page_in_the_order_of_ids(stack: Stack) -> None:
    stack.kiosks.put(Kiosk("front", direction=Direction.IN))
    for number, person_id in enumerate(("bob", "ada", "carol")):
        stack.http("enrollment", "PUT", f"/people/{person_id}", {"name": person_id, "groups": ["staff"]})
        seen(stack, person_id, "front", number)

    status, page = stack.http("query", "GET", "/presence", query={"limit": "2"})
    assert status == 200
    assert [each["person_id"] for each in page["items"]] == ["ada", "bob"]
    ada = page["items"][0]
    assert ada == {
        "person_id": "ada", "name": "ada", "groups": ["staff"], "since": ada["seen_at"],
        "entered_by": "front", "seen_at": ada["seen_at"], "seen_by": "front", "is_recognized": True,
    }  # fmt: skip

    query = {"limit": "2", "cursor": page["next_cursor"]}
    _, rest = stack.http("query", "GET", "/presence", query=query)
    assert [each["person_id"] for each in rest["items"]] == ["carol"]
    assert rest["next_cursor"] is None
    assert stack.http("query", "GET", "/presence", query={"cursor": "x"})[0] == 400
