"""The audit log as a page and as a file, in front of a real HTTP server that follows docs/api.md."""

import csv
import re
from datetime import UTC, datetime

import html5lib
import pytest
from flask.testing import FlaskClient

from kiosk.client.api import ApiClient
from kiosk.client.audit_log import ACTIONS
from kiosk.web.app import make_app
from recognizeme.entry.routes import ROUTES, Audit
from tests.kiosk.api_server import NOW, ApiServer, Fault, Json

integration = pytest.mark.integration


def line(**values: object) -> Json:
    return {
        "line_id": "1",
        "at": NOW,
        "principal": "token desk",
        "on_behalf_of": "maria@example.org",
        "action": "DELETE /people/{person_id}/photos/{photo_id}",
        "result": "done",
        "status": 200,
        "source": "127.0.0.1",
        "person_id": "ada",
        "person_hash": None,
        "about": {"photo_id": "1.jpg"},
        "detail": {"reason": "blurred"},
        **values,
    }


@pytest.fixture
def page(api: ApiClient) -> FlaskClient:
    return make_app(api, now=lambda: datetime(2026, 11, 24, 12, tzinfo=UTC)).test_client()


@integration
def test_who_did_what_is_said_in_words(page: FlaskClient, server: ApiServer) -> None:
    gone = line(
        person_id=None, person_hash="d7ab837e6c", on_behalf_of=None, result="began", action="new thing"
    )
    server.audit = [line(), gone]
    text = page.get("/audit").text
    for shown in (
        *("maria@example.org", "token desk", "removed a photo", 'href="/people/ada"', "#d7ab837e<"),
        *("photo_id=1.jpg reason=blurred", "not known", "new thing"),
    ):
        assert shown in text, shown


@integration
def test_the_log_is_filtered_in_the_address_and_goes_on_page_after_page(
    page: FlaskClient, server: ApiServer
) -> None:
    server.audit = [line(person_id="bob"), *(line(line_id=str(number)) for number in range(60))]
    first = page.get("/audit?person_id=ada")
    assert (first.text.count('href="/people/ada"'), "/people/bob" in first.text) == (50, False)
    onward = re.search(r'rel="next" href="([^"]+)"', first.text)
    assert onward
    assert page.get(onward[1].replace("&amp;", "&")).text.count('href="/people/ada"') == 10
    assert "Nothing was changed" in page.get("/audit?person_id=nobody").text


@integration
def test_days_are_those_of_whoever_looks(
    page: FlaskClient, api: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[dict[str, object]] = []

    def audit_page(**filters: object) -> tuple[list[Json], str | None]:
        asked.append(filters)
        return [], None

    monkeypatch.setattr(api, "audit_page", audit_page)
    page.set_cookie("zone", "Europe/Zurich", domain="127.0.0.1")
    page.get("/audit?since=yesterday&until=yesterday", base_url="http://127.0.0.1")
    assert asked[0]["since"] == "2026-11-22T23:00:00.000Z"
    assert asked[0]["until"] == "2026-11-23T23:00:00.000Z"
    refused = page.get("/audit?since=someday")
    assert (refused.status_code, "This is no day" in refused.text) == (400, True)


@integration
def test_the_file_holds_all_that_is_filtered_and_no_formula(page: FlaskClient, server: ApiServer) -> None:
    server.audit = [line(), line(person_id="bob"), line(principal="=HYPERLINK(1)")]
    rows = [*csv.DictReader(page.get("/audit.csv?person_id=ada").text.splitlines())]
    assert [row["principal"] for row in rows] == ["token desk", "'=HYPERLINK(1)"]
    assert rows[0]["detail"] == "reason=blurred"


@integration
def test_a_log_that_cannot_be_read_is_a_page_and_no_half_file(page: FlaskClient, server: ApiServer) -> None:
    server.faults = lambda method, path: Fault(status=503)
    for path in ("/audit", "/audit.csv"):
        response = page.get(path)
        assert (response.status_code, "<h1>" in response.text) == (503, True)


@integration
@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", "x" * 10_000, "\u05d0\u05d3 \u202eevil", '" onclick="']
)
def test_the_page_is_valid_html_whatever_is_in_the_log(
    page: FlaskClient, server: ApiServer, text: str
) -> None:
    server.audit = [line(principal=text, on_behalf_of=text, action=text, detail={"reason": text})]
    shown = page.get("/audit", query_string={"principal": text}).text
    html5lib.HTMLParser(strict=True).parse(shown)
    html5lib.HTMLParser(strict=True).parse(page.get("/audit").text)
    assert "<script>alert" not in shown
    assert '" onclick="' not in shown


def test_no_words_are_left_for_a_route_that_is_gone() -> None:
    audited = {f"{route.method} {route.path}" for route in ROUTES if route.audit is not Audit.NO}
    assert set(ACTIONS) <= audited
