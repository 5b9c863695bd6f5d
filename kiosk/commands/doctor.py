"""`recognizeme doctor`: is this machine fit to be a kiosk, and what has to be fixed?"""

import sys
from dataclasses import asdict
from pathlib import Path

import click
import cv2
from rich.markup import escape
from rich.table import Table

from kiosk.client.api import ApiClient
from kiosk.commands.diagnostics import Check, Finding, diagnose
from kiosk.commands.options import (
    api_option,
    json_option,
    source_of,
    source_options,
    spool_option,
    yunet_option,
)
from kiosk.commands.output import console, write_json
from kiosk.monitoring.status_file import state_folder

_MARKS = {
    Finding.OK: "[green]ok[/]",
    Finding.WARNING: "[yellow]warning[/]",
    Finding.FAILURE: "[red]failure[/]",
}


@click.command()
@source_options("DEVICE|URL|PATH", "The camera to try; by default this machine's first.")
@click.option("--kiosk-id", default="kiosk", show_default=True, help="The kiosk whose spool to check.")
@spool_option
@yunet_option
@click.option(
    "--collection",
    is_flag=True,
    help="Instead, look for faces in the collection whose person does not exist.",
)
@click.option("--remove-orphans", is_flag=True, help="With --collection: remove those faces.")
@click.option(
    "--build-users",
    is_flag=True,
    help="With --collection: make one vector of each person's faces, before people are matched by users.",
)
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
    build_users: bool,
    api: ApiClient,
    as_json: bool,
) -> None:
    """Check this machine before it becomes a kiosk, and say how to fix what is wrong.

    Looks at the detector's model, the camera, disk, spool, API, credentials and clock. Exits 1 when a check
    failed; warnings can wait.
    """
    if collection or remove_orphans or build_users:
        _check_collection(api, remove_orphans=remove_orphans, build_users=build_users, as_json=as_json)
        return
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    checks = []
    folder = spool or state_folder(kiosk_id) / "spool"
    for check in diagnose(api, source=source_of(source, source_file), spool=folder, yunet_model=yunet_model):
        checks.append(check)
        write_json(asdict(check)) if as_json else _tell(check)
    sys.exit(any(check.finding is Finding.FAILURE for check in checks))


def _check_collection(api: ApiClient, *, remove_orphans: bool, build_users: bool, as_json: bool) -> None:
    found = api.check_collection(remove_orphans=remove_orphans, build_users=build_users)
    adopted = found.get("adopted", 0)
    while found.get("apart") and found.get("adopted"):  # some people at a time
        found = api.check_collection(remove_orphans=remove_orphans, build_users=build_users)
        adopted += found["adopted"]
    found = {**found, "adopted": adopted}
    if as_json:
        write_json(found)
        return
    console().print(
        f"{found['faces']} faces in the collection; {found['removing']} of people who do not exist are being"
        f" removed, and {found['orphans']} belong to nobody known here",
        soft_wrap=True,
    )
    if found.get("of_strangers"):
        console().print(
            f"{found['of_strangers']} faces of unknown visitors, of which {found['strangers_removed']} were"
            " removed",
            soft_wrap=True,
        )
    if adopted:
        console().print(f"{adopted} faces became part of their person's vector", soft_wrap=True)
    if found["orphans"]:
        console().print(
            "  -> if no other application uses the collection, remove them with --remove-orphans",
            soft_wrap=True,
        )


def _tell(check: Check) -> None:
    """A line, and what to do below it; both stay in their column where the terminal is narrow."""
    row = Table.grid(padding=(0, 2))
    row.add_column(width=7)
    row.add_column(width=11)
    row.add_column(overflow="fold")
    row.add_row(_MARKS[check.finding], check.name, escape(check.detail))
    if check.remedy and check.finding is not Finding.OK:
        row.add_row("", "", f"-> {escape(check.remedy)}")
    console().print(row)
