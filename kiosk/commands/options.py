"""The options that every command has, and the client they give."""

import os
from collections.abc import Callable
from typing import TypeVar

import click

from kiosk.api import ApiClient
from kiosk.wire import DEFAULT_URL

Command = TypeVar("Command", bound=Callable[..., object])

json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object a line, for programs.")


def api_option(command: Command) -> Command:
    """Add `--api`; the command receives `api`, an `ApiClient` that is closed when it ends."""
    return click.option(
        "--api",
        metavar="URL",
        help=f"The API's address.  [env: RECOGNIZEME_API; default: {DEFAULT_URL}]",
        callback=_client,
    )(command)


def _client(ctx: click.Context, _: click.Parameter, url: str | None) -> ApiClient:
    return ctx.with_resource(ApiClient(api_url(ctx, url), token=os.environ.get("RECOGNIZEME_TOKEN")))


def api_url(ctx: click.Context, given: str | None) -> str:
    """The address given to the command, else to `recognizeme`, else in the environment, else `make up`'s."""
    return given or ctx.obj or os.environ.get("RECOGNIZEME_API") or DEFAULT_URL
