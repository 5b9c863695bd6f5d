"""What a kiosk calls: an upload ticket or immediate recognition, its sightings, and that it sees."""

import secrets
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools import Logger, Metrics, single_metric
from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from recognizeme import wiring
from recognizeme.domain.errors import NotFound, RecognizeMeError
from recognizeme.domain.model import (
    Capture,
    Liveness,
    Sighting,
    Status,
    check_capture_id,
    check_kiosk_id,
    new_capture_id,
)
from recognizeme.entry import kiosk_json, parsing
from recognizeme.entry.http_api import HttpApi, answer, path_id
from recognizeme.entry.observe import Observer
from recognizeme.entry.presentation import (
    CaptureTicketJson,
    door_sighting_json,
    ticket_json,
)
from recognizeme.usecases.recognize import issue_ticket

logger = Logger()
metrics = Metrics()
observer = Observer(logger, metrics)
api = HttpApi(logger, wiring.auditor)


@api.post("/kiosks/<kiosk_id>/captures")
def post_capture(kiosk_id: str) -> Response[str]:
    """Hand out an upload ticket."""
    parts = wiring.parts()
    fields = parsing.json_object(api.body)
    liveness = parsing.choice(Liveness, fields, "liveness", Liveness.NOT_ASKED)
    capture = Capture(parsing.text(fields, "capture_id"), path_id(kiosk_id, check_kiosk_id), liveness)
    content_type = parsing.text(fields, "content_type", "image/jpeg")
    ticket = issue_ticket(
        capture,
        content_type,
        photos=parts.photos,
        sightings=parts.sightings,
        ticket_s=parts.settings.ticket_s,
        now=parts.now,
    )
    named: CaptureTicketJson = {"capture_id": capture.capture_id, **ticket_json(ticket)}
    return answer(named, HTTPStatus.CREATED)


@api.post("/kiosks/<kiosk_id>/recognitions")
def post_recognition(kiosk_id: str) -> Response[str]:
    """Recognize the picture in the body at once."""
    parts = wiring.parts()
    capture_id = api.parameters.get("capture_id")
    if capture_id is None:
        capture_id = new_capture_id(parts.now(), secrets.token_bytes(10))
    liveness = parsing.choice(Liveness, api.parameters, "liveness", Liveness.NOT_ASKED)
    capture = Capture(capture_id, path_id(kiosk_id, check_kiosk_id), liveness)
    picture = api.picture()
    sighting = _own_sighting(capture, wiring.recognizer(parts, observer).recognize_now(capture, picture))
    is_done = sighting.status is Status.DONE
    return answer(door_sighting_json(sighting), HTTPStatus.OK if is_done else HTTPStatus.ACCEPTED)


@api.get("/kiosks/<kiosk_id>/sightings/<capture_id>")
def get_sighting(kiosk_id: str, capture_id: str) -> Response[str]:
    """One of the kiosk's own sightings; another kiosk's is not found."""
    capture = Capture(path_id(capture_id, check_capture_id), path_id(kiosk_id, check_kiosk_id))
    return answer(
        door_sighting_json(_own_sighting(capture, wiring.parts().sightings.get(capture.capture_id)))
    )


@api.post("/kiosks/<kiosk_id>/heartbeat")
def post_heartbeat(kiosk_id: str) -> Response[str]:
    """How the kiosk is doing; its own alarm misses those that do not come, or say that it does not see."""
    kiosk_id = path_id(kiosk_id, check_kiosk_id)
    parts = wiring.parts()
    beat = kiosk_json.heartbeat(parsing.json_object(api.body) if api.body else {}, now=parts.now())
    if beat.seen_at:
        with single_metric(name="Heartbeats", unit=MetricUnit.Count, value=1) as metric:
            metric.add_dimension("kiosk_id", kiosk_id)
    try:
        if (watch := wiring.watch()) is not None:
            watch.expect(kiosk_id)
    except RecognizeMeError as error:  # the heartbeat has been counted, and the next one tries again
        logger.error("no alarm for the kiosk", error=type(error).__name__)
    door = parts.kiosks.beat(kiosk_id, beat)
    return answer(kiosk_json.heard_json(kiosk_id, beat, door))


@api.get("/kiosks/<kiosk_id>/policy")
def get_policy(kiosk_id: str) -> Response[str]:
    """What the office says of the kiosk's door; its version is the answer's ETag."""
    door = wiring.parts().kiosks.get(path_id(kiosk_id, check_kiosk_id))
    etag = f'"{door.kiosk.version}"'
    if api.header("if-none-match") == etag:
        return Response(HTTPStatus.NOT_MODIFIED, headers={"ETag": etag})
    return answer(kiosk_json.policy_json(door), headers={"ETag": etag})


def _own_sighting(capture: Capture, sighting: Sighting | None) -> Sighting:
    if sighting is None or sighting.capture != capture:
        raise NotFound(f"there is no sighting {capture.capture_id!r} of kiosk {capture.kiosk_id!r}")
    return sighting


@logger.inject_lambda_context
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Route an HTTP API event (payload 2.0)."""
    metrics.add_metric("DoorRequests", MetricUnit.Count, 1)
    return api.resolve(event, context)
