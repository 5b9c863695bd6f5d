"""An alarm for each kiosk that sends heartbeats, made when it sends its first one."""

from typing import Any, Self

from recognizeme.adapters.aws import make_client, translated


class CloudWatchWatch:
    """`Watch` that makes or renews a kiosk's alarm once in the life of this process.

    A template cannot list kiosks, and one alarm on all heartbeats stays silent while any kiosk lives.
    """

    def __init__(self, client: Any, stack: str, *, minutes: int, topic: str) -> None:
        self._client = client
        self._stack = stack
        self._minutes = minutes
        self._topic = topic
        self._watched: set[str] = set()

    @classmethod
    def connect(cls, stack: str, *, minutes: int, topic: str) -> Self:
        """CloudWatch of this region."""
        return cls(make_client("cloudwatch"), stack, minutes=minutes, topic=topic)

    def expect(self, kiosk_id: str) -> None:
        """Raise an alarm once this kiosk's heartbeats stay away."""
        if kiosk_id in self._watched:
            return
        with translated("the kiosk's alarm"):
            self._client.put_metric_alarm(
                AlarmName=f"{self._stack}-kiosk-gone-{kiosk_id}",
                AlarmDescription=f"Kiosk {kiosk_id} sent no heartbeat for {self._minutes} minutes.",
                AlarmActions=[self._topic],
                OKActions=[self._topic],
                Namespace="RecognizeMe",
                MetricName="Heartbeats",
                Dimensions=[
                    {"Name": "kiosk_id", "Value": kiosk_id},
                    {"Name": "service", "Value": self._stack},
                ],
                Statistic="Sum",
                Period=60,
                EvaluationPeriods=self._minutes,
                Threshold=1,
                ComparisonOperator="LessThanThreshold",
                TreatMissingData="breaching",
            )
        self._watched.add(kiosk_id)
