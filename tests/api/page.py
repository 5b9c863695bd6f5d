"""docs/api.md: the words of prose.md, and between them what openapi.json says."""

import re
from collections.abc import Iterator
from pathlib import Path
from textwrap import fill
from typing import Any

from recognizeme.entry.problems import ALWAYS, Problem
from recognizeme.entry.routes import Role
from tests.api.openapi import ROOT
from tests.api.schemas import Schema

FILE = ROOT / "docs" / "api.md"
_PROSE = Path(__file__).with_name("prose.md")
_PLACE = re.compile(r"^<!-- (problems|routes|explain|shapes) ?(.*) -->$", re.MULTILINE)
_ALWAYS = {int(each.status) for each in ALWAYS}
_JSON = "application/json"
_FORMATS = {
    "date-time": "time",
    "date": "day",
    "uri": "URL",
    "file-name": "file name",
    "cursor": "text",
}


def page(document: dict[str, Any]) -> str:
    """The page about this document; raises `ValueError` when a route has no place in it."""
    _, _, prose = _PROSE.read_text().partition("-->\n\n")
    told = {word for kind, rest in _PLACE.findall(prose) if kind == "explain" for word in rest.split()}

    def filled(place: re.Match[str]) -> str:
        if place[1] == "explain":
            return "\n\n".join(_explained(document, set(place[2].split()), told))
        if place[1] == "shapes":
            return "\n\n".join(_shapes(document))
        return _roles(document) if place[1] == "routes" else _problems()

    return _PLACE.sub(filled, prose)


def _problems() -> str:
    found = sorted(Problem, key=lambda each: each.status)
    return "\n".join(
        ["| type | status |", "|---|---|", *(f"| `{each}` | {int(each.status)} |" for each in found)]
    )


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def _roles(document: dict[str, Any]) -> str:
    lines = ["| routes | least role |", "|---|---|"]
    for role in Role:
        keys = [f"`{verb} {path}`" for verb, path, each in _operations(document) if each["x-role"] == role]
        pairs = [keys[start : start + 2] for start in range(0, len(keys), 2)]
        lines += [f"| {', '.join(pair)} | {role} |" for pair in pairs]
    return "\n".join(lines)


def _explained(document: dict[str, Any], which: set[str], told: set[str]) -> Iterator[str]:
    for method, path, operation in _operations(document):
        first = "/" + path.split("/")[1]
        if first in which or ("*" in which and first not in told):
            facts = "\n".join(map(_line, _facts(operation)))
            yield f"### {method} {path}\n\n{_wrapped(operation['summary'])}.\n\n{facts}"


def _facts(operation: dict[str, Any]) -> Iterator[str]:
    for each in operation.get("parameters", ()):
        if each["in"] == "query":
            name = f"query `{each['name']}`{'' if each['required'] else '?'}"
            yield f"{name}: {_form(each['schema'])}{_meaning(each['schema'] | each)}"
    if any(each["name"] == "Idempotency-Key" for each in operation.get("parameters", ())):
        yield "takes `Idempotency-Key`"
    contents = operation.get("requestBody", {}).get("content", {})
    bodies = [f"`{each}`" for each in contents if each != _JSON]
    if _JSON in contents:
        bodies.append(f"JSON, {_form(contents[_JSON]['schema'])}")
    if bodies:
        yield f"body: {' or '.join(bodies)}"
    problems: list[str] = []
    for status, response in operation["responses"].items():
        if "$ref" not in response:
            content = response.get("content")
            yield f"{status}: {_form(content[_JSON]['schema']) if content else 'nothing'}"
        elif int(status) not in _ALWAYS:
            problems += response["$ref"].rpartition("/")[2].split("_")
    if problems:
        yield f"problems: {', '.join(f'`{each}`' for each in problems)}"


def _shapes(document: dict[str, Any]) -> Iterator[str]:
    for name, schema in document["components"]["schemas"].items():
        if not _is_page(name):
            required = schema.get("required", ())
            members = [
                _line(f"`{member}`{'' if member in required else '?'}: {_form(each)}{_meaning(each)}")
                for member, each in schema["properties"].items()
            ]
            yield f"### {name}\n\n{_wrapped(schema['description'])}\n\n" + "\n".join(members)


def _is_page(name: str) -> bool:
    return name.endswith("Page")


def _wrapped(text: str, first: str = "", later: str = "") -> str:
    return fill(
        text,
        110,
        initial_indent=first,
        subsequent_indent=later,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _line(text: str) -> str:
    return _wrapped(text, "- ", "  ")


def _form(schema: Schema) -> str:
    """A schema in a few words."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        if _is_page(name):
            return "a page of " + _form({"$ref": name.removesuffix("Page")})
        return f"[{name}](#{name.lower()})"
    if "allOf" in schema:
        return _form(schema["allOf"][0])
    if "anyOf" in schema:
        return " or ".join(_form(each) for each in schema["anyOf"])
    if "enum" in schema:
        return ", ".join(f"`{each}`" for each in schema["enum"])
    if schema["type"] == "array":
        return f"list of {_form(schema['items'])}"
    if schema["type"] == "object":
        values = schema.get("additionalProperties")
        return f"object of {_form(values)}" if values else "object"
    if schema["type"] == "string":
        return _text(schema)
    if schema["type"] in ("integer", "number"):
        return _number(schema)
    return {"boolean": "`true` or `false`", "null": "null"}[schema["type"]]


def _text(schema: Schema) -> str:
    words = schema.get("title") or _FORMATS.get(schema.get("format", ""), "text")
    if "contentEncoding" in schema:
        words = schema["contentEncoding"]
    return f"{words} of at most {schema['maxLength']}" if "maxLength" in schema else str(words)


def _number(schema: Schema) -> str:
    if "maximum" in schema:
        return f"{schema['minimum']} to {schema['maximum']}"
    return "number"


def _meaning(schema: Schema) -> str:
    default = f"default `{str(schema['default']).lower()}`" if "default" in schema else ""
    words = "; ".join(filter(None, [schema.get("description", ""), default]))
    return f". {words[0].upper()}{words[1:]}" if words else ""
