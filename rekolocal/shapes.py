"""Values against the shapes of botocore's service model: the same rules for requests and for replies."""

import binascii
import math
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import TypeVar

from botocore.loaders import Loader
from botocore.model import (
    ListShape,
    MapShape,
    OperationModel,
    ServiceModel,
    Shape,
    StringShape,
    StructureShape,
)

from rekolocal.errors import InvalidParameterException, SerializationException, ValidationException

T = TypeVar("T")

_BUFFER = "java.nio.HeapByteBuffer"  # how AWS names bytes


@cache
def service_model() -> ServiceModel:
    """Rekognition as botocore describes it."""
    return ServiceModel(Loader().load_service_model("rekognition", "service-2"), "rekognition")


@cache
def operation_model(operation: str) -> OperationModel:
    """One operation of the model; raises botocore's OperationNotFoundError."""
    return service_model().operation_model(operation)


def read(shape: Shape, value: object, path: str = "") -> object:
    """JSON `value` as Python values of `shape`: blobs are decoded, nulls and unknown members left out.

    Raises SerializationException when a JSON type is wrong.
    """
    match shape:
        case StructureShape():
            members = _expect(value, dict, path)
            return {
                name: read(member, members[name], f"{path}.{name}" if path else name)
                for name, member in shape.members.items()
                if members.get(name) is not None
            }
        case ListShape():
            items = _expect(value, list, path)
            return [read(shape.member, item, f"{path}[{number}]") for number, item in enumerate(items)]
        case MapShape():
            entries = _expect(value, dict, path)
            return {key: read(shape.value, item, f"{path}.{key}") for key, item in entries.items()}
    match shape.type_name:
        case "blob":
            return _blob(_expect(value, str, path), path)
        case "boolean":
            return _expect(value, bool, path)
        case "integer" | "long":
            return _integer(value, path)
        case "float" | "double" | "timestamp":  # on this protocol a time is epoch seconds
            return _number(value, path)
        case _:
            return _expect(value, str, path)


def _expect(value: object, kind: type[T], path: str) -> T:
    if not isinstance(value, kind):
        raise SerializationException(f"{path or 'the request'} has the wrong type")
    return value


def _blob(text: str, path: str) -> bytes:
    try:
        return binascii.a2b_base64(text, strict_mode=True)
    except (binascii.Error, ValueError) as error:
        raise SerializationException(f"{path} is not base64") from error


def _number(value: object, path: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise SerializationException(f"{path} is not a number")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise SerializationException(f"{path} is not a finite number")
    return number


def _integer(value: object, path: str) -> int:
    if isinstance(value, int):
        _number(value, path)
        return value
    number = _number(value, path)
    if number != int(number):
        raise SerializationException(f"{path} is not an integer")
    return int(number)


def check_request(shape: Shape, value: Mapping[str, object]) -> None:
    """Hold a request's constraints.

    Raises InvalidParameterException or, for an image's number of bytes, ValidationException, in AWS's words.
    """
    found = list(violations(shape, value))
    if not found:
        return
    plural = "s" if len(found) > 1 else ""
    message = f"{len(found)} validation error{plural} detected: {'; '.join(found[:10])}"
    if any(_BUFFER in constraint for constraint in found):
        raise ValidationException(message)
    raise InvalidParameterException(message)


def violations(shape: Shape, value: object, path: str = "") -> Iterator[str]:
    """Every constraint of the model that `value` (as `read` gives it) breaks, one sentence each."""
    match shape, value:
        case StructureShape(), dict():
            for name in shape.metadata.get("required", []):
                if name not in value:
                    yield _broken(None, _at(path, name), "not be null")
            for name in value.keys() & shape.members.keys():
                yield from violations(shape.members[name], value[name], _at(path, name))
        case ListShape(), list():
            yield from _length(len(value), shape, f"a list of {len(value)}", path)
            for number, item in enumerate(value):
                yield from violations(shape.member, item, f"{path}.{number + 1}.member")
        case MapShape(), dict():
            yield from _length(len(value), shape, f"a map of {len(value)}", path)
            for key, item in value.items():
                yield from violations(shape.key, key, path)
                yield from violations(shape.value, item, f"{path}.{key}")
        case StringShape(), str():
            yield from _string(shape, value, path)
        case _, bytes():
            yield from _length(len(value), shape, f"{_BUFFER}[pos=0 lim={len(value)} cap={len(value)}]", path)
        case _, int() | float():
            yield from _range(shape, value, path)


def _at(path: str, name: str) -> str:
    first = name[:1].lower() + name[1:]
    return f"{path}.{first}" if path else first


def _broken(value: object, path: str, rule: str) -> str:
    shown = "null" if value is None else f"'{value}'"
    return f"Value {shown} at '{path}' failed to satisfy constraint: Member must {rule}"


def _length(length: int, shape: Shape, what: str, path: str) -> Iterator[str]:
    minimum, maximum = shape.metadata.get("min", 0), shape.metadata.get("max", math.inf)
    if length < minimum:
        yield _broken(what, path, f"have length greater than or equal to {minimum}")
    elif length > maximum:
        yield _broken(what, path, f"have length less than or equal to {maximum}")


def _string(shape: StringShape, value: str, path: str) -> Iterator[str]:
    shown = value[:100]
    yield from _length(len(value), shape, shown, path)
    pattern = shape.metadata.get("pattern")
    if pattern and not _pattern(pattern).fullmatch(value):
        yield _broken(shown, path, f"satisfy regular expression pattern: {pattern}")
    if shape.enum and value not in shape.enum:
        yield _broken(shown, path, f"satisfy enum value set: {shape.enum}")


@cache
def _pattern(pattern: str) -> re.Pattern[str]:
    """The model's patterns are Java's; of Unicode classes it uses letters, separators and numbers."""
    return re.compile(pattern.replace(r"\p{L}", r"\w").replace(r"\p{Z}", r"\s").replace(r"\p{N}", r"\d"))


def _range(shape: Shape, value: float, path: str) -> Iterator[str]:
    minimum, maximum = shape.metadata.get("min", -math.inf), shape.metadata.get("max", math.inf)
    if value < minimum:
        yield _broken(value, path, f"have value greater than or equal to {minimum}")
    elif value > maximum:
        yield _broken(value, path, f"have value less than or equal to {maximum}")
