"""`recognizeme strangers`: unknown visitors by likeness."""

import click

from kiosk.client.api import ApiClient
from kiosk.client.wire import Json
from kiosk.commands.options import api_option, json_option
from kiosk.commands.output import wrapped, write_json, write_list
from kiosk.commands.times import shown_day, utc_option
from kiosk.commands.whom import person_of

_STATES = ("waiting", "named", "ignored", "discarded")
_COLUMNS = {
    "stranger_id": "stranger",
    "visits": "visits",
    "first_at": "first seen",
    "last_at": "last seen",
    "doors": "doors",
    "person_id": "named",
}
_VISITS = {
    "capture_id": "capture",
    "captured_at": "captured",
    "kiosk_id": "door",
    "name": "named",
}


@click.group(invoke_without_command=True)
@utc_option
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
@utc_option
@api_option
@json_option
def list_command(state: str, api: ApiClient, as_json: bool) -> None:
    """List strangers in a state."""
    _list(api, state, as_json)


@command.command()
@click.argument("stranger_id")
@utc_option
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
        f"{stranger['state']}{named}: seen {times} since {shown_day(stranger['first_seen'])},"
        f" {', '.join(stranger['kiosks'])}"
    )


def _list(api: ApiClient, state: str, as_json: bool) -> None:
    strangers = api.strangers(state=state)
    write_list(
        strangers if as_json else map(_row, strangers),
        _COLUMNS,
        as_json=as_json,
        empty=f"no strangers are {state}; they are kept where the stack has KeepStrangers",
    )


@command.command()
@click.argument("stranger_id")
@click.argument("who", required=False)
@click.option("--new", "new_name", metavar="NAME", help="Create a person of this name.")
@click.option("--id", "person_id", metavar="ID", help="The new person's id; the stranger's when left out.")
@click.option("--consent-given", metavar="TIME", help="When they agreed, such as 2026-11-23T08:00:00Z.")
@api_option
@json_option
def name(
    stranger_id: str,
    who: str | None,
    new_name: str | None,
    person_id: str | None,
    consent_given: str | None,
    api: ApiClient,
    as_json: bool,
) -> None:
    """Say that a stranger is WHO, an id or a name, or somebody --new.

    Every visit gets the name, and the newest pictures become photos, if they pass what every photo has to.
    """
    if (who is None) == (new_name is None):
        raise click.UsageError("give WHO it is, or --new with a name")
    if who is not None:
        if person_id or consent_given:
            raise click.UsageError("--id and --consent-given are for somebody --new")
        person_id = str(person_of(api, who, ask=not as_json)["person_id"])
    consent = {"given_at": consent_given} if consent_given else None
    named = api.name_stranger(stranger_id, person_id=person_id, name=new_name, consent=consent)
    if as_json:
        write_json(named)
        return
    taken = [photo for photo in named["photos"] if photo["state"] == "indexed"]
    click.echo(
        wrapped(
            f"{named['named_visits']} visits got the name of {named['person_id']};"
            f" {len(taken)} of the pictures are photos now"
        )
    )
    for photo in named["photos"]:
        if photo not in taken:
            click.echo(wrapped(f"not taken: {photo['reason']}"), err=True)
    if not taken:
        click.echo("nobody is recognized without a photo; recognizeme enroll adds one", err=True)


@command.command()
@click.argument("stranger_id")
@api_option
@json_option
def ignore(stranger_id: str, api: ApiClient, as_json: bool) -> None:
    """Say that a stranger is known and of no interest, and that nobody is to be taken for them.

    This keeps the face of somebody who may never have agreed, for 30 days unless the stack says otherwise.
    """
    _decided(api.ignore_stranger(stranger_id), as_json)


@command.command()
@click.argument("stranger_id")
@click.option("--yes", is_flag=True, help="Do not ask.")
@api_option
@json_option
def discard(stranger_id: str, yes: bool, api: ApiClient, as_json: bool) -> None:
    """Remove a stranger, with the pictures and faces; the visits stay, as unknown."""
    if not yes:
        click.confirm("Remove the pictures and faces of this stranger?", abort=True, err=True)
    _decided(api.discard_stranger(stranger_id), as_json)


def _decided(stranger: Json, as_json: bool) -> None:
    if as_json:
        write_json(stranger)
    else:
        click.echo(said_of(stranger))


def _row(stranger: Json) -> Json:
    times = {"first_at": stranger["first_seen"], "last_at": stranger["last_seen"]}
    return {**stranger, **times, "doors": ", ".join(stranger["kiosks"])}
