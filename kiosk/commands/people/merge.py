"""`recognizeme people merge`: two records of one human count as one."""

import click

from kiosk.client.api import ApiClient
from kiosk.client.bidi import isolated
from kiosk.commands.options import api_option, json_option
from kiosk.commands.output import write_json
from kiosk.commands.whom import person_of


@click.command()
@click.argument("who")
@click.option("--into", required=True, metavar="OTHER", help="Whom they count as, by id or name.")
@api_option
@json_option
def command(who: str, into: str, api: ApiClient, as_json: bool) -> None:
    """Have WHO, an id or a name, count as OTHER from now on: both records are of one human.

    Both keep their photos, and `recognizeme people unmerge WHO` takes it back. Forgetting OTHER forgets both.
    """
    person, other = person_of(api, who, ask=not as_json), person_of(api, into, ask=not as_json)
    merged = api.merge(str(person["person_id"]), into=str(other["person_id"]))
    if as_json:
        write_json(merged)
    else:
        click.echo(f"{isolated(str(person['name']))} counts as {isolated(str(other['name']))} from now on")
