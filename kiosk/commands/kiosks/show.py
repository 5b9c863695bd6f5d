"""`recognizeme kiosks show`."""

import click

from kiosk.client.api import ApiClient
from kiosk.client.bidi import isolated
from kiosk.client.doors import opening_words
from kiosk.client.errors import NotFound
from kiosk.commands.options import api_option, json_option
from kiosk.commands.output import Record, write_json
from kiosk.commands.times import shown, utc_option


@click.command()
@click.argument("kiosk_id")
@utc_option
@api_option
@json_option
def command(kiosk_id: str, api: ApiClient, as_json: bool) -> None:
    """Show all that is known of KIOSK_ID."""
    found = next((kiosk for kiosk in api.kiosks() if kiosk["kiosk_id"] == kiosk_id), None)
    if found is None:
        raise NotFound(f"no kiosk is called {kiosk_id!r}; recognizeme kiosks lists them")
    if as_json:
        write_json(found)
        return
    tell(found)


def tell(kiosk: Record) -> None:
    """Write a kiosk as lines of name and value."""
    beat = kiosk.get("heartbeat") or {}
    for name, value in {**kiosk, **{f"heartbeat: {name}": value for name, value in beat.items()}}.items():
        if name != "heartbeat":
            click.echo(f"{name:<28} {shown(value) if name.endswith('_at') and value else _words(value)}")


def _words(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return ", ".join(f"{name} {_words(each)}" for name, each in value.items())
    if isinstance(value, list):
        return (
            "; ".join(opening_words(each) if isinstance(each, dict) else str(each) for each in value) or "-"
        )
    return isolated(str(value))
