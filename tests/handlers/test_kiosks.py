"""Kiosks over HTTP: the office says, the kiosk takes, and says how it is doing."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from recognizeme.domain.kiosks import Heartbeat, Sureness
from tests.handlers.conftest import Stack

pytestmark = pytest.mark.integration

FRONT: dict[str, Any] = {
    "name": "Front door",
    "place": "Ground floor",
    "direction": "in",
    "groups": ["staff"],
    "time_zone": "Europe/Zurich",
    "openings": [{"days": ["mon", "tue"], "from": "07:00", "until": "19:30"}],
    "threshold_pct": 99.5,
    "margin_pct": None,
    "reason": "twins work here",
}


def put(stack: Stack, fields: dict[str, Any], path: str = "/kiosks/front") -> tuple[int, dict[str, Any]]:
    return stack.http("enrollment", "PUT", path, fields)


def test_what_is_set_of_a_kiosk_is_listed_and_the_kiosk_takes_its_part(stack: Stack) -> None:
    status, kiosk = put(stack, FRONT)

    assert status == 200
    assert kiosk == FRONT | {
        "kiosk_id": "front", "policy_version": kiosk["policy_version"], "is_set": True, "state": "never",
        "heartbeat": None,
    }  # fmt: skip
    assert stack.http("query", "GET", "/kiosks") == (200, {"items": [kiosk], "next_cursor": None})
    assert stack.http("door", "GET", "/kiosks/front/policy") == (
        200,
        {
            "kiosk_id": "front",
            **{member: FRONT[member] for member in ("direction", "groups", "time_zone", "openings")},
            "version": kiosk["policy_version"],
            "is_set": True,
        },
    )


def test_a_put_changes_what_it_is_given_and_null_takes_away(stack: Stack) -> None:
    _, before = put(stack, FRONT)

    _, after = put(stack, {"place": None, "openings": None, "threshold_pct": None, "reason": None})

    gone: dict[str, Any] = {"place": None, "openings": [], "threshold_pct": None, "reason": None}
    assert after == before | gone | {"policy_version": after["policy_version"]}
    assert after["policy_version"] != before["policy_version"]


@pytest.mark.parametrize(
    "fields",
    [
        {"groups": "staff"},
        {"groups": [1]},
        {"direction": "up"},
        {"direction": None},
        {"time_zone": "Mars Base"},
        {"openings": [{"days": ["monday"]}]},
        {"openings": ["mon"]},
        {"threshold_pct": "99"},
        {"threshold_pct": True, "reason": "why"},
        {"threshold_pct": 99.5},
        {"threshold_pct": 50, "reason": "it only greets"},
    ],
    ids=str,
)
def test_what_makes_no_sense_is_refused_and_changes_nothing(stack: Stack, fields: dict[str, Any]) -> None:
    put(stack, FRONT | {"reason": None, "threshold_pct": None})
    before = stack.kiosks.get("front")

    status, problem = put(stack, fields)

    assert (status, problem["type"]) == (400, "urn:recognizeme:problem:invalid-request")
    assert stack.kiosks.get("front") == before


def test_a_policy_that_is_known_is_not_sent_again(stack: Stack) -> None:
    _, kiosk = put(stack, FRONT)
    etag = f'"{kiosk["policy_version"]}"'

    def ask(known: str) -> tuple[int, str]:
        answer = stack.http_answer("door", "GET", "/kiosks/front/policy", headers={"If-None-Match": known})
        return answer["statusCode"], answer["headers"]["ETag"]

    assert ask(etag) == (304, etag)
    assert ask('"of yesterday"') == (200, etag)


def test_a_heartbeat_is_kept_and_answers_with_the_policy_to_run(stack: Stack) -> None:
    _, kiosk = put(stack, FRONT)
    sent_at = stack.now() + timedelta(seconds=90)
    report = {
        "version": "0.1.0",
        "sent_at": sent_at.isoformat(),
        "seeing": True,
        "last_frame_at": "2026-11-23T08:15:02.000Z",
        "camera_trouble": None,
        "delivery_trouble": "no API answers",
        "spool": {"waiting": 3, "waiting_bytes": 81234},
        "policy_version": "of yesterday",
    }

    status, answered = stack.http("door", "POST", "/kiosks/front/heartbeat", report)

    assert (status, answered["policy_version"]) == (200, kiosk["policy_version"])
    listed = stack.http("query", "GET", "/kiosks")[1]["items"][0]
    assert listed["state"] == "online"
    heartbeat = listed["heartbeat"]
    assert heartbeat["received_at"] == heartbeat["seen_at"] == answered["received_at"]
    assert heartbeat.pop("clock_ahead_s") == pytest.approx(90, abs=5)
    assert {member: heartbeat[member] for member in report if member in heartbeat} == {
        member: value for member, value in report.items() if member not in {"sent_at", "seeing"}
    }


def test_a_kiosk_of_an_older_version_says_nothing_more_than_that_it_sees(stack: Stack) -> None:
    assert stack.http("door", "POST", "/kiosks/front/heartbeat")[0] == 200

    listed = stack.http("query", "GET", "/kiosks")[1]["items"][0]
    assert (listed["state"], listed["is_set"], listed["groups"]) == ("online", False, [])


def test_a_kiosk_that_does_not_see_is_blind_and_one_that_is_silent_is_offline(stack: Stack) -> None:
    def state(heard_min: float, saw_min: float) -> str:
        received_at, seen_at = (stack.now() - timedelta(minutes=each) for each in (heard_min, saw_min))
        stack.kiosks.doors.clear()
        stack.kiosks.beat("front", Heartbeat(received_at, seen_at))
        listed: str = stack.http("query", "GET", "/kiosks")[1]["items"][0]["state"]
        return listed

    assert state(1, 1) == "online"
    assert state(1, 6) == "blind"
    assert state(6, 6) == "offline"


def test_a_blind_kiosk_is_missed_by_its_alarm(stack: Stack, capsys: pytest.CaptureFixture[str]) -> None:
    stack.http("door", "POST", "/kiosks/front/heartbeat", {"seeing": False})
    assert '"Heartbeats"' not in capsys.readouterr().out

    stack.http("door", "POST", "/kiosks/front/heartbeat", {"seeing": True})
    assert '"Heartbeats"' in capsys.readouterr().out


@pytest.mark.parametrize(
    "report",
    [{"seeing": "yes"}, {"spool": 3}, {"spool": False}, {"spool": {"waiting": 1.5}},
     {"spool": {"waiting": -1}}, {"spool": {"waiting": True}}, {"sent_at": "now"},
     {"version": 1}, {"last_frame_at": 7}],
    ids=str,
)  # fmt: skip
def test_a_heartbeat_out_of_form_is_refused(stack: Stack, report: dict[str, Any]) -> None:
    assert stack.http("door", "POST", "/kiosks/front/heartbeat", report)[0] == 400


def test_a_whole_number_may_be_written_with_a_point(stack: Stack) -> None:
    report = {"spool": {"waiting": 2.0, "waiting_bytes": None}}
    assert stack.http("door", "POST", "/kiosks/front/heartbeat", report)[0] == 200


def test_how_sure_one_must_be_of_a_group_is_set_and_listed(stack: Stack) -> None:
    status, group = put(stack, {"threshold_pct": 99.8, "reason": "seen seldom"}, "/groups/visitors")

    assert (status, group) == (
        200,
        {"group": "visitors", "threshold_pct": 99.8, "margin_pct": None, "reason": "seen seldom"},
    )
    assert stack.http("query", "GET", "/groups") == (200, {"items": [group], "next_cursor": None})
    put(stack, {"threshold_pct": None, "reason": None}, "/groups/visitors")
    assert stack.kiosks.groups() == {"visitors": Sureness()}


def test_a_kiosk_that_was_taken_away_is_removed_and_one_that_never_was_is_not_found(stack: Stack) -> None:
    _, kiosk = put(stack, FRONT)

    assert stack.http("enrollment", "DELETE", "/kiosks/front") == (200, kiosk)
    assert stack.http("enrollment", "DELETE", "/kiosks/front")[0] == 404
    assert stack.http("query", "GET", "/kiosks")[1]["items"] == []


def test_a_visit_is_decided_by_the_threshold_of_its_kiosk(stack: Stack, ada: bytes) -> None:
    stack.enroll("ada", ada)
    assert put(stack, {"threshold_pct": 100, "margin_pct": 20, "reason": "a vault"})[0] == 200

    status, sighting = stack.http(
        "door", "POST", "/kiosks/front/recognitions", ada, content_type="image/jpeg"
    )

    assert (status, sighting["outcome"]) == (200, "unknown")
    stored = stack.sightings.get(sighting["capture_id"])
    assert stored
    assert stored.decision
    assert (stored.decision.threshold_pct, stored.decision.margin_pct) == (100, 20)


def test_who_set_a_kiosk_is_in_the_audit_log(stack: Stack) -> None:
    put(stack, FRONT)

    (line,) = stack.http("query", "GET", "/audit")[1]["items"]
    assert (line["action"], line["about"]) == ("PUT /kiosks/{kiosk_id}", {"kiosk_id": "front"})
    assert datetime.fromisoformat(line["at"])
    assert line["detail"]["policy_version"] == stack.kiosks.get("front").kiosk.version
