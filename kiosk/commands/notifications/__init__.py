"""`recognizeme notifications`: whom to tell of what, and what was sent."""

from collections.abc import Mapping

import click

from kiosk.commands.lazy import LazyGroup

# name -> what `recognizeme notifications --help` says
COMMANDS: Mapping[str, str] = {
    "list": "List the rules; what `notifications` alone does.",
    "set": "Say whom to tell of what, and how.",
    "remove": "Remove a rule.",
    "test": "Send a test by a rule, and say what became of it.",
    "status": "List the messages of what happened last, and what became of them.",
}


@click.group(cls=LazyGroup, package=__name__, commands_of=COMMANDS, default="list")
def command() -> None:
    """List the rules of who is told of what, change them, and see what was sent."""
