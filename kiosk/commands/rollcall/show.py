"""`recognizeme rollcall show`."""

import click

from kiosk.client.api import ApiClient
from kiosk.client.bidi import isolated
from kiosk.commands.options import api_option, json_option
from kiosk.commands.output import Record, write_json, write_list
from kiosk.commands.rollcall.which import newest, rollcall_option
from kiosk.commands.times import shown, utc_option

_COLUMNS = {
    "who": "person", "state": "state", "seen_at": "last seen", "seen_by": "where", "by": "said by",
    "said_at": "said",
}  # fmt: skip


@click.command()
@rollcall_option
@click.option("--all", "everybody", is_flag=True, help="Those who are safe, too.")
@utc_option
@api_option
@json_option
def command(rollcall_id: str | None, everybody: bool, api: ApiClient, as_json: bool) -> None:
    """Show who is missing or not accounted for, and who said what."""
    roll_call = api.roll_call(rollcall_id or newest(api))
    write_json(roll_call) if as_json else tell(roll_call, everybody=everybody)


def tell(roll_call: Record, *, everybody: bool = False) -> None:
    """Write a roll call for people."""
    counts = roll_call["counts"]
    ended = f", ended {shown(roll_call['ended_at'])}" if roll_call["ended_at"] else ""
    click.echo(
        f"{roll_call['kind']} {roll_call['rollcall_id']}, started {shown(roll_call['started_at'])}{ended}:"
        f" {counts['unaccounted']} not accounted for, {counts['missing']} missing, {counts['safe']} safe"
    )
    people = [each for each in roll_call["people"] if everybody or each["state"] != "safe"]
    write_list(
        map(_row, people),
        _COLUMNS,
        as_json=False,
        empty="everybody on the list is accounted for; whom no camera saw is not on it",
    )


def _row(entry: Record) -> Record:
    said = entry["ticks"][-1] if entry["ticks"] else None
    by = said["by"] if said else {}
    return {
        **entry,
        "who": f"{isolated(entry['name'] or '-')} ({entry['person_id']})",
        "by": by.get("on_behalf_of") or by.get("principal"),
        "said_at": said["at"] if said else None,
    }
