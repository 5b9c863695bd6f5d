"""The pages about people, in front of a real HTTP server that follows docs/api.md."""

import io
import re
from datetime import UTC, datetime

import html5lib
import pytest
from flask.testing import FlaskClient
from PIL import Image
from werkzeug.test import TestResponse

from kiosk.client.api import ApiClient
from kiosk.web.app import make_app
from tests.kiosk.api_server import ApiServer, problem
from tests.kiosk.conftest import picture_of

pytestmark = pytest.mark.integration

OUR_PAGE = {"Sec-Fetch-Site": "same-origin"}
NASTY = {
    "script": "<script>alert(1)</script>",
    "long": "x" * 10_000,
    "rtl": "\u05d0\u05d3\u05d4 \u202eevil",
    "quote": '" onclick="alert(1)',
}


@pytest.fixture
def page(api: ApiClient) -> FlaskClient:
    return make_app(api, now=lambda: datetime(2026, 11, 24, 12, tzinfo=UTC)).test_client()


def send(page: FlaskClient, path: str, *photos: bytes, **form: str) -> TestResponse:
    files = [(io.BytesIO(photo), f"{number}.jpg") for number, photo in enumerate(photos)]
    data: dict[str, object] = {**form, **({"photo": files} if files else {})}
    return page.post(path, data=data, headers=OUR_PAGE, follow_redirects=True)


def looks_like(person_id: str) -> bytes:
    return picture_of() + f"looks like:{person_id}".encode()


def alerts(response: TestResponse) -> list[str]:
    return re.findall(r'<p class="toast bad" role="alert">(.*?)</p>', response.text)


def test_somebody_is_added_with_photos_groups_and_consent(page: FlaskClient, server: ApiServer) -> None:
    response = send(
        page,
        "/people",
        *(picture_of(), picture_of("ada")),
        name=" Ada Lovelace ",
        groups="Staff, cleaning staff",
        agreed="yes",
        text_version="v2",
        recorded_by="Maria",
    )
    assert response.request.path == "/people/ada-lovelace"
    added = server.people["ada-lovelace"]
    assert (added["name"], added["groups"]) == ("Ada Lovelace", ["cleaning", "staff"])
    given = {"given_at": "2026-11-24T12:00:00.000Z", "recorded_by": "Maria", "text_version": "v2"}
    assert added["consent"] == given
    assert [photo["state"] for photo in server.photos["ada-lovelace"].values()] == ["indexed"] * 2
    assert response.text.count("in use</span>") == 2


def test_a_form_that_is_refused_keeps_what_was_typed(page: FlaskClient, server: ApiServer) -> None:
    response = send(page, "/people", name="x" * 10_000, groups="staff")
    assert response.status_code == 422
    assert alerts(response) == ["The name has 10,000 characters; 200 are the most."]
    assert 'name="groups" value="staff"' in response.text
    assert not server.people
    assert "A person needs a name." in send(page, "/people").text


def test_somebody_of_the_same_name_is_added_only_when_that_is_said(
    page: FlaskClient, api: ApiClient, server: ApiServer
) -> None:
    api.put_person("ada-lovelace", name="Ada Lovelace")
    asked = send(page, "/people", name="ada lovelace")
    assert asked.status_code == 409
    assert 'href="/people/ada-lovelace"' in asked.text
    assert list(server.people) == ["ada-lovelace"]
    assert send(page, "/people", name="ada lovelace", another="yes").request.path == "/people/ada-lovelace-2"


def test_a_file_that_is_no_picture_keeps_none_of_the_others(page: FlaskClient, server: ApiServer) -> None:
    response = send(page, "/people", b"%PDF-1.7", picture_of(), name="Ada")
    assert response.status_code == 422
    assert alerts(response)[0].startswith("0.jpg: The file is no picture")
    assert len(server.photos["ada"]) == 1


def test_the_same_file_twice_is_one_photo_and_other_files_of_its_name_are_others(
    page: FlaskClient, api: ApiClient, server: ApiServer
) -> None:
    api.put_person("ada", name="Ada")
    for picture in (picture_of(), picture_of(), picture_of("ada")):
        send(page, "/people/ada/photos", picture)
    assert len(server.photos["ada"]) == 2


def test_a_photo_that_looks_like_somebody_else_is_shown_beside_them_and_taken_with_a_reason(
    page: FlaskClient, api: ApiClient, server: ApiServer
) -> None:
    api.put_person("grace", name="Grace Hopper")
    warned = send(page, "/people", looks_like("grace"), name="Ada")
    (photo_id,) = server.photos["ada"]
    assert "Is this somebody who is enrolled already?" in warned.text
    assert f'src="/people/ada/photos/{photo_id}/face"' in warned.text
    assert 'src="/people/grace/face"' in warned.text
    assert "100.0 %" in warned.text
    assert send(page, "/people/ada/photos/again", photo_id=photo_id).status_code == 422
    assert server.photos["ada"][photo_id]["state"] == "refused"
    taken = send(page, "/people/ada/photos/again", photo_id=photo_id, reason="twin")
    assert server.photos["ada"][photo_id]["state"] == "indexed"
    assert "enrolled already?" not in taken.text


def test_a_photo_says_why_it_was_refused_and_is_removed(
    page: FlaskClient, api: ApiClient, server: ApiServer
) -> None:
    api.put_person("ada", name="Ada")
    refused = send(page, "/people/ada/photos", picture_of() + b"nobody")
    assert "not taken</span>" in refused.text
    assert "No face." in refused.text
    (photo_id,) = server.photos["ada"]
    assert "1 photo was removed" in send(page, f"/people/ada/photos/{photo_id}/removal").text


def test_a_face_is_small_and_gone_with_the_photo(
    page: FlaskClient, api: ApiClient, server: ApiServer
) -> None:
    api.put_person("ada", name="Ada")
    assert page.get("/people/ada/face").status_code == 404
    send(page, "/people/ada/photos", picture_of(size=(1200, 1600)))
    face = page.get("/people/ada/face")
    assert Image.open(io.BytesIO(face.data)).size == (128, 128)
    assert face.headers["Cache-Control"] == "no-store"
    (photo_id,) = server.photos["ada"]
    assert len(page.get(f"/people/ada/photos/{photo_id}").data) > len(face.data)
    assert page.get(f"/people/ada/photos/{photo_id}/face").data == face.data
    api.remove_photo("ada", photo_id)
    assert page.get("/people/ada/face").status_code == 404


def test_two_records_are_merged_and_that_is_undone(
    page: FlaskClient, api: ApiClient, server: ApiServer
) -> None:
    api.put_person("ada", name="Ada")
    api.put_person("ada-2", name="Ada Lovelace")
    assert 'value="ada-2"' not in page.get("/people/ada-2/merge?name=ada").text
    assert 'name="into" value="ada"' in page.get("/people/ada-2/merge?name=ada").text
    merged = send(page, "/people/ada-2/merge", into="ada")
    assert "both records are of one human" in merged.text
    assert "counts as this person" in page.get("/people/ada").text
    send(page, "/people/ada-2/merge/undo")
    assert server.people["ada-2"]["merged_into"] is None


def test_the_record_is_changed_as_a_whole(page: FlaskClient, api: ApiClient, server: ApiServer) -> None:
    api.put_person("ada", name="Ada")
    send(page, "/people/ada/record", name="Ada King", groups="staff", active_until="2026-11-20")
    changed = server.people["ada"]
    assert (changed["name"], changed["groups"], changed["active"]) == ("Ada King", ["staff"], False)
    assert changed["active_until"] == "2026-11-20"
    assert "inactive" in page.get("/people/ada").text


def test_a_change_that_the_api_refuses_says_why_on_the_same_page(
    page: FlaskClient, api: ApiClient, server: ApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    api.put_person("ada", name="Ada")
    answer = problem(400, "invalid-request", "a group is `a-z`")
    monkeypatch.setattr(server, "_put_person", lambda person_id, request: answer)
    response = send(page, "/people/ada/record", name="Ada", groups="ünknown")
    assert (response.status_code, alerts(response)) == (422, ["A group is `a-z`."])


def test_consent_is_recorded_with_its_text_and_withdrawn(
    page: FlaskClient, api: ApiClient, server: ApiServer
) -> None:
    api.put_person("ada", name="Ada")
    assert "No consent is on record" in page.get("/people/ada").text
    send(page, "/people/ada/consent", day="2026-11-20", text_version="v2", recorded_by="")
    assert server.people["ada"]["consent"] == {
        "given_at": "2026-11-20T00:00:00Z",
        "recorded_by": None,
        "text_version": "v2",
    }
    withdrawn = send(page, "/people/ada/consent/withdrawal")
    assert server.people["ada"]["consent"]["withdrawn_at"] == "2026-11-24T12:00:00.000Z"
    assert "withdrew</span>" in withdrawn.text
    assert send(page, "/people/ada/consent", day="tomorrow").status_code == 400


def test_somebody_is_forgotten_after_a_question_and_the_answer_can_be_printed(
    page: FlaskClient, api: ApiClient, server: ApiServer
) -> None:
    api.put_person("ada", name="Ada")
    send(page, "/people/ada/photos", picture_of())
    assert "It cannot be undone" in page.get("/people/ada/forget").text
    assert "ada" in server.people
    forgotten = send(page, "/people/ada/forget")
    assert "<dt>Photos</dt><dd>1</dd>" in forgotten.text
    assert page.get("/people/ada").status_code == 404


def test_people_are_found_by_name_and_group_and_page_after_page(
    page: FlaskClient, api: ApiClient, server: ApiServer
) -> None:
    for number in range(60):
        api.change_person(f"p{number:02}", {"name": f"Person {number}", "groups": ["staff"]})
    api.put_person("ada", name="Ada Lovelace")
    assert "Ada Lovelace" in page.get("/people?name=love&group=").text
    assert "Ada Lovelace" not in page.get("/people?group=staff").text
    first = page.get("/people?group=staff")
    assert first.text.count('class="card visit"') == 48
    onward = re.search(r'rel="next" href="([^"]+)"', first.text)
    assert onward
    assert page.get(onward[1].replace("&amp;", "&")).text.count('class="card visit"') == 12
    assert "Nobody is called that" in page.get("/people?name=nobody").text


@pytest.mark.parametrize("name", NASTY.values(), ids=NASTY)
def test_every_page_is_valid_html_whatever_people_are_called(
    page: FlaskClient, api: ApiClient, server: ApiServer, name: str
) -> None:
    api.put_person("ada", name=name)
    api.put_person("bob", name=name)
    api.merge("bob", into="ada")
    for picture in (picture_of(), picture_of() + b"nobody", looks_like("bob")):
        send(page, "/people/ada/photos", picture)
    pages = [
        page.get(path)
        for path in (
            *("/people", f"/people?name={name[:5]}", "/people?name=nobody", "/people/new", "/people/ada"),
            *("/people/bob", "/people/ada/merge", "/people/ada/merge?into=bob", "/people/ada/forget"),
        )
    ]
    pages += [
        send(page, "/people", name="ada", groups=name),
        send(page, "/people", name=name),
        send(page, "/people/ada/photos", b"no picture"),
        send(page, "/people/ada/forget"),
    ]
    for each in pages:
        html5lib.HTMLParser(strict=True).parse(each.text)
        assert "<script>alert" not in each.text
        assert '" onclick="' not in each.text
        around_fields = re.sub(r'value="[^"]*"', "", each.text)  # which turn nothing outside themselves
        assert "\u202e" not in around_fields, each.request.path
