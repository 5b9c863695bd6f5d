"""What an action is."""

from dataclasses import dataclass
from typing import Any, Protocol

from kiosk.client.errors import KioskError
from kiosk.client.sighting import Sighting


class ActionRefused(KioskError):
    """An action that cannot be set up; the text says what to do."""


class ActionFailed(Exception):
    """An action that was tried and did not work; the text says how, and names nobody."""


class Action(Protocol):
    """Something that can be done about a sighting, within a time limit."""

    @property
    def name(self) -> str:
        """What the log calls it; holds no secret."""

    def act(self, message: dict[str, Any], *, timeout_s: float) -> None:
        """Do it. Raises `ActionFailed`."""


@dataclass(frozen=True, slots=True)
class Trigger:
    """An outcome and what to do about it."""

    outcome: str
    action: Action


def message_of(sighting: Sighting) -> dict[str, Any]:
    """The message of every action; `id` is the capture's, so that a receiver recognizes repetitions."""
    return {
        "id": sighting.capture_id,
        "kiosk_id": sighting.kiosk_id,
        "captured_at": sighting.captured_at,
        "outcome": sighting.outcome,
        "person_id": sighting.person_id,
        "name": sighting.name,
        "similarity_pct": sighting.similarity_pct,
    }
