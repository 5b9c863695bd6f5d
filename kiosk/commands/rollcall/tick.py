"""`recognizeme rollcall tick`."""

import click

from kiosk.client.api import ApiClient
from kiosk.client.bidi import isolated
from kiosk.commands.options import api_option, json_option
from kiosk.commands.output import write_json
from kiosk.commands.rollcall.which import newest, rollcall_option
from kiosk.commands.whom import person_id_of

_WORDS = {"unaccounted": "not accounted for"}


@click.command()
@click.argument("who")
@click.argument("state", type=click.Choice(["safe", "missing", "unaccounted"]), default="safe")
@rollcall_option
@api_option
@json_option
def command(who: str, state: str, rollcall_id: str | None, api: ApiClient, as_json: bool) -> None:
    """Say that WHO, an id or a name, is safe (or missing; unaccounted takes that back).

    Somebody who is not on the list is added to it. Whatever was said before is kept.
    """
    entry = api.tick_off(rollcall_id or newest(api), person_id_of(api, who, ask=not as_json), state)
    if as_json:
        write_json(entry)
    else:
        name = isolated(str(entry["name"] or entry["person_id"]))
        click.echo(f"{name} is {_WORDS.get(entry['state'], entry['state'])}")
