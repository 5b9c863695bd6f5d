"""`recognizeme report`, and that no cell of it is a formula."""

import csv
import io
import json
from datetime import UTC, datetime
from pathlib import Path

import click
import openpyxl
import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from kiosk.cli import main
from kiosk.client.api import ApiClient
from kiosk.client.capture_id import new_capture_id
from kiosk.client.csv_text import as_text, csv_lines
from kiosk.client.moment import iso_text
from kiosk.commands.spreadsheet import save_csv, save_xlsx
from tests.kiosk.api_server import ApiServer
from tests.kiosk.commands.test_stats import ITEMS
from tests.kiosk.conftest import picture_of

HOSTILE = [
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    " =1",
    "\uff1d1",
    '=HYPERLINK("http://x")',
]
SINCE = ["--since", "2026-11-22", "--until", "2026-11-25"]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_that_is_a_formula_is_text_in_csv_and_xlsx(name: str, tmp_path: Path) -> None:
    save_csv(tmp_path / "x.csv", ["name"], [[name]])
    save_xlsx(tmp_path / "x.xlsx", ["name"], [[name]], title="names")
    assert "'" in (tmp_path / "x.csv").read_text("utf-8-sig").splitlines()[1][:2]
    assert as_text(name) == f"'{name}"
    cell = openpyxl.load_workbook(tmp_path / "x.xlsx").worksheets[0]["A2"]
    assert cell.data_type == "s"
    assert str(cell.value).strip() == name.strip()


@given(text=st.text())
def test_no_text_in_a_csv_begins_as_a_formula_does(text: str) -> None:
    written = "".join(csv_lines(["name"], [[text]]))
    rows = list(csv.reader(io.StringIO(written, newline="")))
    read = rows[1][0] if rows[1] else ""
    assert read.lstrip()[:1] not in set("=+-@\uff1d\uff0b\uff0d\uff20")
    assert read.removeprefix("'") == text.removeprefix("'")


@pytest.mark.parametrize("number", [-5, 3.25, 0, None])
def test_a_number_stays_a_number(number: float | None) -> None:
    assert as_text(number) == number


@given(text=st.text())
def test_any_text_can_be_written_to_a_workbook(text: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("books") / "x.xlsx"
    save_xlsx(path, ["name"], [[text]], title="names")
    assert openpyxl.load_workbook(path).worksheets[0]["A2"].data_type != "f"


def test_where_nothing_can_be_written_it_says_so(tmp_path: Path) -> None:
    for save in (save_csv, lambda path, heading, rows: save_xlsx(path, heading, rows, title="x")):
        with pytest.raises(click.ClickException, match=r"cannot write to .*No such file"):
            save(tmp_path / "gone" / "x", ["name"], [["ada"]])


@pytest.mark.integration
@pytest.mark.parametrize(
    ("what", "columns", "total"),
    [
        (
            "visits",
            "visits,recognized,unknown,uncertain,no_face,rejected,pending,failed",
            "58 43 10 0 2 0 0 3",
        ),
        ("unknowns", "visits,unknown,uncertain", "58 10 0"),
        ("errors", "visits,failed,rejected,no_face,pending", "58 3 0 2 0"),
        ("cost", "rekognition_calls,cost_usd", "55 0.055"),
    ],
)
def test_a_report_is_the_same_in_the_terminal_csv_xlsx_and_json(
    server: ApiServer, tmp_path: Path, what: str, columns: str, total: str
) -> None:
    server.statistics = ITEMS
    files = ["--csv", str(tmp_path / "x.csv"), "--xlsx", str(tmp_path / "x.xlsx")]
    assert f"{tmp_path / 'x.csv'}: 3 rows" in run(server, what, *SINCE, *files).output

    written = (tmp_path / "x.csv").read_text("utf-8-sig").splitlines()
    book = openpyxl.load_workbook(tmp_path / "x.xlsx").worksheets[0].values
    said = [json.loads(line) for line in run(server, what, *SINCE, "--json").output.splitlines()]
    table = run(server, what, *SINCE).output.splitlines()

    assert written[0] == f"day,kiosk_id,{columns}"
    assert [",".join(str(cell) for cell in row) for row in book] == written
    assert [",".join(str(cell) for cell in row.values()) for row in said] == written[1:]
    assert written[1].startswith("2026-11-22,back,")
    assert table[-1].split() == ["total", *total.split()]


@pytest.mark.integration
def test_a_report_is_by_week_and_of_one_kiosk(server: ApiServer) -> None:
    server.statistics = ITEMS
    said = run(server, "visits", *SINCE, "--by", "week", "--kiosk", "front", "--json").output.splitlines()
    assert [json.loads(line)["week"] for line in said] == ["2026-W48"]
    assert json.loads(said[0])["visits"] == 47


@pytest.mark.integration
def test_corrections_say_what_had_been_said_before(server: ApiServer, api: ApiClient) -> None:
    capture_id = new_capture_id()
    api.hand_in(picture_of("ada"), kiosk_id="front", capture_id=capture_id)
    before = {
        "corrected_at": iso_text(datetime.now(UTC)),
        "was_outcome": "recognized",
        "was_person_id": "ada",
    }
    server.sightings[capture_id] |= {"outcome": "unknown", "correction": before}
    line = {
        "at": iso_text(datetime.now(UTC)),
        "action": "POST /sightings/{capture_id}/correction",
        "detail": {},
    }
    gone = {"about": {"capture_id": new_capture_id()}, "result": "done"}
    server.audit = [{**line, **gone}, {**line, "about": {"capture_id": capture_id}, "result": "done"}]

    expired, said = (json.loads(each) for each in run(server, "corrections", "--json").output.splitlines())

    assert (said["kiosk_id"], said["corrections"], said["was_recognized"]) == ("front", 1, 1)
    assert (expired["kiosk_id"], expired["corrections"], expired["was_recognized"]) == ("", 1, 0)


@pytest.mark.integration
def test_what_cannot_be_reported_is_one_sentence(server: ApiServer) -> None:
    result = run(server, "lunch", code=2)
    assert "'lunch' is not one of 'visits', 'unknowns', 'errors', 'cost'" in result.output


def run(server: ApiServer, *line: str, code: int = 0) -> Result:
    result = CliRunner().invoke(main, ["--api", server.url, "report", *line])
    assert result.exit_code == code, result.output
    return result
