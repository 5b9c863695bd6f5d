"""`recognizeme kiosks set-group`."""

from typing import Any

import click

from kiosk.client.api import ApiClient
from kiosk.commands.kiosks.groups import COLUMNS
from kiosk.commands.options import api_option, json_option
from kiosk.commands.output import write_list


@click.command()
@click.argument("group")
@click.option(
    "--threshold", type=click.FloatRange(0, 100), metavar="PERCENT", help="Similarity to be recognized."
)
@click.option(
    "--margin", type=click.FloatRange(0, 100), metavar="PERCENT", help="How far ahead of the next person."
)
@click.option("--reason", help="Why; needed with either.")
@click.option("--usual", is_flag=True, help="As sure as the deployment says.")
@api_option
@json_option
def command(
    group: str,
    threshold: float | None,
    margin: float | None,
    reason: str | None,
    usual: bool,
    api: ApiClient,
    as_json: bool,
) -> None:
    """Say how sure a recognition must be of somebody of GROUP. What is left out stays.

    Of somebody of several groups the strictest counts; a kiosk's own threshold comes before them.
    """
    given = {"threshold_pct": threshold, "margin_pct": margin, "reason": reason}
    change: dict[str, Any] = {member: value for member, value in given.items() if value is not None}
    if usual:
        if change:
            raise click.UsageError("--usual takes away what the other options give")
        change = dict.fromkeys(given)
    if not change:
        raise click.UsageError("say what to set: --threshold or --margin with --reason, or --usual")
    write_list([api.put_group(group, change)], COLUMNS, as_json=as_json, empty="")
