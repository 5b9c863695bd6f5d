"""`recognizeme people deactivate`: somebody is recognized no longer, and stays on record."""

import click

from kiosk.client.api import ApiClient
from kiosk.commands.options import api_option, json_option
from kiosk.commands.people.record import write_person
from kiosk.commands.whom import person_of


@click.command()
@click.argument("who")
@api_option
@json_option
def command(who: str, api: ApiClient, as_json: bool) -> None:
    """Have WHO, an id or a name, recognized no longer. Photos and past sightings stay; `forget` removes them.

    A visit of theirs is `unknown`, with a reason that names nobody.
    """
    person = person_of(api, who, ask=not as_json)
    write_person(api.change_person(str(person["person_id"]), {"active": False}), as_json=as_json)
