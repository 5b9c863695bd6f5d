"""The options that every command has, and the client they give."""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import click

from kiosk.client.api import ApiClient
from kiosk.client.stack import api_url_of
from kiosk.client.wire import DEFAULT_URL

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


class _Moment(click.ParamType[str]):
    """A time, as ISO 8601 or how long ago (30m, 2h, 7d); becomes UTC. No zone means the machine's."""

    name = "time"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Read one time, or fail with the forms that are understood."""
        ago = re.fullmatch(r"(\d{1,6})([mhd])", value)
        try:
            moment = (
                datetime.now(UTC) - int(ago[1]) * _UNITS[ago[2]]
                if ago
                else datetime.fromisoformat(value).astimezone(UTC)
            )
        except (ValueError, OverflowError):
            self.fail(
                f"{value!r} is no time; give 2026-11-23, 2026-11-23T08:00Z, or 30m, 2h, 7d ago", param, ctx
            )
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
MOMENT = _Moment()
