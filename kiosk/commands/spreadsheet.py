"""Tables as files for a spreadsheet: CSV, and XLSX with `recognizeme-kiosk[office]`."""

import io
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import click

from kiosk.client.csv_text import csv_lines

Cell = str | int | float | None

_CONTROLS = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff\ud800-\udfff]"
)  # XML has no way to write them


def save_csv(path: Path, heading: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    """Write a CSV file; it begins with a mark by which Excel knows UTF-8. Raises `click.ClickException`."""
    try:
        with path.open("w", encoding="utf-8-sig", errors="replace", newline="") as file:
            file.writelines(csv_lines(heading, rows))
    except OSError as error:
        raise _unwritten(path, error) from error


def save_xlsx(path: Path, heading: Sequence[str], rows: Iterable[Sequence[Cell]], *, title: str) -> None:
    """Write an XLSX workbook in which text is text and never a formula. Raises `click.ClickException`."""
    try:
        from openpyxl import Workbook
        from openpyxl.cell import WriteOnlyCell
        from openpyxl.styles import Font
    except ImportError as error:
        raise click.ClickException(
            "writing XLSX needs more: install 'recognizeme-kiosk[office]', or give --csv"
        ) from error
    book = Workbook(write_only=True)
    sheet = book.create_sheet(title)
    sheet.freeze_panes = "A2"

    for number, row in enumerate([heading, *rows]):
        written = []
        for value in row:
            cell = WriteOnlyCell(sheet, _CONTROLS.sub("", value) if isinstance(value, str) else value)
            if isinstance(value, str):
                cell.data_type = "s"  # also what begins with =
            if number == 0:
                cell.font = Font(bold=True)
            written.append(cell)
        sheet.append(written)
    data = io.BytesIO()
    book.save(data)
    try:
        path.write_bytes(data.getvalue())
    except OSError as error:
        raise _unwritten(path, error) from error


def _unwritten(path: Path, error: OSError) -> click.ClickException:
    return click.ClickException(f"cannot write to {path}: {error.strerror}")
