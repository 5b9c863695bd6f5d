"""`recognizeme people consent`: that somebody agreed to be recognized, or withdrew that."""

from datetime import UTC, datetime

import click

from kiosk.client.api import ApiClient
from kiosk.client.moment import iso_text
from kiosk.commands.options import api_option, json_option
from kiosk.commands.people.record import write_person
from kiosk.commands.times import MOMENT
from kiosk.commands.whom import person_of


@click.command()
@click.argument("who")
@click.option("--at", type=MOMENT, help="When they said so: a day, a time, 2h, tuesday.  [default: now]")
@click.option("--recorded-by", metavar="NAME", help="Who writes it down.")
@click.option("--text", metavar="VERSION", help="The version of the text that they agreed to.")
@click.option("--withdraw", is_flag=True, help="They agree no longer: from now on they are not recognized.")
@api_option
@json_option
def command(
    who: str,
    at: str | None,
    recorded_by: str | None,
    text: str | None,
    withdraw: bool,
    api: ApiClient,
    as_json: bool,
) -> None:
    """Record that WHO, an id or a name, agreed to be recognized; or with --withdraw, that they do no longer.

    Whoever withdraws is recognized no longer at once, and forgotten some days later (docs/settings.md).
    """
    if withdraw and (recorded_by or text):
        raise click.UsageError("--withdraw goes with --at alone")
    person = person_of(api, who, ask=not as_json)
    moment = at or iso_text(datetime.now(UTC))
    given = {"given_at": moment, "recorded_by": recorded_by, "text_version": text}
    consent = {"withdrawn_at": moment} if withdraw else given
    write_person(api.change_person(str(person["person_id"]), {"consent": consent}), as_json=as_json)
