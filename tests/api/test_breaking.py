"""What counts as breaking the clients of the last release, and what does not."""

import copy
import json
from collections.abc import Callable
from typing import Any, cast

import pytest

from tests.api import breaking as checked
from tests.api import openapi
from tests.api.breaking import breaking, main, may_break

Document = dict[str, Any]


def change(how: Callable[[Document], object]) -> list[str]:
    """What breaks when the document of today is changed so."""
    old = openapi.document()
    new = copy.deepcopy(old)
    how(new)
    return breaking(old, new)


def operation(document: Document, method: str, path: str) -> Document:
    found: Document = document["paths"][path][method]
    return found


def limit(document: Document) -> Document:
    (found,) = (
        each for each in operation(document, "get", "/people")["parameters"] if each["name"] == "limit"
    )
    return cast(Document, found)


def shape(document: Document, name: str) -> Document:
    found: Document = document["components"]["schemas"][name]
    return found


def test_nothing_breaks_when_nothing_changes() -> None:
    assert change(lambda _: None) == []


@pytest.mark.parametrize(
    ("how", "says"),
    [
        (lambda new: new["paths"].pop("/stats"), "GET /stats: is gone"),
        (lambda new: new["paths"]["/people/{person_id}"].pop("put"), "PUT /people/{person_id}: is gone"),
        (lambda new: operation(new, "get", "/people").update({"x-role": "admin"}), "takes the role admin"),
        (
            lambda new: operation(new, "get", "/people")["parameters"].remove(limit(new)),
            "query limit is gone",
        ),
        (
            lambda new: limit(new).update(required=True),
            "query limit must be given now",
        ),
        (
            lambda new: limit(new)["schema"].update(maximum=50),
            "must have the maximum 50",
        ),
        (
            lambda new: operation(new, "post", "/replays").update(
                requestBody=operation(new, "put", "/people/{person_id}")["requestBody"]
            ),
            "the body must be given now",
        ),
        (
            lambda new: operation(new, "post", "/people/{person_id}/photos")["requestBody"]["content"].pop(
                "image/png"
            ),
            "is image/png no more",
        ),
        (lambda new: shape(new, "PersonRequest").update(required=["consent"]), "consent must be given now"),
        (lambda new: shape(new, "PersonRequest")["properties"].pop("consent"), "the body.consent is gone"),
        (
            lambda new: shape(new, "CorrectionRequest")["properties"].update(person_id={"type": "string"}),
            "person_id may be null no more",
        ),
        (lambda new: shape(new, "Sighting")["properties"].pop("name"), "the answer 200.name is gone"),
        (lambda new: shape(new, "Sighting")["required"].remove("name"), "name may be missing now"),
        (
            lambda new: shape(new, "Sighting")["properties"]["status"]["enum"].remove("pending"),
            "status is 'pending' no more",
        ),
        (
            lambda new: shape(new, "Box")["properties"].update(left={"type": "string"}),
            "face_box.left may be string now",
        ),
        (
            lambda new: shape(new, "Person")["properties"].update(
                name={"anyOf": [{"type": "string"}, {"type": "null"}]}
            ),
            "name may be null now",
        ),
        (
            lambda new: operation(new, "post", "/kiosks/{kiosk_id}/recognitions")["responses"].pop("202"),
            "answers 202 no more",
        ),
    ],
)
def test_what_a_client_would_miss_or_trip_over_is_breaking(
    how: Callable[[Document], object], says: str
) -> None:
    assert any(says in line for line in change(how)), change(how)


@pytest.mark.parametrize(
    "how",
    [
        lambda new: new["paths"].update({"/doors": new["paths"]["/people"]}),
        lambda new: operation(new, "put", "/people/{person_id}").update({"x-role": "reception"}),
        lambda new: limit(new)["schema"].update(maximum=500),
        lambda new: shape(new, "PersonRequest")["properties"].update(hobbies={"type": "array"}),
        lambda new: shape(new, "CorrectionRequest")["required"].remove("person_id"),
        lambda new: shape(new, "Sighting")["properties"].update(weather={"type": "object"}),
        lambda new: shape(new, "Sighting")["properties"]["status"]["enum"].append("waiting"),
        lambda new: shape(new, "Box")["properties"].update(left={"type": "integer"}),
        lambda new: shape(new, "Person")["properties"]["name"].update(pattern="^A"),
    ],
)
def test_what_a_client_passes_over_is_not(how: Callable[[Document], object]) -> None:
    assert change(how) == []


def test_a_list_of_types_is_the_same_as_each_of_them() -> None:
    def narrow(document: Document) -> None:
        shape(document, "Sighting")["properties"]["name"] = {"type": ["string", "null"]}

    assert change(narrow) == []


def test_a_shape_that_holds_itself_is_compared_to_its_end() -> None:
    def nest(document: Document) -> None:
        shape(document, "Box")["properties"]["inner"] = {"$ref": "#/components/schemas/Box"}

    old = openapi.document()
    nest(old)
    new = copy.deepcopy(old)
    shape(new, "Box")["properties"].pop("top")

    assert any("top is gone" in line for line in breaking(old, new))


@pytest.mark.parametrize(
    ("before", "after", "may"),
    [
        ("0.1.0", "0.1.9", False),
        ("0.1.0", "0.2.0", True),
        ("1.2.0", "1.3.0", False),
        ("1.2.0", "2.0.0", True),
    ],
)
def test_a_version_that_says_so_may_break(before: str, after: str, may: bool) -> None:
    old, new = ({"info": {"version": each}} for each in (before, after))

    assert may_break(old, new) is may


def test_the_command_compares_with_the_last_tag_and_fails_when_something_breaks(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    released = openapi.document()
    released["paths"]["/doors"] = released["paths"]["/people"]
    answers = {"describe": "v0.1.0", "show": json.dumps(released)}
    monkeypatch.setattr(checked, "_git", lambda what, *_: answers[what])

    assert main([]) == 1
    assert "GET /doors: is gone\n1 breaking changes since v0.1.0" in capsys.readouterr().out


def test_without_a_tag_it_says_that_nothing_has_been_released(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(checked, "_git", lambda *_: "")

    assert main([]) == 0
    assert "nothing has been released" in capsys.readouterr().out


def test_a_clone_without_history_is_not_taken_for_one_without_releases(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(checked, "_git", lambda what, *_: "true" if what == "rev-parse" else "")

    assert main([]) == 2
    assert "--unshallow" in capsys.readouterr().err
