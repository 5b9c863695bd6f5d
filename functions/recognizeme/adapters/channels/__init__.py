"""How messages travel. Addresses and what servers say may name somebody: no error quotes them."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from recognizeme.domain.errors import NotDelivered
from recognizeme.domain.notifications import Channel, Message, Rule

Secrets = Callable[[str], str]  # raises `NotDelivered` for one that is not there


class Carrier(Protocol):
    """One way to send."""

    def __call__(self, message: Message, rule: Rule, /) -> None:
        """Raises `NotDelivered`."""


class Channels:
    """`Messenger` that asks the carrier of a rule's channel."""

    def __init__(self, carriers: Mapping[Channel, Carrier]) -> None:
        self._carriers = carriers

    def send(self, message: Message, rule: Rule) -> None:
        """By the rule's channel."""
        carrier = self._carriers.get(rule.channel)
        if carrier is None:
            raise NotDelivered(f"{rule.channel} messages are not set up; docs/notifications.md says how")
        carrier(message, rule)


def payload(message: Message) -> dict[str, Any]:
    """A message as JSON, but for its picture."""
    return {
        "id": message.notice_id,
        "type": f"recognizeme.{message.kind or 'test'}",
        "timestamp": message.at.isoformat().replace("+00:00", "Z"),
        "data": {
            "text": message.text,
            "rule_id": message.rule_id,
            "capture_id": message.capture_id,
            "kiosk_id": message.kiosk_id or None,
            "place": message.place,
            "person_id": message.person_id,
            "name": message.name,
            "late": message.is_late,
        },
    }
