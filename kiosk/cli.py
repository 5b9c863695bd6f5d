"""The `recognizeme` command."""

from collections.abc import Mapping

import click

from kiosk.commands.lazy import LazyGroup
from kiosk.commands.options import Target

# name -> what `recognizeme --help` says; the command is `command` in kiosk/commands/<name>.py
COMMANDS: Mapping[str, str] = {
    "kiosk": "Watch a camera, a video or pictures and say who is at the door.",
    "web": "Serve a page where a picture is uploaded and its result shown.",
    "enroll": "Add people from a folder of photos.",
    "people": "List the people who are enrolled, show and change them.",
    "forget": "Remove a person and everything held about them.",
    "export": "Write everything held about a person to a folder or zip file.",
    "sightings": "List who was seen, where and when, and why.",
    "correct": "Say who a sighting really was, and let that teach.",
    "strangers": "List unknown visitors by likeness, and say who they are.",
    "corrections": "List what corrections taught, and take it back.",
    "presence": "List who is on the premises, as far as the doors know.",
    "rollcall": "Call the roll of those who are in, and tick them off.",
    "stats": "Draw what came of visits, by day, week or month.",
    "report": "Report visits, unknowns, errors, cost or corrections, as CSV or XLSX too.",
    "kiosks": "List the kiosks and how they are doing, and say whom they let in.",
    "notifications": "Say whom to tell of what, and list what was sent.",
    "audit": "List who changed what, and who looked at whose picture.",
    "cost": "Show what the recognitions cost.",
    "evaluate": "Measure how reliably the people enrolled are told apart.",
    "replay": "Try again what failed for good.",
    "reindex": "Index everybody's photos anew, for Rekognition's newest model.",
    "doctor": "Check camera, model, clock, disk, API and credentials.",
}


@click.group(
    cls=LazyGroup,
    package="kiosk.commands",
    commands_of=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.option(
    "--api",
    metavar="URL",
    help="The API's address, for every command.  [env: RECOGNIZEME_API; default: make up's]",
)
@click.option("--stack", metavar="NAME", help="A stack on AWS, whose API is found.  [env: RECOGNIZEME_STACK]")
@click.version_option(package_name="recognizeme-kiosk", message="recognizeme %(version)s")
@click.pass_context
def main(ctx: click.Context, api: str | None, stack: str | None) -> None:
    """Recognize people at a door, enroll them, and look at who was seen.

    Every command talks to one API: the local stack of `make up`, or one on AWS.
    """
    ctx.obj = Target(api, stack)
