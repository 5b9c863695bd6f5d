"""S3 event -> sighting: every picture stored under `captures/` is recognized once."""

from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from recognizeme import wiring
from recognizeme.domain.model import Capture
from recognizeme.entry.observe import count_sighting
from recognizeme.entry.presentation import sighting_json
from recognizeme.entry.s3_event import StoredObject, handle_objects

logger = Logger()
metrics = Metrics()


@logger.inject_lambda_context
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Recognize each stored capture. Raises `RecordsFailed`, for Lambda to retry, when any record failed."""
    metrics.add_metric("RecognitionEvents", MetricUnit.Count, 1)
    recognizer = wiring.recognizer(wiring.parts())

    def recognize(stored: StoredObject) -> dict[str, Any] | None:
        capture = Capture.from_key(stored.key)
        if capture is None:
            logger.warning("object ignored: it is no capture", key_prefix=stored.key.partition("/")[0][:40])
            return None
        sighting = recognizer.recognize_stored(capture, stored.key)
        count_sighting(sighting, logger=logger, metrics=metrics)
        return sighting_json(sighting)

    result = handle_objects(event, recognize, log=logger)
    metrics.add_metric("IgnoredRecords", MetricUnit.Count, result.ignored)
    return {"sightings": result.items, "ignored": result.ignored}
