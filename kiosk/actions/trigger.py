"""Reading `--on`."""

import os
from collections.abc import Mapping

from kiosk.actions.action import Action, ActionRefused, Trigger
from kiosk.actions.command import Command
from kiosk.actions.mqtt import Mqtt
from kiosk.actions.unlock_policy import OUTCOMES
from kiosk.actions.webhook import Webhook, signing_key


def parse_trigger(text: str, *, environ: Mapping[str, str] = os.environ) -> Trigger:
    """Read `recognized=webhook:https://...`, `=command:/path` or `=mqtt:mqtts://host/topic`.

    Raises `ActionRefused` for anything else, and for a webhook without RECOGNIZEME_WEBHOOK_SECRET.
    """
    outcome, _, action = text.partition("=")
    kind, _, target = action.partition(":")
    if outcome not in OUTCOMES:
        raise ActionRefused(f"--on {text}: {outcome!r} must be one of {', '.join(OUTCOMES)}")
    return Trigger(outcome, _action(kind, target, text, environ))


def _action(kind: str, target: str, text: str, environ: Mapping[str, str]) -> Action:
    match kind:
        case "webhook":
            secret = environ.get("RECOGNIZEME_WEBHOOK_SECRET")
            if not secret:
                raise ActionRefused("a webhook is signed; set RECOGNIZEME_WEBHOOK_SECRET")
            return Webhook(target, signing_key(secret))
        case "command":
            return Command(target)
        case "mqtt":
            return Mqtt(target, environ=environ)
    raise ActionRefused(f"--on {text}: write OUTCOME=webhook:URL, =command:PATH or =mqtt:URL/topic")
