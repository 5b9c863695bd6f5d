"""The function that announces, given the events of both platforms."""

import json
from pathlib import Path
from typing import Any

import pytest

from recognizeme.domain.audit import AuditQuery, Result
from recognizeme.domain.notifications import NoticeState
from tests.architecture.imports import ROOT
from tests.handlers.conftest import Json, Stack

pytestmark = pytest.mark.integration

RULE: Json = {
    "events": ["recognized", "kiosk_gone"],
    "channel": "email",
    "to": "desk@example.com",
    "quiet": [{"days": ["mon"], "from": "23:58", "until": "23:59"}],
}


def sample(name: str) -> Any:
    return json.loads((Path(ROOT) / "events" / f"notification-{name}.json").read_text())


def put(stack: Stack, rule: Json = RULE, rule_id: str = "desk") -> tuple[int, Json]:
    return stack.http("notification", "PUT", f"/notification-rules/{rule_id}", rule)


def send(stack: Stack) -> None:
    """What waits in the queue."""
    while job := stack.jobs.take("notification"):
        stack.invoke("notification", job.event)
        stack.jobs.done(job)


def test_a_rule_is_set_listed_and_removed(stack: Stack) -> None:
    status, rule = put(stack)
    assert status == 200
    assert (rule["cooldown_s"], rule["picture"], rule["enabled"]) == (300, False, True)

    assert stack.http("notification", "GET", "/notification-rules")[1]["items"] == [rule]
    assert stack.http("notification", "DELETE", "/notification-rules/desk") == (200, rule)
    assert stack.http("notification", "DELETE", "/notification-rules/desk")[0] == 404
    assert stack.http("notification", "GET", "/notification-rules")[1]["items"] == []


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"events": ["unknown"]},
        {"channel": "email", "to": "a@b.c"},
        RULE | {"events": "unknown"},
        RULE | {"events": ["everything"]},
        RULE | {"events": [["unknown"]]},
        RULE | {"channel": "fax"},
        RULE | {"to": 7},
        RULE | {"cooldown_s": "soon"},
        RULE | {"cooldown_s": True},
        RULE | {"cooldown_s": 0.5},
        RULE | {"quiet": ["night"]},
        RULE | {"quiet": [{"days": "mon"}]},
        RULE | {"people": "ada"},
        RULE | {"picture": "yes"},
        RULE | {"enabled": None},
    ],
    ids=str,
)
def test_a_rule_that_is_out_of_form_is_refused_with_a_sentence(stack: Stack, body: Json) -> None:
    status, problem = put(stack, body)

    assert (status, problem["type"]) == (400, "urn:recognizeme:problem:invalid-request")
    assert stack.notifications.rules() == ()


@pytest.mark.parametrize("platform", ["one machine", "aws"])
def test_a_sighting_is_announced_by_the_event_of_either_platform(
    stack: Stack, ada: bytes, platform: str
) -> None:
    put(stack)
    stack.enroll("ada", ada, "Ada Lovelace")
    capture_id = stack.new_capture_id()
    path, query = "/kiosks/front/recognitions", {"capture_id": capture_id}
    assert stack.http("door", "POST", path, ada, query=query, content_type="image/jpeg")[0] == 200
    bus = json.loads(json.dumps(sample("seen")).replace("01a20779-07e8-71c0-84d5-e2f7a90b3c6d", capture_id))
    event = {"noticed": capture_id} if platform == "one machine" else bus

    assert stack.invoke("notification", event) == {"notices": 1}
    send(stack)

    assert [text.partition(" at front")[0] for text in stack.messenger.texts] == ["Ada Lovelace was seen"]
    (notice,) = stack.http("notification", "GET", "/notifications")[1]["items"]
    assert (notice["state"], notice["capture_id"], notice["error"]) == ("sent", capture_id, None)


def test_a_kiosks_alarm_is_announced_and_no_first_heartbeat_is(stack: Stack) -> None:
    put(stack, RULE | {"events": ["kiosk_gone", "kiosk_back"]})
    gone = sample("kiosk-gone")
    detail = gone["detail"]
    back = gone | {
        "detail": detail | {"state": detail["state"] | {"value": "OK"}, "previousState": {"value": "ALARM"}}
    }
    first = gone | {
        "detail": detail
        | {"state": detail["state"] | {"value": "OK"}, "previousState": {"value": "INSUFFICIENT_DATA"}}
    }

    assert [stack.invoke("notification", event)["notices"] for event in (first, gone, back)] == [0, 1, 1]
    send(stack)

    assert ["nothing since" in text for text in stack.messenger.texts] == [True, False]


def test_what_cannot_be_delivered_waits_and_is_seen(stack: Stack) -> None:
    put(stack)
    stack.messenger.is_broken = True

    status, notice = stack.http("notification", "POST", "/notification-rules/desk/test")
    assert (status, notice["state"], notice["event"]) == (200, "waiting", "test")
    send(stack)
    (seen,) = stack.http("notification", "GET", "/notifications")[1]["items"]
    assert (seen["state"], seen["attempts"], seen["error"]) == ("waiting", 1, "answered 500")

    stack.messenger.is_broken = False
    stack.clock_s += 5
    send(stack)
    assert stack.notifications.newest(limit=1)[0].state is NoticeState.SENT


def test_a_picture_that_is_sent_leaves_a_line_in_the_audit_log(stack: Stack, ada: bytes) -> None:
    put(stack, RULE | {"picture": True})
    stack.enroll("ada", ada)
    capture_id = stack.new_capture_id()
    path, query = "/kiosks/front/recognitions", {"capture_id": capture_id}
    stack.http("door", "POST", path, ada, query=query, content_type="image/jpeg")
    stack.forget_audit_log()
    stack.invoke("notification", {"noticed": capture_id})
    send(stack)

    assert [message.picture for message, _ in stack.messenger.sent] == [ada]
    lines = stack.audit_log.query(AuditQuery(), limit=9).items
    assert [(line.action, line.result, line.about) for line in lines] == [
        ("picture sent", Result.DONE, {"capture_id": capture_id})
    ]


def test_whoever_is_forgotten_is_in_no_rule(stack: Stack, ada: bytes) -> None:
    put(stack, RULE | {"people": ["ada"]})
    stack.enroll("ada", ada)
    stack.http("enrollment", "DELETE", "/people/ada")

    assert stack.notifications.rules() == ()


def test_an_event_of_another_kind_is_ignored(stack: Stack) -> None:
    assert stack.invoke("notification", {"detail": {"alarmName": "another"}}) == {"notices": 0}
