"""DynamoDB's attribute values and update expressions, as far as these tables need them."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from recognizeme.domain.model import Box
from recognizeme.domain.times import to_text

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef, UniversalAttributeValueTypeDef
else:
    AttributeValueTypeDef = UniversalAttributeValueTypeDef = Any

Value = UniversalAttributeValueTypeDef
Item = Mapping[str, AttributeValueTypeDef]

_PLACEHOLDER = re.compile(r"#(\w+)")


def string(text: str | None) -> Value | None:
    """An S, or None for nothing."""
    return None if text is None else {"S": text}


def number(value: float | None) -> Value | None:
    """An N; `repr` gives the fewest digits that read back the same: 17 at most, DynamoDB keeps 38."""
    return None if value is None else {"N": repr(value)}


def moment(value: datetime | None) -> Value | None:
    """An S in ISO 8601, in UTC, with microseconds."""
    return None if value is None else {"S": to_text(value)}


def milliseconds(value: datetime) -> Value:
    """An N in Unix milliseconds."""
    return {"N": str(int(value.timestamp() * 1000))}


def seconds(value: datetime) -> Value:
    """An N in Unix seconds, as TimeToLive reads it."""
    return {"N": str(int(value.timestamp()))}


def box(value: Box | None) -> Value | None:
    """An M of four N."""
    if value is None:
        return None
    parts = {"Left": value.left, "Top": value.top, "Width": value.width, "Height": value.height}
    return {"M": {name: {"N": repr(part)} for name, part in parts.items()}}


def present(**values: Value | None) -> dict[str, Value]:
    """The attributes that are there."""
    return {name: value for name, value in values.items() if value is not None}


def read_string(item: Item, name: str) -> str | None:
    """The attribute's text, or None without one."""
    return item[name]["S"] if name in item else None


def read_number(item: Item, name: str) -> float | None:
    """The attribute's number, or None without one."""
    return float(item[name]["N"]) if name in item else None


def read_moment(item: Item, name: str) -> datetime | None:
    """The attribute's time, or None without one."""
    return datetime.fromisoformat(item[name]["S"]) if name in item else None


def read_box(item: Item, name: str) -> Box | None:
    """The attribute's box, or None without one."""
    if name not in item:
        return None
    parts = item[name]["M"]
    left, top, width, height = (float(parts[part]["N"]) for part in ("Left", "Top", "Width", "Height"))
    return Box(left, top, width, height)


def placeholders(*expressions: str) -> dict[str, str]:
    """ExpressionAttributeNames for every `#Name` in the expressions, so that no word is a reserved one."""
    return {f"#{name}": name for expression in expressions for name in _PLACEHOLDER.findall(expression)}


def update(
    values: Mapping[str, Value | None],
    *,
    keep: Mapping[str, Value] | None = None,
    condition: str | None = None,
    given: Mapping[str, Value] | None = None,
) -> dict[str, Any]:
    """The expressions of an UpdateItem.

    Sets `values` (removes those that are None), sets those of `keep` only where the item has none yet, on
    `condition`, whose `:names` are in `given`.
    """
    kept = keep or {}
    sets = [f"#{name} = :{name}" for name, value in values.items() if value is not None]
    sets += [f"#{name} = if_not_exists(#{name}, :{name})" for name in kept]
    removes = [f"#{name}" for name, value in values.items() if value is None]
    expression = f"SET {', '.join(sets)}" if sets else ""
    if removes:
        expression += f" REMOVE {', '.join(removes)}"
    all_values = {f":{name}": value for name, value in present(**values, **kept).items()} | dict(given or {})
    return {
        "UpdateExpression": expression,
        "ExpressionAttributeNames": placeholders(expression, condition or ""),
        **({"ConditionExpression": condition} if condition else {}),
        **({"ExpressionAttributeValues": all_values} if all_values else {}),
    }
