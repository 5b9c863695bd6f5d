"""`recognizeme notifications remove`."""

import click

from kiosk.client.api import ApiClient
from kiosk.commands.options import api_option, json_option
from kiosk.commands.output import write_json


@click.command()
@click.argument("rule_id")
@api_option
@json_option
def command(rule_id: str, api: ApiClient, as_json: bool) -> None:
    """Remove RULE_ID. What it has not sent yet is not sent."""
    removed = api.remove_rule(rule_id)
    write_json(removed) if as_json else click.echo(f"{rule_id} is removed")
