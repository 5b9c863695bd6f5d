"""`recognizeme web user`: who may sign in to the console."""

import click

from kiosk.commands.options import json_option
from kiosk.commands.output import Record, write_json, write_list

try:
    from kiosk.web.roles import Role
    from kiosk.web.users import MIN_PASSWORD, Users, users_file
except ModuleNotFoundError as missing:
    raise click.ClickException(
        "the page is not installed; install it with: uv tool install 'recognizeme-kiosk[web]'"
    ) from missing

_password_option = click.option(
    "--password",
    prompt=f"Password ({MIN_PASSWORD} characters or more)",
    hide_input=True,
    confirmation_prompt=True,
    metavar="TEXT",
    help="Asked for when left out, as it should be: others see what is on a command line.",
)


@click.group()
def command() -> None:
    """List, add and remove those who may sign in, and change passwords; it counts at once.

    While there is a user, the console asks everybody to sign in.
    """


@command.command()
@click.argument("name")
@click.option(
    "--role",
    type=click.Choice([each.value for each in Role]),
    default=Role.RECEPTION.value,
    show_default=True,
)
@_password_option
@json_option
def add(name: str, role: str, password: str, as_json: bool) -> None:
    """Let NAME sign in."""
    Users(users_file()).add(name, Role(role), password)
    _told({"name": name.lower(), "role": role}, f"{name.lower()} may sign in as {role}", as_json)


@command.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List those who may sign in."""
    accounts = Users(users_file()).accounts()
    rows = ({"name": name, "role": str(each.role)} for name, each in sorted(accounts.items()))
    write_list(
        rows,
        {"name": "name", "role": "role"},
        as_json=as_json,
        empty="there are no users; add one with: recognizeme web user add NAME",
    )


@command.command()
@click.argument("name")
@json_option
def remove(name: str, as_json: bool) -> None:
    """Let NAME sign in no longer, and sign them out."""
    Users(users_file()).remove(name)
    _told({"name": name.lower(), "role": None}, f"{name.lower()} may not sign in any more", as_json)


@command.command()
@click.argument("name")
@_password_option
@json_option
def password(name: str, password: str, as_json: bool) -> None:
    """Give NAME a new password; whoever came in with the old one is signed out."""
    Users(users_file()).set_password(name, password)
    _told({"name": name.lower()}, f"{name.lower()} has a new password", as_json)


def _told(record: Record, sentence: str, as_json: bool) -> None:
    if as_json:
        write_json(record)
    else:
        click.echo(sentence)
