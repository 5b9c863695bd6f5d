"""`recognizeme kiosks`: every door, what the office says of it, and how it is doing."""

from collections.abc import Mapping

import click

from kiosk.commands.lazy import LazyGroup

# name -> what `recognizeme kiosks --help` says
COMMANDS: Mapping[str, str] = {
    "list": "List the kiosks and how they are doing; what `kiosks` alone does.",
    "show": "Show all that is known of one kiosk.",
    "set": "Say where a kiosk is, whom it lets in and when, and how sure it must be.",
    "remove": "Remove a kiosk that was taken away.",
    "groups": "List how sure a recognition must be of each group.",
    "set-group": "Say how sure a recognition must be of somebody of a group.",
}


@click.group(cls=LazyGroup, package=__name__, commands_of=COMMANDS, default="list")
def command() -> None:
    """List the kiosks and how they are doing, show one, and say whom it lets in.

    Kiosks take what is said here within a minute, and go on with it when nothing answers.
    """
