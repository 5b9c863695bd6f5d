"""`recognizeme kiosks remove`."""

import click

from kiosk.client.api import ApiClient
from kiosk.commands.options import api_option, json_option
from kiosk.commands.output import write_json


@click.command()
@click.argument("kiosk_id")
@api_option
@json_option
def command(kiosk_id: str, api: ApiClient, as_json: bool) -> None:
    """Remove KIOSK_ID from the list, with what was said of it: a kiosk that was taken away, or never was.

    One that is still there comes back with its next heartbeat, and lets nobody in. Its sightings stay.
    """
    removed = api.remove_kiosk(kiosk_id)
    write_json(removed) if as_json else click.echo(f"{kiosk_id} is no longer listed")
