"""`recognizeme web`: the console, and who may sign in to it. A command is a module of its name."""

from collections.abc import Mapping

import click

from kiosk.commands.lazy import LazyGroup

# name -> what `recognizeme web --help` says
COMMANDS: Mapping[str, str] = {
    "serve": "Serve the console; what `web` alone does.",
    "user": "List, add and remove those who may sign in, and change passwords.",
}


@click.group(cls=LazyGroup, package=__name__, commands_of=COMMANDS, default="serve")
def command() -> None:
    """Serve the console: who is this, who was here, who is enrolled.

    Without one of the commands below it is served, with the options of `recognizeme web serve --help`.
    """
