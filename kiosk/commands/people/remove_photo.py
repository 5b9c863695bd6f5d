"""`recognizeme people remove-photo`: one photo of somebody, removed."""

import click

from kiosk.client.api import ApiClient
from kiosk.client.bidi import isolated
from kiosk.client.errors import NotFound
from kiosk.commands.options import api_option, json_option
from kiosk.commands.output import write_json
from kiosk.commands.whom import person_of


@click.command()
@click.argument("who")
@click.argument("photo_id", metavar="PHOTO")
@click.option("--yes", is_flag=True, help="Do not ask first.")
@api_option
@json_option
def command(who: str, photo_id: str, yes: bool, api: ApiClient, as_json: bool) -> None:
    """Remove PHOTO of WHO, an id or a name: the picture and its face. It cannot be undone.

    `recognizeme people photos WHO` lists them. Nobody is recognized by a photo that was removed; a face that
    another photo shows too, because it is the same picture, stays.
    """
    person = person_of(api, who, ask=not as_json)
    name = isolated(str(person["name"]))
    if not yes:
        click.confirm(f"Remove the photo {isolated(photo_id)} of {name} for good?", abort=True, err=True)
    try:
        photo = api.remove_photo(str(person["person_id"]), photo_id)
    except NotFound as error:
        hint = f"recognizeme people photos {person['person_id']} lists them"
        raise NotFound(f"{name} has no photo {isolated(photo_id)}; {hint}") from error
    if as_json:
        write_json(photo)
    else:
        click.echo(f"removed: {isolated(photo_id)} of {name}")
