"""`recognizeme people`, and a name wherever an id is."""

import json
from pathlib import Path
from typing import Any

import click
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


def test_what_is_asked_about_a_forgotten_id_is_not_taken_for_part_of_a_name(server: ApiServer) -> None:
    with ApiClient(server.url) as api:
        assert whom.person_id_of(api, "bob", may_be_gone=True) == "bob"
        assert whom.person_id_of(api, "Bob Stone", may_be_gone=True) == "bob-stone"
        with pytest.raises(click.ClickException, match="who is 'Bob Smith'"):
            whom.person_id_of(api, "Bob Smith", may_be_gone=True)


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
    assert server.people["ada-lovelace"]["groups"] == []


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


def enrolled(server: ApiServer, person_id: str, photo_id: str) -> None:
    with ApiClient(server.url) as api:
        api.enroll_photo(person_id, photo_id, b"\xff\xd8\xff person:ada")


def test_a_photo_is_listed_removed_and_listed_as_removed(server: ApiServer) -> None:
    enrolled(server, "ada-lovelace", "at the party #2.jpg")
    assert "indexed" in run(server, "people", "photos", "Ada Lovelace").stdout
    removed = run(server, "people", "remove-photo", "Ada Lovelace", "at the party #2.jpg", "--yes")
    assert removed.stdout == "removed: at the party #2.jpg of Ada Lovelace\n"
    listed = answer(run(server, "people", "photos", "ada-lovelace", "--json"))
    assert (listed["photo_id"], listed["state"]) == ("at the party #2.jpg", "removed")


def test_a_photo_is_not_removed_without_being_asked_and_one_that_is_not_there_says_so(
    server: ApiServer,
) -> None:
    enrolled(server, "ada-lovelace", "1.jpg")
    asked = run(server, "people", "remove-photo", "ada-lovelace", "1.jpg", stdin="n\n")
    assert (asked.exit_code, server.photos["ada-lovelace"]["1.jpg"]["state"]) == (1, "indexed")
    missing = run(server, "people", "remove-photo", "ada-lovelace", "2.jpg", "--yes")
    assert missing.exit_code == 1
    assert (
        "Ada Lovelace has no photo 2.jpg; recognizeme people photos ada-lovelace lists them" in missing.stderr
    )


def test_two_records_are_merged_by_name_shown_as_such_and_told_apart_again(server: ApiServer) -> None:
    merged = run(server, "people", "merge", "Bob Stone", "--into", "Ada Lovelace")
    assert merged.stdout == "Bob Stone counts as Ada Lovelace from now on\n"
    assert server.people["bob-stone"]["merged_into"] == "ada-lovelace"
    assert "merged into" in run(server, "people", "bob-stone").stdout
    apart = run(server, "people", "unmerge", "Bob Stone")
    assert apart.stdout == "Bob Stone counts as ada-lovelace no longer\n"
    again = run(server, "people", "unmerge", "bob-stone")
    assert again.stdout == "Bob Stone was not merged into anybody\n"


def test_the_export_of_somebody_holds_the_records_of_those_who_count_as_them(
    server: ApiServer, tmp_path: Path
) -> None:
    enrolled(server, "ada-lovelace", "1.jpg")
    enrolled(server, "bob-stone", "2.jpg")
    run(server, "people", "merge", "bob-stone", "--into", "ada-lovelace")
    counts = answer(run(server, "export", "Ada Lovelace", "--to", str(tmp_path / "copy"), "--json"))
    assert counts["photos"] == 2
    assert json.loads((tmp_path / "copy/merged/bob-stone/person.json").read_text())["name"] == "Bob Stone"
    assert (tmp_path / "copy/merged/bob-stone/photos/2.jpg").exists()
