"""`recognizeme rollcall list`."""

import click

from kiosk.client.api import ApiClient
from kiosk.commands.options import api_option, json_option
from kiosk.commands.output import Record, write_list
from kiosk.commands.times import utc_option

_COLUMNS = {
    "rollcall_id": "roll call", "kind": "kind", "started_at": "started", "by": "by",
    "ended_at": "ended",
}  # fmt: skip


@click.command()
@utc_option
@api_option
@json_option
def command(api: ApiClient, as_json: bool) -> None:
    """List the roll calls there were, newest first."""
    found = api.roll_calls()
    write_list(
        found if as_json else map(_row, found), _COLUMNS, as_json=as_json, empty="there was no roll call yet"
    )


def _row(roll_call: Record) -> Record:
    by = roll_call["started_by"]
    return {**roll_call, "by": by["on_behalf_of"] or by["principal"]}
