"""What would break the clients of the last release: `python -m tests.api.breaking [TAG]`, or `make api-diff`.

Breaking is: a route, a parameter, a kind of body, a member or a value that is gone; a role that is higher; a
request that must hold more or may hold less; an answer that holds less, or what it never held before. An
answer may have more members and more values: clients pass over what they do not know.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from recognizeme.entry.routes import Role
from tests.api.openapi import FILE, ROOT
from tests.api.schemas import Schema

Direction = Literal["request", "answer"]

_LOWER, _UPPER = ("minimum", "minLength"), ("maximum", "maxLength")


def breaking(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """One line for each thing that a client of `old` would miss or trip over at `new`."""
    found: list[str] = []
    for path, methods in old["paths"].items():
        for method, before in methods.items():
            after = new["paths"].get(path, {}).get(method)
            route = f"{method.upper()} {path}"
            found += [f"{route}: {each}" for each in _Comparison(old, new).of_routes(before, after)]
    return found


def may_break(old: dict[str, Any], new: dict[str, Any]) -> bool:
    """Whether the version says so: a higher major one, or a higher minor one below 1.0."""
    before, after = ([int(part) for part in each["info"]["version"].split(".")] for each in (old, new))
    kept = 1 if before[0] else 2
    return after[:kept] > before[:kept]


@dataclass
class _Comparison:
    """Two documents, and which pairs of named schemas are being compared right now."""

    old: dict[str, Any]
    new: dict[str, Any]
    pairs: list[tuple[str, str]] = field(default_factory=list)

    def of_routes(self, old: Schema, new: Schema | None) -> Iterator[str]:
        if new is None:
            yield "is gone"
            return
        if not Role(old["x-role"]).includes(Role(new["x-role"])):
            yield f"takes the role {new['x-role']}, not {old['x-role']} as before"
        yield from self.of_parameters(old, new)
        yield from self.of_bodies(old.get("requestBody"), new.get("requestBody"))
        for status, before in old["responses"].items():
            if status not in new["responses"] and status.startswith("2"):
                yield f"answers {status} no more"
            elif status.startswith("2"):
                yield from self.of_contents(
                    "answer", before, new["responses"][status], f"the answer {status}"
                )

    def of_parameters(self, old: Schema, new: Schema) -> Iterator[str]:
        before, after = (
            {f"{each['in']} {each['name']}": each for each in operation.get("parameters", ())}
            for operation in (old, new)
        )
        for name in sorted(before.keys() | after.keys()):
            if name not in after:
                yield f"{name} is gone"
            elif after[name]["required"] and not before.get(name, {}).get("required"):
                yield f"{name} must be given now"
            elif name in before:
                yield from self.of_schemas("request", before[name]["schema"], after[name]["schema"], name)

    def of_bodies(self, old: Schema | None, new: Schema | None) -> Iterator[str]:
        if new and new["required"] and not (old and old["required"]):
            yield "the body must be given now"
        if old and new:
            yield from self.of_contents("request", old, new, "the body")
        elif old:
            yield "the body is gone"

    def of_contents(self, way: Direction, old: Schema, new: Schema, where: str) -> Iterator[str]:
        for content_type, before in old["content"].items():
            if content_type in new["content"]:
                yield from self.of_schemas(
                    way, before["schema"], new["content"][content_type]["schema"], where
                )
            else:
                yield f"{where} is {content_type} no more"

    def of_schemas(self, way: Direction, old: Schema, new: Schema, where: str) -> Iterator[str]:
        """What was valid must still be, in requests; what is valid must have been before, in answers."""
        olds, news = list(_alternatives(old, self.old)), list(_alternatives(new, self.new))
        for part in olds if way == "request" else news:
            alike = [each for each in (news if way == "request" else olds) if _fits(part, each)]
            tries = [self.of_alternatives(way, *_in_time(way, part, each), where) for each in alike]
            kind = part.get("type", "anything")
            wrong = f"{where} may be {kind} " + ("no more" if way == "request" else "now")
            yield from min(tries, key=_unlikeness, default=[wrong])

    def of_alternatives(self, way: Direction, old: Schema, new: Schema, where: str) -> list[str]:
        pair = (old.get("name", ""), new.get("name", ""))
        if all(pair) and pair in self.pairs:
            return []
        self.pairs.append(pair)
        try:
            return [*_narrower(way, old, new, where), *self.of_members(way, old, new, where)]
        finally:
            self.pairs.pop()

    def of_members(self, way: Direction, old: Schema, new: Schema, where: str) -> Iterator[str]:
        for name, before in old.get("properties", {}).items():
            if name in new.get("properties", {}):
                yield from self.of_schemas(way, before, new["properties"][name], f"{where}.{name}")
            else:
                yield f"{where}.{name} is gone"
        for inside in ("items", "additionalProperties"):
            if inside in old and inside in new:
                yield from self.of_schemas(way, old[inside], new[inside], f"{where}[]")


def _alternatives(schema: Schema, document: dict[str, Any]) -> Iterator[Schema]:
    """The schemas of which one must hold, each with its component's name."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        yield {**document["components"]["schemas"][name], "name": name}
    elif inside := schema.get("anyOf") or schema.get("allOf"):  # allOf holds one reference, to describe it
        for each in inside:
            yield from _alternatives(each, document)
    elif isinstance(schema.get("type"), list):
        for each in schema["type"]:
            yield schema | {"type": each}
    else:
        yield schema


def _unlikeness(lines: list[str]) -> tuple[int, int]:
    """How unlike two objects are of which that was said: other members first, then other forms."""
    return sum(line.endswith(("is gone", "must be given now")) for line in lines), len(lines)


def _fits(part: Schema, whole: Schema) -> bool:
    kinds = part.get("type"), whole.get("type")
    return kinds[0] == kinds[1] or kinds in {("integer", "number"), (kinds[0], None)}


def _in_time(way: Direction, part: Schema, whole: Schema) -> tuple[Schema, Schema]:
    """The older first: in requests it is the part, in answers the whole."""
    return (part, whole) if way == "request" else (whole, part)


def _narrower(way: Direction, old: Schema, new: Schema, where: str) -> Iterator[str]:
    for value in old.get("enum", ()):
        if value not in new.get("enum", (value,)):
            yield f"{where} is {value!r} no more"
    before, after = set(old.get("required", ())), set(new.get("required", ()))
    for name in sorted(after - before if way == "request" else before - after):
        yield f"{where}.{name} " + ("must be given now" if way == "request" else "may be missing now")
    if way == "request":
        if "enum" in new and "enum" not in old:
            yield f"{where} must be one of {new['enum']} now"
        for word in ("pattern", "format", *_LOWER, *_UPPER):
            if word in new and _is_stricter(word, old.get(word), new[word]):
                yield f"{where} must have the {word} {new[word]} now"


def _is_stricter(word: str, old: Any, new: Any) -> bool:
    if old is None or word not in (*_LOWER, *_UPPER):
        return bool(old != new)
    return bool(new > old if word in _LOWER else new < old)


def main(arguments: list[str]) -> int:
    """Compare with the tag that is given, or with the last one before this commit."""
    tag = arguments[0] if arguments else _git("describe", "--tags", "--abbrev=0", "--match", "v*", "HEAD^")
    if not tag and _git("rev-parse", "--is-shallow-repository") == "true":
        print(
            "this clone has no history to find the last tag in: git fetch --unshallow --tags", file=sys.stderr
        )
        return 2
    if not tag:
        print("no tag v* in the history: nothing has been released that could break")
        return 0
    released = _git("show", f"{tag}:{FILE.relative_to(ROOT)}")
    if not released:
        print(f"{tag} has no openapi.json, or is no tag", file=sys.stderr)
        return 2
    old, new = json.loads(released), json.loads(FILE.read_text())
    found = breaking(old, new)
    print(*found, f"{len(found)} breaking changes since {tag}", sep="\n")
    return 1 if found and not may_break(old, new) else 0


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
