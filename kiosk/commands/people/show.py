"""`recognizeme people show`: one person, and what became of their photos."""

import click

from kiosk.client.api import ApiClient
from kiosk.commands.options import api_option, json_option
from kiosk.commands.output import write_list
from kiosk.commands.people.photos import write_photos
from kiosk.commands.people.record import write_person
from kiosk.commands.times import utc_option
from kiosk.commands.whom import person_of


@click.command()
@click.argument("who")
@utc_option
@api_option
@json_option
def command(who: str, api: ApiClient, as_json: bool) -> None:
    """Show WHO, an id or a name, and what became of their photos."""
    show(api, who, as_json=as_json)


def show(api: ApiClient, who: str, *, as_json: bool) -> None:
    """Write the person and their photos."""
    person = person_of(api, who, ask=not as_json)
    person_id = str(person["person_id"])
    if as_json:
        write_list([{**person, "photos": [*api.photos(person_id)]}], {}, as_json=True, empty="")
        return
    write_person(person, as_json=False)
    click.echo()
    write_photos(api, person_id, as_json=False)
