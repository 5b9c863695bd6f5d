"""Roll calls over HTTP."""

from typing import Any

import pytest

from recognizeme.domain.model import new_capture_id
from tests.handlers.conftest import Stack
from tests.handlers.test_presence import seen

pytestmark = pytest.mark.integration


def start(stack: Stack, **how: Any) -> str:
    status, roll_call = stack.http("enrollment", "POST", "/rollcalls", {"kind": "drill"}, **how)
    assert status == 201
    return str(roll_call["rollcall_id"])


def tick(stack: Stack, rollcall_id: str, who: str, state: object, **how: Any) -> tuple[int, dict[str, Any]]:
    path = f"/rollcalls/{rollcall_id}/people/{who}"
    return stack.http("enrollment", "PUT", path, {"state": state}, **how)


@pytest.fixture
def office(stack: Stack) -> Stack:
    for number, person_id in enumerate(("ada", "bob", "carol")):
        stack.http("enrollment", "PUT", f"/people/{person_id}", {"name": person_id.title()})
        if person_id != "carol":
            seen(stack, person_id, "front", number)
    return stack


def test_a_roll_call_says_who_is_not_accounted_for_and_who_said_what(office: Stack) -> None:
    rollcall_id = start(office, principal="token desk")
    tick(office, rollcall_id, "ada", "safe", principal="phone", headers={"X-On-Behalf-Of": "grace@office"})

    status, roll_call = office.http("query", "GET", f"/rollcalls/{rollcall_id}")

    assert status == 200
    assert roll_call["started_by"] == {"principal": "token desk", "on_behalf_of": None}
    assert roll_call["counts"] == {"safe": 1, "missing": 0, "unaccounted": 1}
    bob, ada = roll_call["people"]
    assert (bob["name"], bob["state"], bob["seen_by"], bob["ticks"]) == ("Bob", "unaccounted", "front", [])
    assert [(each["state"], each["by"]) for each in ada["ticks"]] == [
        ("safe", {"principal": "phone", "on_behalf_of": "grace@office"})
    ]
    assert office.http("query", "GET", "/rollcalls")[1]["items"][0]["rollcall_id"] == rollcall_id


def test_whom_no_camera_saw_can_be_ticked_and_a_tick_taken_back(office: Stack) -> None:
    rollcall_id = start(office)

    assert tick(office, rollcall_id, "carol", "missing")[1]["seen_at"] is None
    _, carol = tick(office, rollcall_id, "carol", "unaccounted")

    assert [each["state"] for each in carol["ticks"]] == ["missing", "unaccounted"]


def test_an_ended_roll_call_is_kept_and_takes_no_tick(office: Stack) -> None:
    rollcall_id = start(office)

    status, ended = office.http("enrollment", "POST", f"/rollcalls/{rollcall_id}/end")

    assert (status, ended["ended_by"]["principal"]) == (200, "this machine")
    assert office.http("enrollment", "POST", f"/rollcalls/{rollcall_id}/end") == (200, ended)
    assert tick(office, rollcall_id, "ada", "safe")[0] == 409


@pytest.mark.parametrize(
    ("who", "state", "status"), [("nobody", "safe", 404), ("ada", "fine", 400), ("ada", None, 400)]
)
def test_a_tick_that_says_nothing_is_refused(office: Stack, who: str, state: object, status: int) -> None:
    assert tick(office, start(office), who, state)[0] == status


def test_what_is_no_roll_call_is_refused(office: Stack) -> None:
    unknown = new_capture_id(office.now(), bytes(10))

    assert tick(office, unknown, "ada", "safe")[0] == 404
    assert office.http("query", "GET", f"/rollcalls/{unknown}")[0] == 404
    assert office.http("enrollment", "POST", f"/rollcalls/{unknown}/end")[0] == 404
    assert office.http("query", "GET", "/rollcalls/x")[0] == 400
    assert office.http("enrollment", "POST", "/rollcalls", {})[0] == 400


def test_a_roll_call_asked_for_twice_under_one_key_is_started_once(office: Stack) -> None:
    headers = {"Idempotency-Key": "alarm-1"}

    assert start(office, headers=headers) == start(office, headers=headers)


def test_ticks_are_in_the_audit_log_without_names(office: Stack) -> None:
    tick(office, start(office), "ada", "safe", headers={"X-On-Behalf-Of": "grace@office"})

    _, log = office.http(
        "query", "GET", "/audit", query={"action": "PUT /rollcalls/{rollcall_id}/people/{person_id}"}
    )
    (line,) = log["items"]
    assert (line["on_behalf_of"], line["detail"]["state"], line["person_id"]) == (
        "grace@office",
        "safe",
        "ada",
    )


def test_whoever_is_forgotten_is_taken_off_the_lists(office: Stack) -> None:
    rollcall_id = start(office)

    office.http("enrollment", "DELETE", "/people/ada")

    _, roll_call = office.http("query", "GET", f"/rollcalls/{rollcall_id}")
    assert [each["person_id"] for each in roll_call["people"]] == ["bob"]
