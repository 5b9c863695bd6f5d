"""One list of routes: the functions, the template, openapi.json, the pages and the samples agree with it."""

import ast
import json
import re
from pathlib import Path

import openapi_spec_validator
import pytest

from recognizeme.entry.routes import ROUTES, WEB_KIOSK_ID, Audit, Caller, Role, Route, match, methods
from tests.api import openapi, page
from tests.architecture.imports import ROOT
from tests.cloud import template
from tests.cloud.policies import allows, policy

CALLERS = {
    "front's door": Caller(Role.DOOR, "front"),
    "back's door": Caller(Role.DOOR, "back"),
    "reception": Caller(Role.RECEPTION),
    "manager": Caller(Role.MANAGER),
    "admin": Caller(Role.ADMIN),
}
# Every route with every role: who may call it, for the kiosk `front` where it names one.
EVERYBODY = set(CALLERS)
OFFICE = {"reception", "manager", "admin"}
MAY_CALL = {
    "POST /kiosks/{kiosk_id}/captures": {"front's door", "admin"},
    "POST /kiosks/{kiosk_id}/recognitions": {"front's door", "admin"},
    "GET /kiosks/{kiosk_id}/sightings/{capture_id}": {"front's door", "admin"},
    "POST /kiosks/{kiosk_id}/heartbeat": {"front's door", "admin"},
    "GET /kiosks/{kiosk_id}/policy": {"front's door", "admin"},
    "GET /health": EVERYBODY,
    "GET /openapi.json": EVERYBODY,
    "GET /sightings": OFFICE,
    "GET /sightings/{capture_id}": OFFICE,
    "GET /sightings/{capture_id}/photo": OFFICE,
    "POST /sightings/{capture_id}/correction": OFFICE,
    "POST /sightings/{capture_id}/lessons": {"manager", "admin"},
    "DELETE /sightings/{capture_id}/lessons": {"manager", "admin"},
    "GET /lessons": OFFICE,
    "GET /strangers": OFFICE,
    "GET /strangers/{stranger_id}": OFFICE,
    "POST /strangers/{stranger_id}/name": {"manager", "admin"},
    "POST /strangers/{stranger_id}/ignore": {"manager", "admin"},
    "POST /strangers/{stranger_id}/discard": {"manager", "admin"},
    "GET /people": OFFICE,
    "GET /people/{person_id}": OFFICE,
    "GET /people/{person_id}/photos": OFFICE,
    "GET /people/{person_id}/photo": OFFICE,
    "GET /stats": OFFICE,
    "GET /audit": {"manager", "admin"},
    "GET /kiosks": OFFICE,
    "PUT /kiosks/{kiosk_id}": {"manager", "admin"},
    "DELETE /kiosks/{kiosk_id}": {"manager", "admin"},
    "GET /groups": OFFICE,
    "GET /presence": OFFICE,
    "POST /rollcalls": OFFICE,
    "GET /rollcalls": OFFICE,
    "GET /rollcalls/{rollcall_id}": OFFICE,
    "PUT /rollcalls/{rollcall_id}/people/{person_id}": OFFICE,
    "POST /rollcalls/{rollcall_id}/end": OFFICE,
    "PUT /groups/{group}": {"manager", "admin"},
    "GET /notification-rules": OFFICE,
    "PUT /notification-rules/{rule_id}": {"manager", "admin"},
    "DELETE /notification-rules/{rule_id}": {"manager", "admin"},
    "POST /notification-rules/{rule_id}/test": {"manager", "admin"},
    "GET /notifications": OFFICE,
    "PUT /people/{person_id}": {"manager", "admin"},
    "DELETE /people/{person_id}": {"manager", "admin"},
    "GET /remains/{person_id}": {"manager", "admin"},
    "POST /people/{person_id}/photos": {"manager", "admin"},
    "POST /people/{person_id}/merge": {"manager", "admin"},
    "DELETE /people/{person_id}/merge": {"manager", "admin"},
    "DELETE /people/{person_id}/photos/{photo_id}": {"manager", "admin"},
    "POST /people/{person_id}/neighbours": {"manager", "admin"},
    "POST /replays": {"admin"},
    "POST /collection-checks": {"admin"},
    "POST /reindexes": {"admin"},
}
DOORS = [route for route in ROUTES if "{kiosk_id}" in route.path and route.role is Role.DOOR]
PARAMETERS = {
    "capture_id": "01a20779-07e8-71c0-84d5-e2f7a90b3c6d",
    "stranger_id": "01a20779-07e8-71c0-84d5-e2f7a90b3c6d",
    "person_id": "ada",
    "photo_id": "1.jpg",
    "rollcall_id": "01a20779-07e8-71c0-84d5-e2f7a90b3c6d",
    "group": "staff",
    "rule_id": "desk",
}


def path_of(route: Route, kiosk_id: str = "front") -> str:
    """A path of the route."""
    return route.path.format(kiosk_id=kiosk_id, **PARAMETERS)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.key)
@pytest.mark.parametrize("who", CALLERS)
def test_who_may_call_a_route_is_decided_alike_by_the_table_and_by_the_templates_policies(
    route: Route, who: str
) -> None:
    found = match(route.method, path_of(route))
    assert found
    assert found.route is route

    assert route.allows(CALLERS[who], found.path_parameters) == (who in MAY_CALL[route.key])
    assert allows_on_aws(CALLERS[who], route.method, path_of(route)) == (who in MAY_CALL[route.key])


def test_every_route_is_walked() -> None:
    assert {route.key for route in ROUTES} == MAY_CALL.keys()


# What changes something and leaves no line in the audit log, and why.
UNAUDITED = {
    "POST /kiosks/{kiosk_id}/heartbeat": "a kiosk's last heartbeat is kept with it, and no older one",
    "POST /people/{person_id}/neighbours": "it changes nothing: it is no GET because it is paid for",
}


def test_every_route_that_changes_something_is_audited() -> None:
    changing = {route.key: route.audit for route in ROUTES if route.method != "GET"}
    # A door's captures are on record as sightings; those of the page are audited.
    by_doors = {"POST /kiosks/{kiosk_id}/captures", "POST /kiosks/{kiosk_id}/recognitions"}

    assert {key for key, audit in changing.items() if audit is Audit.NO} == UNAUDITED.keys()
    assert {key for key, audit in changing.items() if audit is Audit.HAND_IN} == by_doors
    assert Audit.LOOK not in changing.values()


def test_no_route_changes_the_audit_log() -> None:
    assert [route.key for route in ROUTES if route.path.startswith("/audit")] == ["GET /audit"]


def test_every_route_that_shows_a_picture_is_audited() -> None:
    showing = {
        key for function in ("door", "enrollment", "query") for key in handlers_that_name(function, "link")
    }

    assert showing == {route.key for route in ROUTES if route.audit is Audit.LOOK}


def handlers_that_name(function: str, attribute: str) -> set[str]:
    """The routes of a function whose handlers name an attribute, such as a store's way to show a picture."""
    tree = ast.parse((ROOT / "functions" / function / "app.py").read_text())
    return {
        f"{call.func.attr.upper()} {ast.literal_eval(call.args[0])!s}".replace("<", "{").replace(">", "}")
        for node in tree.body
        if isinstance(node, ast.FunctionDef)
        and any(isinstance(each, ast.Attribute) and each.attr == attribute for each in ast.walk(node))
        for call in node.decorator_list
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.args
    }


@pytest.mark.parametrize("route", [route for route in ROUTES if route.audit is Audit.HAND_IN], ids=str)
def test_a_picture_that_the_page_hands_in_is_audited_and_a_doors_is_its_sighting(route: Route) -> None:
    by_page, by_door = (match(route.method, path_of(route, kiosk)) for kiosk in (WEB_KIOSK_ID, "front"))

    assert by_page
    assert by_page.is_audited
    assert by_door
    assert not by_door.is_audited


def allows_on_aws(caller: Caller, method: str, path: str) -> bool:
    tags = {"aws:PrincipalTag/kiosk": caller.kiosk_id} if caller.kiosk_id else {}
    return allows(policy(f"{caller.role.capitalize()}Policy"), method, path, tags)


@pytest.mark.parametrize("route", DOORS, ids=str)
@pytest.mark.parametrize("who", CALLERS)
def test_whoever_may_use_the_page_hands_in_by_it_and_no_door_does(route: Route, who: str) -> None:
    expected = who in OFFICE

    assert route.allows(CALLERS[who], {"kiosk_id": WEB_KIOSK_ID}) == expected
    assert allows_on_aws(CALLERS[who], route.method, path_of(route, WEB_KIOSK_ID)) == expected


@pytest.mark.parametrize(
    "variable",
    ["aws:PrincipalTag/kiosk", "aws:PrincipalTag/x509Subject/CN", "credentials-iot:ThingName"],
)
def test_a_door_is_bound_to_its_kiosk_by_a_tag_a_certificate_or_a_thing(variable: str) -> None:
    door = policy("DoorPolicy")

    assert allows(door, "POST", "/kiosks/front/captures", {variable: "front"})
    assert not allows(door, "POST", "/kiosks/front/captures", {variable: "back"})
    assert not allows(door, "POST", "/kiosks/front/captures", {})
    assert not allows(door, "POST", "/kiosks/front-2/captures", {variable: "front"})


def test_a_door_without_a_kiosk_may_hand_nothing_in() -> None:
    (ticket, *_) = ROUTES

    assert not ticket.allows(Caller(Role.DOOR, None), {"kiosk_id": "front"})


def test_a_path_says_which_methods_it_takes() -> None:
    assert methods("/people/ada") == ["DELETE", "GET", "PUT"]
    assert methods("/people/ada/shoes") == []


@pytest.mark.parametrize("path", ["/kiosks//captures", "/kiosks/front/captures/", "/kiosks/a/b/captures"])
def test_a_path_of_another_shape_is_no_route(path: str) -> None:
    assert match("POST", path) is None


def test_the_template_gives_each_route_to_its_function() -> None:
    deployed = {
        (method, path, name.lower()) for name in template.FUNCTIONS for method, path in template.routes(name)
    }

    assert deployed == {(route.method, route.path, route.function) for route in ROUTES}


@pytest.mark.parametrize("function", sorted({route.function for route in ROUTES}))
def test_a_handler_answers_the_routes_that_are_its_own(function: str) -> None:
    tree = ast.parse((ROOT / "functions" / function / "app.py").read_text())
    decorators = [
        call
        for node in tree.body
        if isinstance(node, ast.FunctionDef)
        for call in node.decorator_list
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute)
    ]
    answered = {
        f"{call.func.attr.upper()} {ast.literal_eval(call.args[0])!s}".replace("<", "{").replace(">", "}")
        for call in decorators
        if isinstance(call.func, ast.Attribute) and call.args
    }

    assert answered == {route.key for route in ROUTES if route.function == function}


def test_openapi_json_and_the_api_page_are_what_make_api_writes() -> None:
    document = openapi.document()

    assert openapi.FILE.read_text() == openapi.text(document)
    assert page.FILE.read_text() == page.page(document)


def test_openapi_json_is_openapi() -> None:
    openapi_spec_validator.validate(openapi.document())


def test_the_api_page_explains_each_route_once() -> None:
    explained = re.findall(r"^### ((?:GET|POST|PUT|DELETE) /.*)$", page.FILE.read_text(), re.MULTILINE)

    assert sorted(explained) == sorted(route.key for route in ROUTES)


def test_the_words_of_the_api_page_name_no_route_that_does_not_exist() -> None:
    named = set(re.findall(r"`((?:GET|POST|PUT|DELETE) /[^`?\s]*)", page.FILE.read_text()))

    assert named == {route.key for route in ROUTES}


# A POST that takes no key, and why nothing of it is done twice.
KEYLESS = {
    "POST /kiosks/{kiosk_id}/captures": "capture_id",
    "POST /kiosks/{kiosk_id}/recognitions": "capture_id",
    "POST /kiosks/{kiosk_id}/heartbeat": "it creates nothing",
    "POST /sightings/{capture_id}/correction": "it says what holds, however often",
    "POST /strangers/{stranger_id}/ignore": "it says what holds, however often",
    "POST /strangers/{stranger_id}/discard": "it says what holds, however often",
    "POST /people/{person_id}/neighbours": "it creates nothing",
    "POST /rollcalls/{rollcall_id}/end": "the first end stands",
    "POST /notification-rules/{rule_id}/test": "a second test does no harm, and has an id of its own",
    "POST /collection-checks": "it creates nothing",
    "POST /reindexes": "each step says where to go on, and the same picture gives the same face",
}


def test_every_post_that_creates_takes_a_key() -> None:
    posts = {route.key for route in ROUTES if route.method == "POST"}
    taking = {route.key for route in ROUTES if route.takes_key}

    assert posts - taking == KEYLESS.keys()


@pytest.mark.parametrize("path", sorted((ROOT / "events").glob("*-*.json")), ids=lambda path: path.stem)
def test_a_sample_request_matches_its_route(path: Path) -> None:
    event = json.loads(path.read_text())
    if "requestContext" not in event:
        return
    http = event["requestContext"]["http"]
    found = match(http["method"], event["rawPath"])

    assert found
    assert event["routeKey"] == event["requestContext"]["routeKey"] == found.route.key
    assert event.get("pathParameters", {}) == found.path_parameters
    assert path.stem.partition("-")[0] == found.route.function
