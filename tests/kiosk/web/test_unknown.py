"""The pages about unknown visitors, in front of a real HTTP server that follows docs/api.md."""

import html5lib
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from kiosk.client.api import ApiClient
from kiosk.client.capture_id import new_capture_id
from kiosk.web.app import make_app
from kiosk.web.roles import Role, User
from tests.kiosk.api_server import NOW, ApiServer, problem
from tests.kiosk.conftest import picture_of

pytestmark = pytest.mark.integration

OUR_PAGE = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def page(api: ApiClient) -> FlaskClient:
    return make_app(api).test_client()


@pytest.fixture
def stranger(api: ApiClient, server: ApiServer) -> str:
    stranger_id = new_capture_id()
    api.hand_in(picture_of(), kiosk_id="front", capture_id=stranger_id)
    server.strangers[stranger_id] = {
        "stranger_id": stranger_id,
        "state": "waiting",
        "first_seen": NOW,
        "last_seen": NOW,
        "visits": 4,
        "kiosks": ["front"],
        "person_id": None,
    }
    return stranger_id


def decide(page: FlaskClient, stranger_id: str, what: str, **form: str) -> TestResponse:
    return page.post(f"/unknown/{stranger_id}/{what}", data=form, headers=OUR_PAGE)


def test_a_stranger_is_found_and_named_in_three_clicks(
    page: FlaskClient, server: ApiServer, stranger: str
) -> None:
    listed = page.get("/unknown").text
    assert "Seen 4 times" in listed
    assert f'href="/unknown/{stranger}"' in listed
    assert f'action="/unknown/{stranger}/name"' in page.get(f"/unknown/{stranger}").text
    named = decide(page, stranger, "name", name="Ada Lovelace")
    assert (named.status_code, named.location) == (303, f"/people/{stranger}")
    assert server.strangers[stranger]["state"] == "named"
    assert "Nobody waits for a name" in page.get("/unknown").text
    assert "Seen 4 times" in page.get("/unknown?state=named").text


def test_a_stranger_who_is_enrolled_is_found_by_name(
    page: FlaskClient, api: ApiClient, server: ApiServer, stranger: str
) -> None:
    api.put_person("ada", name="Ada Lovelace")
    assert 'name="person_id" value="ada"' in page.get(f"/unknown/{stranger}?find=love").text
    assert decide(page, stranger, "name", person_id="ada").location == "/people/ada"
    assert server.strangers[stranger]["person_id"] == "ada"


@pytest.mark.parametrize(("what", "state"), [("ignore", "ignored"), ("discard", "discarded")])
def test_a_stranger_is_ignored_or_discarded(
    page: FlaskClient, server: ApiServer, stranger: str, what: str, state: str
) -> None:
    assert decide(page, stranger, what).location == "/unknown"
    assert server.strangers[stranger]["state"] == state


def test_a_name_that_is_refused_says_why_and_keeps_what_was_typed(
    page: FlaskClient, server: ApiServer, stranger: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert decide(page, stranger, "name").status_code == 422
    answer = problem(409, "consent-missing", "write down first that they agreed")
    monkeypatch.setattr(server, "_decide", lambda *_: answer)
    refused = decide(page, stranger, "name", name="Ada")
    assert refused.status_code == 422
    assert "Write down first that they agreed." in refused.text
    assert 'value="Ada"' in refused.text


def test_pages_are_valid_and_reception_sees_nothing_that_changes(
    page: FlaskClient, api: ApiClient, stranger: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    api.put_person("ada", name="<script>alert(1)</script>")
    paths = "/unknown", f"/unknown/{stranger}", f"/unknown/{stranger}?find=script", "/people/ada", "/doors"
    for path in paths:
        text = page.get(path).text
        html5lib.HTMLParser(strict=True).parse(text)
        assert "<script>alert" not in text
    monkeypatch.setattr("kiosk.web.access.WHOEVER", User(None, Role.RECEPTION))
    for path in paths:
        shown = page.get(path)
        html5lib.HTMLParser(strict=True).parse(shown.text)
        assert (shown.status_code, 'method="post"' in shown.text) == (200, False), path
