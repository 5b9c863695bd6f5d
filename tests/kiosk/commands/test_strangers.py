"""`recognizeme strangers` against a server that follows docs/api.md."""

import json
from typing import Any

import pytest
from click.testing import CliRunner, Result

from kiosk.cli import main
from kiosk.client.capture_id import new_capture_id
from tests.kiosk.api_server import ApiServer

pytestmark = pytest.mark.integration


@pytest.fixture
def stranger(server: ApiServer) -> dict[str, Any]:
    stranger_id = new_capture_id()
    server.strangers[stranger_id] = {
        "stranger_id": stranger_id, "state": "waiting", "visits": 4, "kiosks": ["front", "yard"],
        "first_seen": "2026-11-23T08:30:00.000Z", "last_seen": "2026-11-24T10:00:00.000Z", "person_id": None,
    }  # fmt: skip
    return server.strangers[stranger_id]


def run(server: ApiServer, *arguments: str, answer: str = "") -> Result:
    return CliRunner().invoke(main, ["--api", server.url, "strangers", *arguments], input=answer)


def test_strangers_who_wait_are_listed(server: ApiServer, stranger: dict[str, Any]) -> None:
    for arguments in ((), ("list",), ("list", "--state", "waiting")):
        listed = run(server, *arguments).output
        for words in (stranger["stranger_id"], "4", "front, yard"):
            assert words in listed
    assert json.loads(run(server, "list", "--json").output) == stranger
    assert "no strangers are ignored" in run(server, "list", "--state", "ignored").output


def test_a_stranger_is_shown_with_their_visits(server: ApiServer, stranger: dict[str, Any]) -> None:
    shown = run(server, "show", stranger["stranger_id"]).output
    assert "waiting: seen 4 times since 2026-11-23, front, yard" in shown
    assert "no visit is left" in shown
    assert run(server, "show", new_capture_id()).exit_code == 1


def test_a_stranger_is_named_as_somebody_new(server: ApiServer, stranger: dict[str, Any]) -> None:
    arguments = ("--new", "Eve", "--id", "eve", "--consent-given", "2026-11-23T08:00:00Z")
    said = run(server, "name", stranger["stranger_id"], *arguments)
    assert "4 visits got the name of eve; 1 of the pictures are photos now" in " ".join(said.output.split())
    assert "not taken: the face is turned away" in said.output
    consent = {"given_at": "2026-11-23T08:00:00Z"}
    assert server.changes == [{"person_id": "eve", "name": "Eve", "consent": consent}]


def test_a_stranger_is_named_as_somebody_known(server: ApiServer, stranger: dict[str, Any], api: Any) -> None:
    api.put_person("ada", name="Ada Lovelace")
    server.changes.clear()
    assert run(server, "name", stranger["stranger_id"], "Ada Lovelace", "--json").exit_code == 0
    assert server.changes == [{"person_id": "ada"}]


@pytest.mark.parametrize("arguments", [(), ("ada", "--new", "Ada"), ("ada", "--id", "ada")])
def test_who_a_stranger_is_is_said_once(
    server: ApiServer, stranger: dict[str, Any], arguments: tuple[str, ...]
) -> None:
    assert run(server, "name", stranger["stranger_id"], *arguments).exit_code == 2
    assert stranger["state"] == "waiting"


def test_a_stranger_is_ignored_or_discarded_after_a_question(
    server: ApiServer, stranger: dict[str, Any]
) -> None:
    stranger_id = stranger["stranger_id"]
    assert run(server, "ignore", stranger_id).output.startswith("ignored: seen 4 times")
    assert run(server, "discard", stranger_id, answer="n\n").exit_code == 1
    assert stranger["state"] == "ignored"
    assert run(server, "discard", stranger_id, "--yes", "--json").exit_code == 0
    assert stranger["state"] == "discarded"
