"""The doors and what the office says of them, in front of a real HTTP server that follows docs/api.md."""

from typing import Any

import html5lib
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from kiosk.client.api import ApiClient
from kiosk.web.app import make_app
from tests.kiosk.api_server import NOW, ApiServer, Fault

pytestmark = pytest.mark.integration

OUR_PAGE = {"Sec-Fetch-Site": "same-origin"}
FRONT: dict[str, Any] = {
    "kiosk_id": "front",
    "name": "Front door",
    "place": "Ground floor",
    "direction": "in",
    "groups": ["staff"],
    "time_zone": "Europe/Zurich",
    "openings": [{"days": ["mon", "tue", "wed"], "from": "07:00", "until": "19:30"}],
    "threshold_pct": 99.5,
    "margin_pct": None,
    "reason": "poor light",
    "policy_version": "v2",
    "is_set": True,
    "state": "online",
    "heartbeat": {
        "received_at": NOW,
        "seen_at": NOW,
        "version": "0.4.1",
        "camera_trouble": None,
        "delivery_trouble": None,
        "spool": {"waiting": 3, "waiting_bytes": 12},
        "clock_ahead_s": 0.2,
        "last_frame_at": NOW,
        "policy_version": "v1",
    },
}
BACK = {
    **FRONT,
    "kiosk_id": "back",
    "name": None,
    "place": None,
    "groups": [],
    "openings": [],
    "state": "never",
}
BACK |= {"heartbeat": None, "threshold_pct": None, "reason": None}


@pytest.fixture
def page(api: ApiClient, server: ApiServer) -> FlaskClient:
    server.kiosks = [dict(FRONT), dict(BACK)]
    return make_app(api).test_client()


def save(page: FlaskClient, **form: str) -> TestResponse:
    return page.post("/doors/front", data=form, headers=OUR_PAGE)


def test_each_door_says_how_it_is_doing(page: FlaskClient) -> None:
    text = page.get("/doors").text
    for shown in (
        *("Front door", "Ground floor", "online", "3 pictures wait to be delivered.", "0.4.1", "staff"),
        *("It runs an older policy.", "mon-wed 07:00-19:30", "99.5 %", "poor light", "never heard of"),
        *("nobody by a face", "as usual"),
    ):
        assert shown in text, shown


def test_what_the_form_shows_saved_as_it_is_says_the_same_again(page: FlaskClient, server: ApiServer) -> None:
    shown = page.get("/doors/front").text
    for field in ('value="Front door"', 'value="in" selected', 'value="groups" checked', 'value="99.5"'):
        assert field in shown
    response = save(
        page,
        name="Front door",
        place="Ground floor",
        direction="in",
        enter="groups",
        groups="staff",
        openings="mon-wed 07:00-19:30\r\n",
        time_zone="Europe/Zurich",
        threshold_pct="99.5",
        margin_pct="",
        reason="poor light",
    )
    assert response.status_code == 303
    asked = (
        "name",
        "place",
        "direction",
        "groups",
        "openings",
        "time_zone",
        "threshold_pct",
        "margin_pct",
        "reason",
    )
    assert server.changes == [{member: FRONT[member] for member in asked}]


def test_what_is_emptied_is_taken_away(page: FlaskClient, server: ApiServer) -> None:
    save(page, enter="nobody", groups="staff", openings="\n", direction="both")
    (change,) = server.changes
    assert change.pop("direction") == "both"
    assert set(change.values()) == {None}


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"openings": "whenever"}, "must be days and times"),
        ({"threshold_pct": "a lot"}, "is no number of percent"),
        ({"enter": "groups"}, "choose nobody or everybody"),
    ],
)
def test_a_form_that_is_refused_keeps_what_was_typed(
    page: FlaskClient, server: ApiServer, form: dict[str, str], words: str
) -> None:
    response = save(page, name="New name", **form)
    assert response.status_code == 422
    assert words in response.text
    assert 'value="New name"' in response.text
    assert not server.changes


def test_a_refusal_of_the_api_keeps_the_form_too(page: FlaskClient, server: ApiServer) -> None:
    server.faults = lambda method, path: Fault(status=400) if method == "PUT" else None
    response = save(page, name="New name")
    assert (response.status_code, 'value="New name"' in response.text) == (422, True)


def test_a_door_that_is_new_is_written_down_and_one_that_is_gone_removed(
    page: FlaskClient, server: ApiServer
) -> None:
    assert page.get("/doors?add=side").location == "/doors/side"
    assert "it lets nobody in" in page.get("/doors/side").text
    page.post("/doors/front/removal", headers=OUR_PAGE)
    assert [each["kiosk_id"] for each in server.kiosks] == ["back"]


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", "x" * 10_000, "\u05d0\u05d3 \u202eevil", '" onclick="']
)
def test_every_page_is_valid_html_whatever_doors_are_called(
    page: FlaskClient, server: ApiServer, name: str
) -> None:
    server.kiosks[0] |= {"name": name, "place": name, "reason": name}
    server.kiosks[0]["heartbeat"] = {**FRONT["heartbeat"], "camera_trouble": name, "version": name}
    for path in ("/doors", "/doors?new=", "/doors/front", "/doors/side"):
        text = page.get(path).text
        html5lib.HTMLParser(strict=True).parse(text)
        assert "<script>alert" not in text
        assert '" onclick="' not in text
    assert "\u202e" not in page.get("/doors").text
