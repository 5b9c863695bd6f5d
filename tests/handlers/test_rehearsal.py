"""The rehearsal over the real handlers: what Lambda's client is asked reaches them as events."""

import io
import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError

from recognizeme import wiring
from recognizeme.adapters.codedeploy import CodeDeployDeployments, LambdaCandidate
from recognizeme.domain.errors import Misconfigured, ServiceBusy
from recognizeme.wiring import Stage
from tests.handlers.conftest import Stack

pytestmark = pytest.mark.integration

ARN = "arn:aws:lambda:us-east-1:123456789012:function:recognizeme-{}:2"


@dataclass
class Lambda:
    """Lambda's client, with the handlers of this process behind it."""

    stack: Stack

    def invoke(self, **request: Any) -> dict[str, Any]:
        name = request["FunctionName"].split(":")[6].rpartition("-")[2]
        try:
            answer: object = self.stack.invoke(name, json.loads(request["Payload"]))
        except Exception as error:
            answer = {"errorType": type(error).__name__}
            return {"FunctionError": "Unhandled", "Payload": io.BytesIO(json.dumps(answer).encode())}
        return {"Payload": io.BytesIO(json.dumps(answer).encode())}


@dataclass
class CodeDeploy:
    """What CodeDeploy heard."""

    heard: list[dict[str, str]] = field(default_factory=list)

    def put_lifecycle_event_hook_execution_status(self, **request: str) -> None:
        self.heard.append(request)


@pytest.fixture
def codedeploy(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> CodeDeploy:
    arns = {name: ARN.format(name) for name in ("recognition", "door", "enrollment", "query", "notification")}
    candidate, codedeploy = LambdaCandidate(Lambda(stack), arns), CodeDeploy()
    monkeypatch.setattr(
        wiring, "stage", lambda: Stage(candidate, CodeDeployDeployments(codedeploy), stack.photos)
    )
    monkeypatch.setattr("time.sleep", lambda _s: None)
    return codedeploy


HOOK = {"DeploymentId": "d-1", "LifecycleEventHookExecutionId": "e-1"}


def test_versions_that_do_the_main_job_may_have_the_traffic(stack: Stack, codedeploy: CodeDeploy) -> None:
    assert stack.invoke("rehearsal", HOOK) == {"passed": True, "wrong": []}
    assert codedeploy.heard == [
        {"deploymentId": "d-1", "lifecycleEventHookExecutionId": "e-1", "status": "Succeeded"}
    ]
    assert stack.faces.searches == 2


def test_a_version_that_answers_500_stops_the_deployment(stack: Stack, codedeploy: CodeDeploy) -> None:
    stack.faces.failures = [Misconfigured("the collection does not exist")] * 9

    answer = stack.invoke("rehearsal", HOOK)

    assert answer["wrong"] == ["recognition raised RecordsFailed; its log says why"]
    assert [each["status"] for each in codedeploy.heard] == ["Failed"]


def test_a_service_that_is_busy_once_does_not_stop_it(stack: Stack, codedeploy: CodeDeploy) -> None:
    stack.faces.failures = [ServiceBusy("Rekognition is busy")]

    assert stack.invoke("rehearsal", HOOK)["passed"]


def test_a_rehearsal_that_breaks_itself_tells_the_deployment(
    stack: Stack, codedeploy: CodeDeploy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stack.photos, "write", lambda *_: 1 / 0)

    assert stack.invoke("rehearsal", HOOK)["wrong"] == ["the rehearsal itself failed (ZeroDivisionError)"]
    assert [each["status"] for each in codedeploy.heard] == ["Failed"]


def test_by_hand_nobody_waits_to_hear_of_it(stack: Stack, codedeploy: CodeDeploy) -> None:
    assert stack.invoke("rehearsal", {})["passed"]
    assert codedeploy.heard == []


@pytest.mark.parametrize("arns", ["", "RecognitionFunction.Version"])  # sam local gives such a name
def test_without_versions_the_setting_is_named(arns: str) -> None:
    with pytest.raises(Misconfigured, match="RECOGNIZEME_CANDIDATES"):
        LambdaCandidate.connect(arns)


def test_a_version_that_may_not_be_called_is_a_wrong_policy() -> None:
    class Denied:
        def invoke(self, **_request: Any) -> None:
            raise ClientError({"Error": {"Code": "AccessDeniedException"}}, "Invoke")

    with pytest.raises(Misconfigured, match="no permission for Invoke on the new version of recognition"):
        LambdaCandidate(Denied(), {"recognition": ARN.format("recognition")}).warm()
