"""`recognizeme people activate`: somebody is recognized, for good or until a day."""

from datetime import datetime

import click

from kiosk.client.api import ApiClient
from kiosk.commands.options import api_option, json_option
from kiosk.commands.people.record import write_person
from kiosk.commands.whom import person_of


@click.command()
@click.argument("who")
@click.option(
    "--until",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DAY",
    help="The last day on which they are recognized (UTC), as 2026-12-31.",
)
@api_option
@json_option
def command(who: str, until: datetime | None, api: ApiClient, as_json: bool) -> None:
    """Have WHO, an id or a name, recognized: until a contractor's last day, say, or for good without one."""
    person = person_of(api, who, ask=not as_json)
    last = until.date().isoformat() if until else None
    change = {"active": True, "active_until": last}
    write_person(api.change_person(str(person["person_id"]), change), as_json=as_json)
