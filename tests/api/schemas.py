"""A Python type as JSON Schema: TypedDicts, Annotated, enums, literals, unions, lists and mappings."""

from collections.abc import Mapping
from enum import StrEnum
from types import NoneType, UnionType
from typing import (
    Annotated,
    Any,
    Literal,
    NotRequired,
    Required,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

from recognizeme.entry.forms import Form

Schema = dict[str, Any]

_PLAIN = {str: "string", int: "integer", float: "number", bool: "boolean", dict: "object", NoneType: "null"}


class Schemas:
    """Schemas of types; each TypedDict among them becomes a component, named once."""

    def __init__(self) -> None:
        self.components: dict[str, Schema] = {}

    def of(self, form: Any) -> Schema:
        """The schema of a type; raises `TypeError` for a type that has no agreed form in JSON."""
        origin, arguments = get_origin(form), get_args(form)
        if form in _PLAIN:
            return {"type": _PLAIN[form]}
        if is_typeddict(origin or form):
            return self._reference(origin or form, arguments)
        if origin is Annotated:
            return self._annotated(arguments[0], arguments[1:])
        if origin in (Union, UnionType):
            return {"anyOf": [self.of(each) for each in arguments]}
        if origin is list:
            return {"type": "array", "items": self.of(arguments[0])}
        if origin is not None and isinstance(origin, type) and issubclass(origin, Mapping):
            return self._mapping(*arguments)
        if origin is Literal:
            return {"type": "string", "enum": list(arguments)}
        if isinstance(form, type) and issubclass(form, StrEnum):
            return {"type": "string", "enum": [str(each) for each in form]}
        raise TypeError(f"{form!r} has no agreed form in JSON; tests/api/schemas.py gives them")

    def members(self, form: Any) -> dict[str, tuple[Schema, bool]]:
        """The members of a TypedDict by name: each one's schema, and whether it must be there."""
        return {
            name: (self.of(each), name in form.__required_keys__) for name, each in _members(form, ()).items()
        }

    def _annotated(self, form: Any, added: tuple[Form | str, ...]) -> Schema:
        schema = self.of(form)
        if "$ref" in schema:
            schema = {"allOf": [schema]}
        for each in added:
            schema |= {"description": each} if isinstance(each, str) else each.words
        return schema

    def _mapping(self, key: Any, value: Any) -> Schema:
        names = {} if key is str else {"propertyNames": self.of(key)}
        return {"type": "object", **names, "additionalProperties": self.of(value)}

    def _reference(self, form: Any, arguments: tuple[Any, ...]) -> Schema:
        name = "".join(_name(each) for each in (*arguments, form))
        if name not in self.components:
            self.components[name] = {}  # it may mention itself
            members = {each: self.of(value) for each, value in _members(form, arguments).items()}
            required = [each for each in members if each in form.__required_keys__]
            self.components[name] = {
                "type": "object",
                "description": (form.__doc__ or "").strip(),
                "properties": members,
                **({"required": required} if required else {}),
            }
        return {"$ref": f"#/components/schemas/{name}"}


def _members(form: Any, arguments: tuple[Any, ...]) -> dict[str, Any]:
    given = dict(zip(getattr(form, "__parameters__", ()), arguments, strict=True))
    hints = get_type_hints(form, include_extras=True)
    return {name: _filled(_bare(hint), given) for name, hint in hints.items()}


def _bare(hint: Any) -> Any:
    return get_args(hint)[0] if get_origin(hint) in (NotRequired, Required) else hint


def _filled(form: Any, given: Mapping[Any, Any]) -> Any:
    """The type, with what was given for its type variables."""
    if isinstance(form, TypeVar):
        return given[form]
    variables = getattr(form, "__parameters__", ())
    return form[tuple(given[each] for each in variables)] if variables else form


def _name(form: Any) -> str:
    name: str = form.__name__
    return name.removesuffix("Json")
