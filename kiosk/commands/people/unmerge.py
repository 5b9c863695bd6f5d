"""`recognizeme people unmerge`: a merge, taken back."""

import click

from kiosk.client.api import ApiClient
from kiosk.client.bidi import isolated
from kiosk.commands.options import api_option, json_option
from kiosk.commands.output import write_json
from kiosk.commands.whom import person_of


@click.command()
@click.argument("who")
@api_option
@json_option
def command(who: str, api: ApiClient, as_json: bool) -> None:
    """Have WHO, an id or a name, count as nobody else any more."""
    person = person_of(api, who, ask=not as_json)
    apart = api.unmerge(str(person["person_id"]))
    if as_json:
        write_json(apart)
    elif person.get("merged_into"):
        click.echo(f"{isolated(str(person['name']))} counts as {person['merged_into']} no longer")
    else:
        click.echo(f"{isolated(str(person['name']))} was not merged into anybody")
