"""`recognizeme people list`: who is enrolled."""

from collections.abc import Iterable

import click

from kiosk.client.api import ApiClient
from kiosk.client.wire import Json
from kiosk.commands.options import api_option, json_option
from kiosk.commands.output import write_list
from kiosk.commands.people.record import columns, row
from kiosk.commands.people.show import show
from kiosk.commands.times import utc_option


@click.command()
@click.argument("who", required=False)
@click.option("--name", help="Only those who have a name with a word that begins so.")
@click.option("--group", metavar="GROUP", help="Only those in this group.")
@click.option("--leaving", is_flag=True, help="Only those who are soon forgotten by themselves.")
@utc_option
@api_option
@json_option
def command(
    who: str | None, name: str | None, group: str | None, leaving: bool, api: ApiClient, as_json: bool
) -> None:
    """List the people who are enrolled; with WHO, an id or a name, show that person and their photos."""
    if who is not None:
        show(api, who, as_json=as_json)
        return
    people: Iterable[Json] = api.people(name=name, group=group)
    if leaving:
        people = (person for person in people if person.get("forgotten_on"))
    if as_json:
        write_list(people, {}, as_json=True, empty="")
        return
    rows = [row(person) for person in people]
    nobody = "nobody is enrolled; try: recognizeme enroll photos/"
    write_list(
        rows, columns(rows), as_json=False, empty="there is nobody" if name or group or leaving else nobody
    )
