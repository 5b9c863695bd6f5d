"""Announces what happened: rules by the API, events from the bus, and messages that are to be sent."""

from datetime import datetime
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext

from recognizeme import wiring
from recognizeme.domain.model import check_kiosk_id
from recognizeme.domain.notifications import Event, EventKind, check_rule_id, kiosk_changed
from recognizeme.entry import parsing
from recognizeme.entry.http_api import HttpApi, answer, path_id
from recognizeme.entry.notification_json import notice_json, read_rule, rule_json
from recognizeme.entry.presentation import list_json
from recognizeme.entry.s3_event import unwrapped

logger = Logger()
api = HttpApi(logger, wiring.auditor)

_ALARM = "-kiosk-gone-"  # in the name of a kiosk's alarm, before its id


@api.get("/notification-rules")
def get_rules() -> Response[str]:
    """Every rule."""
    return answer(list_json(map(rule_json, wiring.parts().notifications.rules())))


@api.put("/notification-rules/<rule_id>")
def put_rule(rule_id: str) -> Response[str]:
    """Say what is announced to whom."""
    rule = read_rule(path_id(rule_id, check_rule_id), parsing.json_object(api.body))
    api.note(channel=rule.channel, events=" ".join(rule.events), picture=rule.picture, enabled=rule.enabled)
    wiring.notifier(wiring.parts()).put_rule(rule)
    return answer(rule_json(rule))


@api.delete("/notification-rules/<rule_id>")
def delete_rule(rule_id: str) -> Response[str]:
    """Remove a rule; the answer is what it was."""
    rule = wiring.notifier(wiring.parts()).remove_rule(path_id(rule_id, check_rule_id))
    return answer(rule_json(rule))


@api.post("/notification-rules/<rule_id>/test")
def post_test(rule_id: str) -> Response[str]:
    """Send a test by a rule; GET /notifications says what became of it."""
    return answer(notice_json(wiring.notifier(wiring.parts()).test(path_id(rule_id, check_rule_id))))


@api.get("/notifications")
def get_notifications() -> Response[str]:
    """Messages, newest first."""
    limit = parsing.limit(api.parameters)
    return answer(list_json(map(notice_json, wiring.parts().notifications.newest(limit=limit))))


@logger.inject_lambda_context
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Route an HTTP API event, decide what an event is worth announcing, or send a message."""
    if isinstance(event, dict) and "requestContext" in event:
        return api.resolve(event, context)
    task = unwrapped(event)
    notifier = wiring.notifier(wiring.parts())
    if isinstance(task, dict) and "notice" in task:
        notice = notifier.send(str(task["notice"]))
        if notice:
            logger.info("notice", notice_id=notice.notice_id, state=notice.state, error=notice.error)
        return {"state": notice.state if notice else None}
    if capture_id := _capture_of(task):
        return {"notices": notifier.seen(capture_id)}
    if heard := _kiosk_event(task):
        return {"notices": notifier.heard(heard)}
    logger.warning("event ignored: it is none that is announced")
    return {"notices": 0}


def _capture_of(task: Any) -> str | None:
    """The capture of a sighting that is done: of the bus's event, or of one machine's."""
    match task:
        case {"noticed": str(capture_id)}:
            return capture_id
        case {"detail": {"dynamodb": {"NewImage": {"CaptureId": {"S": str(capture_id)}}}}}:
            return capture_id
    return None


def _kiosk_event(task: Any) -> Event | None:
    """A kiosk that is gone or back: CloudWatch's alarm says it, or one machine's watch."""
    match task:
        case {"kiosk": {"kiosk_id": str(kiosk_id), "kind": kind, "at": str(at)}}:
            return kiosk_changed(check_kiosk_id(kiosk_id), EventKind(kind), datetime.fromisoformat(at))
        case {
            "detail": {
                "alarmName": str(alarm),
                "state": {"value": "ALARM" | "OK" as value, "timestamp": str(at)},
                "previousState": {"value": before},
            }
        } if _ALARM in alarm and (value == "ALARM" or before == "ALARM"):
            kind = EventKind.KIOSK_GONE if value == "ALARM" else EventKind.KIOSK_BACK
            kiosk_id = check_kiosk_id(alarm.partition(_ALARM)[2])
            return kiosk_changed(kiosk_id, kind, datetime.fromisoformat(at))
    return None
