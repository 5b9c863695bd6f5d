"""What recognitions leave in the logs and metrics: numbers and ids of captures, never of people."""

from collections.abc import Sequence
from datetime import timedelta

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit, single_metric

from recognizeme.domain.model import Sighting

# Nobody stands at a door for a minute: what is older came from a backlog, and says nothing about waiting.
_BACKLOG = timedelta(minutes=1)


def count_failed_request() -> None:
    """The metric behind the alarm RequestsFailed: an answer 500 is no error to Lambda, which counts none."""
    with single_metric(name="RequestsFailed", unit=MetricUnit.Count, value=1):
        pass


def count_leaving(people: int) -> None:
    """Who is to be forgotten soon by themselves, of those looked through: a day's sum is all of them."""
    with single_metric(name="PeopleLeaving", unit=MetricUnit.Count, value=people):
        pass


class Observer:
    """A `Witness` that writes log lines, and the metrics that dashboard and alarms read (template.yaml)."""

    def __init__(self, logger: Logger, metrics: Metrics) -> None:
        self._logger = logger
        self._metrics = metrics
        self._reported: set[str] = set()

    def call_begins(self) -> None:
        """Counted before it is made: one that fails may have been paid for, too."""
        self._metrics.add_metric("RekognitionCalls", MetricUnit.Count, 1)

    def call_cancelled(self) -> None:
        """Taken off again: one that was not served costs nothing."""
        self._metrics.add_metric("RekognitionCalls", MetricUnit.Count, -1)

    def decided(self, sighting: Sighting) -> None:
        """One log line, the outcome, and how long the visitor waited."""
        self._metrics.add_metric(f"Outcome_{sighting.outcome or sighting.status}", MetricUnit.Count, 1)
        age = sighting.age
        if age is not None and age > _BACKLOG:
            self._metrics.add_metric("LateCaptures", MetricUnit.Count, 1)
        elif age is not None:
            # A kiosk's clock may be wrong; a negative wait would only spoil the percentiles.
            wait_ms = max(age.total_seconds() * 1000, 0.0)
            self._metrics.add_metric("CaptureToSighting", MetricUnit.Milliseconds, wait_ms)
        self._logger.info(
            "capture recognized",
            capture_id=sighting.capture.capture_id,
            kiosk_id=sighting.capture.kiosk_id,
            status=sighting.status,
            outcome=sighting.outcome,
            wait_ms=age and age.total_seconds() * 1000,
        )

    def found_orphans(self, face_ids: Sequence[str]) -> None:
        """Said once of each face, as long as this process lives."""
        if new := set(face_ids) - self._reported:
            self._reported |= new
            self._metrics.add_metric("OrphanFaces", MetricUnit.Count, len(new))
            self._logger.warning(
                "the collection holds faces of nobody we know; run recognizeme doctor --collection",
                faces=len(new),
            )
