"""S3 event -> sighting: every picture stored under `captures/` is recognized once."""

from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from recognizeme import wiring
from recognizeme.domain.model import Capture
from recognizeme.entry.observe import Observer
from recognizeme.entry.presentation import SightingJson, door_sighting_json
from recognizeme.entry.s3_event import handle_objects, unwrapped

logger = Logger()
metrics = Metrics()
observer = Observer(logger, metrics)


@logger.inject_lambda_context
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Recognize each stored capture. Raises `RecordsFailed`, for Lambda to retry, when any record failed."""
    metrics.add_metric("RecognitionEvents", MetricUnit.Count, 1)
    recognizer = wiring.recognizer(wiring.parts(), observer)

    def recognize(key: str) -> SightingJson | None:
        capture = Capture.from_key(key)
        if capture is None:
            logger.warning("object ignored: it is no capture", key_prefix=key.partition("/")[0][:40])
            return None
        return door_sighting_json(recognizer.recognize_stored(capture, key))

    result = handle_objects(unwrapped(event), recognize, log=logger)
    metrics.add_metric("IgnoredRecords", MetricUnit.Count, result.ignored)
    return {"sightings": result.items, "ignored": result.ignored}
