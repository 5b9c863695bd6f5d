"""Who may call the API by the template's policies: IAM's evaluation, as far as those use it."""

import re
from collections.abc import Mapping
from typing import Any

from tests.cloud.template import ACCOUNT, REGION, resolve, template

_API = f"arn:aws:execute-api:{REGION}:{ACCOUNT}:<Api>/$default/"


def policy(name: str) -> dict[str, Any]:
    """The document of a managed policy, with what the template knows filled in."""
    document: dict[str, Any] = resolve(template()["Resources"][name]["Properties"]["PolicyDocument"])
    return document


def allows(document: Mapping[str, Any], method: str, path: str, variables: Mapping[str, str]) -> bool:
    """Whether the policy lets a principal with these variables (its tags) make this call."""
    asked = f"{_API}{method}{path}"
    for statement in document["Statement"]:
        assert statement["Effect"] == "Allow"
        assert statement["Action"] == "execute-api:Invoke"
        assert statement.keys() <= {"Sid", "Effect", "Action", "Resource"}
        if any(_matches(resource, asked, variables) for resource in statement["Resource"]):
            return True
    return False


def _matches(resource: str, asked: str, variables: Mapping[str, str]) -> bool:
    """`*` and `?` are wildcards, also across slashes; what a variable stands for is taken literally."""
    pattern = ""
    for part in re.split(r"(\$\{[^}]+\}|[*?])", resource):
        if part.startswith("${"):
            if part[2:-1] not in variables:
                return False  # a resource with a variable that has no value matches nothing
            pattern += re.escape(variables[part[2:-1]])
        else:
            pattern += {"*": ".*", "?": "."}.get(part, re.escape(part))
    return re.fullmatch(pattern, asked) is not None
