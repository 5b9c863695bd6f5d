"""openapi.json, from the route table and the types that it names."""

import json
import re
from collections.abc import Iterable
from http import HTTPStatus
from itertools import groupby
from pathlib import Path
from types import UnionType
from typing import Any, get_args, get_origin

from recognizeme import VERSION
from recognizeme.domain.model import EXTENSIONS
from recognizeme.entry.forms import PATH_PARAMETERS, IdempotencyKey, PictureBytes, Somebody
from recognizeme.entry.http_api import MAX_BODY_BYTES
from recognizeme.entry.presentation import ProblemJson
from recognizeme.entry.problems import ALWAYS, Problem
from recognizeme.entry.routes import ROUTES, Audit, Route
from tests.api.schemas import Schema, Schemas

ROOT = Path(__file__).parents[2]
FILE = ROOT / "functions" / "query" / "openapi.json"

_ABOUT = """Face-recognition door kiosk: hand pictures in, ask who was seen. docs/api.md explains it.

API Gateway answers some requests itself, as `{"message": "..."}`: 403 without the permission, 404 where there
is no such route or method, 413 above 10 MB, 429 when it throttles, 503 when a function does not answer."""


def document(routes: Iterable[Route] = ROUTES) -> dict[str, Any]:
    """The OpenAPI document of these routes."""
    schemas = Schemas()
    of_problems = _Responses(schemas.of(ProblemJson))
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, schemas, of_problems)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "RecognizeMe",
            "version": VERSION,
            "description": _ABOUT,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": paths,
        "components": {
            "schemas": dict(sorted(schemas.components.items())),
            "responses": dict(sorted(of_problems.components.items())),
            "securitySchemes": {
                "sigv4": {
                    "type": "apiKey",
                    "name": "Authorization",
                    "in": "header",
                    "description": "AWS Signature Version 4, service execute-api",
                },
                "token": {"type": "http", "scheme": "bearer"},
            },
        },
        "security": [{"sigv4": []}, {"token": []}],
    }


def text(content: dict[str, Any]) -> str:
    """The document as the file holds it."""
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def problems(route: Route) -> list[Problem]:
    """Everything that may be wrong with a request to the route, by status."""
    takes_something = route.body is not None or route.query is not None or "{" in route.path
    found = {*ALWAYS, *route.problems}
    if takes_something:
        found.add(Problem.INVALID_REQUEST)
    if route.body is not None:
        found.add(Problem.TOO_LARGE)
    if route.takes_key:
        found |= {Problem.KEY_IN_USE, Problem.KEY_REUSED}
    return sorted(found, key=lambda each: (each.status, each))


class _Responses:
    """What answers with problems look like, by what they may be about."""

    def __init__(self, problem: Schema) -> None:
        self.components: dict[str, Schema] = {}
        self._content = {"application/problem+json": {"schema": problem}}

    def of(self, found: list[Problem]) -> Schema:
        """The response to problems of one status."""
        name = "_".join(found)
        described = ", ".join(f"`{each}`" for each in found)
        self.components[name] = {"description": described, "content": self._content}
        return {"$ref": f"#/components/responses/{name}"}


def _operation(route: Route, schemas: Schemas, of_problems: _Responses) -> dict[str, Any]:
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": schemas.of(PATH_PARAMETERS[name])}
        for name in re.findall(r"{(\w+)}", route.path)
    ]
    if route.query is not None:
        parameters += [_query(name, *member) for name, member in schemas.members(route.query).items()]
    if route.audit is not Audit.NO:
        meaning = "Whom the caller acts for, as the audit log says it"
        parameters.append(_header("X-On-Behalf-Of", schemas.of(Somebody), meaning))
    if route.takes_key:
        meaning = "The same request made again under it has the same answer, and is done once"
        parameters.append(_header("Idempotency-Key", schemas.of(IdempotencyKey), meaning))
    answer = {"application/json": {"schema": schemas.of(route.answer)}}
    responses: dict[str, Any] = {
        str(int(each)): {"description": each.phrase, "content": answer} for each in route.statuses
    }
    if HTTPStatus.NOT_MODIFIED in route.statuses:
        del responses[str(int(HTTPStatus.NOT_MODIFIED))]["content"]
        known = {"description": "The ETag of what is known", "schema": {"type": "string"}}
        parameters.append({"name": "If-None-Match", "in": "header", "required": False, **known})
    for status, group in groupby(problems(route), key=lambda each: each.status):
        responses[str(int(status))] = of_problems.of(list(group))
    operation: dict[str, Any] = {
        "operationId": route.operation,
        "summary": route.summary,
        "x-role": str(route.role),
    }
    if parameters:
        operation["parameters"] = parameters
    if route.body is not None:
        content = _contents(route.body, schemas)
        operation["requestBody"] = {"required": not route.is_body_optional, "content": content}
    return operation | {"responses": responses}


def _query(name: str, schema: Schema, required: bool) -> dict[str, Any]:
    description = {"description": schema.pop("description")} if "description" in schema else {}
    return {"name": name, "in": "query", "required": required, **description, "schema": schema}


def _header(name: str, schema: Schema, description: str) -> Schema:
    return {"name": name, "in": "header", "required": False, "description": description, "schema": schema}


def _contents(body: object, schemas: Schemas) -> dict[str, Any]:
    """What a body may be, by media type."""
    alternatives = list(get_args(body)) if get_origin(body) is UnionType else [body]
    contents: dict[str, Any] = {}
    if PictureBytes in alternatives:
        alternatives.remove(PictureBytes)
        picture = {"type": "string", "format": "binary", "maxLength": MAX_BODY_BYTES}
        contents |= {content_type: {"schema": picture} for content_type in EXTENSIONS}
    in_json = [schemas.of(each) for each in alternatives]
    if in_json:
        schema = in_json[0] if len(in_json) == 1 else {"anyOf": in_json}
        contents["application/json"] = {"schema": schema}
    return contents
