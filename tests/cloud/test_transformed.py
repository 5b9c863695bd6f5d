"""What SAM makes of the template: what CloudFormation would create, with SAM's own additions."""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from graphlib import TopologicalSorter
from typing import Any

import pytest

from tests.cloud.template import EVERY_FUNCTION, FUNCTIONS, REGION, ROOT, resolve, routes, template
from tests.cloud.test_template import ALLOWED_WILDCARDS, listed

SAM_PYTHON = ROOT / ".venv-sam" / "bin" / "python"

# The transform that CloudFormation runs, from the package that aws-sam-cli brings.
TRANSFORM = """
import json, sys
from samcli.yamlhelper import yaml_parse
from samtranslator.translator.transform import transform

class Managed:
    def load(self):
        name = "AWSLambdaBasicExecutionRole"
        return {name: f"arn:aws:iam::aws:policy/service-role/{name}"}

source = yaml_parse(open("template.yaml").read())
source["Globals"]["Function"]["CodeUri"] = "s3://bucket/key"
parameters = {name: str(each["Default"]) for name, each in source["Parameters"].items()}
parameters["GradualDeployment"] = "true"
json.dump(transform(source, parameters, Managed()), sys.stdout)
"""

# What CloudFormation replaces when it changes, from the registry's schemas that cfn-lint brings.
CREATE_ONLY = """
import json, sys
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER
schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", sys.argv[1]).schema
json.dump([path.removeprefix("/properties/") for path in schema["createOnlyProperties"]], sys.stdout)
"""

# AWS's own policies on SAM's roles, and why they are enough: none touches data of this stack.
MANAGED = {
    "AWSLambdaBasicExecutionRole": "write logs",
    "AWSLambdaSQSQueueExecutionRole": "take what was put off",
    "AWSCodeDeployRoleForLambda": "shift an alias between versions",
    "AWSCodeDeployRoleForLambdaLimited": "the same",
    "AmazonSSMManagedInstanceCore": "Session Manager",
}


def ask_sam(program: str, *arguments: str) -> Any:
    if not SAM_PYTHON.exists():
        pytest.skip("aws-sam-cli has an environment of its own: make .venv-sam/.installed")
    done = subprocess.run(
        [SAM_PYTHON, "-c", program, *arguments],
        cwd=ROOT,
        env={**os.environ, "AWS_DEFAULT_REGION": REGION, "SAM_CLI_TELEMETRY": "0"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def resources() -> dict[str, Any]:
    transformed: dict[str, Any] = ask_sam(TRANSFORM)["Resources"]
    return transformed


def of_type(resources: dict[str, Any], kind: str) -> dict[str, Any]:
    return {name: each["Properties"] for name, each in resources.items() if each["Type"] == kind}


def test_no_role_may_do_everything_or_to_everything(resources: dict[str, Any]) -> None:
    endings = [allowed.removeprefix("<photos>") for allowed in ALLOWED_WILDCARDS]
    statements = [
        statement
        for role in of_type(resources, "AWS::IAM::Role").values()
        for policy in role.get("Policies", ())
        for statement in listed_statements(policy.get("Fn::If", [None, policy])[1]["PolicyDocument"])
    ]

    assert statements
    for statement in statements:
        assert not [action for action in listed(statement["Action"]) if "*" in action], statement
        for resource in each_resource(statement):
            if statement["Action"] == "dynamodb:ListStreams":
                continue  # it knows no resources
            assert "*" not in resource or any(resource.endswith(ending) for ending in endings), statement


def listed_statements(document: dict[str, Any]) -> list[dict[str, Any]]:
    statements = document["Statement"]
    return statements if isinstance(statements, list) else [statements]


def each_resource(statement: dict[str, Any]) -> list[str]:
    resources = statement["Resource"]
    texts = resources if isinstance(resources, list) else [resources]
    names = [text if isinstance(text, str) else text.get("Fn::Sub", "") for text in texts]
    named = {"${AWS::StackName}": "recognizeme", "${CollectionId}": "employees"}
    for reference, value in named.items():
        names = [name.replace(reference, value) for name in names]
    return [re.sub(r"\$\{(\w+\.Arn)\}", r"<\1>", name) for name in names]


def test_the_only_policies_of_awss_are_these(resources: dict[str, Any]) -> None:
    attached = {
        json.dumps(arn).rstrip('"}]').rpartition("/")[2]
        for role in of_type(resources, "AWS::IAM::Role").values()
        for arn in role.get("ManagedPolicyArns", ())
        if "Fn::If" not in arn  # the stack's own, which tests/architecture/test_routes.py walks
    }

    assert attached
    assert attached <= set(MANAGED)


def test_each_function_has_a_role_an_alias_and_a_gradual_deployment_of_its_own(
    resources: dict[str, Any],
) -> None:
    assert len(of_type(resources, "AWS::Lambda::Alias")) == len(FUNCTIONS)
    assert len(of_type(resources, "AWS::CodeDeploy::DeploymentGroup")) == len(FUNCTIONS)
    roles = [json.dumps(each["Role"]) for each in of_type(resources, "AWS::Lambda::Function").values()]
    assert len(set(roles)) == len(EVERY_FUNCTION)


def test_nothing_waits_for_itself(resources: dict[str, Any]) -> None:
    graph = {name: set(references(each)) & set(resources) for name, each in resources.items()}

    assert "RehearsalFunction" in graph["DoorFunctionAliaslive"]
    TopologicalSorter(graph).prepare()  # or a CycleError that names the circle


def references(node: Any) -> Iterator[str]:
    """The logical ids that a resource needs before it can be made."""
    match node:
        case {"Ref": str(name)}:
            yield name
        case {"Fn::GetAtt": [str(name), *_]}:
            yield name.partition(".")[0]
        case {"Fn::Sub": [str(text), dict(more)]}:
            yield from re.findall(r"\$\{([\w]+)", text)
            yield from references(more)
        case {"Fn::Sub": str(text)}:
            yield from re.findall(r"\$\{([\w]+)", text)
        case dict():
            named = node.get("DependsOn", [])
            yield from (
                [named] if isinstance(named, str) else [each for each in named if isinstance(each, str)]
            )
            for each in node.values():
                yield from references(each)
        case list():
            for each in node:
                yield from references(each)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_deployment_rehearses_and_rolls_back_on_its_own_errors_on_answers_500_and_on_the_apis(
    resources: dict[str, Any], name: str
) -> None:
    group = resources[f"{name}FunctionDeploymentGroup"]["Properties"]
    shift = resources[f"{name}FunctionAliaslive"]["UpdatePolicy"]["CodeDeployLambdaAliasUpdate"]
    alarms = [resolve(each["Name"]) for each in group["AlarmConfiguration"]["Alarms"]]

    assert alarms == ["<RequestsFailed>", "recognizeme-api-failing", f"<{name}Errors>"]
    assert resolve(resources["ApiFailing"]["Properties"]["AlarmName"]) == alarms[1]
    assert shift["BeforeAllowTrafficHook"] == {"Ref": "RehearsalFunction"}
    assert resolve(resources["RehearsalFunction"]["Properties"]["FunctionName"]).startswith("CodeDeployHook_")


def test_the_rehearsal_gets_the_new_versions(resources: dict[str, Any]) -> None:
    variables = resources["RehearsalFunction"]["Properties"]["Environment"]["Variables"]
    versions = set(references(variables["RECOGNIZEME_CANDIDATES"]))

    assert {resources[each]["Type"] for each in versions} == {"AWS::Lambda::Version"}
    assert len(versions) == len(FUNCTIONS)


def test_functions_that_s3_calls_may_put_failures_and_what_they_put_off_into_queues(
    resources: dict[str, Any],
) -> None:
    for name in ("Recognition", "Enrollment"):
        role = of_type(resources, "AWS::IAM::Role")[f"{name}FunctionRole"]
        sending = [
            statement
            for policy in role["Policies"]
            for statement in listed_statements(policy["PolicyDocument"])
            if "sqs:SendMessage" in listed(statement["Action"]) or "sqs:send*" in listed(statement["Action"])
        ]
        queues = [statement["Resource"]["Fn::GetAtt"][0] for statement in sending]
        assert set(queues) == {"Failures", f"{name}Later"}, name


def test_every_route_asks_for_a_signature(resources: dict[str, Any]) -> None:
    (api,) = of_type(resources, "AWS::ApiGatewayV2::Api").values()
    methods = [method for path in api["Body"]["paths"].values() for method in path.values()]

    assert len(methods) == sum(len(routes(name)) for name in FUNCTIONS)
    assert [method["security"] for method in methods] == [[{"AWS_IAM": []}]] * len(methods)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_changed_parameter_replaces_the_version_behind_the_alias(
    resources: dict[str, Any], name: str
) -> None:
    """SAM's logical id stays the same (SAM #3820), so the version itself has to be one that is replaced."""
    alias = resources[f"{name}FunctionAliaslive"]["Properties"]
    version = resources[alias["FunctionVersion"]["Fn::GetAtt"][0]]
    held = json.dumps(resources[f"{name}Function"]["Properties"])
    parameters = {
        each for each in template()["Parameters"] if f'"Ref": "{each}"' in held or f"${{{each}}}" in held
    } - {"RecognitionConcurrency"}  # no version holds it

    assert "ThresholdPct" in parameters
    assert version["Type"] == "AWS::Lambda::Version"
    for parameter in parameters:
        before = resolve(version["Properties"], {parameter: "99"})
        after = resolve(version["Properties"], {parameter: "95"})
        changed = {key for key in before if before[key] != after[key]}
        assert changed == {"Description"}, parameter
    assert "Description" in ask_sam(CREATE_ONLY, "AWS::Lambda::Version")


def test_a_version_that_the_alias_has_left_is_deleted(resources: dict[str, Any]) -> None:
    policies = [
        each["DeletionPolicy"] for each in resources.values() if each["Type"] == "AWS::Lambda::Version"
    ]

    assert policies == ["Delete"] * len(FUNCTIONS)
