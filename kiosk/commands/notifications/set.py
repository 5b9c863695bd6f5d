"""`recognizeme notifications set`."""

from typing import Any

import click

from kiosk.client.api import ApiClient
from kiosk.commands.kiosks.set import OpeningType
from kiosk.commands.kiosks.show import tell
from kiosk.commands.options import api_option, json_option
from kiosk.commands.output import write_json

_EVENTS = ("recognized", "unknown", "uncertain", "no_face", "rejected", "kiosk_gone", "kiosk_back")


@click.command()
@click.argument("rule_id")
@click.option(
    "--event",
    "events",
    multiple=True,
    required=True,
    type=click.Choice(_EVENTS),
    help="Of what. Several times.",
)
@click.option(
    "--channel", required=True, type=click.Choice(["email", "webhook", "mqtt", "slack", "teams"]), help="How."
)
@click.option("--to", help="An address, or an https or mqtts URL.")
@click.option("--secret", help="The name of a secret, never the secret itself.")
@click.option("--person", "people", multiple=True, metavar="PERSON_ID", help="Only them. Several times.")
@click.option(
    "--group", "groups", multiple=True, metavar="GROUP", help="Only of these groups. Several times."
)
@click.option("--kiosk", "kiosks", multiple=True, metavar="KIOSK_ID", help="Only here. Several times.")
@click.option(
    "--hours", multiple=True, type=OpeningType(), help="Only then: 'mon-fri 07:00-19:30'. Several times."
)
@click.option(
    "--quiet",
    multiple=True,
    type=OpeningType(),
    help="Send nothing then: 'mon-sun 22:00-06:00'. Several times.",
)
@click.option("--time-zone", help="Of these hours and of the message, such as Europe/Zurich.")
@click.option(
    "--cooldown", "cooldown_s", type=int, metavar="SECONDS", help="Until the same person counts again."
)
@click.option("--guest", is_flag=True, help="Say that a guest has arrived.")
@click.option("--picture", is_flag=True, help="Send the picture along.")
@click.option("--off", is_flag=True, help="Keep the rule, and send nothing.")
@api_option
@json_option
def command(
    rule_id: str,
    events: tuple[str, ...],
    channel: str,
    guest: bool,
    picture: bool,
    off: bool,
    api: ApiClient,
    as_json: bool,
    **given: Any,
) -> None:
    """Say by RULE_ID whom to tell of what, and how. A rule of that id is replaced as a whole."""
    values = {name: list(value) if isinstance(value, tuple) else value for name, value in given.items()}
    change = {name: value for name, value in values.items() if value not in (None, [])}
    change |= {"events": list(events), "channel": channel, "picture": picture, "enabled": not off}
    change |= {"wording": "guest"} if guest else {}
    rule = api.put_rule(rule_id, change)
    write_json(rule) if as_json else tell(rule)
