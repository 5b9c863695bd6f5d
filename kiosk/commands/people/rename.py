"""`recognizeme people rename`: another name for somebody."""

import click

from kiosk.client.api import ApiClient
from kiosk.commands.options import api_option, json_option
from kiosk.commands.people.record import write_person
from kiosk.commands.whom import person_of


@click.command()
@click.argument("who")
@click.argument("name")
@api_option
@json_option
def command(who: str, name: str, api: ApiClient, as_json: bool) -> None:
    """Call WHO, an id or a name, NAME from now on. The id, photos and past sightings stay as they are."""
    person = person_of(api, who, ask=not as_json)
    write_person(api.change_person(str(person["person_id"]), {"name": name}), as_json=as_json)
