"""`recognizeme rollcall` against an API that follows docs/api.md."""

import json

import pytest
from click.testing import CliRunner, Result

from kiosk.cli import main
from tests.kiosk.api_server import ApiServer

pytestmark = pytest.mark.integration


@pytest.fixture
def office(server: ApiServer) -> ApiServer:
    for person_id, name in (("ada", "Ada Lovelace"), ("bob", "Bob Sample"), ("carol", "Carol Late")):
        server.people[person_id] = {"person_id": person_id, "name": name, "faces": 1}
    server.presence = [{"person_id": "ada"}, {"person_id": "bob"}]
    return server


def run(server: ApiServer, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["--api", server.url, "rollcall", *arguments])


def test_a_roll_call_is_started_ticked_off_shown_and_ended(office: ApiServer) -> None:
    started = run(office, "start", "drill").output
    assert "2 not accounted for, 0 missing, 0 safe" in started
    assert "Ada Lovelace" in started

    assert run(office, "tick", "Ada Lovelace").output == "Ada Lovelace is safe\n"
    assert run(office, "tick", "bob", "missing").output == "Bob Sample is missing\n"
    shown = run(office).output
    assert "0 not accounted for, 1 missing, 1 safe" in shown
    assert "Bob Sample" in shown
    assert "grace@office" in shown
    assert "Ada Lovelace" not in shown
    assert "Ada Lovelace" in run(office, "show", "--all").output

    assert run(office, "tick", "bob", "unaccounted").output == "Bob Sample is not accounted for\n"
    ended = json.loads(run(office, "end", "--json").output)
    assert ended["ended_at"]
    assert "ended 2026-11-23" in run(office).output


def test_it_never_says_that_the_building_is_empty(office: ApiServer) -> None:
    office.presence = []
    run(office, "start", "real")

    assert "everybody on the list is accounted for; whom no camera saw is not on it" in run(office).output


def test_somebody_who_is_not_on_the_list_is_added(office: ApiServer) -> None:
    run(office, "start", "real")

    entry = json.loads(run(office, "tick", "carol", "--json").output)
    assert (entry["person_id"], entry["state"], entry["seen_at"]) == ("carol", "safe", None)


def test_roll_calls_are_listed_and_an_older_one_can_be_meant(office: ApiServer) -> None:
    first = json.loads(run(office, "start", "drill", "--json").output)["rollcall_id"]
    second = json.loads(run(office, "start", "real", "--json").output)["rollcall_id"]
    run(office, "tick", "ada", "--rollcall", first)

    listed = run(office, "list", "--json").output.splitlines()
    assert [json.loads(line)["rollcall_id"] for line in listed] == [
        second, first,
    ]  # fmt: skip
    assert "drill" in run(office, "list").output
    assert "1 safe" in run(office, "show", "--rollcall", first).output
    assert "0 safe" in run(office).output


def test_without_a_roll_call_it_is_said_how_to_begin_one(office: ApiServer) -> None:
    for arguments in ([], ["tick", "ada"], ["end"]):
        result = run(office, *arguments)
        assert result.exit_code != 0
        assert "recognizeme rollcall start drill" in result.output
    assert run(office, "list").output == "there was no roll call yet\n"
