"""Each kiosk that sends heartbeats has an alarm of its own, made once a process."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from recognizeme.adapters.cloudwatch import CloudWatchWatch
from recognizeme.domain.errors import ServiceBusy

TOPIC = "arn:aws:sns:us-east-1:123456789012:recognizeme-Alarms"


class CloudWatch:
    """CloudWatch's client, which notes the alarms; it can be busy."""

    def __init__(self, busy: int = 0) -> None:
        self.busy = busy
        self.alarms: list[dict[str, Any]] = []

    def put_metric_alarm(self, **alarm: Any) -> None:
        if self.busy:
            self.busy -= 1
            raise ClientError({"Error": {"Code": "Throttling"}}, "PutMetricAlarm")
        self.alarms.append(alarm)


def watch(client: CloudWatch) -> CloudWatchWatch:
    return CloudWatchWatch(client, "recognizeme", minutes=15, topic=TOPIC)


def test_a_kiosks_alarm_is_made_at_its_first_heartbeat_and_not_again() -> None:
    client = CloudWatch()
    watched = watch(client)
    for kiosk_id in ("front", "back", "front", "back"):
        watched.expect(kiosk_id)

    assert [alarm["AlarmName"] for alarm in client.alarms] == [
        "recognizeme-kiosk-gone-front",
        "recognizeme-kiosk-gone-back",
    ]


def test_the_alarm_is_raised_by_silence_of_this_kiosk_alone_and_tells_the_topic() -> None:
    client = CloudWatch()
    watch(client).expect("front")
    (alarm,) = client.alarms

    assert {each["Name"]: each["Value"] for each in alarm["Dimensions"]} == {
        "service": "recognizeme",
        "kiosk_id": "front",
    }
    assert (alarm["Period"], alarm["EvaluationPeriods"], alarm["TreatMissingData"]) == (60, 15, "breaching")
    assert alarm["AlarmActions"] == [TOPIC]
    assert alarm["OKActions"] == [TOPIC]  # that it is back is said, too


def test_an_alarm_that_could_not_be_made_is_tried_again() -> None:
    client = CloudWatch(busy=1)
    watched = watch(client)
    with pytest.raises(ServiceBusy):
        watched.expect("front")
    watched.expect("front")

    assert len(client.alarms) == 1
