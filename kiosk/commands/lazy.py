"""A group of commands whose modules are imported only when they are used: most need no OpenCV."""

import importlib
from collections.abc import Mapping
from typing import Any

import click

from kiosk.client.errors import KioskError


class LazyGroup(click.Group):
    """Commands by name, with what `--help` says of each; a command is `command` in its module of `package`.

    `default` is the command that is meant where none of them is named.
    """

    def __init__(
        self, *, package: str, commands_of: Mapping[str, str], default: str | None = None, **more: Any
    ) -> None:
        super().__init__(**more)
        self._package = package
        self._commands = commands_of
        self.default = default

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands, in the order of their use."""
        return [*self._commands]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command."""
        if cmd_name not in self._commands:
            return None
        module = importlib.import_module(f"{self._package}.{cmd_name.replace('-', '_')}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([*self._commands.items()])

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the line; one that begins with none of the commands is the default's."""
        known = {*self._commands, *ctx.help_option_names}
        if self.default and (not args or args[0] not in known):
            args = [self.default, *args]
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; an error that it tells of becomes one sentence and exit status 1."""
        try:
            return super().invoke(ctx)
        except KioskError as error:
            raise click.ClickException(str(error)) from error
