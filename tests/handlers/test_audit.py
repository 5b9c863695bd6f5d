"""Every change and every look leaves a line, and what cannot be written down is not done."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from local.runtime.events import Request, http_event
from recognizeme.domain.audit import AuditLine, AuditQuery, Result, keyed_hash
from recognizeme.domain.errors import ServiceBusy
from recognizeme.domain.ports import AuditLog
from recognizeme.entry.routes import ROUTES, Audit, Route
from tests.handlers.conftest import Stack

pytestmark = pytest.mark.integration

Json = dict[str, Any]
BODIES: dict[str, Json] = {
    "PUT /people/{person_id}": {"name": "Ada Lovelace"},
    "POST /people/{person_id}/photos": {"photo_id": "ada-lovelace.jpg"},
    "POST /sightings/{capture_id}/correction": {"person_id": "ada"},
    "PUT /kiosks/{kiosk_id}": {"groups": ["staff"]},
    "PUT /notification-rules/{rule_id}": {
        "events": ["unknown"],
        "channel": "email",
        "to": "desk@example.com",
    },
    "PUT /groups/{group}": {"threshold_pct": 99.5, "reason": "seen seldom"},
}


@dataclass
class Unwritable:
    """An audit log whose n-th line, from 0, cannot be written."""

    log: AuditLog
    at: int
    tried: list[AuditLine] = field(default_factory=list)

    def append(self, line: AuditLine) -> None:
        self.tried.append(line)
        if len(self.tried) - 1 == self.at:
            raise ServiceBusy("the audit log cannot be written right now; try again in a moment")
        self.log.append(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.log, name)


def lines(stack: Stack, query: AuditQuery | None = None) -> list[AuditLine]:
    return list(stack.audit_log.query(query or AuditQuery(), limit=100).items)


@pytest.fixture
def seen(stack: Stack, ada: bytes) -> str:
    """A sighting of Ada, who is enrolled, and nothing in the log yet; its id."""
    stack.enroll("ada", ada)
    capture_id = stack.new_capture_id()
    path, query = "/kiosks/front/recognitions", {"capture_id": capture_id}
    status, sighting = stack.http("door", "POST", path, ada, query=query, content_type="image/jpeg")
    assert (status, sighting["person_id"]) == (200, "ada")
    stack.forget_audit_log()
    return capture_id


def ask(stack: Stack, route: Route, capture_id: str, **options: Any) -> tuple[int, Json]:
    photo_id = next(iter(person.photos)) if (person := stack.people.get("ada")) else ""
    path = route.path.format(
        kiosk_id="web", person_id="ada", capture_id=capture_id, group="staff", photo_id=photo_id,
        rollcall_id=capture_id, rule_id="desk", stranger_id=capture_id,
    )  # fmt: skip
    query = {"photo_id": photo_id} if route.path.endswith("/photo") else {}
    return stack.http(route.function, route.method, path, BODIES.get(route.key, {}), query=query, **options)


@pytest.mark.parametrize("said", ["", "two words"])
def test_who_is_acted_for_is_an_id_or_it_is_refused_also_where_no_line_is_left(
    stack: Stack, said: str
) -> None:
    content = {"capture_id": stack.new_capture_id()}
    status, problem = stack.http(
        "door", "POST", "/kiosks/front/captures", content, headers={"x-on-behalf-of": said}
    )

    assert (status, problem["type"]) == (400, "urn:recognizeme:problem:invalid-request")


AUDITED = [route for route in ROUTES if route.audit is not Audit.NO]


@pytest.mark.parametrize("route", AUDITED, ids=lambda route: route.key)
def test_every_audited_route_leaves_a_line_that_names_nobody(stack: Stack, seen: str, route: Route) -> None:
    status, answered = ask(stack, route, seen, headers={"x-on-behalf-of": "maria"}, principal="token 1a2b")

    (line,) = lines(stack)
    assert (line.action, line.principal, line.on_behalf_of) == (route.key, "token 1a2b", "maria")
    assert (line.status, line.source) == (status, "127.0.0.1"), answered
    assert line.result is (Result.DONE if status < 400 else Result.REFUSED)
    assert "ada" not in str(replace(line, line_id="")).lower()


@pytest.mark.parametrize("route", AUDITED, ids=lambda route: route.key)
def test_what_cannot_be_written_down_is_not_done_and_shows_nothing(
    stack: Stack, seen: str, route: Route
) -> None:
    stack.audit_log = Unwritable(stack.audit_log, at=0)  # type: ignore[assignment]
    before = state(stack, seen)

    status, answered = ask(stack, route, seen)

    assert status == 503
    assert answered["type"] == "urn:recognizeme:problem:busy"
    assert "url" not in answered
    assert "upload" not in answered
    if route.audit is Audit.CHANGE:
        assert state(stack, seen) == before
        assert lines(stack) == []


def state(stack: Stack, capture_id: str) -> tuple[Any, ...]:
    return (
        stack.people.get("ada"),
        stack.people.get("bob"),
        stack.sightings.get(capture_id),
        stack.faces.held_for("ada"),
        stack.stored.copy(),
        stack.kiosks.all(),
        stack.kiosks.groups(),
        stack.notifications.rules(),
        stack.notifications.newest(limit=9),
    )


def test_a_change_whose_end_cannot_be_written_down_was_made_and_its_line_says_that_it_began(
    stack: Stack, seen: str
) -> None:
    stack.audit_log = Unwritable(stack.audit_log, at=1)  # type: ignore[assignment]

    status, _ = stack.http("enrollment", "PUT", "/people/ada", {"name": "Countess"})

    assert status == 200
    assert [line.result for line in lines(stack)] == [Result.BEGAN]


def test_a_look_at_a_sightings_picture_is_a_line_about_whoever_it_shows(stack: Stack, seen: str) -> None:
    stack.http("query", "GET", f"/sightings/{seen}/photo")

    ada = keyed_hash("ada", stack.id_key)
    (line,) = lines(stack, AuditQuery(person=ada))
    assert (line.person, line.about, line.detail) == (ada, {"capture_id": seen}, {})


@pytest.mark.parametrize("function", ["captures", "recognitions"])
def test_a_doors_own_picture_is_on_record_as_its_sighting_alone(
    stack: Stack, function: str, ada: bytes
) -> None:
    stack.http("door", "POST", f"/kiosks/front/{function}", ada, content_type="image/jpeg")

    assert lines(stack) == []


def test_who_somebody_claims_to_act_for_must_look_like_an_id(stack: Stack) -> None:
    headers = {"X-On-Behalf-Of": "Ada Lovelace\nadmin"}

    status, answered = stack.http("enrollment", "PUT", "/people/ada", {"name": "Ada"}, headers=headers)

    assert (status, answered["type"]) == (400, "urn:recognizeme:problem:invalid-request")
    assert stack.people.get("ada") is None


def test_on_aws_the_principal_is_whom_iam_verified(stack: Stack) -> None:
    arn = "arn:aws:sts::123456789012:assumed-role/recognizeme-manager/maria"
    request = Request("PUT", "/people/ada", "", (("host", "x"),), b'{"name": "Ada"}', "203.0.113.7")
    event = http_event(
        request, route="PUT /people/{person_id}", path_parameters={}, request_id="r", now=stack.now()
    )
    event["requestContext"]["authorizer"] = {"iam": {"userArn": arn}}

    assert stack.invoke("enrollment", event)["statusCode"] == 200

    (line,) = lines(stack)
    assert (line.principal, line.source) == (arn, "203.0.113.7")


def test_a_request_that_raised_is_a_line_that_says_failed(stack: Stack, seen: str) -> None:
    stack.people.get = None  # type: ignore[method-assign,assignment]

    status, _ = stack.http("enrollment", "GET", "/people/ada/photo", query={"photo_id": "a.jpg"})

    assert status == 500
    assert (lines(stack)[0].result, lines(stack)[0].status) == (Result.FAILED, 500)


def test_a_photo_put_into_the_bucket_is_a_line_with_whoever_put_it_there(stack: Stack, ada: bytes) -> None:
    stack.photos.write("enrollments/ada/ada-lovelace.jpg", ada, "image/jpeg")
    record = {
        "userIdentity": {"principalId": "AWS:AIDAEXAMPLE"},
        "requestParameters": {"sourceIPAddress": "203.0.113.9"},
        "s3": {"bucket": {"name": "b"}, "object": {"key": "enrollments/ada/ada-lovelace.jpg"}},
    }

    stack.invoke("enrollment", {"Records": [record]})

    (line,) = lines(stack)
    assert (line.action, line.principal, line.source) == ("photo stored", "AWS:AIDAEXAMPLE", "203.0.113.9")
    assert (line.result, line.detail) == (Result.DONE, {"state": "indexed"})
    assert "ada" not in str(replace(line, line_id="")).lower()


def test_a_photo_whose_line_cannot_be_written_is_not_enrolled_and_its_event_comes_again(
    stack: Stack, ada: bytes
) -> None:
    stack.photos.write("enrollments/ada/1.jpg", ada, "image/jpeg")
    written, stack.audit_log = stack.audit_log, Unwritable(stack.audit_log, at=0)  # type: ignore[assignment]
    with pytest.raises(Exception, match="the audit log cannot be written"):
        stack.s3("enrollment", "enrollments/ada/1.jpg")
    assert stack.people.get("ada") is None

    stack.audit_log = written
    stack.s3("enrollment", "enrollments/ada/1.jpg")

    assert stack.people.get("ada")


@pytest.mark.parametrize(
    ("task", "action"),
    [({"forget": "ada"}, "forgetting finished"), ({"check": "collection"}, "collection checked")],
)
def test_what_nobody_asks_for_over_http_is_a_line_too(stack: Stack, task: Json, action: str) -> None:
    stack.invoke("enrollment", task)

    (line,) = lines(stack)
    assert (line.action, line.principal, line.result) == (action, "system", Result.DONE)


@pytest.fixture
def read(stack: Stack) -> Callable[..., list[Json]]:
    def get(**query: str) -> list[Json]:
        status, answered = stack.http("query", "GET", "/audit", query=query)
        assert status == 200, answered
        return list(answered["items"])

    return get


def test_a_manager_reads_who_did_what_with_the_ids_of_whoever_is_on_record(
    stack: Stack, seen: str, read: Callable[..., list[Json]]
) -> None:
    photo_id = next(iter(stack.people.get("ada").photos))  # type: ignore[union-attr]
    stack.http("enrollment", "GET", "/people/ada/photo", query={"photo_id": photo_id})

    (line,) = read(person_id="ada")

    assert (line["person_id"], line["about"]) == ("ada", {"photo_id": photo_id})
    assert (line["result"], line["status"]) == ("done", 200)


def test_of_a_forgotten_person_the_log_keeps_the_keyed_hash_alone(
    stack: Stack, seen: str, read: Callable[..., list[Json]]
) -> None:
    stack.http("enrollment", "PUT", "/people/ada", {"name": "Countess"})
    assert [line["person_id"] for line in read()] == ["ada"]

    stack.http("enrollment", "DELETE", "/people/ada")

    ada = keyed_hash("ada", stack.id_key)
    assert [(line["person_id"], line["person_hash"]) for line in read()] == [(None, ada), (None, ada)]
    assert [line["action"] for line in read(person_id="ada")] == [line["action"] for line in read()]


@pytest.mark.parametrize(
    "query", [{"person_id": "no such/id"}, {"since": "then"}, {"since": "2026-11-24", "until": "2026-11-23"}]
)
def test_a_filter_that_makes_no_sense_is_refused(stack: Stack, query: dict[str, str]) -> None:
    assert stack.http("query", "GET", "/audit", query=query)[0] == 400
