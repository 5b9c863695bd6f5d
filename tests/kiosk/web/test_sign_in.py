"""Signing in to the console, and what each role is shown there."""

import json
import re
import stat
from pathlib import Path

import html5lib
import pytest
from argon2 import PasswordHasher
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from kiosk.cli import main
from kiosk.client.api import ApiClient
from kiosk.client.capture_id import new_capture_id
from kiosk.web import WebRefused, web_server
from kiosk.web.app import make_app
from kiosk.web.roles import LEAST, Role, User
from kiosk.web.sessions import Guesses
from kiosk.web.users import UserRefused, Users
from tests.kiosk.api_server import ApiServer
from tests.kiosk.conftest import picture_of

OUR_PAGE = {"Sec-Fetch-Site": "same-origin"}
PASSWORD = "correct horse battery"
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)

integration = pytest.mark.integration


class Clock:
    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def users(tmp_path: Path) -> Users:
    users = Users(tmp_path / "web" / "users.json", hasher=QUICK)
    for role in Role:
        users.add(role.value, role, PASSWORD)
    return users


@pytest.fixture
def app(api: ApiClient, users: Users, clock: Clock) -> Flask:
    return make_app(api, users=users, clock=clock)


@pytest.fixture
def page(app: Flask) -> FlaskClient:
    return app.test_client()


def enter(page: FlaskClient, name: str, password: str = PASSWORD, **form: str) -> TestResponse:
    return page.post("/sign-in", data={"name": name, "password": password, **form}, headers=OUR_PAGE)


def csrf(page: FlaskClient) -> dict[str, str]:
    found = re.search(r'name="csrf" value="([^"]+)"', page.get("/").text)
    assert found
    return {"csrf": found[1]}


@integration
def test_whoever_is_not_signed_in_is_asked_to_and_then_taken_to_where_they_wanted(page: FlaskClient) -> None:
    asked = page.get("/visits?outcome=unknown")
    assert (asked.status_code, asked.location) == (303, "/sign-in?onward=/visits?outcome%3Dunknown")
    form = page.get(asked.location).text
    html5lib.HTMLParser(strict=True).parse(form)
    assert "Kiosks" not in form, "there is nowhere to go yet"
    assert page.get("/static/style.css").status_code == 200
    assert page.post("/captures", headers=OUR_PAGE).status_code == 401
    entered = enter(page, "Reception", onward="/visits?outcome=unknown")
    assert (entered.status_code, entered.location) == (303, "/visits?outcome=unknown")
    assert page.get(entered.location).status_code == 200
    assert page.get("/sign-in").location == "/today"


@integration
@pytest.mark.parametrize(
    "onward", ["//evil.example", "https://evil.example", "/\\evil.example", "/a\r\nb", ""]
)
def test_nobody_is_taken_to_another_site(page: FlaskClient, onward: str) -> None:
    assert enter(page, "admin", onward=onward).location == "/today"


@integration
def test_the_cookie_is_for_the_server_alone_and_new_each_time(
    api: ApiClient, page: FlaskClient, users: Users
) -> None:
    first, second = (enter(page, "admin").headers["Set-Cookie"] for _ in range(2))
    for attribute in ("HttpOnly", "SameSite=Strict", "Path=/"):
        assert attribute in first
    assert first != second
    page.set_cookie("recognizeme", first.split("=")[1].split(";")[0])
    assert page.get("/").status_code == 303, "the session before ended"
    behind_tls = make_app(api, users=users, is_behind_proxy=True).test_client()
    cookie = enter(behind_tls, "admin").headers["Set-Cookie"]
    assert cookie.startswith("__Host-")
    assert "Secure" in cookie


@integration
def test_a_form_needs_the_token_of_its_session(page: FlaskClient) -> None:
    enter(page, "admin")
    for form in ({}, {"csrf": "wrong"}):
        assert page.post("/captures", data=form, headers=OUR_PAGE).status_code == 403
    token = csrf(page)
    assert page.post("/captures", data=token, headers=OUR_PAGE).status_code == 400, "no picture, but a token"
    assert page.post("/captures", data=token).status_code == 403


@integration
def test_who_signs_out_is_out_here_or_everywhere(app: Flask) -> None:
    here, there = app.test_client(), app.test_client()
    for each in (here, there):
        enter(each, "admin")
    here.post("/sign-out", data=csrf(here), headers=OUR_PAGE)
    assert (here.get("/").status_code, there.get("/").status_code) == (303, 200)
    enter(here, "admin")
    here.post("/sign-out", data={**csrf(here), "everywhere": "yes"}, headers=OUR_PAGE)
    assert (here.get("/").status_code, there.get("/").status_code) == (303, 303)


@integration
@pytest.mark.parametrize(("past_s", "status"), [(7000, 200), (7300, 303)])
def test_a_session_ends_when_nobody_is_there(
    page: FlaskClient, clock: Clock, past_s: int, status: int
) -> None:
    enter(page, "admin")
    clock.now_s += past_s
    assert page.get("/").status_code == status


@integration
def test_a_session_ends_after_a_working_day(page: FlaskClient, clock: Clock) -> None:
    enter(page, "admin")
    for _ in range(12):
        assert page.get("/").status_code == 200
        clock.now_s += 3601
    assert page.get("/").status_code == 303


@integration
def test_a_new_password_or_none_at_all_ends_the_session(page: FlaskClient, users: Users) -> None:
    enter(page, "reception")
    users.set_password("reception", "another password")
    assert page.get("/").status_code == 303
    enter(page, "reception", "another password")
    users.remove("reception")
    assert page.get("/").status_code == 303


@integration
def test_guessing_is_slowed_by_name_and_by_address(page: FlaskClient, clock: Clock) -> None:
    statuses = [enter(page, "admin", "wrong password").status_code for _ in range(5)]
    assert statuses == [401, 401, 401, 429, 429]
    assert enter(page, "admin").status_code == 429, "also the right one"
    assert enter(page, "manager").status_code == 429, "and for another name from there"
    clock.now_s += 1.1
    assert enter(page, "manager").status_code == 303
    assert enter(page, "nobody", "x" * 5000).status_code == 401


def test_each_further_guess_costs_twice_as_much_up_to_a_quarter_of_an_hour(clock: Clock) -> None:
    guesses, waits = Guesses(clock), []
    for _ in range(14):
        assert guesses.begin(["name ada"]) == 0
        waits.append(guesses.begin(["name ada"]))
        clock.now_s += waits[-1]
    assert waits[:5] == [0, 1, 2, 4, 8]
    assert max(waits) == 900


@integration
@pytest.mark.parametrize("role", Role)
def test_every_page_is_for_whom_the_table_says(app: Flask, role: Role) -> None:
    page = app.test_client()
    enter(page, role)
    token = csrf(page)
    for rule in app.url_map.iter_rules():
        if rule.endpoint == "static" or rule.endpoint.startswith("sign_in."):
            continue
        path = re.sub(r"<[^>]+>", "x", rule.rule)
        method = "POST" if "POST" in (rule.methods or ()) else "GET"
        answer = page.open(path, method=method, data=token if method == "POST" else None, headers=OUR_PAGE)
        is_shown = role.includes(LEAST.get(rule.endpoint, Role.ADMIN))
        assert (answer.status_code == 403) is not is_shown, (rule.endpoint, answer.status_code)


@integration
def test_every_page_there_is_stands_in_the_table(app: Flask) -> None:
    pages = {rule.endpoint for rule in app.url_map.iter_rules()} - {"static"}
    assert {each for each in pages if not each.startswith("sign_in.")} == set(LEAST)


@integration
def test_reception_is_not_shown_what_it_may_not_do(app: Flask, api: ApiClient) -> None:
    visit = new_capture_id()
    api.hand_in(picture_of(), kiosk_id="web", capture_id=visit)
    shown = {}
    for role in (Role.RECEPTION, Role.MANAGER):
        page = app.test_client()
        enter(page, role)
        shown[role] = "This is somebody new" in page.get(f"/sightings/{visit}").text
    assert shown == {Role.RECEPTION: False, Role.MANAGER: True}


@integration
def test_the_api_is_told_on_whose_behalf(page: FlaskClient, server: ApiServer) -> None:
    enter(page, "manager")
    page.get("/visits")
    assert set(server.on_behalf_of) == {"manager"}
    server.on_behalf_of.clear()
    assert page.get("/visits.csv").text
    assert set(server.on_behalf_of) == {"manager"}, "also while a file is still being sent"


@integration
def test_without_users_on_this_machine_nobody_signs_in(api: ApiClient, server: ApiServer) -> None:
    page = make_app(api).test_client()
    assert page.get("/visits").status_code == 200
    assert page.get("/sign-in").location == "/today"
    assert page.post("/sign-in", headers=OUR_PAGE).status_code == 404
    assert set(server.on_behalf_of) == {None}


def test_a_user_has_a_name_a_role_and_a_password_that_is_kept_as_a_hash(users: Users, tmp_path: Path) -> None:
    file = tmp_path / "web" / "users.json"
    assert users.check("ADMIN", PASSWORD) == User("admin", Role.ADMIN)
    assert users.check("admin", "wrong") is users.check("nobody", PASSWORD) is None
    assert users.check("admin", "\ud800") is None
    assert PASSWORD not in file.read_text()
    assert json.loads(file.read_text())["users"]["admin"]["hash"].startswith("$argon2id$")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    for name in ("", "a b", "a\n", "-a", "x" * 65, "é"):
        with pytest.raises(UserRefused, match="1 to 64"):
            users.add(name, Role.ADMIN, PASSWORD)
    with pytest.raises(UserRefused, match="a user already"):
        users.add("Admin", Role.ADMIN, PASSWORD)
    with pytest.raises(UserRefused, match="12 characters"):
        users.add("ada", Role.ADMIN, "short")
    with pytest.raises(UserRefused, match="last admin"):
        users.remove("admin")
    with pytest.raises(UserRefused, match="no user"):
        users.remove("ada")
    for content in ("{", "[]", '{"users": {"a": {"role": "king", "hash": ""}}}'):
        file.write_text(content)
        with pytest.raises(UserRefused, match="cannot be read"):
            Users(file, hasher=QUICK).accounts()


def test_users_are_added_listed_and_removed_on_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECOGNIZEME_WEB_USERS", str(tmp_path / "users.json"))

    def run(*line: str, given: str | None = None) -> str:
        result = CliRunner().invoke(main, ["web", "user", *line], input=given)
        return f"{result.exit_code} {result.output}"

    assert "no users" in run("list")
    assert "0 " in run("add", "Ada", "--role", "admin", given=f"{PASSWORD}\n{PASSWORD}\n")
    assert run("list", "--json") == '0 {"name": "ada", "role": "admin"}\n'
    assert "12 characters" in run("password", "ada", "--password", "short")
    assert "new password" in run("password", "ada", "--password", f"{PASSWORD}!")
    assert "may not sign in any more" in run("remove", "ada")
    assert run("remove", "ada").startswith("1 ")


@integration
def test_beyond_this_machine_there_are_users_and_tls(api: ApiClient, users: Users) -> None:
    with pytest.raises(WebRefused, match="--behind-proxy"):
        web_server(api, host="0.0.0.0", port=0, users=users)
    server = web_server(api, host="0.0.0.0", port=0, users=users, is_behind_proxy=True)
    server.close()
