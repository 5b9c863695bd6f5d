"""`recognizeme kiosks` against an API that follows docs/api.md."""

import json
from typing import Any

import pytest
from click.testing import CliRunner, Result

from kiosk.cli import main
from tests.kiosk.api_server import NOW, ApiServer

pytestmark = pytest.mark.integration

BEAT: dict[str, Any] = {
    "received_at": NOW, "seen_at": NOW, "version": "0.1.0", "camera_trouble": None, "delivery_trouble": None,
    "spool": {"waiting": 0, "waiting_bytes": 0}, "clock_ahead_s": 0.1, "last_frame_at": NOW,
    "policy_version": "v1",
}  # fmt: skip
FRONT: dict[str, Any] = {
    "kiosk_id": "front", "name": "Front door", "place": "Ground floor", "direction": "in",
    "groups": ["staff"],
    "time_zone": "Europe/Zurich", "openings": [{"days": ["mon"], "from": "07:00", "until": "19:30"}],
    "threshold_pct": 99.5, "margin_pct": None, "reason": "twins work here", "policy_version": "v1",
    "is_set": True, "state": "online", "heartbeat": BEAT,
}  # fmt: skip


def run(server: ApiServer, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["--api", server.url, "kiosks", *arguments])


def test_kiosks_are_listed_with_how_they_are_doing(server: ApiServer) -> None:
    server.kiosks = [FRONT, FRONT | {"kiosk_id": "back", "groups": [], "state": "never", "heartbeat": None}]

    listed = run(server).output

    assert "Front door / Ground floor" in listed
    assert "staff" in listed
    assert "nobody" in listed
    assert [json.loads(line) for line in run(server, "list", "--json").output.splitlines()] == server.kiosks
    server.kiosks = []
    assert "no kiosk is known" in run(server).output


@pytest.mark.parametrize(
    ("beat", "said"),
    [
        ({"camera_trouble": "the camera gives no frames"}, "the camera gives no frames"),
        ({"delivery_trouble": "no API answers"}, "no API answers"),
        ({"spool": {"waiting": 3, "waiting_bytes": 9}}, "3 pictures wait"),
        ({"clock_ahead_s": -3600.0}, "its clock is -3600 s off"),
        ({"policy_version": "v0"}, "it runs an older policy"),
        ({"policy_version": "file 0f0f"}, "it runs a policy of its own"),
    ],
    ids=str,
)
def test_what_troubles_a_kiosk_is_said(server: ApiServer, beat: dict[str, Any], said: str) -> None:
    server.kiosks = [FRONT | {"heartbeat": BEAT | beat}]

    assert said in run(server).output


def test_one_kiosk_is_shown_whole(server: ApiServer) -> None:
    server.kiosks = [FRONT]

    shown = run(server, "show", "front").output

    for words in ("mon 07:00-19:30", "twins work here", "waiting 0", "99.5"):
        assert words in shown
    assert json.loads(run(server, "show", "front", "--json").output) == FRONT
    assert "no kiosk is called 'bakc'" in run(server, "show", "bakc").output


@pytest.mark.parametrize(
    ("options", "change"),
    [
        (["--name", "Front door", "--direction", "in"], {"name": "Front door", "direction": "in"}),
        (["--group", "staff", "--group", "cleaning"], {"groups": ["staff", "cleaning"]}),
        (["--nobody"], {"groups": None}),
        (
            ["--opening", "fri-mon 22:00-02:00", "--opening", "wed"],
            {"openings": [{"days": ["fri", "sat", "sun", "mon"], "from": "22:00", "until": "02:00"},
                          {"days": ["wed"]}]},
        ),
        (["--always", "--time-zone", "UTC"], {"openings": None, "time_zone": "UTC"}),
        (["--threshold", "99.5", "--reason", "twins"], {"threshold_pct": 99.5, "reason": "twins"}),
        (["--usual"], {"threshold_pct": None, "margin_pct": None, "reason": None}),
    ],
    ids=str,
)  # fmt: skip
def test_what_is_set_is_sent_and_what_is_left_out_is_not(
    server: ApiServer, options: list[str], change: dict[str, Any]
) -> None:
    server.kiosks = [FRONT]

    assert run(server, "set", "front", *options).exit_code == 0

    assert server.changes == [change]


@pytest.mark.parametrize(
    "options",
    [[], ["--nobody", "--group", "staff"], ["--opening", "monday"], ["--opening", "mon 7-19"],
     ["--usual", "--threshold", "99"], ["--always", "--opening", "mon"]],
    ids=str,
)  # fmt: skip
def test_what_contradicts_itself_is_not_sent(server: ApiServer, options: list[str]) -> None:
    refused = run(server, "set", "front", *options)

    assert refused.exit_code == 2
    assert server.changes == []


def test_a_kiosk_that_was_taken_away_is_removed(server: ApiServer) -> None:
    server.kiosks = [FRONT]

    assert run(server, "remove", "bakc").exit_code == 1
    assert "front is no longer listed" in run(server, "remove", "front").output
    assert server.kiosks == []


def test_groups_are_listed_and_set(server: ApiServer) -> None:
    server.groups = [
        {"group": "visitors", "threshold_pct": 99.8, "margin_pct": None, "reason": "seen seldom"}
    ]

    assert "seen seldom" in run(server, "groups").output
    assert run(server, "set-group", "visitors", "--threshold", "99.9", "--reason", "a try").exit_code == 0
    assert run(server, "set-group", "visitors", "--usual").exit_code == 0
    assert run(server, "set-group", "visitors").exit_code == 2
    assert server.changes == [
        {"threshold_pct": 99.9, "reason": "a try"},
        {"threshold_pct": None, "margin_pct": None, "reason": None},
    ]
