"""The whole stack: real functions, real engine, real files."""

import os
import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import psutil
import pytest
import requests
from click.testing import CliRunner

from kiosk.client.api import ApiClient
from kiosk.client.capture_id import new_capture_id
from local.adapters.database import open_database
from local.adapters.tokens import SqliteTokens
from local.cli import main
from local.data_folder import DataFolder, DataInUse
from local.runtime.engine import Engine, EngineRefused
from local.runtime.servers import PortTaken, listen
from local.stack import Refused, Stack
from recognizeme.entry.routes import Caller, Role
from tests.local.runtime.test_functions import eventually
from tests.portraits import ASTRONAUT, HOPPER

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def collins(stack: Stack) -> Iterator[None]:
    with ApiClient(stack.url) as api:
        api.put_person("collins", name="Eileen Collins")
        photo = api.enroll_photo("collins", "a b+ü.png", ASTRONAUT.read_bytes(), content_type="image/png")
        assert photo["state"] == "indexed"
        yield
        api.forget("collins")


def ticket(stack: Stack, **changes: str) -> dict[str, Any]:
    asked = {"capture_id": new_capture_id(), "content_type": "image/jpeg"} | changes
    answer = requests.post(f"{stack.url}/kiosks/front/captures", json=asked, timeout=30)
    assert answer.status_code == 201, answer.text
    content: dict[str, Any] = answer.json()
    return content


def upload(ticket: dict[str, Any], picture: bytes, **changes: str) -> requests.Response:
    fields = ticket["upload"]["fields"] | changes
    return requests.post(ticket["upload"]["url"], data=fields, files={"file": picture}, timeout=30)


def code(answer: requests.Response) -> str:
    found = re.search(r"<Code>(\w+)</Code>", answer.text)
    assert found, answer.text
    return found[1]


@pytest.mark.usefixtures("collins")
@pytest.mark.parametrize("path", ["upload", "immediate"])
def test_a_person_is_recognized_whichever_way_the_picture_comes(api: ApiClient, path: Any) -> None:
    sighting = api.hand_in(
        ASTRONAUT.read_bytes(),
        kiosk_id="front",
        capture_id=new_capture_id(),
        path=path,
        content_type="image/png",
        timeout_s=60,
    )
    assert (sighting.outcome, sighting.name) == ("recognized", "Eileen Collins")
    assert sighting.similarity_pct == pytest.approx(100, abs=0.1)


@pytest.mark.usefixtures("collins")
def test_a_stranger_is_unknown(api: ApiClient) -> None:
    sighting = api.hand_in(HOPPER.read_bytes(), kiosk_id="front", capture_id=new_capture_id(), timeout_s=60)
    assert (sighting.outcome, sighting.person_id) == ("unknown", None)


def test_a_link_shows_the_picture_and_nothing_else_does(stack: Stack, api: ApiClient) -> None:
    capture_id = new_capture_id()
    api.hand_in(HOPPER.read_bytes(), kiosk_id="front", capture_id=capture_id, timeout_s=60)
    link = requests.get(f"{stack.url}/sightings/{capture_id}/photo", timeout=30).json()["url"]
    shown = requests.get(link, timeout=30)
    assert shown.content == HOPPER.read_bytes()
    assert shown.headers["content-type"] == "image/jpeg"
    assert shown.headers["cache-control"] == "private, no-store"
    assert requests.get(link.replace(".jpg", ".png"), timeout=30).status_code == 403
    assert requests.get(re.sub(r"expires=\d+", "expires=9999999999", link), timeout=30).status_code == 403
    assert requests.get(link.partition("?")[0], timeout=30).status_code == 403


def test_an_upload_answers_as_s3_does(stack: Stack) -> None:
    assert upload(ticket(stack), HOPPER.read_bytes()).status_code == 204


@pytest.mark.parametrize("changes", [{"key": "captures/other/2026/11/23/x.jpg"}, {"policy": "e30="}])
def test_a_changed_ticket_is_refused(stack: Stack, changes: dict[str, str]) -> None:
    answer = upload(ticket(stack), HOPPER.read_bytes(), **changes)
    assert (answer.status_code, code(answer)) == (403, "AccessDenied")


@pytest.mark.parametrize("size", [5 * 1024 * 1024 + 1, 20 * 1024 * 1024])
def test_a_picture_that_is_too_large_is_refused(stack: Stack, size: int) -> None:
    answer = upload(ticket(stack), b"\xff" * size)
    assert (answer.status_code, code(answer)) == (400, "EntityTooLarge")


def test_an_upload_without_a_file_is_refused(stack: Stack) -> None:
    form = ticket(stack)["upload"]
    answer = requests.post(form["url"], data=form["fields"], timeout=30)
    assert answer.status_code == 400


@pytest.mark.parametrize("photo_id", ["a.png ", "\u00e4 +%2F.png", "\u65e5\u672c.png", "\U0001f600.png"])
def test_a_photo_of_any_name_is_uploaded_and_where_it_lies_is_ascii(stack: Stack, photo_id: str) -> None:
    person_id = f"eileen-{photo_id.encode().hex()}"  # one each: who is being forgotten cannot be enrolled
    with ApiClient(stack.url) as api:
        api.put_person(person_id, name="Eileen")
    asked = {"photo_id": photo_id, "content_type": "image/png"}
    form = requests.post(f"{stack.url}/people/{person_id}/photos", json=asked, timeout=30).json()["upload"]
    answer = requests.post(
        form["url"], data=form["fields"], files={"file": ASTRONAUT.read_bytes()}, timeout=30
    )
    assert (answer.status_code, answer.text) == (204, "")
    assert unquote(answer.headers["location"]).endswith(f"/enrollments/{person_id}/{photo_id}")
    with ApiClient(stack.url) as api:
        api.forget(person_id)  # or others with this face would be uncertain from now on


@pytest.mark.parametrize("body", [b"", b"--x\r\n", b"no form at all", b'--x\r\nContent-Disposition: x="\r\n'])
def test_a_broken_form_is_refused(stack: Stack, body: bytes) -> None:
    headers = {"content-type": "multipart/form-data; boundary=x"}
    answer = requests.post(f"{stack.url}/_local/uploads", data=body, headers=headers, timeout=30)
    assert 400 <= answer.status_code < 500
    assert code(answer)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/sightings?limit=0", 400),
        ("GET", "/sightings?limit=many", 400),
        ("GET", "/sightings?cursor=nonsense", 400),
        ("GET", "/sightings/not-a-uuid", 400),
        ("GET", "/sightings?outcome=perhaps", 400),
        ("GET", "/people/nobody", 404),
        ("GET", "/people/a%20b", 400),
        ("PUT", "/people/a%2Fb", 404),
        ("GET", "/people/a%0d%0ab", 400),
        ("GET", "/people%0d%0a", 404),
        ("POST", "/kiosks/front/captures", 400),
        ("POST", "/kiosks/front/recognitions", 415),
        ("GET", "/_local/photos/../../recognizeme.db", 404),
        ("GET", "/_local/photos/%2e%2e/recognizeme.db", 403),
    ],
)
def test_a_bad_request_gets_a_problem(stack: Stack, method: str, path: str, status: int) -> None:
    answer = requests.request(method, stack.url + path, timeout=30)
    assert answer.status_code == status, answer.text
    if not path.startswith("/_local"):
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["detail"]


def test_a_picture_beyond_lambdas_limit_is_too_large_and_the_next_request_works(stack: Stack) -> None:
    headers = {"content-type": "image/jpeg"}
    url = f"{stack.url}/kiosks/front/recognitions"
    for size in (4 * 1024 * 1024 + 1, 5 * 1024 * 1024, 11 * 1024 * 1024):
        answer = requests.post(url, data=b"\xff" * size, headers=headers, timeout=30)
        assert answer.json()["type"] == "urn:recognizeme:problem:too-large"
    assert requests.get(f"{stack.url}/health", timeout=30).json()["status"] == "ok"


def test_the_web_page_is_part_of_the_stack(stack: Stack) -> None:
    assert stack.web_url
    assert "<form" in requests.get(stack.web_url, timeout=30).text


def test_the_log_names_nobody_and_the_data_is_its_owners_alone(stack: Stack, api: ApiClient) -> None:
    api.put_person("very-secret-id", name="Very Secret Name")
    api.person("very-secret-id")
    log = stack.data_folder.log.read_text()
    assert "GET /people/{person_id} 200" in log
    assert "very-secret-id" not in log
    assert "Very Secret Name" not in log
    assert stack.data_folder.root.stat().st_mode & 0o077 == 0


def test_a_second_stack_on_the_same_data_is_refused(stack: Stack) -> None:
    with pytest.raises(DataInUse, match="stop it first"), Stack(stack.data_folder):
        pass


def test_a_port_in_use_is_one_clear_sentence(data: Path) -> None:
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        says = rf"127.0.0.1:{port} .*another --port"
        with pytest.raises(PortTaken, match=says), Stack(DataFolder(data), port=port):
            pass


def test_other_addresses_need_a_token(data: Path) -> None:
    with pytest.raises(Refused, match="token add"), Stack(DataFolder(data), host="192.0.2.1"):
        pass
    with (
        pytest.raises(Refused, match="RECOGNIZEME_TOKEN"),
        Stack(DataFolder(data), host="0.0.0.0", url="http://door.example:8000"),
    ):
        pass
    with pytest.raises(Refused, match="--url"):
        Stack(DataFolder(data), host="0.0.0.0", token="a-long-random-word")


@pytest.mark.parametrize("host", ["127.0.0.1", "192.0.2.1"])
def test_a_token_has_sixteen_characters_or_more(data: Path, host: str) -> None:
    with pytest.raises(Refused, match="16 characters"):
        Stack(DataFolder(data), host=host, token="fifteen-letters")


def test_a_page_that_asks_for_no_token_is_not_served_before_an_api_that_does(data: Path) -> None:
    with open_database(DataFolder(data).make().database) as database:
        SqliteTokens(database).add(Caller(Role.DOOR, "front"), now=datetime.now(UTC))
    with pytest.raises(Refused, match="RECOGNIZEME_WEB_TOKEN"), Stack(DataFolder(data), web_port=0):
        pass


def test_the_page_of_a_stack_with_a_token_asks_for_it_and_works(data: Path) -> None:
    token = "a-long-random-word"
    with Stack(DataFolder(data), web_port=0, token=token) as stack:
        assert stack.web_url
        assert requests.get(f"{stack.url}/people", timeout=30).status_code == 401
        assert requests.get(stack.web_url, timeout=30).status_code == 401
        page = requests.get(stack.web_url, auth=("", token), timeout=30)
    assert page.status_code == 200
    assert "did not accept" not in page.text


def test_a_killed_engine_comes_back_and_the_picture_handed_in_meanwhile_is_looked_at(
    stack: Stack, api: ApiClient
) -> None:
    children = psutil.Process().children()
    engine = next(child for child in children if str(stack.data_folder.collections) in child.cmdline())
    engine.kill()
    capture_id = new_capture_id()
    api.upload(HOPPER.read_bytes(), kiosk_id="front", capture_id=capture_id)
    assert eventually(lambda: api.await_sighting(capture_id, timeout_s=20).status == "done", 60)


def test_only_the_stack_itself_may_ask_its_engine(stack: Stack) -> None:
    answer = requests.post(
        stack.engine.url,
        data="{}",
        headers={
            "X-Amz-Target": "RekognitionService.ListCollections",
            "Content-Type": "application/x-amz-json-1.1",
        },
        timeout=30,
    )
    assert (answer.status_code, answer.json()["__type"]) == (400, "MissingAuthenticationTokenException")
    other = Engine.at(int(stack.engine.url.rpartition(":")[2]))
    with pytest.raises(EngineRefused, match="UnrecognizedClientException"):
        other.call("ListCollections", {})
    assert stack.engine.call("ListCollections", {})["CollectionIds"] == ["employees"]
    assert stack.engine.secret_key not in repr(stack.engine)


def test_a_lost_face_database_is_said_at_the_start_and_its_photos_can_be_indexed_again(data: Path) -> None:
    # Whatever keys the user's own rekolocal has, the stack makes its own.
    environ = {**os.environ, "REKOLOCAL_ACCESS_KEY": "mine"}
    with Stack(DataFolder(data), environ=environ) as stack, ApiClient(stack.url) as api:
        api.put_person("collins", name="Eileen Collins")
        api.enroll_photo("collins", "1.png", ASTRONAUT.read_bytes(), content_type="image/png")
        assert stack.notices == []
    shutil.rmtree(DataFolder(data).collections)

    with Stack(DataFolder(data), environ=environ) as stack, ApiClient(stack.url) as api:
        (notice,) = stack.notices
        assert notice.startswith("the face engine knows 0 of 1 enrolled faces")
        assert f"`recognizeme-local reindex --switch --data {data}`" in notice
        running = CliRunner().invoke(main, ["reindex", "--data", str(data)])
        assert running.exit_code == 1
        assert "another RecognizeMe runs on the data" in running.output
    CliRunner().invoke(main, ["reindex", "--switch", "--data", str(data)], catch_exceptions=False)

    with Stack(DataFolder(data), environ=environ) as stack, ApiClient(stack.url) as api:
        assert stack.notices == []
        sighting = api.hand_in(
            ASTRONAUT.read_bytes(),
            kiosk_id="front",
            capture_id=new_capture_id(),
            content_type="image/png",
            timeout_s=60,
        )
        assert sighting.name == "Eileen Collins"
