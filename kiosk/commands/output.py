"""Writing lists: a table for people, one JSON object a line for programs."""

import json
import textwrap
from collections.abc import Iterable, Mapping
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from kiosk.client.bidi import isolated
from kiosk.commands.times import shown, zone_heading

Record = Mapping[str, Any]

_PIPE_WIDTH = 200  # where there is no terminal to fit, nothing is cut


def console(*, stderr: bool = False) -> Console:
    """A console that fits the terminal and does not cut what goes into a pipe."""
    terminal = Console(stderr=stderr, highlight=False)
    return terminal if terminal.is_terminal else Console(stderr=stderr, highlight=False, width=_PIPE_WIDTH)


def write_json(record: Record) -> None:
    """Write one record as one line, at once, so that a program can follow."""
    click.echo(json.dumps(record, ensure_ascii=False))


def write_list(records: Iterable[Record], columns: Mapping[str, str], *, as_json: bool, empty: str) -> None:
    """Write records whole as JSON, or as a table of `columns` (key of the record -> heading).

    `empty` is the sentence for no records at all.
    """
    if as_json:
        for record in records:
            write_json(record)
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for key, heading in columns.items():
        table.add_column(
            zone_heading(heading) if _is_time(key) else heading,
            justify="right" if key.endswith(("_pct", "_usd", "faces", "calls")) else "left",
        )
    for record in records:
        table.add_row(*(_cell(key, record.get(key)) for key in columns))
    if table.row_count:
        console().print(table)
    else:
        click.echo(empty)


def _cell(key: str, value: object) -> str:
    if value is None:
        return ""
    if key.endswith("_usd"):
        return f"{value:.3f}"
    if key.endswith("_pct"):
        return f"{value:.2f}"
    if _is_time(key):
        return escape(shown(value))
    return escape(isolated(str(value)))


def _is_time(key: str) -> bool:
    return key == "at" or key.endswith("_at")


def wrapped(text: str) -> str:
    """The text as lines that fit the terminal, or whole where there is none."""
    return textwrap.fill(text, console().width, subsequent_indent="  ", break_long_words=False)
