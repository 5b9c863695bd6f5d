"""`recognizeme notifications` against an API that follows docs/api.md."""

import json
from typing import Any

import pytest
from click.testing import CliRunner, Result

from kiosk.cli import main
from tests.kiosk.api_server import NOW, RULE, ApiServer

pytestmark = pytest.mark.integration

SENT: dict[str, Any] = {
    "notice_id": "01a20779-07e8-71c0-84d5-e2f7a90b3c6d.desk", "rule_id": "desk", "event": "test",
    "capture_id": None, "kiosk_id": None, "at": NOW, "decided_at": NOW, "state": "sent", "attempts": 0,
    "error": None, "settled_at": NOW,
}  # fmt: skip


def run(server: ApiServer, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["--api", server.url, "notifications", *arguments])


def test_rules_are_listed_with_what_they_ask_for(server: ApiServer) -> None:
    night = {"days": ["mon"], "from": "22:00", "until": "06:00"}
    server.rules = [
        RULE | {"to": "desk@example.com", "kiosks": ["front"], "quiet": [night], "enabled": False}
    ]

    listed = run(server).output

    for words in ("desk@example.com (off)", "kiosks front", "not mon 22:00-06:00", "unknown"):
        assert words in listed
    assert [json.loads(line) for line in run(server, "list", "--json").output.splitlines()] == server.rules
    server.rules = []
    assert "nobody is told of anything" in run(server).output


def test_a_rule_is_set_as_a_whole(server: ApiServer) -> None:
    done = run(
        *(server, "set", "host", "--event", "recognized", "--channel", "email", "--to", "ada@example.com"),
        *("--person", "ravi", "--hours", "mon-fri 07:00-19:30", "--guest", "--cooldown", "0", "--json"),
    )

    assert done.exit_code == 0, done.output
    assert server.rules == [
        RULE | {
            "rule_id": "host", "events": ["recognized"], "to": "ada@example.com", "people": ["ravi"],
            "hours": [{"days": ["mon", "tue", "wed", "thu", "fri"], "from": "07:00", "until": "19:30"}],
            "wording": "guest", "cooldown_s": 0,
        }
    ]  # fmt: skip
    assert json.loads(done.output) == server.rules[0]


def test_a_rule_is_removed(server: ApiServer) -> None:
    server.rules = [RULE]

    assert run(server, "remove", "desk").output == "desk is removed\n"
    assert run(server, "remove", "desk").exit_code == 1


@pytest.mark.parametrize(
    ("after", "exit_code"),
    [({}, 0), ({"state": "waiting", "attempts": 1, "error": "answered 503"}, 1)],
)
def test_a_test_waits_until_it_is_known_what_became_of_it(
    server: ApiServer, after: dict[str, Any], exit_code: int
) -> None:
    server.notices = [SENT | after]

    tested = run(server, "test", "desk")

    assert tested.exit_code == exit_code
    assert (after.get("error") or "sent") in tested.output


def test_what_was_sent_is_listed(server: ApiServer) -> None:
    assert "nothing was announced lately" in run(server, "status").output
    server.notices = [SENT]

    assert [json.loads(line) for line in run(server, "status", "--json").output.splitlines()] == [SENT]
