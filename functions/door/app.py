"""What a kiosk calls: an upload ticket, or immediate recognition."""

import secrets
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from recognizeme import wiring
from recognizeme.domain.errors import CaptureInProgress, NotFound
from recognizeme.domain.model import Capture, Status, new_capture_id
from recognizeme.entry import parsing
from recognizeme.entry.http_api import HttpApi, answer
from recognizeme.entry.observe import count_sighting
from recognizeme.entry.presentation import sighting_json, ticket_json
from recognizeme.usecases.recognize import issue_ticket

logger = Logger()
metrics = Metrics()
api = HttpApi(logger)


@api.post("/captures")
def post_capture() -> Response[str]:
    """Hand out an upload ticket."""
    parts = wiring.parts()
    fields = parsing.json_object(api.body)
    capture = Capture(parsing.text(fields, "capture_id"), parsing.text(fields, "kiosk_id"))
    content_type = parsing.text(fields, "content_type", "image/jpeg")
    ticket = issue_ticket(
        capture, content_type, photos=parts.photos, ticket_s=parts.settings.ticket_s, now=parts.now
    )
    return answer(ticket_json(ticket, capture_id=capture.capture_id), HTTPStatus.CREATED)


@api.post("/recognitions")
def post_recognition() -> Response[str]:
    """Recognize the picture in the body at once."""
    parts = wiring.parts()
    capture_id = api.parameters.get("capture_id") or new_capture_id(parts.now(), secrets.token_bytes(10))
    capture = Capture(capture_id, parsing.text(api.parameters, "kiosk_id"))
    picture = api.picture()
    try:
        sighting = wiring.recognizer(parts).recognize_now(capture, picture)
    except CaptureInProgress as error:
        elsewhere = parts.sightings.get(capture.capture_id)
        if elsewhere is None:
            raise NotFound(f"capture {capture.capture_id} is no longer kept") from error
        status = HTTPStatus.OK if elsewhere.status is Status.DONE else HTTPStatus.ACCEPTED
        return answer(sighting_json(elsewhere), status)
    count_sighting(sighting, logger=logger, metrics=metrics)
    return answer(sighting_json(sighting))


@logger.inject_lambda_context
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Route an HTTP API event (payload 2.0)."""
    metrics.add_metric("DoorRequests", MetricUnit.Count, 1)
    return api.resolve(event, context)
