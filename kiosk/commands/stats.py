"""`recognizeme stats`: what came of visits, drawn in the terminal."""

import shutil
import sys
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime

import click

from kiosk.client.api import ApiClient
from kiosk.client.errors import Unauthorized
from kiosk.commands.figures import By, Cells, Days, Figures, cells, corrections, total, with_corrections
from kiosk.commands.options import api_option, by_options, json_option
from kiosk.commands.output import write_json
from kiosk.commands.sparkline import Pen

_LINES = {
    "visits": "visits",
    "named": "recognized",
    "unnamed": "unknown, uncertain",
    "no_face": "no face",
    "rejected": "rejected",
    "pending": "pending",
    "failed": "failed",
    "corrections": "corrections",
    "rekognition_calls": "paid calls",
    "cost_usd": "cost (USD)",
}
_ALWAYS = ("visits", "named", "unnamed", "failed", "cost_usd")
_LABEL, _NUMBER, _WIDEST = 18, 11, 120


@click.command()
@by_options
@api_option
@json_option
def command(
    since: str | None,
    until: str | None,
    by: By,
    kiosk_id: str | None,
    group: str | None,
    api: ApiClient,
    as_json: bool,
) -> None:
    """Draw what came of visits, by day, week or month and by kiosk, with the recognitions paid for.

    Days are those of UTC. Corrections are drawn where you may read the audit log.
    """
    days = Days.asked(since, until, by, now=datetime.now(UTC))
    counted = cells(api.stats(since=days.since, until=until, group=group)["items"], by, kiosk_id=kiosk_id)
    if as_json:
        for (first, kiosk), figures in sorted(counted.items(), reverse=True):
            write_json({"day": first.isoformat(), "kiosk_id": kiosk, **figures.to_json()})
        write_json({"day": None, "kiosk_id": None, **total(counted.values()).to_json()})
        return
    may_read = True
    found = corrections(api, days, kiosk_id=kiosk_id, group=group)
    try:
        counted = with_corrections(counted, found, by)
    except Unauthorized:
        may_read = False
    pen = Pen.for_encoding(sys.stdout.encoding)
    width = min(shutil.get_terminal_size((80, 24)).columns, _WIDEST)
    for line in drawn(counted, days.periods(by), by, pen=pen, width=width, has_corrections=may_read):
        click.echo(line)


def drawn(
    counted: Cells, periods: Iterable[date], by: By, *, pen: Pen, width: int, has_corrections: bool = True
) -> Iterable[str]:
    """The lines: a sparkline for each figure, then bars of the periods and of the kiosks."""
    each = {first: Figures() for first in periods}
    kiosks: dict[str, Figures] = {}
    for (first, kiosk_id), figures in counted.items():
        each[first] = each.get(first, Figures()) + figures
        if figures.visits:
            kiosks[kiosk_id] = kiosks.get(kiosk_id, Figures()) + figures
    each = dict(sorted(each.items()))
    yield from _sparklines(each, by, pen, width, has_corrections)
    yield ""
    yield from _bars({by.label(first): each[first] for first in each}, f"{by} (UTC)", pen, width)
    if len(kiosks) > 1:
        yield ""
        yield from _bars(dict(sorted(kiosks.items())), "kiosk", pen, width)
    solid, mid, light = pen.shades
    yield ""
    yield f"{solid} recognized   {mid} unknown or uncertain   {light} no usable picture, pending or failed"


def _sparklines(
    each: Mapping[date, Figures], by: By, pen: Pen, width: int, has_corrections: bool
) -> Iterable[str]:
    whole = total(each.values())
    room = max(7, min(len(each), width - _LABEL - _NUMBER - len("  most 1,234.567: 2026-11-23") - 2))
    for name, label in _LINES.items():
        amount = getattr(whole, name)
        if not (amount or name in _ALWAYS or (name == "corrections" and has_corrections)):
            continue
        values = {first: getattr(figures, name) for first, figures in each.items()}
        sparkline = pen.sparkline([*values.values()], width=room)
        line = f"{label:<{_LABEL}}{_number(name, amount):>{_NUMBER}}  {sparkline}"
        if amount and len(each) > 1:
            peak = max(values, key=lambda first: values[first])
            line = (
                f"{line:<{_LABEL + _NUMBER + 2 + room}}  most {_number(name, values[peak])}: {by.label(peak)}"
            )
        yield line.rstrip()


def _bars(rows: Mapping[str, Figures], heading: str, pen: Pen, width: int) -> Iterable[str]:
    most = max((figures.visits for figures in rows.values()), default=0)
    longest = width - _LABEL - _NUMBER - 2
    yield f"{heading:<{_LABEL}}{'visits':>{_NUMBER}}"
    for label, figures in rows.items():
        bar = pen.bar((figures.named, figures.unnamed, figures.rest), most=most, width=longest)
        short = label if len(label) <= _LABEL else f"{label[: _LABEL - 2]}.."
        yield f"{short:<{_LABEL}}{figures.visits:>{_NUMBER},}  {bar}".rstrip()


def _number(name: str, value: float) -> str:
    return f"{value:,.3f}" if name == "cost_usd" else f"{value:,}"
