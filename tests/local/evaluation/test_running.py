"""Evaluating a running stack: real functions, real faces, the same page."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from kiosk.cli import main
from kiosk.client.api import ApiClient
from kiosk.client.capture_id import new_capture_id
from local.stack import Stack
from tests.local.evaluation.test_evaluate import views
from tests.portraits import ASTRONAUT, HOPPER

pytestmark = pytest.mark.integration


@pytest.fixture
def office(api: ApiClient) -> Iterator[ApiClient]:
    """Two people, and among Grace Hopper's photos one of Eileen Collins, whose record came twice."""
    everybody = {"eileen": views(ASTRONAUT)[:2], "grace": views(HOPPER), "e-collins": views(ASTRONAUT)[2:]}
    everybody["grace"].append(views(ASTRONAUT, quality=70)[1])
    for person_id, pictures in everybody.items():
        api.put_person(person_id, name=person_id.title())
        for number, picture in enumerate(pictures, 1):
            photo = api.enroll_photo(
                person_id, f"{number}.jpg", picture, accept_poor=True, allow_duplicate="a test"
            )
            assert photo["state"] == "indexed", photo
    api.merge("e-collins", into="eileen")
    yield api
    for person_id in everybody:
        api.forget(person_id)


def test_the_photo_under_the_wrong_name_is_found_over_the_api(
    office: ApiClient, stack: Stack, tmp_path: Path
) -> None:
    capture_id = new_capture_id()
    office.hand_in(HOPPER.read_bytes(), kiosk_id="front", capture_id=capture_id, timeout_s=60)
    office.correct(capture_id, person_id="eileen")
    page = tmp_path / "report.html"
    done = CliRunner().invoke(main, ["--api", stack.url, "evaluate", "--json", "--report", str(page)])
    assert done.exit_code == 0, done.output
    report = json.loads(done.stdout)
    (wrong,) = report["misfiled"]
    assert (wrong["picture"], wrong["really"]["person_id"]) == ("grace/4.jpg", "eileen")
    assert (report["people"], report["pictures"]) == (2, 7)
    assert next(row for row in report["rows"] if row["threshold_pct"] == 99)["turned_away"]["hits"] == 0
    assert report["present"]["turned_away"]["hits"] >= 1
    said = {each["capture_id"]: each["really"] for each in report["field"]["corrected"]}
    assert said[capture_id] == "eileen"
    assert "grace/4.jpg" in page.read_text()
