"""The page of today, also when half of what it shows cannot be had."""

from datetime import UTC, datetime

import html5lib
import pytest
from flask.testing import FlaskClient

from kiosk.client.api import ApiClient
from kiosk.client.capture_id import captured_at, new_capture_id
from kiosk.web.app import make_app
from tests.kiosk.api_server import ApiServer, Fault
from tests.kiosk.conftest import picture_of

pytestmark = pytest.mark.integration

NAME = "<b>\u05d0\u05d3\u05d4</b>"


@pytest.fixture
def page(api: ApiClient) -> FlaskClient:
    return make_app(api).test_client()


def test_today_shows_who_came_and_what_failed(page: FlaskClient, api: ApiClient) -> None:
    api.put_person("ada", name=NAME)
    visit = new_capture_id()
    api.hand_in(picture_of("ada"), kiosk_id="web", capture_id=visit)
    text = page.get("/today").text
    html5lib.HTMLParser(strict=True).parse(text)
    assert f'href="/sightings/{visit}"' in text
    assert "<b>" not in text


def test_what_was_before_today_is_not_shown(api: ApiClient) -> None:
    visit = new_capture_id()
    api.hand_in(picture_of(), kiosk_id="web", capture_id=visit)
    tomorrow = captured_at(visit).timestamp() + 24 * 3600
    page = make_app(api, now=lambda: datetime.fromtimestamp(tomorrow, UTC)).test_client()
    assert visit not in page.get("/today").text


def test_an_api_that_does_not_answer_leaves_a_page_that_looks_again(
    page: FlaskClient, server: ApiServer
) -> None:
    server.faults = lambda method, path: Fault(status=503)
    answer = page.get("/today")
    assert answer.status_code == 200
    assert "The API does not answer." in answer.text
    assert 'http-equiv="refresh"' in answer.text


@pytest.mark.parametrize("missing", ["/presence", "/strangers", "/kiosks", "/stats"])
def test_one_part_that_cannot_be_had_leaves_the_rest(
    page: FlaskClient, api: ApiClient, server: ApiServer, missing: str
) -> None:
    visit = new_capture_id()
    api.hand_in(picture_of(), kiosk_id="web", capture_id=visit)
    server.faults = lambda method, path: Fault(status=500) if path.startswith(missing) else None
    text = page.get("/today").text
    assert visit in text
    assert "does not answer" not in text
