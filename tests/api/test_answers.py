"""The check that every test's answers go through finds what is wrong with one."""

import json
from typing import Any

import pytest

from tests.api.answers import check

FACE: dict[str, Any] = {"face_id": "f", "person_id": None}
CHECKED: dict[str, Any] = {
    **dict.fromkeys(("faces", "removing", "orphans", "adopted", "apart", "of_strangers"), 0),
    "strangers_removed": 0,
    "items": [FACE],
}
PROBLEM = {"type": "urn:recognizeme:problem:busy", "title": "Busy", "status": 503, "detail": "try again"}


def answered(status: int, content: Any, content_type: str = "application/json") -> None:
    check("POST", "/collection-checks", status, content_type, json.dumps(content).encode())


def test_what_is_described_passes() -> None:
    answered(200, CHECKED)
    answered(503, PROBLEM, "application/problem+json")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (CHECKED | {"more": 1}, "'more' was unexpected"),
        (CHECKED | {"items": [FACE | {"more": 1}]}, "'more' was unexpected"),
        ({name: value for name, value in CHECKED.items() if name != "faces"}, "'faces' is a required"),
        (CHECKED | {"faces": None}, "not of type 'integer'"),
        (CHECKED | {"faces": -1}, "minimum"),
    ],
)
def test_a_member_too_many_too_few_or_of_another_form_does_not(content: Any, says: str) -> None:
    with pytest.raises(AssertionError, match=says):
        answered(200, content)


def test_a_status_or_a_content_type_that_is_not_described_does_not_pass() -> None:
    with pytest.raises(AssertionError, match="answered 418"):
        answered(418, PROBLEM, "application/problem+json")
    with pytest.raises(AssertionError, match="as application/json"):
        answered(503, PROBLEM)


def test_a_time_must_be_one() -> None:
    beaten = {"kiosk_id": "front", "received_at": "yesterday", "policy_version": "v"}
    with pytest.raises(AssertionError, match="date-time"):
        check("POST", "/kiosks/front/heartbeat", 200, "application/json", json.dumps(beaten).encode())
