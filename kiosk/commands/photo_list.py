"""A list of photos and whom they show, as an office keeps it: CSV, or XLSX."""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import click

from kiosk.client.moment import iso_text
from kiosk.client.names import readable_name, same_name
from kiosk.commands.photo_folder import Found, PassedOver, Portrait, unique

COLUMNS = ("file", "person_id", "name", "groups", "consent")
_PERSON_ID = re.compile(r"[A-Za-z0-9_.\-:]{1,128}")
_GROUP = re.compile(r"[a-z0-9\-]{1,32}")
_YES = frozenset({"yes", "y", "true", "1", "x", "ja", "oui", "si", "sí"})

Row = dict[str, str]


def listed(path: Path, *, now: datetime) -> Iterator[Found]:
    """The photos of a list with the columns `file,person_id,name,groups,consent`; files lie beside the list.

    Every row becomes a photo or says why not. Raises `click.ClickException` for a file that is no such list.
    """
    known: set[tuple[str, str]] = set()
    named: dict[str, str] = {}
    for number, row in _rows(path):
        found = _portrait(path, row, now)
        if isinstance(found, str):
            yield PassedOver(path.parent / row["file"], f"row {number}: {found}", refused=True)
            continue
        other = named.setdefault(found.person, found.name)
        if same_name(other) != same_name(found.name):
            reason = f"row {number}: {found.person_id} is called {other} further up; which is right?"
            yield PassedOver(found.file, reason, refused=True)
            continue
        yield unique(found, known)


def _portrait(path: Path, row: Row, now: datetime) -> Portrait | str:
    """The photo of one row, or what is wrong with it."""
    file = path.parent / row["file"]
    if not row["file"]:
        return "it names no file"
    if not file.is_file():
        return "there is no such file beside the list"
    if row["person_id"] and not _PERSON_ID.fullmatch(row["person_id"]):
        return f"{row['person_id']!r} is no person_id; use letters, digits and _ . - : (at most 128)"
    if not (name := row["name"] or readable_name(row["person_id"])):
        return "it has neither name nor person_id"
    consent_at = None
    if row["consent"].casefold() in _YES:
        consent_at = iso_text(now)
    elif row["consent"]:
        try:
            consent_at = iso_text(datetime.fromisoformat(row["consent"]).astimezone(UTC))
        except ValueError:
            return f"consent is {row['consent']!r}; write yes or the day it was given, as 2026-11-23"
    groups = tuple(re.split(r"[\s,;|]+", row["groups"].casefold())) if row["groups"] else ()
    if wrong := next((group for group in groups if not _GROUP.fullmatch(group)), None):
        return f"{wrong!r} is no group; use a-z, 0-9 and - (at most 32), with spaces between several"
    return Portrait(file, name, file.name, row["person_id"] or None, consent_at, groups)


def _rows(path: Path) -> Iterator[tuple[int, Row]]:
    """Each row that holds anything, with its number as a spreadsheet counts."""
    lines = iter(_xlsx(path) if path.suffix.lower() == ".xlsx" else _csv(path))
    heading = [cell.strip().casefold() for cell in next(lines, [])]
    unknown = [cell for cell in heading if cell and cell not in COLUMNS]
    if "file" not in heading or unknown or not {"person_id", "name"} & set(heading):
        raise click.ClickException(
            f"the first row of {path} must name the columns {','.join(COLUMNS)} (person_id or name, groups"
            f" and consent may be left out){'; not ' + unknown[0] if unknown else ''}"
        )
    for number, line in enumerate(lines, 2):
        row = dict.fromkeys(COLUMNS, "") | dict(zip(heading, map(str.strip, line), strict=False))
        if any(row.values()):
            yield number, row


def _csv(path: Path) -> Iterable[list[str]]:
    data = path.read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", "replace")  # Excel's "CSV" in western Europe
    first = text.partition("\n")[0]
    return csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=first.count))


def _xlsx(path: Path) -> Iterator[list[str]]:
    try:
        import openpyxl
    except ImportError as error:
        raise click.ClickException(
            "reading XLSX needs more: install 'recognizeme-kiosk[office]', or save the list as CSV"
        ) from error
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        rows = book.worksheets[0].iter_rows(values_only=True)
        yield from ([_text(cell) for cell in row] for row in rows)
    except Exception as error:  # a damaged workbook fails in many ways: zip, XML, missing parts
        raise click.ClickException(f"{path} is no readable XLSX workbook; save it as CSV") from error


def _text(cell: object) -> str:
    if isinstance(cell, datetime | date):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return "" if cell is None else str(cell)
