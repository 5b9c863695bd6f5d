"""`recognizeme people`: who is enrolled, and what is said of them. A command is a module of its name."""

from collections.abc import Mapping

import click

from kiosk.commands.lazy import LazyGroup

# name -> what `recognizeme people --help` says
COMMANDS: Mapping[str, str] = {
    "list": "List the people who are enrolled; what `people` alone does.",
    "show": "Show one person, and what became of their photos.",
    "photos": "List the photos of somebody, and what became of each.",
    "remove-photo": "Remove one photo of somebody, and its face.",
    "merge": "Have two records of one human count as one.",
    "unmerge": "Take a merge back.",
    "rename": "Give somebody another name.",
    "group": "Put people into a group, or take them out.",
    "activate": "Have somebody recognized, for good or until a day.",
    "deactivate": "Have somebody recognized no longer, and keep them on record.",
    "check": "Look through everybody's photos for what will go wrong at the door.",
    "consent": "Record that somebody agreed to be recognized, or withdrew that.",
}


@click.group(cls=LazyGroup, package=__name__, commands_of=COMMANDS, default="list")
def command() -> None:
    """List the people who are enrolled, show and change them.

    A person is named by their id or their name. Without one of the commands below, people are listed, and
    `recognizeme people WHO` shows one.
    """
