"""Begin a stack with the tables and the bucket that a stack before it left: CloudFormation imports them."""

import json
from collections.abc import Mapping
from typing import Any

import boto3

from tests.cloud.template import resolve, template

NAMES = {"AWS::DynamoDB::Table": "TableName", "AWS::S3::Bucket": "BucketName"}
CHANGE_SET = "adopt"


def retained() -> dict[str, Any]:
    """The resources of the template that outlive its stack and have a name to be found by."""
    return {
        name: each
        for name, each in template()["Resources"].items()
        if each["Type"] in NAMES and each.get("DeletionPolicy", "").startswith("Retain")
    }


def begin(session: boto3.Session, stack: str, parameters: Mapping[str, str]) -> list[str]:
    """Make a stack that holds them and nothing else; return their names. Raises botocore's errors.

    An import can make nothing new, so the rest of the template comes with the deployment after it.
    """
    cloudformation = session.client("cloudformation")
    account = session.client("sts").get_caller_identity()["Account"]
    known = {**parameters, "AWS::AccountId": account, "AWS::Region": str(session.region_name)}
    kept = {part: template()[part] for part in ("AWSTemplateFormatVersion", "Parameters", "Conditions")}
    names = {
        logical_id: {NAMES[each["Type"]]: resolve(each["Properties"][NAMES[each["Type"]]], known)}
        for logical_id, each in retained().items()
    }
    asked = {"StackName": stack, "ChangeSetName": CHANGE_SET}
    cloudformation.create_change_set(
        **asked,
        ChangeSetType="IMPORT",
        TemplateBody=json.dumps({**kept, "Resources": retained()}, separators=(",", ":")),
        Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()],
        ResourcesToImport=[
            {
                "LogicalResourceId": logical_id,
                "ResourceType": retained()[logical_id]["Type"],
                "ResourceIdentifier": identifier,
            }
            for logical_id, identifier in names.items()
        ],
    )
    cloudformation.get_waiter("change_set_create_complete").wait(**asked)
    cloudformation.execute_change_set(**asked)
    cloudformation.get_waiter("stack_import_complete").wait(StackName=stack)
    return sorted(name for identifier in names.values() for name in identifier.values())
