"""`recognizeme presence` against an API that follows docs/api.md."""

import json
from typing import Any

import pytest
from click.testing import CliRunner, Result

from kiosk.cli import main
from tests.kiosk.api_server import ApiServer

pytestmark = pytest.mark.integration

ADA: dict[str, Any] = {
    "person_id": "ada", "name": "Ada Lovelace", "groups": ["staff"], "since": "2026-11-23T08:30:00.000Z",
    "entered_by": "front", "seen_at": "2026-11-23T10:00:00.000Z", "seen_by": "lab", "is_recognized": True,
}  # fmt: skip
BOB = ADA | {
    "person_id": "bob", "name": "Bob", "groups": [], "since": "2026-11-23T07:00:00.000Z",
    "is_recognized": False,
}  # fmt: skip


def run(server: ApiServer, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["--api", server.url, "presence", *arguments])


def test_who_is_in_is_listed_in_the_order_in_which_they_came(server: ApiServer) -> None:
    server.page_size = 1
    server.presence = [ADA, BOB]

    _, first, second = run(server).output.splitlines()

    assert first.startswith("Bob (bob)")
    assert "no longer recognized" in first
    for words in ("Ada Lovelace (ada)", "2026-11-23 08:30:00", "front", "lab"):
        assert words in second
    assert [json.loads(line) for line in run(server, "--json").output.splitlines()] == [ADA, BOB]


def test_those_of_a_group_alone_are_listed(server: ApiServer) -> None:
    server.presence = [ADA, BOB]

    assert "Bob" not in run(server, "--group", "staff").output


def test_that_nobody_is_known_to_be_in_is_not_said_as_that_nobody_is(server: ApiServer) -> None:
    assert run(server).output == "the doors know of nobody\n"
