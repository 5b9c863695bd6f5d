"""`recognizeme kiosks groups`."""

import click

from kiosk.client.api import ApiClient
from kiosk.commands.options import api_option, json_option
from kiosk.commands.output import write_list

COLUMNS = {
    "group": "group", "threshold_pct": "threshold", "margin_pct": "margin", "reason": "reason",
}  # fmt: skip


@click.command()
@api_option
@json_option
def command(api: ApiClient, as_json: bool) -> None:
    """List how sure a recognition must be of each group; a kiosk's own threshold comes before it."""
    write_list(
        api.groups(),
        COLUMNS,
        as_json=as_json,
        empty="nothing was said of any group: all are as the deployment says",
    )
