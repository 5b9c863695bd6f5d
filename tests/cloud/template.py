"""template.yaml as the tests read it: CloudFormation's tags become data, parameters their values."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
ACCOUNT, REGION, STACK = "123456789012", "us-east-1", "recognizeme"
PSEUDO = {
    "AWS::AccountId": ACCOUNT,
    "AWS::Region": REGION,
    "AWS::Partition": "aws",
    "AWS::StackName": STACK,
    "AWS::URLSuffix": "amazonaws.com",
}
FUNCTIONS = ("Recognition", "Door", "Enrollment", "Query", "Notification")  # those that serve
EVERY_FUNCTION = (*FUNCTIONS, "Rehearsal")


class _Loader(yaml.SafeLoader):
    """YAML with `!Ref`, `!GetAtt` and the other short forms as the long ones."""


def _tag(loader: _Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    name = suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
        return {name: value.split(".", 1) if suffix == "GetAtt" else value}
    if isinstance(node, yaml.SequenceNode):
        return {name: loader.construct_sequence(node, deep=True)}
    assert isinstance(node, yaml.MappingNode)
    return {name: loader.construct_mapping(node, deep=True)}


_Loader.add_multi_constructor("!", _tag)


def load(path: Path) -> dict[str, Any]:
    """A template file as plain data."""
    loaded: dict[str, Any] = yaml.load(path.read_text(), _Loader)
    return loaded


@cache
def template() -> dict[str, Any]:
    """template.yaml as plain data; not to be changed."""
    return load(ROOT / "template.yaml")


def resources(kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every resource of a type, by logical id."""
    return ((name, each) for name, each in template()["Resources"].items() if each["Type"] == kind)


def resolve(node: Any, parameters: Mapping[str, str] | None = None) -> Any:
    """The node with references to parameters, conditions and pseudo parameters replaced by their values.

    What only a deployment knows stays readable: `<Photos>`, `<Photos.Arn>`.
    """
    defaults = {name: str(each.get("Default", "")) for name, each in template()["Parameters"].items()}
    return _resolve(node, defaults | PSEUDO | dict(parameters or {}))


def _resolve(node: Any, values: Mapping[str, str]) -> Any:
    match node:
        case {"Ref": "AWS::NoValue"}:
            return None
        case {"Ref": name}:
            return values.get(name, f"<{name}>")
        case {"Fn::GetAtt": parts}:
            return f"<{'.'.join(parts)}>"
        case {"Fn::Sub": text}:
            return re.sub(r"\$\{([^}]+)\}", lambda found: _named(found[1], values), text)
        case {"Fn::If": [condition, yes, no]}:
            return _resolve(yes if _holds({"Condition": condition}, values) else no, values)
        case dict():
            resolved = {key: _resolve(value, values) for key, value in node.items()}
            return {key: value for key, value in resolved.items() if value is not None}
        case list():
            return [value for value in (_resolve(each, values) for each in node) if value is not None]
        case _:
            return node


def _named(name: str, values: Mapping[str, str]) -> str:
    """What `${name}` stands for in a Fn::Sub; `${!name}` is a literal `${name}`."""
    return f"${{{name[1:]}}}" if name.startswith("!") else values.get(name, f"<{name}>")


def _holds(condition: Any, values: Mapping[str, str]) -> bool:
    match condition:
        case {"Condition": name}:
            return _holds(template()["Conditions"][name], values)
        case {"Fn::Not": [inner]}:
            return not _holds(inner, values)
        case {"Fn::And": inner}:
            return all(_holds(each, values) for each in inner)
        case {"Fn::Equals": [left, right]}:
            return str(_resolve(left, values)) == str(_resolve(right, values))
    raise AssertionError(f"an unknown condition: {condition}")


def function(name: str) -> dict[str, Any]:
    """The properties of one of `EVERY_FUNCTION`."""
    properties: dict[str, Any] = template()["Resources"][f"{name}Function"]["Properties"]
    return properties


def environment(name: str, **parameters: str) -> dict[str, str]:
    """The environment variables that a function is deployed with."""
    variables = template()["Globals"]["Function"]["Environment"]["Variables"] | function(name).get(
        "Environment", {}
    ).get("Variables", {})
    return {key: str(value) for key, value in resolve(variables, parameters).items()}


def statements(name: str) -> list[dict[str, Any]]:
    """A function's policy statements, resolved, with lists of actions and resources."""
    policies = resolve(function(name)["Policies"])
    return [
        {**each, "Action": _as_list(each["Action"]), "Resource": _as_list(each["Resource"])}
        for policy in policies
        for each in policy["Statement"]
    ]


def routes(name: str) -> set[tuple[str, str]]:
    """(method, path) of every route that leads to a function."""
    events = function(name).get("Events", {}).values()
    return {
        (each["Properties"]["Method"], each["Properties"]["Path"])
        for each in events
        if each["Type"] == "HttpApi"
    }


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
