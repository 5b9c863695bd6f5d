"""`recognizeme strangers`: unknown visitors by likeness."""

import click

from kiosk.client.api import ApiClient
from kiosk.client.wire import Json
from kiosk.commands.options import api_option, json_option
from kiosk.commands.output import write_json, write_list

_STATES = ("waiting", "named", "ignored", "discarded")
_COLUMNS = {
    "stranger_id": "stranger",
    "visits": "visits",
    "first_seen": "first seen (UTC)",
    "last_seen": "last seen (UTC)",
    "doors": "doors",
    "person_id": "named",
}
_VISITS = {
    "capture_id": "capture",
    "captured_at": "captured (UTC)",
    "kiosk_id": "door",
    "name": "named",
}


@click.group(invoke_without_command=True)
@api_option
@json_option
@click.pass_context
def command(ctx: click.Context, api: ApiClient, as_json: bool) -> None:
    """List unknown visitors who look alike, who was seen last first, and say who they are.

    They are kept where the stack has KeepStrangers. Without a command, those who wait are listed.
    """
    if ctx.invoked_subcommand is None:
        _list(api, "waiting", as_json)


@command.command("list")
@click.option("--state", type=click.Choice(_STATES), default="waiting", show_default=True)
@api_option
@json_option
def list_command(state: str, api: ApiClient, as_json: bool) -> None:
    """List strangers in a state."""
    _list(api, state, as_json)


@command.command()
@click.argument("stranger_id")
@api_option
@json_option
def show(stranger_id: str, api: ApiClient, as_json: bool) -> None:
    """Show a stranger and their newest visits."""
    stranger = api.stranger(stranger_id)
    if as_json:
        write_json(stranger)
        return
    click.echo(said_of(stranger))
    write_list(stranger["sightings"], _VISITS, as_json=False, empty="no visit is left")


def said_of(stranger: Json) -> str:
    """A stranger in a line."""
    times = "once" if stranger["visits"] == 1 else f"{stranger['visits']} times"
    named = f", {stranger['person_id']}" if stranger["person_id"] else ""
    return (
        f"{stranger['state']}{named}: seen {times} since {stranger['first_seen'][:10]},"
        f" {', '.join(stranger['kiosks'])}"
    )


def _list(api: ApiClient, state: str, as_json: bool) -> None:
    strangers = api.strangers(state=state)
    write_list(
        strangers if as_json else ({**each, "doors": ", ".join(each["kiosks"])} for each in strangers),
        _COLUMNS,
        as_json=as_json,
        empty=f"no strangers are {state}; they are kept where the stack has KeepStrangers",
    )
