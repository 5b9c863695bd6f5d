"""`recognizeme people`, and a name wherever an id is."""

import json
from typing import Any

import pytest
from click.testing import CliRunner, Result

from kiosk.cli import main
from kiosk.client.api import ApiClient
from kiosk.commands import whom
from tests.kiosk.api_server import ApiServer

pytestmark = pytest.mark.integration

CONSENT = {"given_at": "2026-11-20T00:00:00.000Z", "recorded_by": "the office", "text_version": "v2"}


@pytest.fixture(autouse=True)
def people(server: ApiServer) -> None:
    with ApiClient(server.url) as api:
        for person_id, name in (
            ("ada-lovelace", "Ada Lovelace"),
            ("bob-smith", "Bob Smith"),
            ("bob-smith-2", "Bob Smith"),
            ("bob-stone", "Bob Stone"),
        ):
            api.put_person(person_id, name=name)


def run(server: ApiServer, *arguments: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(main, ["--api", server.url, *arguments], input=stdin)


def answer(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.mark.parametrize("who", ["ada-lovelace", "Ada Lovelace", "ADA lovelace"])
def test_somebody_is_shown_and_renamed_by_id_or_name(server: ApiServer, who: str) -> None:
    assert "Ada Lovelace" in run(server, "people", who).stdout
    assert answer(run(server, "people", "show", who, "--json"))["person_id"] == "ada-lovelace"
    assert answer(run(server, "people", "rename", who, "Ada King", "--json"))["name"] == "Ada King"
    assert server.people["ada-lovelace"]["name"] == "Ada King"


@pytest.mark.parametrize(
    ("command", "who"),
    [
        (["people", "show"], "Bob Smith"),
        (["people", "rename"], "bob"),
        (["people", "deactivate"], "lovelace"),
        (["people", "group", "add", "staff"], "Bob"),
        (["forget", "--yes"], "Bob Smith"),
        (["export", "--to", "copy.zip"], "Bob Smith"),
        (["sightings", "--person"], "Bob Smith"),
    ],
)
def test_without_a_terminal_several_who_fit_and_parts_of_names_are_refused_and_listed(
    server: ApiServer, command: list[str], who: str
) -> None:
    before = json.dumps(server.people)
    result = run(server, *command, who, *(["New Name"] if "rename" in command else []))
    assert result.exit_code == 1
    assert f"who is {who!r}? Give the id of one of" in result.stderr
    assert ("bob-smith-2" if "b" in who.lower()[:1] else "ada-lovelace") in result.stderr
    assert ("bob-stone" in result.stderr) == (who.lower() == "bob")
    assert json.dumps(server.people) == before


def test_a_terminal_is_asked_who_of_several_is_meant(
    server: ApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(whom, "is_terminal", lambda: True)
    result = run(server, "people", "rename", "bob", "Bobby", stdin="9\n3\n")
    assert result.exit_code == 0, result.output
    assert server.people["bob-stone"]["name"] == "Bobby"
    assert run(server, "people", "rename", "bob", "Bobby", "--json", stdin="1\n").exit_code == 1


def test_nobody_of_a_name_is_said_so_and_an_id_is_taken_as_it_is(server: ApiServer) -> None:
    result = run(server, "people", "show", "Grace Hopper")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "nobody with the id or the name 'Grace Hopper'" in result.stderr
    assert run(server, "sightings", "--person", "long-gone", "--json").stdout == ""
    assert "no such thing" in run(server, "forget", "long-gone", "--yes").stderr


def test_groups_are_added_to_and_taken_from_several_at_once(server: ApiServer) -> None:
    assert run(server, "people", "group", "add", "staff", "Ada Lovelace", "bob-stone").exit_code == 0
    assert run(server, "people", "group", "add", "night", "bob-stone").exit_code == 0
    assert server.people["bob-stone"]["groups"] == ["night", "staff"]
    assert "night staff" in run(server, "people").stdout
    listed = run(server, "people", "--group", "staff", "--json").stdout.splitlines()
    assert [json.loads(line)["person_id"] for line in listed] == ["ada-lovelace", "bob-stone"]
    assert run(server, "people", "group", "remove", "staff", "Bob Stone").exit_code == 0
    assert server.people["bob-stone"]["groups"] == ["night"]
    assert "there is nobody" in run(server, "people", "list", "--group", "nobody").stdout


def test_a_group_with_one_who_does_not_exist_changes_nobody(server: ApiServer) -> None:
    assert run(server, "people", "group", "add", "staff", "ada-lovelace", "nobody").exit_code == 1
    assert "groups" not in server.people["ada-lovelace"]


def test_people_are_listed_by_name(server: ApiServer) -> None:
    listed = run(server, "people", "list", "--name", "lov", "--json").stdout.splitlines()
    assert [json.loads(line)["person_id"] for line in listed] == ["ada-lovelace"]


def test_somebody_is_active_until_a_day_or_not_at_all(server: ApiServer) -> None:
    shown = run(server, "people", "activate", "Ada Lovelace", "--until", "2001-12-31").stdout
    assert "ended 2001-12-31" in shown
    assert (
        "until 2999-12-31"
        in run(server, "people", "activate", "ada-lovelace", "--until", "2999-12-31").stdout
    )
    assert "not active" in run(server, "people", "deactivate", "ada-lovelace").stdout
    assert "not active" in run(server, "people").stdout
    assert answer(run(server, "people", "activate", "ada-lovelace", "--json"))["active_until"] is None
    assert server.people["ada-lovelace"]["active"] is True
    assert run(server, "people", "activate", "ada-lovelace", "--until", "soon").exit_code == 2


def test_consent_is_recorded_with_its_text_and_withdrawn(server: ApiServer) -> None:
    said = ("--at", "2026-11-20T00:00Z", "--recorded-by", "the office", "--text", "v2")
    assert answer(run(server, "people", "consent", "Ada Lovelace", *said, "--json"))["consent"] == CONSENT
    assert "2026-11-20 the office v2" in run(server, "people").stdout
    withdrawn = run(server, "people", "consent", "ada-lovelace", "--withdraw", "--at", "2026-11-21T00:00Z")
    assert "withdrawn 2026-11-21" in withdrawn.stdout
    assert server.people["ada-lovelace"]["consent"]["given_at"] == CONSENT["given_at"]
    assert run(server, "people", "consent", "ada-lovelace", "--withdraw", "--text", "v2").exit_code == 2
