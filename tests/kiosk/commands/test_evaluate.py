"""`recognizeme evaluate` against a real HTTP server that follows docs/api.md."""

import json
from datetime import datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from kiosk.cli import main
from kiosk.client.api import ApiClient
from tests.kiosk.api_server import ApiServer
from tests.kiosk.conftest import picture_of

pytestmark = pytest.mark.integration


def run(server: ApiServer, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["--api", server.url, "evaluate", *arguments])


@pytest.fixture
def office(api: ApiClient, server: ApiServer) -> ApiServer:
    """Three people with three photos each; Bob's last one shows Eve. One photo of hers was refused."""
    for person_id in ("ada", "bob", "eve"):
        api.put_person(person_id, name=person_id.title())
        for number in (1, 2, 3):
            api.enroll_photo(person_id, f"{person_id}{number}.jpg", picture_of(person_id))
    api.enroll_photo("eve", "eve4.jpg", picture_of() + b"nobody")
    shown = {
        f"face-{who}{number}.jpg": "eve" if (who, number) == ("bob", 3) else who
        for who in ("ada", "bob", "eve")
        for number in (1, 2, 3)
    }
    server.similarities = {
        frozenset((one, other)): 99.8
        for one in shown
        for other in shown
        if one != other and shown[one] == shown[other]
    }
    return server


def test_the_planted_mistake_is_named_first(office: ApiServer) -> None:
    done = run(office)
    assert done.exit_code == 0, done.output
    said = " ".join(done.output.split())
    assert "WRONG NAME: bob/bob3.jpg of Bob is 99.80 % like Eve and 7.00 % like Bob" in said
    assert said.count("WRONG NAME") == 1
    assert "turned away at 99: 44 in 100" in said  # Bob's third, and Eve's, who are too close to it
    assert "the collection: 3 people, 9 pictures" in said


def test_the_report_is_written_and_the_next_one_is_compared_with_it(
    office: ApiServer, tmp_path: Path
) -> None:
    kept, page, picture = tmp_path / "report.json", tmp_path / "report.html", tmp_path / "report.png"
    reports = [f"--report={path}" for path in (kept, page, picture)]
    first = run(office, *reports, "--people", "60", "--json")
    assert first.exit_code == 0, first.output
    report = json.loads(first.stdout)
    assert report == json.loads(kept.read_text())
    assert report["changes"] is None
    assert (report["people"], report["acquire"]["hits"]) == (3, 1)
    assert 60 in [each["people"] for each in report["projections"]]
    assert page.read_text().startswith("<!doctype html>")
    assert picture.read_bytes().startswith(b"\x89PNG")

    second = json.loads(run(office, *reports, "--json").stdout)
    assert second["compared_with"] == report["made_at"]
    assert [change["is_clear"] for change in second["changes"]] == [False] * 4


def test_what_people_said_about_mistakes_is_counted_by_door(api: ApiClient, office: ApiServer) -> None:
    capture_id = "01a20779-07e8-71c0-84d5-e2f7a90b3c6d"
    api.recognize(picture_of("ada"), kiosk_id="front", capture_id=capture_id)
    office.sightings[capture_id] |= {
        "person_id": "bob",
        "correction": {"was_outcome": "recognized", "was_person_id": "ada"},
    }
    since = str(office.sightings[capture_id]["captured_at"])[:10]
    report = json.loads(run(office, "--since", since, "--json").stdout)
    (door,) = report["field"]["doors"]
    assert (door["kiosk_id"], door["visits"], door["mistakes"]) == ("front", 1, 1)
    (corrected,) = report["field"]["corrected"]
    assert (corrected["said"], corrected["really"]) == ("ada", "bob")


def test_what_the_office_says_of_a_door_counts_for_it(api: ApiClient, office: ApiServer) -> None:
    capture_id = "01a20779-07e8-71c0-84d5-e2f7a90b3c6d"
    api.recognize(picture_of("ada"), kiosk_id="front", capture_id=capture_id)
    moment = datetime.fromisoformat(office.sightings[capture_id]["captured_at"]).replace(hour=23)
    office.sightings[capture_id]["captured_at"] = moment.isoformat()
    of_door = {"kiosk_id": "front", "is_set": True, "time_zone": "Asia/Tokyo", "threshold_pct": 99.9}
    office.kiosks = [of_door | {"margin_pct": None}]
    since = moment.date().isoformat()
    report = json.loads(run(office, "--since", since, "--json").stdout)
    (own,) = report["own_policies"]
    assert (own["kiosk_id"], own["row"]["threshold_pct"], own["margin_pct"]) == ("front", 99.9, 1.0)
    assert own["row"]["turned_away"]["share"] == 1
    (door,) = report["field"]["doors"]
    assert door["is_night"] is False  # eight in the morning there


def test_where_comparing_costs_money_it_is_said_first_and_nothing_is_paid_unasked(
    office: ApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kiosk.commands.evaluate.is_loopback", lambda host: False)
    refused = run(office)
    assert refused.exit_code == 1
    assert (
        "comparing 9 faces takes 9 Rekognition calls, about 0.01 USD; say --yes to pay it" in refused.output
    )
    assert not [path for _, path in office.asked if path.endswith("neighbours")]
    assert run(office, "--yes").exit_code == 0


def test_who_is_not_to_be_recognized_is_left_out(office: ApiServer) -> None:
    office.people["ada"]["active"] = False
    assert json.loads(run(office, "--json").stdout)["people"] == 2
    office.people["bob"]["consent"] = {"given_at": "2026-11-01", "withdrawn_at": "2026-11-02"}
    assert "two people or more" in run(office).output
    office.people["ada"] |= {"active": True, "active_until": "2026-11-01"}
    assert "two people or more" in run(office).output


def test_two_records_that_were_merged_are_one_person(office: ApiServer) -> None:
    office.people["bob"]["merged_into"] = "eve"
    report = json.loads(run(office, "--json").stdout)
    assert report["people"] == 2
    assert report["misfiled"] == []
    assert {each["person_id"] for each in report["closest_pairs"]} <= {"ada", "eve"}


def test_with_one_person_there_is_nothing_to_tell_apart(api: ApiClient, server: ApiServer) -> None:
    api.put_person("ada", name="Ada")
    api.enroll_photo("ada", "1.jpg", picture_of("ada"))
    refused = run(server)
    assert (refused.exit_code, "two people or more" in refused.output) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--report", "report.pdf"], "--report writes .html, .png or .json"),
        (["--report", "no/such/folder/report.html"], "does not exist"),
        (["--day", "early"], "--day must be two times of day"),
        (["--day", "19:00-07:00"], "--day must begin before it ends"),
    ],
)
def test_what_cannot_be_done_is_said_before_anything_is_paid(
    office: ApiServer, arguments: list[str], sentence: str
) -> None:
    refused = run(office, *arguments)
    assert (refused.exit_code, sentence in refused.output) == (2, True)
    assert not [path for _, path in office.asked if path.endswith("neighbours")]


def test_a_file_that_is_no_report_is_not_replaced(office: ApiServer, tmp_path: Path) -> None:
    other = tmp_path / "package.json"
    other.write_text('{"name": "something else"}')
    refused = run(office, "--report", str(other))
    assert (refused.exit_code, "cannot be read" in refused.output) == (1, True)
    assert json.loads(other.read_text()) == {"name": "something else"}


def test_the_summary_fits_a_terminal_of_80_columns(office: ApiServer) -> None:
    done = CliRunner(env={"COLUMNS": "80"}).invoke(main, ["--api", office.url, "evaluate"])
    assert done.exit_code == 0
    assert len(done.output.splitlines()) < 60
