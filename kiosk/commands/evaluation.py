"""What both `evaluate` commands do with a report: compare it with the last, write files, print a summary."""

import json
from collections.abc import Sequence
from pathlib import Path

import click
from rich.box import SIMPLE_HEAD
from rich.table import Table

from kiosk.commands.output import console, wrapped, write_json
from kiosk.commands.times import shown_day
from kiosk.evaluation.charts import charts
from kiosk.evaluation.drawing import to_png
from kiosk.evaluation.page import to_html, verdict_of, why_turned_away
from kiosk.evaluation.report import LastReport, Report, price
from kiosk.evaluation.words import percent, rate_in_words

_SHOWN = 5
_SUFFIXES = {".html", ".json", ".png"}


def last_report(reports: Sequence[Path], last: Path | None) -> LastReport | None:
    """The report to compare with: the one given, else the one that will be replaced. Checks the names."""
    for path in reports:
        if path.suffix not in _SUFFIXES:
            raise click.UsageError("--report writes .html, .png or .json; name the file so")
        if not path.parent.is_dir():
            raise click.UsageError(f"the folder of {path} does not exist")
    kept = last or next((path for path in reports if path.suffix == ".json" and path.is_file()), None)
    if kept is None:
        return None
    try:
        return LastReport.from_json(json.loads(kept.read_text("utf-8")))
    except (OSError, ValueError) as error:
        raise click.ClickException(
            f"the last report {kept} cannot be read; name another one with --last, or write to another file"
        ) from error


def publish(report: Report, reports: Sequence[Path], *, as_json: bool) -> None:
    """Print the summary, or all of it as JSON, and write the files."""
    for path in reports:
        content: bytes
        if path.suffix == ".json":
            content = (json.dumps(report.to_json(), ensure_ascii=False, indent=1) + "\n").encode()
        elif path.suffix == ".html":
            content = to_html(report).encode()
        else:
            content = to_png(charts(report))
        try:
            path.write_bytes(content)
        except OSError as error:
            raise click.ClickException(f"{path} cannot be written: {error.strerror}") from error
    if as_json:
        write_json(report.to_json())
        return
    summarize(report)
    for path in reports:
        click.echo(f"written: {path}")


def summarize(report: Report) -> None:
    """Say the most important things on one screen."""
    present, best = report.present, report.suggested
    _say(f"{report.source}: {report.people:,} people, {report.pictures:,} pictures")
    for each in report.misfiled[:_SHOWN]:
        _say(
            f"WRONG NAME: {each.picture} of {report.name(each.person_id)} is"
            f" {each.really.similarity_pct:.2f} % like {report.name(each.really.person_id)} and"
            f" {each.own_pct:.2f} % like {report.name(each.person_id)}"
        )
    if report.misfiled:
        _say(
            f"correct these first: {report.remedy}. The table leaves them out, the lines below it count them."
        )
    console().print(_table(report))
    _say(f"turned away at {present.threshold_pct:g}: {rate_in_words(present.turned_away)}")
    _say(f"given another's name: {rate_in_words(present.wrong_name)}")
    _say(f"strangers given a name: {rate_in_words(present.stranger_named)}")
    _say(f"pictures that cannot be used: {rate_in_words(report.acquire)}")
    for person in report.turned_away_most[:1]:
        _say(
            f"turned away most: {report.name(person.person_id)}, {person.turned_away} of {person.pictures};"
            f" worst with {person.worst} ({why_turned_away(report, person)})"
        )
    for what, pairs in (
        ("closest pair", report.closest_pairs),
        ("highest stranger", report.highest_strangers),
    ):
        for pair in pairs[:1]:
            one, other = report.name(pair.person_id), report.name(pair.other.person_id)
            _say(
                f"{what}: {pair.other.similarity_pct:.2f} %, {one} ({pair.picture})"
                f" and {other} ({pair.other.picture})"
            )
    for among in report.projections:
        _say(
            f"among {among.people:,} people: {percent(among.share)} of strangers pass the threshold"
            f" (95 %: {percent(among.high)} at most)"
        )
    if report.field:
        mistakes = sum(door.mistakes for door in report.field.doors)
        visits = sum(door.visits for door in report.field.doors)
        _say(f"at the doors: {visits:,} visits, {mistakes:,} mistakes reported")
    for change in report.changes or ():
        verdict = verdict_of(change.before, change.now, is_clear=change.is_clear)
        if change.is_clear:
            _say(
                f"since {shown_day(report.compared_with or '')}, {change.what.replace('_', ' ')}:"
                f" {percent(change.before)} then, {percent(change.now)} now: {verdict}"
            )
    if report.changes and not any(change.is_clear for change in report.changes):
        _say(f"since {shown_day(report.compared_with or '')}: no rate has changed by more than chance may do")
    if best is None:
        _say("No threshold keeps strangers out. Enroll better pictures: frontal, sharp, well lit.")
    elif best.threshold_pct == present.threshold_pct:
        _say(f"suggested: keep the threshold of {best.threshold_pct:g} ({price(best)})")
    else:
        _say(f"suggested: a threshold of {best.threshold_pct:g} ({price(best)})")
    _say("not tested:")
    for untested in report.not_tested:
        _say(f"- {untested}")


def _table(report: Report) -> Table:
    shown = Table(box=SIMPLE_HEAD)
    for heading in ("threshold", "turned away", "another's name", "strangers named"):
        shown.add_column(heading, justify="right")
    for row in report.rows:
        shares = (percent(rate.share) for rate in (row.turned_away, row.wrong_name, row.stranger_named))
        style = "bold" if row is report.corrected else None
        shown.add_row(f"{row.threshold_pct:g}", *shares, style=style)
    return shown


def _say(text: str) -> None:
    click.echo(wrapped(text))
