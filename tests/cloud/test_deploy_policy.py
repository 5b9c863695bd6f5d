"""docs/deploy-policy.json allows what CloudFormation calls for the template, on the names of its stacks.

What a type's handlers call is in CloudFormation's registry, whose schemas cfn-lint brings.
"""

import json
from fnmatch import fnmatchcase
from typing import Any

import pytest

from tests.cloud.template import ACCOUNT, REGION, ROOT
from tests.cloud.test_template import listed
from tests.cloud.test_transformed import TRANSFORM, ask_sam

POLICY = json.loads((ROOT / "docs" / "deploy-policy.json").read_text())

HANDLERS = """
import json, sys
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER
handlers = {}
for kind in sys.argv[1:]:
    calls = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", kind).schema["handlers"]
    asked = [calls.get(each, {}).get("permissions", []) for each in ("create", "update", "delete")]
    handlers[kind] = sorted({action for each in asked for action in each})
json.dump(handlers, sys.stdout)
"""

# A resource of each type as the stack names it; actions that take no resource are allowed on any.
ARNS = {
    "AWS::ApiGatewayV2::Api": "apigateway:us-east-1::/apis/a1b2c3d4e5",
    "AWS::ApiGatewayV2::Stage": "apigateway:us-east-1::/apis/a1b2c3d4e5/stages/$default",
    "AWS::Budgets::Budget": f"budgets::{ACCOUNT}:budget/Budget-1A2B3C",
    "AWS::CloudWatch::Alarm": "cloudwatch:{}:alarm:recognizeme-DoorErrors-1A2B3C",
    "AWS::CloudWatch::Dashboard": f"cloudwatch::{ACCOUNT}:dashboard/recognizeme",
    "AWS::CodeDeploy::Application": "codedeploy:{}:application:recognizeme-ServerlessDeploy-1A2B",
    "AWS::CodeDeploy::DeploymentGroup": "codedeploy:{}:deploymentgroup:recognizeme-Server-1A2B/recognizeme",
    "AWS::DynamoDB::Table": "dynamodb:{}:table/employees_sightings",
    "AWS::EC2::Instance": "ec2:{}:instance/i-0a1b2c3d",
    "AWS::EC2::LaunchTemplate": "ec2:{}:launch-template/lt-0a1b2c3d",
    "AWS::EC2::SecurityGroup": "ec2:{}:security-group/sg-0a1b2c3d",
    "AWS::EC2::SecurityGroupEgress": "ec2:{}:security-group/sg-0a1b2c3d",
    "AWS::EFS::FileSystem": "elasticfilesystem:{}:file-system/fs-0a1b2c3d",
    "AWS::EFS::MountTarget": "elasticfilesystem:{}:file-system/fs-0a1b2c3d",
    "AWS::Events::EventBus": "events:{}:event-bus/recognizeme",
    "AWS::Events::Rule": "events:{}:rule/recognizeme/recognizeme-UnknownVisitorRule-1A2B3C",
    "AWS::IAM::InstanceProfile": f"iam::{ACCOUNT}:instance-profile/recognizeme-KioskProfile-1A2B3C",
    "AWS::IAM::ManagedPolicy": f"iam::{ACCOUNT}:policy/recognizeme-DoorPolicy-1A2B3C",
    "AWS::IAM::Role": f"iam::{ACCOUNT}:role/recognizeme-DoorFunctionRole-1A2B3C",
    "AWS::Lambda::Alias": "lambda:{}:function:recognizeme-door:live",
    "AWS::Lambda::EventInvokeConfig": "lambda:{}:function:recognizeme-recognition:live",
    "AWS::Lambda::EventSourceMapping": "lambda:{}:event-source-mapping:1a2b3c4d",
    "AWS::Lambda::Function": "lambda:{}:function:CodeDeployHook_recognizeme-rehearsal",
    "AWS::Lambda::Permission": "lambda:{}:function:recognizeme-door",
    "AWS::Lambda::Version": "lambda:{}:function:recognizeme-door:41",
    "AWS::Logs::LogGroup": "logs:{}:log-group:/recognizeme/recognizeme/functions",
    "AWS::Pipes::Pipe": "pipes:{}:pipe/SightingsPipe-1A2B3C",
    "AWS::Rekognition::Collection": "rekognition:{}:collection/employees",
    "AWS::S3::Bucket": f"s3:::employee-img-{ACCOUNT}-{REGION}",
    "AWS::S3::BucketPolicy": f"s3:::employee-img-{ACCOUNT}-{REGION}",
    "AWS::Scheduler::Schedule": "scheduler:{}:schedule/default/recognizeme-Sweep-1A2B3C",
    "AWS::SNS::Subscription": "sns:{}:recognizeme-Alarms-1A2B3C",
    "AWS::SNS::Topic": "sns:{}:recognizeme-Alarms-1A2B3C",
    "AWS::SNS::TopicPolicy": "sns:{}:recognizeme-Alarms-1A2B3C",
    "AWS::SQS::QueuePolicy": "sqs:{}:recognizeme-Undelivered-1A2B3C",
    "AWS::SQS::Queue": "sqs:{}:recognizeme-Failures-1A2B3C",
}
# Of a type's own service, but for what the template does not use.
UNUSED = {
    "dynamodb:*Item",  # DynamoDB imports and replicas
    "dynamodb:Query",
    "dynamodb:Scan",
    "ec2:*ElasticGpu*",
}


@pytest.fixture(scope="module")
def resources() -> dict[str, Any]:
    transformed: dict[str, Any] = ask_sam(TRANSFORM)["Resources"]
    return transformed


@pytest.fixture(scope="module")
def handlers(resources: dict[str, Any]) -> dict[str, list[str]]:
    asked: dict[str, list[str]] = ask_sam(HANDLERS, *sorted({each["Type"] for each in resources.values()}))
    return asked


def arn(kind: str) -> str:
    return f"arn:aws:{ARNS[kind].format(f'{REGION}:{ACCOUNT}')}"


def allowed(action: str, resource: str) -> bool:
    fitting = {
        each["Effect"]
        for each in POLICY["Statement"]
        if any(fnmatchcase(action.lower(), pattern.lower()) for pattern in listed(each["Action"]))
        and any(fnmatchcase(resource, pattern) for pattern in listed(each["Resource"]))
    }
    return fitting == {"Allow"}


def test_every_type_of_the_template_has_the_actions_that_cloudformation_calls(
    handlers: dict[str, list[str]],
) -> None:
    assert set(handlers) <= set(ARNS), "say how the stack names a resource of the new type"
    missing = [
        (kind, action)
        for kind, actions in handlers.items()
        for action in actions
        if action.partition(":")[0] == arn(kind).split(":")[2]
        and not any(fnmatchcase(action, unused) for unused in UNUSED)
        and not allowed(action, arn(kind))
    ]

    assert missing == []


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("cloudformation:CreateChangeSet", f"cloudformation:{REGION}:{ACCOUNT}:stack/recognizeme-dev/1a2b"),
        ("cloudformation:CreateChangeSet", f"cloudformation:{REGION}:aws:transform/Serverless-2016-10-31"),
        ("s3:PutObject", "s3:::aws-sam-cli-managed-default-samclisourcebucket-1a2b/recognizeme/1a2b"),
        ("iam:PassRole", f"iam::{ACCOUNT}:role/recognizeme-DoorFunctionRole-1A2B3C"),
        ("codedeploy:CreateDeployment", f"codedeploy:{REGION}:{ACCOUNT}:deploymentgroup:recognizeme-S-1A/r"),
        ("execute-api:Invoke", f"execute-api:{REGION}:{ACCOUNT}:a1b2c3d4e5/$default/GET/health"),
    ],
)
def test_what_sam_and_the_check_afterwards_do_is_allowed(action: str, resource: str) -> None:
    assert allowed(action, f"arn:aws:{resource}")


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("s3:GetObject", f"s3:::employee-img-{ACCOUNT}-{REGION}/captures/front/1.jpg"),
        ("dynamodb:GetItem", f"dynamodb:{REGION}:{ACCOUNT}:table/employees_people"),
        ("dynamodb:Scan", f"dynamodb:{REGION}:{ACCOUNT}:table/employees_people"),
        ("rekognition:SearchFacesByImage", f"rekognition:{REGION}:{ACCOUNT}:collection/employees"),
        ("iam:PutRolePolicy", f"iam::{ACCOUNT}:role/recognizeme-deploy-prod"),
        ("iam:CreateUser", f"iam::{ACCOUNT}:user/recognizeme"),
        ("lambda:UpdateFunctionCode", f"lambda:{REGION}:{ACCOUNT}:function:payroll"),
        ("dynamodb:DeleteTable", f"dynamodb:{REGION}:{ACCOUNT}:table/payroll"),
    ],
)
def test_a_deployment_sees_no_face_and_touches_nothing_of_others(action: str, resource: str) -> None:
    assert not allowed(action, f"arn:aws:{resource}")


def test_the_policy_fits_into_a_managed_policy() -> None:
    assert len(json.dumps(POLICY, separators=(",", ":"))) <= 6144
