"""`sam deploy` of the built template to a local CloudFormation, and the main job on what it made.

IAM is enforced there: every call that a function makes is allowed by its own policy, or fails. Left out,
because MiniStack has none: the Rekognition collection (rekolocal is there), and the API's OpenAPI body (its
routes are added).
"""

import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from botocore.credentials import Credentials

from recognizeme.domain.model import new_capture_id
from recognizeme.entry.routes import ROUTES, Route
from rekolocal.errors import AccessDeniedException
from rekolocal.faults import Failure, Faults
from rekolocal.testing import local_rekognition
from tests.architecture.test_routes import CALLERS, MAY_CALL, path_of
from tests.cloud.ministack import ACCOUNT, MiniStack, Missing, ministack
from tests.cloud.signing import Signed
from tests.cloud.smoke_stack import check, stale
from tests.cloud.template import FUNCTIONS, REGION, ROOT, template
from tests.portraits import ASTRONAUT

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.timeout(400)]

STACK = "recognizeme"  # as samconfig.toml names prod
SAM = ROOT / ".venv-sam" / "bin" / "sam"


@dataclass(frozen=True)
class Deployed:
    """A deployed stack and a way to call its API."""

    cloud: MiniStack
    faults: Faults
    outputs: dict[str, str]
    api: str
    redeploy: Callable[..., None]

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        options.setdefault("auth", self.cloud.caller())
        return requests.request(
            method, self.api + path, verify=str(self.cloud.certificate), timeout=60, **options
        )


def run(cloud: MiniStack, *call: str) -> None:
    done = subprocess.run(
        call,
        cwd=ROOT,
        env={
            **{key: value for key, value in os.environ.items() if not key.startswith("AWS_")},
            **cloud.environment,
            "SAM_CLI_TELEMETRY": "0",
            "PATH": f"{SAM.parent}{os.pathsep}{os.environ['PATH']}",
        },
        stdin=subprocess.DEVNULL,  # whoever asks a question gets no answer
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    folder = tmp_path_factory.mktemp("ministack")
    try:
        faults = Faults()
        with ministack(folder) as cloud, local_rekognition(faults=faults) as rekognition:
            rekognition.client.create_collection(CollectionId="employees")
            built = folder / "build"
            parameters = {
                # MiniStack runs functions with its own Python, which is this one.
                "Runtime": f"python{sys.version_info.major}.{sys.version_info.minor}",
                "Architecture": "x86_64",
                "Stage": "prod",
                "ExistingCollection": "true",
                "HeartbeatMinutes": "15",
                "MonthlyBudgetUsd": "0",  # MiniStack has no alarms over metric math
                "EndpointUrl": cloud.url,
                "RekognitionEndpointUrl": rekognition.endpoint_url,
            }

            def deploy(*options: str, **changed: str) -> None:
                given = [f"{name}={value}" for name, value in (parameters | changed).items()]
                program = (sys.executable, "-m", "tests.cloud.deploy", "--config-env", "prod")
                run(cloud, *program, "--built", str(built / "template.yaml"), *options, *given)

            given = [f"{name}={value}" for name, value in parameters.items()]
            run(cloud, str(SAM), "build", "--build-dir", str(built), "--parameter-overrides", *given)
            deploy()
            stack = cloud.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"][0]
            outputs = {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}
            api_id = outputs["ApiUrl"].removeprefix("https://").partition(".")[0]
            cloud.add_routes(api_id, STACK)
            yield Deployed(cloud, faults, outputs, cloud.api_url(api_id), deploy)
    except Missing as error:
        if os.environ.get("REQUIRE_DEPLOY"):
            pytest.fail(str(error))
        pytest.skip(str(error))


def test_a_visit_goes_from_ticket_to_sighting_and_the_person_can_be_forgotten(deployed: Deployed) -> None:
    portrait = ASTRONAUT.read_bytes()
    assert deployed.call("PUT", "/people/ada", json={"name": "Ada Lovelace"}).status_code == 200
    photo = deployed.call(
        "POST", "/people/ada/photos?photo_id=a.png", data=portrait, headers={"content-type": "image/png"}
    )
    assert (photo.status_code, photo.json()["state"]) == (201, "indexed"), photo.text

    capture_id = hand_in(deployed, portrait)

    sighting = wait_for_sighting(deployed, capture_id)
    assert (sighting["outcome"], sighting["person_id"]) == ("recognized", "ada")
    (listed,) = deployed.call("GET", "/sightings?person_id=ada").json()["items"]
    assert listed == sighting | {"explanation": None}
    assert deployed.call("GET", "/stats").json()["total"]["rekognition_calls"] == 1

    forgotten = deployed.call("DELETE", "/people/ada")
    assert forgotten.status_code == 200, forgotten.text
    removed = {what: n for what, n in forgotten.json()["removed"].items() if n}
    assert removed == {"people": 1, "faces": 1, "vectors": 1, "photos": 1, "captures": 1, "sightings": 1}
    assert forgotten.json()["verified"]
    left = deployed.cloud.client("s3").list_object_versions(Bucket=deployed.outputs["PhotosBucket"])
    assert not left.get("Versions"), "a forgotten person's pictures are gone in every version"


def test_who_did_what_is_in_the_audit_log_and_no_function_can_change_it(deployed: Deployed) -> None:
    front = {"groups": ["staff"], "threshold_pct": 99.5, "reason": "twins work here"}
    assert deployed.call("PUT", "/kiosks/front", json=front).status_code == 200

    (line, *_) = deployed.call("GET", "/audit?action=PUT /kiosks/{kiosk_id}").json()["items"]

    assert (line["result"], line["about"]) == ("done", {"kiosk_id": "front"})
    assert line["principal"], "the cloud says who called"
    assert deployed.call("GET", "/kiosks/front/policy").json()["groups"] == ["staff"]


def hand_in(deployed: Deployed, picture: bytes, taken_at: datetime | None = None) -> str:
    """Upload a capture with a ticket; return its id."""
    capture_id = new_capture_id(taken_at or datetime.now(UTC), secrets.token_bytes(10))
    asked = {"capture_id": capture_id, "content_type": "image/png"}
    ticket = deployed.call("POST", "/kiosks/front/captures", json=asked).json()
    upload = requests.post(
        ticket["upload"]["url"],
        data=ticket["upload"]["fields"],
        files={"file": picture},
        verify=str(deployed.cloud.certificate),
        timeout=30,
    )
    assert upload.status_code in (201, 204), upload.text
    return capture_id


def wait_for_sighting(deployed: Deployed, capture_id: str, status: str = "done") -> dict[str, Any]:
    """Wait until the capture's recognition is done or failed."""
    for _ in range(240):
        answer = deployed.call("GET", f"/sightings/{capture_id}")
        if answer.status_code == 200 and answer.json()["status"] == status:
            sighting: dict[str, Any] = answer.json()
            return sighting
        time.sleep(0.25)
    raise AssertionError(f"no sighting came of the upload: {answer.text}")


def test_a_photo_put_into_the_bucket_enrolls_its_person(deployed: Deployed) -> None:
    deployed.call("PUT", "/people/grace", json={"name": "Grace"})
    deployed.cloud.client("s3").put_object(
        Bucket=deployed.outputs["PhotosBucket"],
        Key="enrollments/grace/a portrait + more.png",
        Body=ASTRONAUT.read_bytes(),
    )

    for _ in range(120):
        photos = deployed.call("GET", "/people/grace/photos").json()["items"]
        if photos:
            break
        time.sleep(0.25)

    assert [(each["photo_id"], each["state"]) for each in photos] == [("a portrait + more.png", "indexed")]


@pytest.fixture(scope="module")
def callers(deployed: Deployed) -> dict[str, Signed]:
    """A principal with each role's deployed policy; the doors are bound to their kiosks.

    MiniStack replaces no policy variables, so a door gets the deployed document with its tag filled in.
    """
    iam = deployed.cloud.client("iam")
    found = {}
    for who, caller in CALLERS.items():
        user = f"{caller.role}-{caller.kiosk_id or 'office'}"
        arn = deployed.outputs[f"{caller.role.capitalize()}PolicyArn"]
        iam.create_user(UserName=user)
        if caller.kiosk_id is None:
            iam.attach_user_policy(UserName=user, PolicyArn=arn)
        else:
            version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
            document = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
            bound = json.dumps(document).replace("${aws:PrincipalTag/kiosk}", caller.kiosk_id)
            iam.put_user_policy(UserName=user, PolicyName="door", PolicyDocument=bound)
        key = iam.create_access_key(UserName=user)["AccessKey"]
        found[who] = Signed(Credentials(key["AccessKeyId"], key["SecretAccessKey"]), REGION)
    return found


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.key)
def test_iam_lets_each_role_call_its_routes_and_no_others(
    deployed: Deployed, callers: dict[str, Signed], route: Route
) -> None:
    let_in = {
        who
        for who, auth in callers.items()
        if deployed.call(route.method, path_of(route), auth=auth).status_code != 403
    }

    assert let_in == MAY_CALL[route.key]


def test_a_door_sees_its_own_sighting_and_no_other_doors(
    deployed: Deployed, callers: dict[str, Signed]
) -> None:
    sighting = wait_for_sighting(deployed, hand_in(deployed, ASTRONAUT.read_bytes()))
    path = f"/sightings/{sighting['capture_id']}"

    own = deployed.call("GET", f"/kiosks/front{path}", auth=callers["front's door"])
    # What the decision saw, and what the office knows of strangers, is not for doors.
    hidden = dict.fromkeys(("decision", "explanation", "stranger_id", "named_later", "ignored"))
    assert (own.status_code, own.json()) == (200, sighting | hidden)
    assert deployed.call("GET", f"/kiosks/back{path}", auth=callers["back's door"]).status_code == 404
    assert deployed.call("GET", f"/kiosks/front{path}", auth=callers["back's door"]).status_code == 403
    assert deployed.call("GET", path, auth=callers["front's door"]).status_code == 403


def test_a_call_without_a_signature_is_refused(deployed: Deployed) -> None:
    assert deployed.call("GET", "/people", auth=None).status_code == 403


def test_a_call_signed_by_nobody_known_is_refused(deployed: Deployed) -> None:
    assert (
        deployed.call("GET", "/people", auth=deployed.cloud.caller("AKIANOBODYNOBODY0000")).status_code == 403
    )


def test_the_smoke_test_after_a_deployment_finds_nothing_wrong(deployed: Deployed) -> None:
    assert check(deployed.api, deployed.cloud.caller(), verify=str(deployed.cloud.certificate)) == []


def test_the_smoke_test_names_what_is_wrong(deployed: Deployed) -> None:
    stranger = deployed.cloud.caller("AKIANOBODYNOBODY0000")

    wrong = check(deployed.api, stranger, verify=str(deployed.cloud.certificate))

    assert [each.partition(" answered")[0] for each in wrong] == [
        "GET /health",
        "GET /people",
        "POST /kiosks/web/recognitions",
    ]


def test_a_parameter_that_is_deployed_reaches_what_serves_and_the_old_versions_go(deployed: Deployed) -> None:
    functions = deployed.cloud.client("lambda")

    deployed.redeploy(ThresholdPct="95")

    assert stale(functions, STACK) == []
    for name in FUNCTIONS:
        function = f"{STACK}-{name.lower()}"
        live = functions.get_function_configuration(FunctionName=function, Qualifier="live")
        kept = [
            each["Version"] for each in functions.list_versions_by_function(FunctionName=function)["Versions"]
        ]
        assert live["Environment"]["Variables"]["RECOGNIZEME_THRESHOLD_PCT"] == "95"
        assert kept == ["$LATEST", live["Version"]]


def test_the_rehearsal_may_do_what_it_does_and_finds_the_new_versions_fit(deployed: Deployed) -> None:
    answer = deployed.cloud.client("lambda").invoke(
        FunctionName=f"CodeDeployHook_{STACK}-rehearsal", Payload=b"{}"
    )

    assert json.loads(answer["Payload"].read()) == {"passed": True, "wrong": []}


def test_a_kiosk_that_sent_a_heartbeat_has_an_alarm_of_its_own(deployed: Deployed) -> None:
    assert deployed.call("POST", "/kiosks/front/heartbeat").status_code == 200

    alarms = deployed.cloud.client("cloudwatch").describe_alarms(AlarmNamePrefix=f"{STACK}-kiosk-gone-")
    (alarm,) = alarms["MetricAlarms"]
    assert alarm["AlarmName"] == f"{STACK}-kiosk-gone-front"
    assert alarm["EvaluationPeriods"] == 15
    assert alarm["AlarmActions"]


def test_an_alias_that_stayed_behind_is_named(deployed: Deployed) -> None:
    functions = deployed.cloud.client("lambda")
    variables = functions.get_function_configuration(FunctionName=f"{STACK}-query")["Environment"][
        "Variables"
    ]
    functions.update_function_configuration(
        FunctionName=f"{STACK}-query", Environment={"Variables": variables | {"RECOGNIZEME_LINK_S": "30"}}
    )

    (reason,) = stale(functions, STACK)

    assert reason.startswith(f"{STACK}-query:live is version ")
    assert reason.endswith("whose Environment is not the latest")


def test_of_all_writes_of_a_sighting_the_pipes_filter_passes_the_one_that_finishes_it(
    deployed: Deployed,
) -> None:
    """MiniStack's pipes know neither filters nor buses; the stream is real, and so is the pattern."""
    capture_id = hand_in(deployed, ASTRONAUT.read_bytes())
    wait_for_sighting(deployed, capture_id)
    deployed.call("POST", f"/sightings/{capture_id}/correction", json={"person_id": None})

    pipe = template()["Resources"]["SightingsPipe"]["Properties"]["SourceParameters"]
    pattern = json.loads(pipe["FilterCriteria"]["Filters"][0]["Pattern"])
    written = [record for record in stream(deployed) if image(record).get("CaptureId") == {"S": capture_id}]
    passed = [record for record in written if matches(record, pattern)]

    assert len(written) >= 3, "claimed, done, corrected"
    assert {image(record)["Late"]["BOOL"] for record in passed} == {False}
    assert [image(record)["Outcome"]["S"] for record in passed] in (["recognized"], ["unknown"])


def test_the_example_rule_passes_unknown_visitors_who_are_there_and_not_those_of_yesterday(
    deployed: Deployed,
) -> None:
    rule = template()["Resources"]["UnknownVisitorRule"]["Properties"]["EventPattern"]["detail"]
    taken = {"now": datetime.now(UTC), "yesterday": datetime.now(UTC) - timedelta(days=1)}
    captures = {when: hand_in(deployed, ASTRONAUT.read_bytes(), moment) for when, moment in taken.items()}
    for capture_id in captures.values():
        wait_for_sighting(deployed, capture_id)

    done = {image(each)["CaptureId"]["S"]: each for each in stream(deployed) if "Late" in image(each)}
    unknown = {
        when: {"dynamodb": {"NewImage": image(done[capture_id]) | {"Outcome": {"S": "unknown"}}}}
        for when, capture_id in captures.items()
    }
    assert [when for when, event in unknown.items() if matches(event, rule)] == ["now"]
    assert float(image(done[captures["yesterday"]])["AgeSeconds"]["N"]) >= 86400


def stream(deployed: Deployed) -> list[Any]:
    """Every record of the sightings table's stream."""
    streams = deployed.cloud.client("dynamodbstreams")
    arn = streams.list_streams(TableName="employees_sightings")["Streams"][0]["StreamArn"]
    records: list[Any] = []
    for shard in streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]:
        iterator = streams.get_shard_iterator(
            StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        records += streams.get_records(ShardIterator=iterator)["Records"]
    return records


def image(record: Any) -> dict[str, Any]:
    """The item as the write left it."""
    new: dict[str, Any] = record["dynamodb"].get("NewImage", {})
    return new


def matches(value: Any, pattern: Any) -> bool:
    """EventBridge's pattern matching, as far as it is used here: nested fields, lists of values, `exists`."""
    if isinstance(pattern, dict):
        fields = value if isinstance(value, dict) else {}
        return all(matches(fields.get(key), inner) for key, inner in pattern.items())
    return value in pattern or (value is None and {"exists": False} in pattern)


def test_what_failed_for_good_can_be_replayed_from_the_queue(deployed: Deployed) -> None:
    """MiniStack forgets the destination of a published version, so the test puts Lambda's record there."""
    deployed.faults.failures = [Failure("SearchUsersByImage", AccessDeniedException, 1.0)]
    capture_id = hand_in(deployed, ASTRONAUT.read_bytes())
    key = wait_for_sighting(deployed, capture_id, "failed")["capture_id"]
    stored = deployed.cloud.client("s3").list_objects_v2(Bucket=deployed.outputs["PhotosBucket"])["Contents"]
    event = json.loads((ROOT / "events" / "recognition-put.json").read_text())
    event["Records"][0]["s3"]["object"]["key"] = next(each["Key"] for each in stored if key in each["Key"])
    record = {
        "requestContext": {
            "functionArn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{STACK}-recognition:3",
            "condition": "RetriesExhausted",
        },
        "requestPayload": event,
    }
    deployed.cloud.client("sqs").send_message(
        QueueUrl=deployed.outputs["FailureQueueUrl"], MessageBody=json.dumps(record)
    )
    deployed.faults.failures = []

    replayed = deployed.call("POST", "/replays")

    assert replayed.json() == {"replayed": 1, "skipped": []}, replayed.text
    assert wait_for_sighting(deployed, capture_id)["outcome"] in {"recognized", "unknown"}


def test_a_stack_is_made_again_around_the_tables_and_the_bucket_that_it_left(deployed: Deployed) -> None:
    """The last test of this file: it deletes the stack."""
    cloudformation, tables = deployed.cloud.client("cloudformation"), deployed.cloud.client("dynamodb")
    deployed.call("PUT", "/people/ada", json={"name": "Ada Lovelace"})
    cloudformation.delete_stack(StackName=STACK)
    cloudformation.get_waiter("stack_delete_complete").wait(StackName=STACK)

    deployed.redeploy("--adopt")

    held = cloudformation.describe_stack_resources(StackName=STACK)["StackResources"]
    names = {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in held}
    assert names["People"] == "employees_people"
    assert names["Photos"] == deployed.outputs["PhotosBucket"]
    deployed.redeploy(ThresholdPct="97")  # what refers to names again is no change to them
    ada = tables.get_item(TableName="employees_people", Key={"PersonId": {"S": "ada"}})["Item"]
    assert ada["Name"] == {"S": "Ada Lovelace"}
