"""What a sighting leaves in the logs and metrics: numbers and ids of captures, never of people."""

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit, single_metric

from recognizeme.domain.model import Sighting


def count_failed_request() -> None:
    """The metric behind the alarm RequestsFailed: an answer 500 is no error to Lambda, which counts none."""
    with single_metric(name="RequestsFailed", unit=MetricUnit.Count, value=1):
        pass


def count_sighting(sighting: Sighting, *, logger: Logger, metrics: Metrics) -> None:
    """One log line and the metrics that dashboard and alarms read (template.yaml)."""
    metrics.add_metric(f"Outcome_{sighting.outcome or sighting.status}", MetricUnit.Count, 1)
    metrics.add_metric("RekognitionCalls", MetricUnit.Count, sighting.rekognition_calls)
    wait_ms = None
    if sighting.recognized_at is not None:
        wait_ms = (sighting.recognized_at - sighting.capture.captured_at).total_seconds() * 1000
        # A kiosk's clock may be wrong; a negative wait would only spoil the percentiles.
        metrics.add_metric("CaptureToSighting", MetricUnit.Milliseconds, max(wait_ms, 0.0))
    logger.info(
        "capture recognized",
        capture_id=sighting.capture.capture_id,
        kiosk_id=sighting.capture.kiosk_id,
        status=sighting.status,
        outcome=sighting.outcome,
        wait_ms=wait_ms,
    )
