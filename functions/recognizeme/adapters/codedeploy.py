"""A deployment under way: its new function versions, and CodeDeploy, which waits for word of them."""

import base64
import json
from collections.abc import Mapping
from typing import Any, Self
from urllib.parse import quote_plus, urlencode

from recognizeme.adapters.aws import make_client, translated
from recognizeme.domain.errors import Misconfigured, VersionFailed
from recognizeme.domain.model import Capture


class LambdaCandidate:
    """`Candidate` made of published versions, by the last word of their functions' names."""

    def __init__(self, functions: Any, arns: Mapping[str, str]) -> None:
        self._functions = functions
        self._arns = arns

    @classmethod
    def connect(cls, arns: str) -> Self:
        """The versions whose ARNs are given, separated by spaces; raises `Misconfigured` without them."""
        if not arns:
            raise Misconfigured("the environment variable RECOGNIZEME_CANDIDATES is not set")
        # A cold start under SnapStart or a slow first call takes longer than the 5 s of other clients.
        try:
            named = {arn.split(":")[6].rpartition("-")[2]: arn for arn in arns.split()}
        except IndexError as error:  # sam local knows no versions
            raise Misconfigured(
                "RECOGNIZEME_CANDIDATES names no published versions; only a deployment has them"
            ) from error
        return cls(make_client("lambda", read_timeout_s=30), named)

    def warm(self) -> None:
        """Give the functions of events the bucket's test event, which they ignore."""
        for name in ("recognition", "enrollment", "notification"):
            self._invoke(name, {"Event": "s3:TestEvent"})

    def recognize_stored(self, photo_key: str) -> str | None:
        """Give recognition the event of a stored picture."""
        event = {"Records": [{"s3": {"object": {"key": quote_plus(photo_key)}}}]}
        sightings = self._invoke("recognition", event).get("sightings")
        return _outcome(sightings[0] if sightings else None)

    def recognize_now(self, capture: Capture, picture: bytes) -> str | None:
        """Hand the picture in as a kiosk would."""
        return self._call(
            *("door", "POST", "/kiosks/{kiosk_id}/recognitions"),
            query={"capture_id": capture.capture_id},
            picture=picture,
            kiosk_id=capture.kiosk_id,
        )

    def look_up(self, capture: Capture) -> str | None:
        """Ask for the sighting."""
        path = "/sightings/{capture_id}"
        return self._call("query", "GET", path, capture_id=capture.capture_id)

    def _call(
        self,
        name: str,
        method: str,
        route: str,
        *,
        query: Mapping[str, str] | None = None,
        picture: bytes = b"",
        **path_parameters: str,
    ) -> str | None:
        event = {
            "version": "2.0",
            "routeKey": f"{method} {route}",
            "rawPath": route.format(**path_parameters),
            "rawQueryString": urlencode(query or {}),
            "headers": {"content-type": "image/png"} if picture else {},
            "queryStringParameters": query or {},
            "pathParameters": path_parameters,
            "requestContext": {
                "http": {"method": method, "path": route.format(**path_parameters)},
                "stage": "$default",
                "requestId": "rehearsal",
            },
            "isBase64Encoded": True,
            "body": base64.b64encode(picture).decode(),
        }
        answer = self._invoke(name, event)
        try:
            return _outcome(json.loads(answer["body"]))
        except (KeyError, TypeError, ValueError):
            return f"no sighting, status {answer.get('statusCode')}"

    def _invoke(self, name: str, event: object) -> dict[str, Any]:
        with translated(f"the new version of {name}"):
            answer = self._functions.invoke(FunctionName=self._arns[name], Payload=json.dumps(event).encode())
            result = json.loads(answer["Payload"].read())
        if "FunctionError" in answer:
            raise VersionFailed(f"{name} raised {result.get('errorType', 'an error')}; its log says why")
        return dict(result)


def _outcome(sighting: object) -> str | None:
    return sighting.get("outcome") or sighting.get("detail") if isinstance(sighting, dict) else None


class CodeDeployDeployments:
    """`Deployments` at CodeDeploy, which waits for an hour."""

    def __init__(self, client: Any) -> None:
        self._client = client

    @classmethod
    def connect(cls) -> Self:
        """CodeDeploy of this region."""
        return cls(make_client("codedeploy"))

    def report(self, deployment_id: str, execution_id: str, *, passed: bool) -> None:
        """Say how the hook went."""
        with translated("the deployment"):
            self._client.put_lifecycle_event_hook_execution_status(
                deploymentId=deployment_id,
                lifecycleEventHookExecutionId=execution_id,
                status="Succeeded" if passed else "Failed",
            )
