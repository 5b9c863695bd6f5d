"""The status page, in front of a real HTTP server that follows docs/api.md."""

import html5lib
import pytest
from flask.testing import FlaskClient

from kiosk.client.api import ApiClient
from kiosk.web.app import make_app
from tests.kiosk.api_server import ApiServer, Fault

pytestmark = pytest.mark.integration


@pytest.fixture
def page(api: ApiClient) -> FlaskClient:
    return make_app(api).test_client()


def test_the_page_says_what_is_up_what_failed_and_what_it_cost(page: FlaskClient, server: ApiServer) -> None:
    names = ("online", "Front"), ("blind", "Back"), ("offline", "<script>alert(1)</script>"), ("never", "New")
    server.kiosks = [{"kiosk_id": state, "state": state, "name": name} for state, name in names]
    text = page.get("/status").text
    html5lib.HTMLParser(strict=True).parse(text)
    for shown in ("answers", "0.1.0", "<dt>Recognized</dt><dd>12</dd>", "$0.01", "Back", "does not see"):
        assert shown in text, shown
    assert "<script>alert" not in text
    assert "Front" not in text, "what is well needs no line"


def test_what_failed_is_tried_again(page: FlaskClient, server: ApiServer) -> None:
    headers = {"Sec-Fetch-Site": "same-origin"}
    response = page.post("/status/replays", headers=headers, follow_redirects=True)
    assert ("POST", "/replays") in server.asked
    assert "3 of what had failed are being tried again." in response.text


def test_the_page_stays_when_the_api_is_gone(page: FlaskClient, server: ApiServer) -> None:
    server.faults = lambda method, path: Fault(closes=True)
    response = page.get("/status")
    assert (response.status_code, "does not answer" in response.text) == (200, True)
    assert 'role="alert"' in response.text
