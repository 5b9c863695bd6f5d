"""What a kiosk asks for and what the office reads."""

import base64
import json
from datetime import datetime, timedelta

import pytest

from recognizeme import wiring
from recognizeme.domain.errors import Misconfigured, ServiceBusy
from recognizeme.domain.model import Capture, new_capture_id
from tests.handlers.conftest import Stack

pytestmark = pytest.mark.integration


# What only the office sees.
NOT_FOR_DOORS = dict.fromkeys(("decision", "named_later", "ignored"))


def seen(stack: Stack, picture: bytes, kiosk_id: str = "front") -> dict[str, object]:
    status, sighting = stack.http(
        "door", "POST", f"/kiosks/{kiosk_id}/recognitions", picture, content_type="image/png"
    )
    assert status == 200
    return sighting


def test_a_ticket_fixes_key_size_type_and_lifetime(stack: Stack) -> None:
    capture_id = stack.new_capture_id()
    status, ticket = stack.http("door", "POST", "/kiosks/front/captures", {"capture_id": capture_id})
    assert status == 201
    assert ticket["capture_id"] == capture_id
    assert ticket["key"] == Capture(capture_id, "front").photo_key("image/jpeg")
    assert ticket["upload"]["fields"]["key"] == ticket["key"]
    assert ticket["upload"]["fields"]["Content-Type"] == "image/jpeg"
    assert ticket["max_bytes"] == 5 * 1024 * 1024


@pytest.mark.parametrize(
    ("kiosk_id", "fields", "named"),
    [
        ("front", {}, "capture_id is missing"),
        ("front", {"capture_id": "1"}, "UUIDv7"),
        ("a b", {"capture_id": "018f0000-0000-7000-8000-000000000000"}, "kiosk_id"),
        (
            "a",
            {"capture_id": "018f0000-0000-7000-8000-000000000000", "content_type": "image/gif"},
            "image/jpeg or image/png",
        ),
    ],
)
def test_a_ticket_out_of_form_is_a_problem(
    stack: Stack, kiosk_id: str, fields: dict[str, str], named: str
) -> None:
    status, problem = stack.http("door", "POST", f"/kiosks/{kiosk_id}/captures", fields)
    assert status == 400
    assert named in problem["detail"]


def test_a_picture_may_come_as_base64_in_json(stack: Stack, ada: bytes) -> None:
    body = {"picture": base64.b64encode(ada).decode()}
    status, sighting = stack.http("door", "POST", "/kiosks/front/recognitions", body)
    assert (status, sighting["outcome"]) == (200, "unknown")
    stack.http("enrollment", "PUT", "/people/ada", {"name": "Ada"})
    path, query = "/people/ada/photos", {"photo_id": "a.png"}
    status, photo = stack.http("enrollment", "POST", path, body, query=query)
    assert (status, photo["photo_id"], photo["state"]) == (201, "a.png", "indexed")


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({}, "picture is missing"),
        ({"picture": 7}, "string"),
        ({"picture": "\u00e4"}, "base64"),
        (b"[", "JSON"),
    ],
)
def test_json_without_a_picture_is_a_problem(
    stack: Stack, body: dict[str, object] | bytes, says: str
) -> None:
    status, problem = stack.http("door", "POST", "/kiosks/front/recognitions", body)
    assert status == 400
    assert says in problem["detail"]


def test_a_capture_id_that_is_given_and_empty_is_refused(stack: Stack, ada: bytes) -> None:
    path, query = "/kiosks/front/recognitions", {"capture_id": ""}
    assert stack.http("door", "POST", path, ada, query=query, content_type="image/png")[0] == 400
    assert stack.faces.searches == 0


def test_what_the_kiosk_says_of_signs_of_life_is_in_the_sighting_either_way(stack: Stack, ada: bytes) -> None:
    capture_id = stack.new_capture_id()
    asked = {"capture_id": capture_id, "content_type": "image/png", "liveness": "failed"}
    _, ticket = stack.http("door", "POST", "/kiosks/front/captures", asked)
    stack.photos.write(ticket["key"], ada, "image/png")
    (uploaded,) = stack.s3("recognition", ticket["key"])["sightings"]
    query = {"capture_id": stack.new_capture_id(), "liveness": "passed"}
    route = ("door", "POST", "/kiosks/front/recognitions", ada)
    _, immediate = stack.http(*route, content_type="image/png", query=query)
    assert (uploaded["liveness"], immediate["liveness"]) == ("failed", "passed")
    assert seen(stack, ada)["liveness"] == "not_asked"
    status, problem = stack.http(*route, content_type="image/png", query=query | {"liveness": "yes"})
    assert (status, "liveness must be one of passed" in problem["detail"]) == (400, True)


def test_a_capture_recognized_elsewhere_is_pending(stack: Stack, ada: bytes) -> None:
    capture = Capture(stack.new_capture_id(), "front")
    stack.sightings.claim(capture, now=stack.now(), lease_s=30)
    status, sighting = stack.http(
        "door", "POST", "/kiosks/front/recognitions", ada, content_type="image/png",
        query={"capture_id": capture.capture_id},
    )  # fmt: skip
    assert (status, sighting["status"]) == (202, "pending")


def test_a_door_sees_its_own_sightings_and_no_other_kiosks(stack: Stack, ada: bytes) -> None:
    sighting = seen(stack, ada, "front")
    path = f"sightings/{sighting['capture_id']}"
    assert stack.http("door", "GET", f"/kiosks/front/{path}") == (200, sighting)
    for kiosk_id in ("back", "Front", "front.", "web"):
        status, problem = stack.http("door", "GET", f"/kiosks/{kiosk_id}/{path}")
        assert (status, problem["type"]) == (404, "urn:recognizeme:problem:not-found")
    query = {"capture_id": str(sighting["capture_id"])}
    again = ("/kiosks/back/recognitions", ada)
    assert stack.http("door", "POST", *again, query=query, content_type="image/png")[0] == 404
    assert stack.http("door", "GET", "/kiosks/front/sightings/not-a-uuid")[0] == 400
    assert stack.http("door", "GET", f"/kiosks/front/sightings/{stack.new_capture_id()}")[0] == 404


def test_a_heartbeat_is_counted_by_kiosk(stack: Stack, capsys: pytest.CaptureFixture[str]) -> None:
    status, heard = stack.http("door", "POST", "/kiosks/front/heartbeat")
    assert (status, heard["kiosk_id"]) == (200, "front")
    assert abs(stack.now() - datetime.fromisoformat(heard["received_at"])) < timedelta(minutes=1)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (metric,) = [line for line in lines if "Heartbeats" in line]
    assert metric["Heartbeats"] == [1.0]
    assert metric["kiosk_id"] == "front"
    assert sorted(metric["_aws"]["CloudWatchMetrics"][0]["Dimensions"][0]) == ["kiosk_id", "service"]
    assert stack.http("door", "POST", "/kiosks/a b/heartbeat")[0] == 400


def test_a_kiosk_whose_alarm_cannot_be_made_is_heard_all_the_same(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Watch:
        def expect(self, kiosk_id: str) -> None:
            raise ServiceBusy(f"CloudWatch is busy with {kiosk_id}")

    monkeypatch.setattr(wiring, "watch", Watch)
    assert stack.http("door", "POST", "/kiosks/front/heartbeat")[0] == 200


def test_a_capture_of_the_backlog_says_nothing_about_how_long_visitors_wait(
    stack: Stack, ada: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    for age, counted in ((timedelta(seconds=1), "CaptureToSighting"), (timedelta(hours=1), "LateCaptures")):
        capture_id = new_capture_id(stack.now() - age, bytes(10))
        path, query = "/kiosks/front/recognitions", {"capture_id": capture_id}
        stack.http("door", "POST", path, ada, query=query, content_type="image/png")
        metrics = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
        assert [name for name in ("CaptureToSighting", "LateCaptures") if name in metrics[-1]] == [counted]


def test_a_busy_service_is_a_503_that_says_when_to_come_again(stack: Stack, ada: bytes) -> None:
    stack.faces.failures = [ServiceBusy("Rekognition is throttling us; try again")]
    status, problem = stack.http("door", "POST", "/kiosks/front/recognitions", ada, content_type="image/png")
    assert (status, problem["type"]) == (503, "urn:recognizeme:problem:busy")


def test_an_error_nobody_foresaw_is_a_500_without_its_text(stack: Stack, ada: bytes) -> None:
    stack.faces.failures = [ZeroDivisionError("Ada's secret")]
    status, problem = stack.http("door", "POST", "/kiosks/front/recognitions", ada, content_type="image/png")
    assert (status, problem["type"]) == (500, "urn:recognizeme:problem:internal")
    assert "secret" not in str(problem)


@pytest.mark.parametrize(
    ("error", "counted"),
    [(ZeroDivisionError(), 1), (Misconfigured("no such collection"), 1), (ServiceBusy("later"), 0)],
)
def test_an_answer_500_is_counted_for_the_alarm_that_rolls_a_deployment_back(
    stack: Stack, ada: bytes, capsys: pytest.CaptureFixture[str], error: Exception, counted: int
) -> None:
    stack.faces.failures = [error]
    stack.http("door", "POST", "/kiosks/front/recognitions", ada, content_type="image/png")

    metrics = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
    failed = [each for each in metrics if "RequestsFailed" in each]
    assert [(each["service"], each["RequestsFailed"]) for each in failed] == [("test", [1.0])] * counted
    for each in failed:
        (described,) = each["_aws"]["CloudWatchMetrics"]
        assert (described["Namespace"], described["Dimensions"]) == ("test", [["service"]])


def test_an_unknown_route_is_a_problem(stack: Stack) -> None:
    for function in ("door", "enrollment", "query"):
        status, problem = stack.http(function, "GET", "/nowhere")
        assert (status, problem["type"]) == (404, "urn:recognizeme:problem:not-found")


def test_sightings_are_listed_newest_first_by_person_kiosk_and_outcome(
    stack: Stack, ada: bytes, grace: bytes
) -> None:
    stack.enroll("ada", ada)
    first, second, third = seen(stack, ada), seen(stack, grace), seen(stack, ada, "back")
    every = stack.http("query", "GET", "/sightings")[1]["items"]
    assert [each | NOT_FOR_DOORS for each in every] == [third, second, first]
    third, second, first = every
    for query, expected in (
        ({"person_id": "ada"}, [third, first]),
        ({"kiosk_id": "front"}, [second, first]),
        ({"outcome": "unknown"}, [second]),
        ({"person_id": "ada", "kiosk_id": "back"}, [third]),
        ({"until": "2020-01-01"}, []),
    ):
        assert stack.http("query", "GET", "/sightings", query=query)[1]["items"] == expected, query


def test_pages_follow_each_other_without_gap_or_repeat(stack: Stack, ada: bytes) -> None:
    expected = [seen(stack, ada)["capture_id"] for _ in range(5)][::-1]
    found, cursor = [], None
    while True:
        query = {"limit": "2"} | ({"cursor": cursor} if cursor else {})
        _, page = stack.http("query", "GET", "/sightings", query=query)
        found += [item["capture_id"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert found == expected
    assert stack.http("query", "GET", "/sightings", query={"cursor": "nonsense"})[0] == 400


def test_statistics_count_outcomes_calls_and_cost_by_day_and_kiosk(
    stack: Stack, ada: bytes, grace: bytes
) -> None:
    stack.enroll("ada", ada)
    seen(stack, ada), seen(stack, grace), seen(stack, b"no picture", "back")
    status, statistics = stack.http("query", "GET", "/stats")
    assert status == 200
    assert statistics["total"]["outcomes"] == {"recognized": 1, "unknown": 1, "rejected": 1}
    assert (statistics["total"]["rekognition_calls"], statistics["total"]["cost_usd"]) == (2, 0.002)
    assert [item["kiosk_id"] for item in statistics["items"]] == ["front", "back"]
    assert statistics["call_usd"] == 0.001


def test_statistics_leave_out_what_is_older_than_asked(stack: Stack, ada: bytes) -> None:
    old = Capture(new_capture_id(stack.now() - timedelta(days=8), b"o" * 10), "front")
    query = {"capture_id": old.capture_id}
    stack.http("door", "POST", "/kiosks/front/recognitions", ada, query=query, content_type="image/png")
    assert stack.http("query", "GET", "/stats")[1]["total"]["outcomes"] == {}
    since = (stack.now() - timedelta(days=9)).isoformat()
    assert stack.http("query", "GET", "/stats", query={"since": since})[1]["total"]["outcomes"] == {
        "unknown": 1
    }


def test_a_sightings_picture_has_a_short_lived_link(stack: Stack, ada: bytes) -> None:
    sighting = seen(stack, ada)
    status, link = stack.http("query", "GET", f"/sightings/{sighting['capture_id']}/photo")
    assert status == 200
    assert link["url"].startswith("http://127.0.0.1:8000/")
    rejected = seen(stack, b"no picture")
    assert stack.http("query", "GET", f"/sightings/{rejected['capture_id']}/photo")[0] == 404


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/sightings/not-a-uuid", {}),
        ("/sightings", {"limit": "1000"}),
        ("/sightings", {"outcome": "friend"}),
        ("/sightings", {"since": "yesterday"}),
        ("/people", {"limit": "0"}),
        ("/people/ada lovelace", {}),
        ("/people/ada%20lovelace", {}),
        ("/stats", {"since": "never"}),
        ("/stats", {"until": "0001-01-01"}),
    ],
)
def test_ids_and_parameters_out_of_range_are_problems(stack: Stack, path: str, query: dict[str, str]) -> None:
    status, problem = stack.http("query", "GET", path, query=query)
    assert (status, problem["type"]) == (400, "urn:recognizeme:problem:invalid-request")


def test_the_api_describes_itself_and_is_healthy(stack: Stack) -> None:
    assert stack.http("query", "GET", "/health")[1]["status"] == "ok"
    assert "/kiosks/{kiosk_id}/recognitions" in stack.http("query", "GET", "/openapi.json")[1]["paths"]


def test_the_office_reads_whom_a_decision_considered_and_why_and_a_door_does_not(
    stack: Stack, ada: bytes
) -> None:
    for person_id, name in (("ravi", "Ravi Patel"), ("tom", "Tom Baker")):
        stack.enroll(person_id, ada, name=name)
    answers = [seen(stack, ada)]
    capture_id = str(answers[0]["capture_id"])
    answers.append(stack.http("door", "GET", f"/kiosks/front/sightings/{capture_id}")[1])
    key = Capture(stack.new_capture_id(), "front").photo_key("image/png")
    stack.photos.write(key, ada, "image/png")
    answers += stack.s3("recognition", key)["sightings"]
    for answer in answers:
        assert (answer["outcome"], answer["decision"], answer["explanation"]) == ("uncertain", None, None)
        assert not any(word in json.dumps(answer) for word in ("ravi", "tom", "Patel", "Baker"))

    _, shown = stack.http("query", "GET", f"/sightings/{capture_id}")
    assert [each["person_id"] for each in shown["decision"]["candidates"]] == ["ravi", "tom"]
    assert shown["decision"]["threshold_pct"] == 99.0
    assert shown["decision"]["gallery_size"] == 2
    assert shown["decision"]["model_version"]
    assert shown["explanation"] == (
        "Ravi Patel 100.0 and Tom Baker 100.0 are too close to tell apart (margin 1.0):"
        " `recognizeme people check` shows why."
    )
    (*_, listed) = stack.http("query", "GET", "/sightings")[1]["items"]
    assert (listed["decision"], listed["explanation"]) == (shown["decision"], None)

    stack.http("enrollment", "DELETE", "/people/ravi")
    _, forgotten = stack.http("query", "GET", f"/sightings/{capture_id}")
    assert "ravi" not in json.dumps(forgotten).lower()
    assert "has been forgotten since" in forgotten["explanation"]
