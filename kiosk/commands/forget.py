"""`recognizeme forget`: a person and everything held about them, removed."""

import click

from kiosk.client.api import ApiClient
from kiosk.client.bidi import isolated
from kiosk.commands.options import api_option, json_option
from kiosk.commands.output import write_json
from kiosk.commands.whom import person_id_of
from kiosk.monitoring.wording import counted


@click.command()
@click.argument("who")
@click.option("--yes", is_flag=True, help="Do not ask first.")
@api_option
@json_option
def command(who: str, yes: bool, api: ApiClient, as_json: bool) -> None:
    """Remove WHO, an id or a name: faces, photos, captures, the name in sightings. It cannot be undone."""
    person_id = person_id_of(api, who, ask=not as_json)
    if not yes:
        person = api.person(person_id)
        click.confirm(
            f"Forget {isolated(person['name'])} ({counted(person['faces'], 'faces')}) for good?",
            abort=True,
            err=True,
        )
    answer = api.forget(person_id)
    if as_json:
        write_json(answer)
        return
    removed = answer["removed"]
    click.echo(f"forgotten: {', '.join(counted(count, what) for what, count in removed.items())}")
