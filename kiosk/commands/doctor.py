"""`recognizeme doctor`: is this machine fit to be a kiosk, and what is to be mended?"""

import sys
from dataclasses import asdict
from pathlib import Path

import click
import cv2
from rich.markup import escape

from kiosk.client.api import ApiClient
from kiosk.commands.diagnostics import Check, Finding, diagnose
from kiosk.commands.options import api_option, json_option, source_of, source_options
from kiosk.commands.output import console, write_json
from kiosk.monitoring.status_file import state_folder
from kiosk.vision.models import YUNET_ENV

_MARKS = {
    Finding.OK: "[green]ok[/]     ",
    Finding.WARNING: "[yellow]warning[/]",
    Finding.FAILURE: "[red]failure[/]",
}


@click.command()
@source_options("DEVICE|URL|PATH", "The camera to try; without it the machine's first.")
@click.option("--kiosk-id", default="kiosk", show_default=True, help="Whose spool to look at.")
@click.option(
    "--spool",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where pictures wait until they are delivered.  [default: the user's state folder]",
)
@click.option(
    "--yunet-model",
    type=click.Path(path_type=Path),
    help=f"A face detector's model of your own.  [env: {YUNET_ENV}]",
)
@click.option("--collection", is_flag=True, help="Look for faces whose person does not exist, instead.")
@click.option("--remove-orphans", is_flag=True, help="With --collection: remove all of them.")
@api_option
@json_option
def command(
    source: str | None,
    source_file: Path | None,
    kiosk_id: str,
    spool: Path | None,
    yunet_model: Path | None,
    collection: bool,
    remove_orphans: bool,
    api: ApiClient,
    as_json: bool,
) -> None:
    """Check model, camera, disk, API, credentials and clock, and say how to mend what is wrong.

    Exits 1 when something has failed; warnings can wait.
    """
    if collection or remove_orphans:
        _check_collection(api, remove_orphans=remove_orphans, as_json=as_json)
        return
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    checks = []
    folder = spool or state_folder(kiosk_id) / "spool"
    for check in diagnose(api, source=source_of(source, source_file), spool=folder, yunet_model=yunet_model):
        checks.append(check)
        write_json(asdict(check)) if as_json else _tell(check)
    sys.exit(any(check.finding is Finding.FAILURE for check in checks))


def _check_collection(api: ApiClient, *, remove_orphans: bool, as_json: bool) -> None:
    found = api.check_collection(remove_orphans=remove_orphans)
    if as_json:
        write_json(found)
        return
    console().print(
        f"{found['faces']} faces in the collection; {found['removing']} of people who do not exist are being"
        f" removed, and {found['orphans']} belong to nobody known here",
        soft_wrap=True,
    )
    if found["orphans"]:
        console().print(
            "  -> if no other application uses the collection, remove them with --remove-orphans",
            soft_wrap=True,
        )


def _tell(check: Check) -> None:
    console().print(f"{_MARKS[check.finding]}  {check.name:<12} {escape(check.detail)}", soft_wrap=True)
    if check.mend and check.finding is not Finding.OK:
        console().print(f"         {'':<12} -> {escape(check.mend)}", soft_wrap=True)
