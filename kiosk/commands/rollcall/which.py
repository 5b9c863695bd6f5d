"""Which roll call a command is about."""

from collections.abc import Callable
from itertools import islice
from typing import Any

import click

from kiosk.client.api import ApiClient
from kiosk.client.wire import Json

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

rollcall_option: Decorator = click.option(
    "--rollcall", "rollcall_id", metavar="ID", help="Which one.  [default: the newest]"
)


def newest(api: ApiClient) -> str:
    """The id of the newest roll call; raises `click.ClickException` without one."""
    found: list[Json] = [*islice(api.roll_calls(limit=1), 1)]
    if not found:
        raise click.ClickException("there was no roll call yet; begin one: recognizeme rollcall start drill")
    return str(found[0]["rollcall_id"])
