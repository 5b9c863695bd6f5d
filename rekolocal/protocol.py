"""AWS's JSON 1.1 protocol: from a target and a body to an operation and its request, and back."""

import json
from collections.abc import Mapping
from typing import NoReturn

from botocore import xform_name
from botocore.model import OperationNotFoundError

from rekolocal.errors import (
    RefusedRequest,
    RekognitionError,
    SerializationException,
    UnknownOperationException,
)
from rekolocal.operations import OPERATIONS
from rekolocal.shapes import check_request, operation_model, read

CONTENT_TYPE = "application/x-amz-json-1.1"
_TARGET_PREFIX = "RekognitionService."


def operation_name(target: str) -> str:
    """The operation of an X-Amz-Target header. Raises UnknownOperationException."""
    name = target.removeprefix(_TARGET_PREFIX)
    if name == target:
        raise UnknownOperationException(f"X-Amz-Target must begin with {_TARGET_PREFIX}")
    if name not in OPERATIONS:
        try:
            operation_model(name)
        except OperationNotFoundError:
            raise UnknownOperationException(f"Rekognition has no operation {name[:64]}") from None
        raise UnknownOperationException(f"rekolocal has no {name}: it offers face collections only")
    return name


def takes_image(operation: str) -> bool:
    """Whether the operation has a picture to decode, so that it is work for the engine."""
    shape = operation_model(operation).input_shape
    return shape is not None and any(name.endswith("Image") for name in shape.members)


def parse_request(operation: str, body: bytes | bytearray) -> dict[str, object]:
    """A request's members as arguments of the operation's function, checked against its input shape.

    Raises SerializationException, InvalidParameterException and ValidationException.
    """
    try:
        content = json.loads(body or b"{}", parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise SerializationException("The body is not JSON") from error
    shape = operation_model(operation).input_shape
    assert shape is not None  # every operation of Rekognition takes a structure
    request = read(shape, content)
    assert isinstance(request, dict)
    check_request(shape, request)
    return {xform_name(name): value for name, value in request.items()}


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def reply_body(reply: Mapping[str, object]) -> bytes:
    """A reply's members as JSON."""
    return json.dumps(reply, separators=(",", ":")).encode()


def error_body(error: RekognitionError, request_id: str) -> bytes:
    """An error as JSON, as in the developer guide's "Error handling"."""
    if isinstance(error, RefusedRequest):
        return reply_body({"__type": error.code, "message": error.message})
    return reply_body(
        {"__type": error.code, "Code": error.code, "Logref": request_id, "Message": error.message}
    )
