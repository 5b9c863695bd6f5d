"""`recognizeme report`: a table by day, week or month, for the terminal or a spreadsheet."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from kiosk.client.api import ApiClient
from kiosk.commands.figures import By, Days, Figures, cells, corrections
from kiosk.commands.options import api_option, by_options, json_option
from kiosk.commands.output import Record, write_json, write_list
from kiosk.commands.spreadsheet import Cell, save_csv, save_xlsx

Row = dict[str, Any]

_OF_FIGURES: Mapping[str, Sequence[str]] = {
    "visits": ("visits", "recognized", "unknown", "uncertain", "no_face", "rejected", "pending", "failed"),
    "unknowns": ("visits", "unknown", "uncertain"),
    "errors": ("visits", "failed", "rejected", "no_face", "pending"),
    "cost": ("rekognition_calls", "cost_usd"),
}
_WAS = ("recognized", "unknown", "uncertain", "no_face", "rejected")
_CORRECTIONS = ("corrections", *(f"was_{outcome}" for outcome in _WAS))
_HEADINGS = {"kiosk_id": "kiosk", "rekognition_calls": "calls", "cost_usd": "cost (USD)"}


@click.command()
@click.argument("what", type=click.Choice([*_OF_FIGURES, "corrections"]), metavar="WHAT")
@by_options
@click.option(
    "--csv",
    "csv_file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write it to FILE as CSV; what is there is replaced.",
)
@click.option(
    "--xlsx",
    "xlsx_file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write it to FILE as an XLSX workbook; what is there is replaced.",
)
@api_option
@json_option
def command(
    what: str,
    since: str | None,
    until: str | None,
    by: By,
    kiosk_id: str | None,
    group: str | None,
    csv_file: Path | None,
    xlsx_file: Path | None,
    api: ApiClient,
    as_json: bool,
) -> None:
    """Report WHAT by day, week or month and kiosk: visits, unknowns, errors, cost or corrections.

    Days are those of UTC. Corrections are in the period in which they were made, with what had been said
    before; they are taken from the audit log, which takes the role manager.
    """
    days = Days.asked(since, until, by, now=datetime.now(UTC))
    if what == "corrections":
        columns: Sequence[str] = (str(by), "kiosk_id", *_CORRECTIONS)
        rows = _corrections(api, days, by, kiosk_id, group)
    else:
        columns = (str(by), "kiosk_id", *_OF_FIGURES[what])
        items = api.stats(since=days.since, until=until, group=group)["items"]
        rows = [
            {str(by): by.label(first), "kiosk_id": kiosk, **_figures(figures, _OF_FIGURES[what])}
            for (first, kiosk), figures in cells(items, by, kiosk_id=kiosk_id).items()
        ]
    publish(rows, columns, what, csv_file=csv_file, xlsx_file=xlsx_file, as_json=as_json)


def publish(
    rows: Sequence[Row],
    columns: Sequence[str],
    title: str,
    *,
    csv_file: Path | None,
    xlsx_file: Path | None,
    as_json: bool,
) -> None:
    """Write the rows to the files that are asked for, or else to the terminal with their total."""
    table: list[Sequence[Cell]] = [[row.get(column) for column in columns] for row in rows]
    if csv_file:
        save_csv(csv_file, columns, table)
    if xlsx_file:
        save_xlsx(xlsx_file, columns, table, title=title)
    if as_json:
        for row in rows:
            write_json(row)
        return
    for written in filter(None, (csv_file, xlsx_file)):
        click.echo(f"{written}: {len(rows)} rows")
    if not (csv_file or xlsx_file):
        headings = {column: _HEADINGS.get(column, column.replace("_", " ")) for column in columns}
        headings[columns[0]] += " (UTC)"
        write_list([*rows, _total(rows, columns)] if rows else [], headings, as_json=False, empty="nothing")


def _total(rows: Iterable[Row], columns: Sequence[str]) -> Record:
    numbers: Counter[str] = Counter()
    for row in rows:
        numbers.update({name: value for name, value in row.items() if isinstance(value, int | float)})
    return {columns[0]: "total", **numbers}


def _figures(figures: Figures, names: Iterable[str]) -> Row:
    return {name: getattr(figures, name) for name in names}


def _corrections(api: ApiClient, days: Days, by: By, kiosk_id: str | None, group: str | None) -> list[Row]:
    counted: dict[tuple[str, str], Counter[str]] = {}
    for each in corrections(api, days, kiosk_id=kiosk_id, group=group):
        counts = counted.setdefault((by.label(by.first_day(each.day)), each.kiosk_id), Counter())
        counts.update(["corrections", f"was_{each.was}"])
    return [
        {str(by): label, "kiosk_id": kiosk, **{name: counts[name] for name in _CORRECTIONS}}
        for (label, kiosk), counts in sorted(counted.items())
    ]
