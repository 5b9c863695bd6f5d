"""`recognizeme rollcall start`."""

import click

from kiosk.client.api import ApiClient
from kiosk.commands.options import api_option, json_option
from kiosk.commands.output import write_json
from kiosk.commands.rollcall.show import tell


@click.command()
@click.argument("kind", type=click.Choice(["drill", "real"]))
@api_option
@json_option
def command(kind: str, api: ApiClient, as_json: bool) -> None:
    """Begin a roll call, a drill or a real one, with a list of those who are in now."""
    roll_call = api.roll_call(str(api.start_roll_call(kind)["rollcall_id"]))
    write_json(roll_call) if as_json else tell(roll_call)
