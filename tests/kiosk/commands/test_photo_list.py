"""Lists of photos, as a spreadsheet writes them."""

from datetime import UTC, datetime
from pathlib import Path

import click
import openpyxl
import pytest

from kiosk.commands.photo_folder import Found, PassedOver, Portrait
from kiosk.commands.photo_list import listed

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)


def of(path: Path) -> list[Found]:
    return list(listed(path, now=NOW))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_csv_list_says_whom_each_file_shows(tmp_path: Path, separator: str, encoding: str) -> None:
    (tmp_path / "IMG_1.jpg").touch()
    rows = [
        ("file", "person_id", "name", "groups", "consent"),
        ("IMG_1.jpg", "j.g", "Jürgen Groß", "", "2026-01-02T00:00Z"),
    ]
    path = tmp_path / "list.csv"
    path.write_bytes("\r\n".join(separator.join(row) for row in rows).encode(encoding))
    assert of(path) == [
        Portrait(tmp_path / "IMG_1.jpg", "Jürgen Groß", "IMG_1.jpg", "j.g", "2026-01-02T00:00:00.000Z")
    ]


def test_an_xlsx_list_says_the_same(tmp_path: Path) -> None:
    (tmp_path / "IMG_1.jpg").touch()
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["file", "person_id", "consent"])
    sheet.append(["IMG_1.jpg", 42, "yes"])
    book.save(tmp_path / "list.xlsx")
    assert of(tmp_path / "list.xlsx") == [
        Portrait(tmp_path / "IMG_1.jpg", "42", "IMG_1.jpg", "42", "2026-11-23T08:00:00.000Z")
    ]


def test_every_row_that_cannot_be_used_says_why(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").touch()
    path = tmp_path / "list.csv"
    path.write_text(
        "file,person_id,name,consent\na.jpg,ada,Ada,\nb.jpg,bob,Bob,\n,bob,Bob,\na.jpg,,,\n\na.jpg,a/b,Ada,\n"
        "a.jpg,ada,Eva,\na.jpg,ada,Ada,no\n"
    )
    reasons = [found.reason for found in of(path) if isinstance(found, PassedOver)]
    assert reasons == [
        "row 3: there is no such file beside the list",
        "row 4: it names no file",
        "row 5: it has neither name nor person_id",
        "row 7: 'a/b' is no person_id; use letters, digits and _ . - : (at most 128)",
        "row 8: ada is called Ada further up; which is right?",
        "row 9: consent is 'no'; write yes or the day it was given, as 2026-11-23",
    ]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "must name the columns"),
        ("file\na.jpg", "must name the columns"),
        ("file,name,salary\na.jpg,Ada,1", "not salary"),
    ],
)
def test_what_is_no_such_list_is_refused_in_a_sentence(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "list.csv"
    path.write_text(text)
    with pytest.raises(click.ClickException, match=reason):
        of(path)


def test_a_damaged_workbook_is_refused_in_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "list.xlsx"
    path.write_bytes(b"PK nothing")
    with pytest.raises(click.ClickException, match="no readable XLSX"):
        of(path)
