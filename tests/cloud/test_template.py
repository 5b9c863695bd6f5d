"""What an operator would look for in the template before signing for it."""

import json
import re
from typing import Any

import pytest

from tests.cloud.template import (
    EVERY_FUNCTION,
    FUNCTIONS,
    environment,
    function,
    resolve,
    resources,
    statements,
    template,
)

LEASE_S = int(environment("Recognition")["RECOGNIZEME_LEASE_S"])

# Wildcards that are meant, and why.
ALLOWED_WILDCARDS = {
    ":collection/employees-*": "the collections that reindexing makes",
    "<photos>/captures/*": "every capture; keys hold ids that nobody knows beforehand",
    "<photos>/enrollments/*": "every enrollment photo",
    "<photos>/captures/rehearsal/*": "the pictures that a rehearsal stores",
    ":parameter/recognizeme/notifications/*": "the secrets that rules name",
    ":identity/*": "whichever identity the sender's address is of; a condition names the address",
    "Function.Arn>:*": "whichever version of a function is the new one",
    ":alarm:recognizeme-kiosk-gone-*": "an alarm for each kiosk, whose ids nobody knows beforehand",
    ":deploymentgroup:recognizeme-*": "CodeDeploy's application, whose name CloudFormation makes",
}


def policies() -> list[tuple[str, dict[str, Any]]]:
    """(who, statement) of every policy that the template gives a role."""
    found = [(name, each) for name in EVERY_FUNCTION for each in statements(name)]
    for name, role in resources("AWS::IAM::Role"):
        for policy in resolve(role["Properties"]).get("Policies", ()):
            found += [(name, each) for each in policy["PolicyDocument"]["Statement"]]
    return found


def listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


@pytest.mark.parametrize(
    ("who", "statement"), policies(), ids=lambda each: each if isinstance(each, str) else each["Sid"]
)
def test_a_policy_names_each_action_and_no_more_resources_than_needed(
    who: str, statement: dict[str, Any]
) -> None:
    bucket = f"{environment('Recognition')['RECOGNIZEME_BUCKET']}"

    assert not [action for action in listed(statement["Action"]) if "*" in action], who
    if statement["Action"] == "dynamodb:ListStreams":
        return  # the action knows no resources
    for resource in listed(statement["Resource"]):
        plain = resource.replace(bucket, "<photos>")
        assert "*" not in plain or any(plain.endswith(allowed) for allowed in ALLOWED_WILDCARDS), (
            who,
            resource,
        )


def test_no_wildcard_is_excused_that_does_not_occur() -> None:
    everything = " ".join(resource for _, each in policies() for resource in listed(each["Resource"]))
    bucket = environment("Recognition")["RECOGNIZEME_BUCKET"]

    assert [each for each in ALLOWED_WILDCARDS if each.replace("<photos>", bucket) not in everything] == []


SEARCHING = {
    *("rekognition:SearchFacesByImage", "rekognition:SearchUsersByImage", "rekognition:DescribeCollection")
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_only_recognition_and_door_search_faces_and_only_enrollment_changes_them(name: str) -> None:
    actions = {
        action for each in statements(name) for action in each["Action"] if action.startswith("rekognition:")
    }

    assert (
        actions
        == {
            "Recognition": SEARCHING
            | {"rekognition:IndexFaces", "rekognition:SearchFaces", "rekognition:DeleteFaces"},
            "Door": SEARCHING,
            "Enrollment": {
                *("rekognition:IndexFaces", "rekognition:DeleteFaces", "rekognition:ListFaces"),
                *("rekognition:SearchFaces", "rekognition:DescribeCollection"),
                *("rekognition:CreateUser", "rekognition:DeleteUser", "rekognition:ListUsers"),
                *("rekognition:AssociateFaces", "rekognition:DisassociateFaces"),
                "rekognition:CreateCollection",
            },
            "Query": set(),
            "Notification": set(),
        }[name]
    )


def test_query_can_write_nothing_but_who_looked() -> None:
    actions = {
        action for each in statements("Query") for action in each["Action"] if each["Sid"] != "WriteAuditLog"
    }

    reading = {"dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query", "dynamodb:Scan"}
    assert actions == {"s3:GetObject"} | reading


@pytest.mark.parametrize("name", EVERY_FUNCTION)
def test_a_function_adds_to_the_audit_log_and_cannot_change_it(name: str) -> None:
    allowed = {
        action
        for each in statements(name)
        if any("AuditLog" in resource for resource in each["Resource"])
        for action in each["Action"]
    }

    adds = set() if name in ("Recognition", "Rehearsal") else {"dynamodb:PutItem"}
    assert allowed == adds | ({"dynamodb:Query"} if name == "Query" else set())


def test_no_role_at_all_may_change_the_audit_log_or_remove_from_it() -> None:
    table = resolve(template()["Resources"]["AuditLog"]["Properties"])
    (statement,) = table["ResourcePolicy"]["PolicyDocument"]["Statement"]

    assert (statement["Effect"], statement["Principal"]) == ("Deny", "*")
    assert statement["Resource"].endswith(f":table/{table['TableName']}")
    assert environment("Query")["RECOGNIZEME_AUDIT_TABLE"] == table["TableName"]
    # Every action of DynamoDB that writes items, but for PutItem and the checks in transactions.
    assert set(statement["Action"]) == {
        *("dynamodb:UpdateItem", "dynamodb:DeleteItem", "dynamodb:BatchWriteItem"),
        *("dynamodb:PartiQLInsert", "dynamodb:PartiQLUpdate", "dynamodb:PartiQLDelete"),
    }


@pytest.mark.parametrize(
    ("parameters", "attached"),
    [
        ({}, ["<ReceptionPolicy>"]),
        ({"WebRole": "manager"}, ["<ManagerPolicy>"]),
        ({"KioskSourceParameter": "/recognizeme/camera"}, ["<ReceptionPolicy>", "<DoorPolicy>"]),
        ({"KioskSourceParameter": "/recognizeme/camera", "WebRole": "none"}, ["<DoorPolicy>"]),
    ],
    ids=str,
)
def test_the_instance_may_do_what_its_page_and_its_door_need_and_nothing_else(
    parameters: dict[str, str], attached: list[str]
) -> None:
    role = resolve(template()["Resources"]["KioskRole"]["Properties"], parameters)
    ssm, *ours = role["ManagedPolicyArns"]

    assert ssm.endswith(":policy/AmazonSSMManagedInstanceCore")
    assert ours == attached
    readable = [each["PolicyDocument"]["Statement"][0]["Resource"] for each in role["Policies"]]
    camera = ["arn:aws:ssm:us-east-1:123456789012:parameter/recognizeme/camera"]
    assert readable == (camera if "<DoorPolicy>" in attached else [])
    assert role["Tags"] == [{"Key": "kiosk", "Value": "ec2"}]


@pytest.mark.parametrize("name", ["Recognition", "Door"])
def test_a_function_ends_before_its_lease_on_a_capture_does(name: str) -> None:
    assert function(name)["Timeout"] < LEASE_S


@pytest.mark.parametrize("name", ["Door", "Enrollment", "Query"])
def test_a_function_behind_the_api_answers_before_the_api_gives_up(name: str) -> None:
    assert function(name)["Timeout"] < 30  # an HTTP API waits no longer


@pytest.mark.parametrize("name", ["Recognition", "Enrollment"])
def test_a_stored_object_that_fails_is_retried_and_then_kept(name: str) -> None:
    retries = function(name)["EventInvokeConfig"]

    assert retries["MaximumRetryAttempts"] == 2
    assert resolve(retries["DestinationConfig"]["OnFailure"]["Destination"]) == "<Failures.Arn>"


def test_every_call_of_the_api_is_signed() -> None:
    auth = template()["Resources"]["Api"]["Properties"]["Auth"]
    overridden = [
        event
        for name in FUNCTIONS
        for event, each in function(name)["Events"].items()
        if "Auth" in each["Properties"]
    ]

    assert auth == {"EnableIamAuthorizer": True, "DefaultAuthorizer": "AWS_IAM"}
    assert overridden == []


def test_the_bucket_is_private_encrypted_versioned_and_forgets_captures() -> None:
    bucket = resolve(template()["Resources"]["Photos"]["Properties"])
    rules = {rule["Id"]: rule for rule in bucket["LifecycleConfiguration"]["Rules"]}

    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert bucket["BucketEncryption"]
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    assert (
        rules["captures-expire"]["ExpirationInDays"]
        == environment("Recognition")["RECOGNIZEME_SIGHTING_DAYS"]
    )
    assert rules["leftovers"]["AbortIncompleteMultipartUpload"]


def test_the_bucket_refuses_connections_that_are_not_encrypted() -> None:
    (statement,) = template()["Resources"]["PhotosPolicy"]["Properties"]["PolicyDocument"]["Statement"]

    assert (statement["Effect"], statement["Principal"], statement["Action"]) == ("Deny", "*", "s3:*")
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


@pytest.mark.parametrize("stage", ["dev", "prod"])
@pytest.mark.parametrize("table", dict(resources("AWS::DynamoDB::Table")))
def test_a_table_outlives_its_stack_and_in_prod_cannot_be_deleted(table: str, stage: str) -> None:
    resource = template()["Resources"][table]
    properties = resolve(resource["Properties"], {"Stage": stage})

    assert resource["DeletionPolicy"] == "RetainExceptOnCreate"
    assert resource["UpdateReplacePolicy"] == "Retain"
    assert properties["DeletionProtectionEnabled"] is (stage == "prod")
    assert properties["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert properties["BillingMode"] == "PAY_PER_REQUEST"


def test_the_kiosk_on_ec2_has_no_key_no_open_port_and_the_new_metadata_service() -> None:
    instance = resolve(template()["Resources"]["KioskTemplate"]["Properties"])["LaunchTemplateData"]
    firewall = resolve(template()["Resources"]["KioskFirewall"]["Properties"])

    assert "KeyName" not in instance
    assert instance["MetadataOptions"]["HttpTokens"] == "required"
    assert all(each["Ebs"]["Encrypted"] for each in instance["BlockDeviceMappings"])
    assert "SecurityGroupIngress" not in firewall


def test_every_alarm_tells_somebody() -> None:
    silent = [
        name
        for name, each in resources("AWS::CloudWatch::Alarm")
        if not each["Properties"].get("AlarmActions")
    ]

    assert silent == []


def test_the_dashboard_is_json_and_shows_metrics_that_the_functions_write() -> None:
    body = resolve(template()["Resources"]["Dashboard"]["Properties"]["DashboardBody"])
    written = {
        "Outcome_recognized",
        "Outcome_unknown",
        "Outcome_uncertain",
        "Outcome_no_face",
        "Outcome_rejected",
    }
    written |= {"CaptureToSighting", "RekognitionCalls"}
    shown = set(re.findall(r'"(Outcome_\w+|CaptureToSighting|RekognitionCalls)"', body))

    assert json.loads(body)["widgets"]
    assert shown == written


@pytest.mark.parametrize("parameter", template()["Parameters"].items(), ids=lambda each: each[0])
def test_a_parameter_says_what_it_is_and_has_a_default(parameter: tuple[str, dict[str, Any]]) -> None:
    _, properties = parameter

    assert properties["Description"]
    assert "Default" in properties


def test_what_cloudformation_replaces_has_no_name_that_would_collide() -> None:
    budget = template()["Resources"]["Budget"]["Properties"]["Budget"]

    assert "BudgetName" not in budget  # another AlarmEmail replaces the budget


def test_an_event_that_does_not_reach_the_bus_or_its_target_is_kept_and_an_alarm_says_so() -> None:
    pipe = template()["Resources"]["SightingsPipe"]["Properties"]["SourceParameters"]
    rules = [resolve(each["Properties"]) for _, each in resources("AWS::Events::Rule")]
    alarm = resolve(template()["Resources"]["EventsUndelivered"]["Properties"])
    (accepted,) = resolve(template()["Resources"]["UndeliveredPolicy"]["Properties"])["PolicyDocument"][
        "Statement"
    ]

    assert resolve(pipe["DynamoDBStreamParameters"]["DeadLetterConfig"]) == {"Arn": "<Undelivered.Arn>"}
    assert rules
    for rule in rules:
        assert [target["DeadLetterConfig"] for target in rule["Targets"]] == [{"Arn": "<Undelivered.Arn>"}]
    assert alarm["Dimensions"] == [{"Name": "QueueName", "Value": "<Undelivered.QueueName>"}]
    assert (accepted["Action"], accepted["Resource"]) == ("sqs:SendMessage", "<Undelivered.Arn>")


def test_one_throttle_alone_raises_no_alarm() -> None:
    alarm = template()["Resources"]["RecognitionThrottled"]["Properties"]

    assert (alarm["Threshold"], alarm["ComparisonOperator"]) == (1, "GreaterThanThreshold")


@pytest.mark.parametrize("name", ["Recognition", "Door", "Enrollment"])
def test_whoever_recognizes_or_enrolls_knows_where_what_is_put_off_waits(name: str) -> None:
    assert environment(name)["RECOGNIZEME_LATER_QUEUE_URL"]
