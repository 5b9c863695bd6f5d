"""`recognizeme rollcall`: a list of those who are in, ticked off. A command is a module of its name."""

from collections.abc import Mapping

import click

from kiosk.commands.lazy import LazyGroup

# name -> what `recognizeme rollcall --help` says
COMMANDS: Mapping[str, str] = {
    "show": "Show who is not accounted for; what `rollcall` alone does.",
    "start": "Begin a roll call with those who are in.",
    "tick": "Say that somebody is safe or missing.",
    "end": "End a roll call.",
    "list": "List the roll calls there were.",
}


@click.group(cls=LazyGroup, package=__name__, commands_of=COMMANDS, default="show")
def command() -> None:
    """Call the roll: a list of those who are in, ticked off by as many people as you like.

    It says who is not accounted for, never that the building is empty: whom no camera saw is not on the list.
    """
