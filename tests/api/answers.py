"""Whether an answer is one that openapi.json describes: its status, its type, and every member of it."""

import json
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from recognizeme.entry.routes import match
from tests.api import openapi
from tests.api.schemas import Schema


def check(method: str, path: str, status: int, content_type: str, body: bytes) -> None:
    """Raise `AssertionError` for an answer that the document does not have.

    Clients must take members that they do not know; our own answers have none that is not described.
    """
    found = match(method, path)
    if found is None:
        assert status in {404, 405}, f"{method} {path} is no route, and answered {status}"
        return
    said = f"{found.route.key} answered {status}"
    contents = _contents(found.route.key).get(str(status))
    assert contents is not None, f"{said}, which openapi.json does not have"
    if not contents:
        assert body == b"", f"{said} with a body, and openapi.json has none"
        return
    assert content_type in contents, f"{said} as {content_type}, and openapi.json has {sorted(contents)}"
    error = best_match(contents[content_type].iter_errors(json.loads(body)))
    assert error is None, f"{said} outside openapi.json: {error.json_path}: {error.message}"


@cache
def _contents(key: str) -> dict[str, dict[str, Draft202012Validator]]:
    """The validators of a route's answers, by status and content type."""
    document = _document()
    method, _, path = key.partition(" ")
    responses = document["paths"][path][method.lower()]["responses"]
    return {
        status: {
            content_type: _validator(content["schema"])
            for content_type, content in _resolved(response).get("content", {}).items()
        }
        for status, response in responses.items()
    }


def _resolved(response: Schema) -> Schema:
    if "$ref" not in response:
        return response
    found: Schema = _document()["components"]["responses"][response["$ref"].rpartition("/")[2]]
    return found


def _validator(schema: Schema) -> Draft202012Validator:
    rooted = schema | {"components": _document()["components"]}
    return Draft202012Validator(rooted, format_checker=Draft202012Validator.FORMAT_CHECKER)


@cache
def _document() -> dict[str, Any]:
    document = openapi.document()
    for schema in document["components"]["schemas"].values():
        schema["additionalProperties"] = False
    return document
