"""`recognizeme rollcall end`."""

import click

from kiosk.client.api import ApiClient
from kiosk.commands.options import api_option, json_option
from kiosk.commands.output import write_json
from kiosk.commands.rollcall.show import tell
from kiosk.commands.rollcall.which import newest, rollcall_option


@click.command()
@rollcall_option
@api_option
@json_option
def command(rollcall_id: str | None, api: ApiClient, as_json: bool) -> None:
    """End a roll call: nobody is ticked off any more, and the list is kept."""
    ended = api.end_roll_call(rollcall_id or newest(api))
    roll_call = api.roll_call(str(ended["rollcall_id"]))
    write_json(roll_call) if as_json else tell(roll_call)
