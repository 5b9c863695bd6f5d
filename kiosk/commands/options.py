"""The options that every command has, and the client they give."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import click

from kiosk.client.api import ApiClient
from kiosk.client.stack import api_url_of
from kiosk.client.wire import DEFAULT_URL
from kiosk.commands.figures import By
from kiosk.commands.times import MOMENT
from kiosk.vision.models import YUNET_ENV

Command = TypeVar("Command", bound=Callable[..., object])

_SOURCE_ENV = "RECOGNIZEME_SOURCE"
_INSECURE_HTTP = f"{__name__}.insecure_http"

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, one object a line.")


def api_option(command: Command) -> Command:
    """Add `--api` and `--insecure-http`; the command receives `api`, an `ApiClient` closed when it ends."""
    api = click.option(
        "--api",
        metavar="URL",
        help=f"The API's address.  [env: RECOGNIZEME_API; default: {DEFAULT_URL}]",
        callback=_client,
    )
    insecure_http = click.option(
        "--insecure-http",
        is_flag=True,
        is_eager=True,  # before --api, which needs it
        expose_value=False,
        callback=_allow_plain_http,
        help="Send the token over plain http to another machine.  [env: RECOGNIZEME_INSECURE_HTTP]",
    )
    return api(insecure_http(command))


def source_options(metavar: str, help_text: str) -> Callable[[Command], Command]:
    """Add `--source` and `--source-file`, for `source_of`."""

    def add(command: Command) -> Command:
        source = click.option("--source", metavar=metavar, help=f"{help_text}  [env: {_SOURCE_ENV}]")
        file = click.option(
            "--source-file",
            type=click.Path(path_type=Path, dir_okay=False),
            help="Read the source from this file's first line: for a URL with a password, which others could"
            " see on the command line.",
        )
        return source(file(command))

    return add


def spool_option(command: Command) -> Command:
    """Add `--spool`."""
    return click.option(
        "--spool",
        type=click.Path(path_type=Path, file_okay=False),
        help="Where pictures wait until they are delivered.  [default: in the user's state folder]",
    )(command)


def yunet_option(command: Command) -> Command:
    """Add `--yunet-model`."""
    return click.option(
        "--yunet-model",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help=f"A face detection model to use instead of the installed one.  [env: {YUNET_ENV}]",
    )(command)


def period_options(command: Command) -> Command:
    """Add `--since` and `--until`, of a week by default."""
    since = click.option(
        "--since", type=MOMENT, help="Count from then on: a day, a time, 30d, tuesday.  [default: 7d]"
    )
    return since(click.option("--until", type=MOMENT, help="Count what was before then.")(command))


def by_options(command: Command) -> Command:
    """Add `--since`, `--until`, `--by`, `--kiosk` and `--group`."""
    options = (
        click.option(
            "--since",
            type=MOMENT,
            help="Count from then on: a day, a time, 30d, tuesday.  [default: 7 days, 12 weeks, 12 months]",
        ),
        click.option("--until", type=MOMENT, help="Count what was before then."),
        click.option(
            "--by",
            type=click.Choice([by.value for by in By]),
            default=By.DAY.value,
            show_default=True,
            callback=lambda _, __, value: By(value),
            help="What a row stands for.",
        ),
        click.option("--kiosk", "kiosk_id", metavar="KIOSK_ID", help="Count only this kiosk."),
        click.option("--group", metavar="GROUP", help="Count only the recognitions of people in this group."),
    )
    for option in reversed(options):
        command = option(command)
    return command


def source_of(source: str | None, file: Path | None) -> str | None:
    """What `--source`, `--source-file` or the environment say; None for nothing at all."""
    if source and file:
        raise click.UsageError("give --source or --source-file, not both")
    if file is None:
        return source or os.environ.get(_SOURCE_ENV) or None
    try:
        source = file.read_text("utf-8").partition("\n")[0].strip()
    except OSError as error:
        raise click.ClickException(f"the source file {file} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise click.ClickException(f"the source file {file} is no text in UTF-8") from error
    if not source:
        raise click.ClickException(f"the source file {file} has nothing on its first line")
    return source


def _allow_plain_http(ctx: click.Context, _: click.Parameter, given: bool) -> None:
    ctx.meta[_INSECURE_HTTP] = given or os.environ.get("RECOGNIZEME_INSECURE_HTTP") == "1"


def _client(ctx: click.Context, _: click.Parameter, url: str | None) -> ApiClient:
    token = os.environ.get("RECOGNIZEME_TOKEN")
    client = ApiClient(api_url(ctx, url), token=token, insecure_http=ctx.meta[_INSECURE_HTTP])
    return ctx.with_resource(client)


@dataclass(frozen=True, slots=True)
class Target:
    """Which API was asked for on the line of `recognizeme` itself."""

    api: str | None = None
    stack: str | None = None


def api_url(ctx: click.Context, given: str | None) -> str:
    """The address given to the command, else to `recognizeme`, else in the environment, else `make up`'s."""
    target = ctx.find_object(Target) or Target()
    if url := given or target.api:
        return url
    if not target.stack and (url := os.environ.get("RECOGNIZEME_API")):
        return url
    stack = target.stack or os.environ.get("RECOGNIZEME_STACK")
    return api_url_of(stack) if stack else DEFAULT_URL
