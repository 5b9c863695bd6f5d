"""What ends by itself, by the daily events."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from recognizeme.adapters.later import people_event, pictures_event
from recognizeme.domain.policy import NOT_ACTIVE
from tests.handlers.conftest import Json, Stack

pytestmark = pytest.mark.integration


def test_somebody_who_withdrew_is_forgotten_when_their_days_are_over(stack: Stack, ada: bytes) -> None:
    stack.settings = replace(stack.settings, withdrawn_days=0)
    stack.enroll("ada", ada)
    stack.http("enrollment", "PUT", "/people/ada", {"consent": {"given_at": "2026-01-01"}})
    withdrawal = {"consent": {"withdrawn_at": datetime.now(UTC).isoformat()}}
    status, person = stack.http("enrollment", "PUT", "/people/ada", withdrawal)
    assert (status, person["forgotten_on"]) == (200, datetime.now(UTC).date().isoformat())
    assert stack.invoke("enrollment", people_event()) == {"people": 1, "soon": 0, "now": 1}
    (job,) = [job for job in stack.jobs.jobs() if job.event == {"leave": "ada"}]
    assert stack.invoke("enrollment", job.event)["faces"] == 1
    assert stack.http("query", "GET", "/people/ada")[0] == 404
    assert stack.faces.held_for("ada") == 0
    assert stack.invoke("enrollment", job.event) == {}


def test_a_strangers_picture_goes_and_the_sighting_stays(stack: Stack, ada: bytes) -> None:
    path = "/kiosks/front/recognitions"
    _, seen = stack.http("door", "POST", path, ada, content_type="image/jpeg")
    assert seen["outcome"] == "unknown"
    picture = f"/sightings/{seen['capture_id']}/photo"
    assert stack.invoke("enrollment", {"check": "pictures"}) == {"pictures": 0}
    assert stack.http("query", "GET", picture)[0] == 200
    soon = datetime.now(UTC) + timedelta(minutes=1)
    assert stack.invoke("enrollment", pictures_event(soon)) == {"pictures": 1}
    assert stack.http("query", "GET", picture)[0] == 404
    assert stack.http("query", "GET", f"/sightings/{seen['capture_id']}")[1]["outcome"] == "unknown"


def test_a_photo_of_somebody_without_consent_is_a_problem_where_it_is_required(
    stack: Stack, ada: bytes
) -> None:
    stack.settings = replace(stack.settings, consent_required=True)
    stack.http("enrollment", "PUT", "/people/ada", {"name": "Ada"})
    status, problem = stack.http("enrollment", "POST", "/people/ada/photos", ada, content_type="image/jpeg")
    assert (status, problem["type"]) == (409, "urn:recognizeme:problem:consent-missing")
    stack.http("enrollment", "PUT", "/people/ada", {"consent": {"given_at": "2026-01-01"}})
    stack.enroll("ada", ada, name="Ada")


def test_a_door_is_told_the_groups_of_whoever_is_recognized_and_nothing_of_whoever_left(
    stack: Stack, ada: bytes
) -> None:
    def visit() -> Json:
        path = "/kiosks/front/recognitions"
        return stack.http("door", "POST", path, ada, content_type="image/jpeg")[1]

    stack.enroll("ada", ada)
    stack.http("enrollment", "PUT", "/people/ada", {"groups": ["staff", "night"]})
    seen = visit()
    assert (seen["outcome"], seen["groups"]) == ("recognized", ["night", "staff"])
    for query in ({"group": "staff"}, {"group": "night", "person_id": "ada"}):
        listed = stack.http("query", "GET", "/sightings", query=query)[1]["items"]
        assert [each["capture_id"] for each in listed] == [seen["capture_id"]]
    counted = stack.http("query", "GET", "/stats", query={"group": "night"})[1]["total"]
    assert counted["outcomes"] == {"recognized": 1}

    stack.http("enrollment", "PUT", "/people/ada", {"active_until": "2026-01-01"})
    left = visit()
    assert (left["outcome"], left["person_id"], left["name"], left["groups"]) == ("unknown", None, None, [])
    assert left["reason"] == NOT_ACTIVE
    assert "ada" not in json.dumps(left)
    shown = stack.http("query", "GET", f"/sightings/{left['capture_id']}")[1]
    assert shown["explanation"] == f"{NOT_ACTIVE[:1].upper()}{NOT_ACTIVE[1:]}."
    assert shown["decision"]["candidates"] == []
    past = stack.http("query", "GET", f"/sightings/{seen['capture_id']}")[1]
    assert (past["person_id"], past["groups"]) == ("ada", ["night", "staff"])
