"""The web page in front of a real HTTP server that follows docs/api.md."""

import io
import json
import re
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from kiosk.client.api import ApiClient
from kiosk.client.capture_id import new_capture_id
from kiosk.web import WebRefused, web_server
from kiosk.web.app import make_app
from tests.kiosk.api_server import ApiServer, Fault
from tests.kiosk.conftest import picture_of

pytestmark = pytest.mark.integration

OUR_PAGE = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def page(api: ApiClient) -> FlaskClient:
    return make_app(api).test_client()


def hand_in(page: FlaskClient, picture: bytes | None, **headers: str) -> TestResponse:
    data = {} if picture is None else {"picture": (io.BytesIO(picture), "a.jpg")}
    return page.post("/captures", data=data, headers=headers or OUR_PAGE, follow_redirects=True)


def alert(response: TestResponse) -> str:
    """The one sentence of a page that says what went wrong."""
    found = re.search(r'role="alert">(?:\s*<h1>.*?</h1>\s*<p>)?(.*?)</p>', response.text, re.DOTALL)
    assert found, response.text
    assert "Traceback" not in response.text
    return found[1]


def test_a_picture_handed_in_shows_the_name_the_similarity_and_the_face(
    page: FlaskClient, api: ApiClient
) -> None:
    api.put_person("ada", name="Ada <Lovelace>")
    response = hand_in(page, picture_of("ada"))
    assert response.status_code == 200
    assert ">Ada &lt;Lovelace&gt;</h1>" in response.text
    assert "99.93" in response.text
    assert 'x="0.31" y="0.2" width="0.25" height="0.34"' in response.text
    photo = re.search(r'<img src="(/sightings/[^"]+/photo)"', response.text)
    assert photo
    assert page.get(photo[1]).data == picture_of("ada")


def test_a_name_that_runs_right_to_left_turns_nothing_around_it(page: FlaskClient, api: ApiClient) -> None:
    api.put_person("ada", name="\u05d0\u05d3\u05d4 \u202eevil")
    response = hand_in(page, picture_of("ada"))
    assert "\u2068\u05d0\u05d3\u05d4 evil\u2069</h1>" in response.text
    assert "\u202e" not in response.text + page.get("/").text


def test_a_capture_nobody_knows_yet_is_looked_for_again_but_not_for_ever(page: FlaskClient) -> None:
    fresh = page.get(f"/sightings/{new_capture_id()}")
    assert 'http-equiv="refresh"' in fresh.text
    gone = page.get(f"/sightings/{new_capture_id(unix_s=lambda: time.time() - 3600)}")
    assert gone.status_code == 404
    assert "refresh" not in gone.text


def test_a_stranger_is_told_as_one(page: FlaskClient) -> None:
    assert "Nobody we know" in hand_in(page, picture_of()).text


def test_a_result_says_why(page: FlaskClient) -> None:
    assert ">It came to this for a reason.</p>" in hand_in(page, picture_of("ada")).text


def test_a_large_picture_is_made_smaller_before_it_is_handed_in(page: FlaskClient, server: ApiServer) -> None:
    assert hand_in(page, picture_of(size=(5000, 4000))).status_code == 200
    (picture,) = server.pictures.values()
    assert len(picture) < len(picture_of(size=(5000, 4000)))


def test_a_result_that_takes_its_time_has_a_page_that_looks_again(
    page: FlaskClient, server: ApiServer
) -> None:
    capture = hand_in(page, picture_of("ada")).request.path
    server.pending_for = 1
    assert '<meta http-equiv="refresh"' in page.get(capture).text
    assert '<meta http-equiv="refresh"' not in page.get(capture).text


def test_the_form_lists_what_was_seen_lately(page: FlaskClient) -> None:
    assert "Nobody yet" in page.get("/").text
    hand_in(page, picture_of())
    assert "Nobody we know" in page.get("/").text


def test_whoever_was_recognized_and_is_forgotten_since_has_no_name_and_harms_no_page(
    page: FlaskClient, api: ApiClient, server: ApiServer
) -> None:
    api.put_person("ada", name="Ada Lovelace")
    seen = hand_in(page, picture_of("ada")).request.path
    for sighting in server.sightings.values():
        sighting |= {"person_id": None, "name": None, "similarity_pct": None, "face_box": None}
    assert "Somebody forgotten since" in page.get("/").text
    assert "Somebody forgotten since" in page.get(seen).text


@pytest.mark.parametrize(
    ("picture", "status", "words"),
    [
        (None, 400, "No picture was chosen"),
        (b"", 422, "empty"),
        (b"%PDF-1.7", 422, "no picture"),
        (picture_of(size=(900, 900))[:900], 422, "damaged"),
        (bytes(33 * 1024 * 1024), 413, "larger than 32 MB"),
    ],
    ids=["nothing", "empty", "pdf", "cut off", "too large"],
)
def test_what_is_no_picture_gets_a_friendly_page(
    page: FlaskClient, server: ApiServer, picture: bytes | None, status: int, words: str
) -> None:
    response = hand_in(page, picture)
    assert response.status_code == status
    assert words in alert(response)
    assert not server.pictures


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        (Fault(status=503), 503),
        (Fault(status=401), 502),
        (Fault(closes=True), 503),
        (Fault(status=200, body=b"<html>"), 502),
        (Fault(status=400), 422),
    ],
)
def test_an_api_that_fails_gets_a_friendly_page(
    page: FlaskClient, server: ApiServer, fault: Fault, status: int
) -> None:
    server.faults = lambda method, path: fault
    response = hand_in(page, picture_of())
    assert response.status_code == status
    assert alert(response).endswith(".")
    assert page.get("/").status_code == 200


@pytest.mark.parametrize(
    "path", ["/nothing", "/captures", "/sightings/x/photo", "/sightings/%00", "/static/../x"]
)
def test_a_page_that_is_not_there_is_a_friendly_page_too(page: FlaskClient, path: str) -> None:
    response = page.get(path)
    assert response.status_code in {200, 400, 404, 405}
    assert "Traceback" not in response.text


@pytest.mark.parametrize(
    "capture_id", ["%0d%0aSet-Cookie:a=b", "01932b6e-0000-7000-8000-000000000000%0d%0a", "x", "%00", "%2e%2e"]
)
def test_an_id_that_is_none_is_a_bad_request_and_is_not_asked_for(
    page: FlaskClient, server: ApiServer, capture_id: str
) -> None:
    for path in ("", "/photo"):
        assert page.get(f"/sightings/{capture_id}{path}").status_code == 400
    for person_id in ("ada", "a\r\nb"):
        form = {"person_id": person_id}
        response = page.post(f"/sightings/{capture_id}/correction", data=form, headers=OUR_PAGE)
        assert response.status_code == 400
        assert alert(response).startswith("This is no id")
    assert server.asked == []


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Accept": "*/*"},
    ],
)
def test_a_form_of_another_site_is_turned_away(
    page: FlaskClient, server: ApiServer, headers: dict[str, str]
) -> None:
    assert hand_in(page, picture_of(), **headers).status_code == 403
    assert not server.pictures


def test_an_older_browser_shows_its_page_by_the_origin(page: FlaskClient) -> None:
    assert hand_in(page, picture_of(), Origin="http://localhost").status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8080", "127.0.0.1.evil.example", "10.0.0.5", "["]
)
def test_another_host_name_is_not_answered(page: FlaskClient, host: str) -> None:
    assert page.get("/", headers={"Host": host}).status_code in {400, 421}


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost", "[::1]:8080"])
def test_the_names_of_this_machine_are_answered(page: FlaskClient, host: str) -> None:
    assert page.get("/", headers={"Host": host}).status_code == 200


def test_nothing_from_elsewhere_may_run_or_load(page: FlaskClient) -> None:
    response = page.get("/")
    assert response.headers["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self'; ")
    assert response.headers["Cache-Control"] == "no-store"
    assert not re.search(r"<script>|style=|https?://|onclick", response.text)


def test_with_a_token_every_page_asks_for_it(api: ApiClient) -> None:
    page = make_app(api, token="a-token-of-some-length").test_client()
    assert page.get("/").status_code == 401
    assert page.get("/static/style.css").status_code == 401
    right = ("me", "a-token-of-some-length")
    assert page.get("/", auth=right, headers={"Host": "door.example"}).status_code == 200


def test_after_a_wrong_token_its_address_waits_a_second_and_others_do_not(api: ApiClient) -> None:
    now_s = 100.0
    page = make_app(api, token="a-token-of-some-length", clock=lambda: now_s).test_client()

    def status(token: str | None, address: str = "192.0.2.7") -> int:
        auth = None if token is None else ("me", token)
        return page.get("/", auth=auth, environ_base={"REMOTE_ADDR": address}).status_code

    assert status(None) == status("wrong") == 401
    assert (status("a-token-of-some-length"), status("other")) == (429, 429)
    assert (status(None), status("a-token-of-some-length", "192.0.2.8")) == (401, 200)
    now_s += 1.01
    assert status("a-token-of-some-length") == 200


def test_the_command_serves_the_page_until_it_is_interrupted(server: ApiServer) -> None:
    command = [sys.executable, "-m", "kiosk", "--api", server.url, "web", "--port", "0", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        url = json.loads(process.stdout.readline())["url"]
        assert "Who is this?" in requests.get(url, timeout=5).text
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "door.example"])
def test_another_address_needs_a_token(api: ApiClient, host: str) -> None:
    with pytest.raises(WebRefused, match="set RECOGNIZEME_WEB_TOKEN"):
        web_server(api, host=host, port=0)
    with pytest.raises(WebRefused, match="16 characters"):
        web_server(api, host=host, port=0, token="short")


def test_a_port_that_is_taken_says_so(api: ApiClient) -> None:
    first = web_server(api, port=0)
    with pytest.raises(WebRefused, match="choose another --port"):
        web_server(api, port=first.effective_port)
    first.close()


def test_a_wrong_result_is_corrected_from_its_page(
    page: FlaskClient, api: ApiClient, server: ApiServer
) -> None:
    api.put_person("ada", name="Ada <Lovelace>")
    response = hand_in(page, picture_of())
    capture_id = response.request.path.rsplit("/", 1)[1]
    choice = page.get(f"/sightings/{capture_id}?find=ada").text
    assert re.search(r'name="person_id" value="ada"[^>]*>Ada &lt;Lovelace&gt;</button>', choice)
    correction = f"/sightings/{capture_id}/correction"
    assert page.post(correction, data={"person_id": "ada"}).status_code == 403
    assert page.post(correction, data={"person_id": "ada"}, headers=OUR_PAGE).status_code == 303
    assert server.sightings[capture_id]["person_id"] == "ada"
    page.post(correction, data={"person_id": ""}, headers=OUR_PAGE)
    assert server.sightings[capture_id]["person_id"] is None


def test_the_kiosks_of_this_machine_are_shown_with_what_ails_them(
    api: ApiClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    page = make_app(api, now=lambda: datetime(2026, 11, 23, 8, 15, 5, tzinfo=UTC)).test_client()
    assert "No kiosk has run on this machine yet" in page.get("/kiosks").text

    sighting = {
        "capture_id": "c1",
        "status": "done",
        "outcome": "recognized",
        "name": "Ada",
        "captured_at": "x",
    }
    spool = {"waiting": 7, "waiting_bytes": 90, "max_bytes": 100, "refused": 1, "damaged": 0, "dropped": 2}
    known = {
        "running": True,
        "tracks": 12,
        "captures": 12,
        "sightings": 9,
        "frames_per_s": 14.8,
        "spool": spool,
    }
    known |= {"latest": [{"origin": "track 1", "late": True, "sighting": sighting}]}
    for kiosk_id, updated_at, trouble in (
        ("front", "2026-11-23T08:15:02.120Z", "camera 0 gives no pictures"),
        ("back", "2026-11-23T08:00:00.000Z", None),
        ("odd", "yesterday", None),
    ):
        file = tmp_path / "recognizeme" / "kiosks" / kiosk_id / "status.json"
        file.parent.mkdir(parents=True)
        status = known | {"kiosk_id": kiosk_id, "updated_at": updated_at, "camera_trouble": trouble}
        file.write_text(json.dumps(status))
    broken = tmp_path / "recognizeme" / "kiosks" / "broken" / "status.json"
    broken.parent.mkdir()
    broken.write_text('{"half')

    text = page.get("/kiosks").text
    assert text.count(">running<") == 1
    assert text.count(">not running<") == 2
    assert "camera 0 gives no pictures" in text
    assert "nearly full" in text
    assert '<a href="/sightings/c1">Ada</a>' in text


def test_a_screen_at_the_door_shows_what_is_asked_and_looks_again_each_second(
    api: ApiClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    page = make_app(api, now=lambda: datetime(2026, 11, 23, 8, 15, 5, tzinfo=UTC)).test_client()
    unknown = page.get("/doors/front/display")
    assert unknown.status_code == 404
    assert "No kiosk of this name" in unknown.text
    file = tmp_path / "recognizeme" / "kiosks" / "front" / "status.json"
    file.parent.mkdir(parents=True)
    status = {"kiosk_id": "front", "running": True, "updated_at": "2026-11-23T08:15:04.000Z"}
    file.write_text(json.dumps(status | {"prompt": "Turn <left>"}))
    shown = page.get("/doors/front/display")
    assert shown.status_code == 200
    assert "<p>Turn &lt;left&gt;</p>" in shown.text
    assert all('http-equiv="refresh" content="1"' in each.text for each in (unknown, shown))
    assert page.get("/static/display.css").status_code == 200


@pytest.mark.parametrize("installed", [True, False])
def test_heic_is_offered_only_where_it_can_be_read(
    page: FlaskClient, monkeypatch: pytest.MonkeyPatch, installed: bool
) -> None:
    monkeypatch.setattr("kiosk.web.pages.recognize.reads_heic", lambda: installed)
    text = page.get("/").text
    assert (".heic" in text) is installed
    assert ("HEIC" in text) is installed
