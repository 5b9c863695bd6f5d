"""The policies allow what the adapters call, all of it and nothing more."""

import ast

from tests.architecture.imports import sources
from tests.cloud.template import EVERY_FUNCTION, statements

SERVICES = ("s3", "rekognition", "sqs", "dynamodb", "codedeploy", "cloudwatch", "ses", "ssm")
OF_MODULE = {
    "email": "ses",
    "later": "sqs",
    "secrets": "ssm",
    "user_index": "rekognition",
    "user_vectors": "rekognition",
}

# Where an operation asks for other actions than its name says (the services' authorization references).
ASKED = {
    "list_objects_v2": {"s3:ListBucket"},
    "list_object_versions": {"s3:ListBucketVersions"},
    "delete_objects": {"s3:DeleteObject", "s3:DeleteObjectVersion"},
    "generate_presigned_post": {"s3:PutObject"},
    "generate_presigned_url": {"s3:GetObject"},
    "transact_write_items": {"dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:ConditionCheckItem"},
    "invoke": {"lambda:InvokeFunction"},
}


def called() -> set[str]:
    """The actions of every SDK call in the adapters' source."""
    actions: set[str] = set()
    for path in sources("functions/recognizeme/adapters"):
        named = (*path.parts, path.stem)
        service = OF_MODULE.get(path.stem) or next((name for name in SERVICES if name in named), None)
        for node in ast.walk(ast.parse(path.read_text())):
            if service and isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                owner = ast.unparse(node.func.value)
                operation = node.func.attr
                if operation == "get_paginator" and isinstance(node.args[0], ast.Constant):
                    owner, operation = "self._client", str(node.args[0].value)
                if owner in ("self._client", "self._queue", "self._functions", "self._make()", "client"):
                    camel = "".join(word.capitalize() for word in operation.split("_"))
                    actions |= ASKED.get(operation, {f"{service}:{camel}"})
    return actions


def allowed() -> set[str]:
    return {action for name in EVERY_FUNCTION for each in statements(name) for action in each["Action"]}


def test_every_call_of_the_adapters_is_allowed_and_nothing_is_allowed_that_no_adapter_calls() -> None:
    assert called() == allowed()


def test_the_reading_of_the_source_finds_calls_of_every_service() -> None:
    assert {action.partition(":")[0] for action in called()} == {*SERVICES, "lambda"}
