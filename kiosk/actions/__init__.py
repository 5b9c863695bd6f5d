"""What a sighting sets in motion: `--on outcome=webhook:URL`, `=command:PATH`, `=mqtt:URL/topic`.

The unlock policy decides before anything happens. Nothing is tried twice: a door that opens a minute late is
worse than one that stays shut.
"""

from kiosk.actions.action import Action, ActionFailed, ActionRefused, Trigger
from kiosk.actions.runner import Actions
from kiosk.actions.trigger import parse_trigger

__all__ = ["Action", "ActionFailed", "ActionRefused", "Actions", "Trigger", "parse_trigger"]
