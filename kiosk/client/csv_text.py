"""CSV for spreadsheets, in which no cell is a formula."""

import csv
import io
import re
from collections.abc import Iterable, Iterator

# What a spreadsheet would take for a formula, and run: in a name, say. Also behind blanks, and in full width.
_FORMULA = re.compile(r"\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n]")


def as_text(cell: object) -> object:
    """The cell with an apostrophe before text that would be a formula; numbers are left alone."""
    return f"'{cell}" if isinstance(cell, str) and _FORMULA.match(cell) else cell


def csv_lines(heading: Iterable[str], rows: Iterable[Iterable[object]]) -> Iterator[str]:
    """A heading and rows as they come, each with the end of its line; None is an empty cell."""
    line = io.StringIO()
    writer = csv.writer(line)
    writer.writerow(heading)
    yield line.getvalue()
    for row in rows:
        line.seek(0)
        line.truncate()
        writer.writerow(map(as_text, row))
        yield line.getvalue()
