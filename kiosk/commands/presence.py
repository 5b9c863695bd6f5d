"""`recognizeme presence`: who is on the premises."""

import click

from kiosk.client.api import ApiClient
from kiosk.commands.options import api_option, json_option
from kiosk.commands.output import Record, write_list
from kiosk.commands.times import utc_option

_COLUMNS = {
    "who": "person", "since_at": "since", "entered_by": "by", "seen_at": "last seen",
    "seen_by": "where", "note": "",
}  # fmt: skip


@click.command()
@click.option("--group", metavar="GROUP", help="Only those in this group.")
@utc_option
@api_option
@json_option
def command(group: str | None, api: ApiClient, as_json: bool) -> None:
    """List who is on the premises, since when, by which door, and where they were last seen.

    It is what the doors know: whoever was not recognized is missing, and whoever left unseen is still here
    until the day ends. A door for both ways takes nobody out; see recognizeme kiosks set --direction.
    """
    found = [each for each in api.presence() if group is None or group in each["groups"]]
    if not as_json:
        found.sort(key=lambda each: str(each["since"]))
    write_list(
        found if as_json else map(_row, found), _COLUMNS, as_json=as_json, empty="the doors know of nobody"
    )


def _row(each: Record) -> Record:
    note = "" if each["is_recognized"] else "no longer recognized: will not be seen leaving"
    return {**each, "who": f"{each['name']} ({each['person_id']})", "since_at": each["since"], "note": note}
