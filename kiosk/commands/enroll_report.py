"""What came of enrolling, for people: the plan as a tree, the summary, and a report as CSV or HTML."""

import csv
import html
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from rich.markup import escape
from rich.tree import Tree

from kiosk.client.bidi import isolated
from kiosk.client.csv_text import as_text
from kiosk.client.names import PersonIds
from kiosk.commands.enrollment import Enrollment
from kiosk.commands.output import Record, console, wrapped
from kiosk.commands.photo_folder import Found, PassedOver, Portrait

_COLUMNS = {"file": "photo", "person_id": "person", "name": "name", "state": "state", "reason": "reason"}
_STYLE = ".refused{color:#a00}body{font:16px system-ui}td,th{text-align:left;padding:.2rem 1rem .2rem 0}"


def planned(found: Iterable[Found]) -> Iterator[Record]:
    """What would be done, record by record."""
    ids = PersonIds()
    for each in found:
        if isinstance(each, PassedOver):
            state = "would_refuse" if each.refused else "would_ignore"
            yield {"file": str(each.file), "state": state, "reason": each.reason}
        else:
            person_id = each.person_id or ids.of(each.name)
            yield {
                "file": str(each.file),
                "person_id": person_id,
                "name": each.name,
                "state": "would_enroll",
                "reason": None,
            }


def write_plan(found: list[Found]) -> None:
    """Write what would be done, as a tree of people and their photos."""
    ids = PersonIds()
    people: dict[str, list[Portrait]] = {}
    for each in found:
        if isinstance(each, Portrait):
            people.setdefault(each.person, []).append(each)
    photos = sum(map(len, people.values()))
    tree = Tree(f"would enroll {_count(len(people), 'person', 'people')}, {_count(photos, 'photo')}")
    for portraits in people.values():
        first = portraits[0]
        person = tree.add(
            f"{escape(isolated(first.name))}  [dim]{escape(first.person_id or ids.of(first.name))}[/dim]"
        )
        for portrait in portraits:
            person.add(escape(isolated(str(portrait.file))))
    if people:
        console().print(tree)
    _write_reasons(
        "would be refused", [each for each in found if isinstance(each, PassedOver) and each.refused]
    )
    _write_reasons(
        "not looked at", [each for each in found if isinstance(each, PassedOver) and not each.refused]
    )


def write_summary(enrollment: Enrollment) -> None:
    """Write what was refused and why, then what was passed over, then the counts."""
    _write_reasons("refused", enrollment.failures)
    _write_reasons("not looked at", enrollment.passed_over)
    for name, person_id in enrollment.clashes:
        click.echo(
            wrapped(f"{isolated(name)} has the id {person_id}: somebody else has the one without number")
        )
    if unusable := enrollment.unusable:
        click.echo(wrapped(f"no usable photo of: {', '.join(map(isolated, unusable))}"))
    photos, people = enrollment.photos, enrollment.people
    click.echo(
        f"photos: {photos['refused']} refused, {photos['indexed']} new, {photos['known']} already known"
    )
    none, new, known = (people[each] for each in ("none", "new", "known"))
    click.echo(f"people: {none} without a usable photo, {new} new, {known} already known")


@contextmanager
def report(path: Path | None) -> Iterator[Callable[[Record], None]]:
    """A function that adds one record to the report, which is written as it goes."""
    if path is None:
        yield lambda record: None
        return
    with path.open("w", encoding="utf-8-sig" if path.suffix == ".csv" else "utf-8", newline="") as file:
        if path.suffix == ".csv":
            rows = csv.writer(file)
            rows.writerow(_COLUMNS.values())
            yield lambda record: rows.writerow(as_text(record.get(key)) for key in _COLUMNS)
            return
        cells = "".join(f"<th>{heading}" for heading in _COLUMNS.values())
        file.write(
            f'<!doctype html><meta charset="utf-8"><title>Enrollment</title><style>{_STYLE}</style>\n'
            f"<h1>Enrollment</h1>\n<table><tr>{cells}\n"
        )
        yield lambda record: _write_row(file.write, record)
        file.write("</table>\n")


def _write_row(write: Callable[[str], object], record: Record) -> None:
    cells = "".join(f"<td>{html.escape(str(record.get(key) or ''))}" for key in _COLUMNS)
    write(f'<tr class="{html.escape(str(record["state"]))}">{cells}\n')


def _write_reasons(heading: str, passed_over: list[PassedOver]) -> None:
    reasons: dict[str, list[Path]] = {}
    for each in passed_over:
        reasons.setdefault(each.reason, []).append(each.file)
    for reason, files in reasons.items():
        click.echo(wrapped(f"{heading}: {reason}"))
        for file in files:
            click.echo(f"    {isolated(str(file))}")


def _count(number: int, one: str, many: str | None = None) -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"
