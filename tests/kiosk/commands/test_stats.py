"""`recognizeme stats`: what is counted, and how it is drawn."""

import json
from datetime import UTC, date, datetime, timedelta

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from kiosk.cli import main
from kiosk.client.api import ApiClient
from kiosk.client.capture_id import new_capture_id
from kiosk.client.moment import iso_text
from kiosk.commands.figures import By, Days, Figures, cells, total
from kiosk.commands.sparkline import Pen
from kiosk.commands.stats import drawn
from tests.kiosk.api_server import ApiServer, Fault
from tests.kiosk.conftest import picture_of

NOW = datetime(2026, 11, 24, 21, 46, tzinfo=UTC)
COUNTS = st.lists(st.integers(0, 10**6), max_size=400)
PENS = st.sampled_from([Pen(has_blocks=True), Pen(has_blocks=False)])
BYS = st.sampled_from(By)
DAYS = st.dates(date(2026, 1, 1), date(2040, 1, 1))


def item(day: str, kiosk_id: str, **outcomes: int) -> dict[str, object]:
    calls = sum(outcomes.values())
    paid = {"rekognition_calls": calls, "cost_usd": calls / 1000}
    return {"day": day, "kiosk_id": kiosk_id, "outcomes": outcomes, "pending": 0, "failed": 1, **paid}


ITEMS = [
    item("2026-11-24", "front", recognized=30, unknown=10),
    item("2026-11-23", "front", recognized=5),
    item("2026-11-22", "back", recognized=8, no_face=2),
]


@given(day=DAYS, by=BYS)
def test_a_period_holds_the_day_it_is_of_and_ends_where_the_next_begins(day: date, by: By) -> None:
    first = by.first_day(day)
    assert first <= day < by.next(first)
    assert by.first_day(by.next(first)) == by.next(first)
    assert by.label(first) != by.label(by.next(first))


@given(counts=st.lists(st.tuples(DAYS, st.sampled_from(["a", "b"]), st.integers(0, 99))), by=BYS)
def test_nothing_is_lost_or_counted_twice_by_any_period(counts: list[tuple[date, str, int]], by: By) -> None:
    items = [item(day.isoformat(), kiosk_id, recognized=count) for day, kiosk_id, count in counts]
    found = cells(items, by)
    assert total(found.values()).recognized == sum(count for _, _, count in counts)
    assert total(found.values()).failed == len(counts)
    assert [*found] == sorted(found)


@pytest.mark.parametrize(
    ("by", "first", "labels"),
    [
        (By.DAY, "2026-11-18", ["2026-11-18", "2026-11-24", 7]),
        (By.WEEK, "2026-09-07", ["2026-W37", "2026-W48", 12]),
        (By.MONTH, "2025-12-01", ["2025-12", "2026-11", 12]),
    ],
)
def test_a_week_twelve_weeks_or_twelve_months_are_shown(by: By, first: str, labels: list[object]) -> None:
    days = Days.asked(None, None, by, now=NOW)
    periods = days.periods(by)
    assert days.first.isoformat() == first
    assert [by.label(periods[0]), by.label(periods[-1]), len(periods)] == labels


def test_what_is_asked_for_ends_before_until() -> None:
    days = Days.asked("2026-11-20T00:00:00.000Z", "2026-11-22T00:00:00.000Z", By.DAY, now=NOW)
    assert (days.first, days.last) == (date(2026, 11, 20), date(2026, 11, 21))


@given(values=COUNTS, pen=PENS, width=st.integers(1, 80))
def test_a_sparkline_fits_and_shows_whatever_is_more_than_nothing(
    values: list[int], pen: Pen, width: int
) -> None:
    line = pen.sparkline(values, width=width)
    assert len(line) == min(len(values), width)
    assert bool(line.strip()) == any(values)


@given(parts=st.tuples(*[st.integers(0, 10**6)] * 3), most=st.integers(1, 10**6), pen=PENS)
def test_a_bar_fits_and_shows_whatever_is_more_than_nothing(
    parts: tuple[int, int, int], most: int, pen: Pen
) -> None:
    bar = pen.bar(parts, most=most, width=40)
    assert len(bar) <= 40
    assert bool(bar) == any(parts)


@pytest.mark.parametrize(
    ("encoding", "blocks"), [("utf-8", True), ("ascii", False), ("latin-1", False), (None, False)]
)
def test_plain_characters_are_drawn_where_blocks_cannot_be_written(
    encoding: str | None, blocks: bool
) -> None:
    pen = Pen.for_encoding(encoding)
    assert pen.has_blocks is blocks
    text = pen.sparkline([1, 2, 3], width=3) + pen.bar([1, 2, 3], most=6, width=9)
    assert text.isascii() is not blocks


@given(by=BYS, pen=PENS)
def test_no_line_is_wider_than_the_terminal(by: By, pen: Pen) -> None:
    figures = Figures(1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 100.0, 1000)
    first = [by.first_day(NOW.date() - timedelta(days=back)) for back in range(400)]
    counted = {(day, "k" * 64): figures for day in first} | {(first[0], "other"): figures}
    assert max(map(len, drawn(counted, sorted({*first}), by, pen=pen, width=80))) <= 80


@pytest.mark.integration
def test_visits_are_drawn_by_day_and_kiosk(server: ApiServer) -> None:
    server.statistics = ITEMS
    said = run(server, "stats", "--since", "2026-11-22", "--until", "2026-11-25")
    rows = {line.split()[0]: line.split() for line in said.splitlines() if line}
    assert rows["visits"][1:3] == ["58", "▂▁█"]
    assert "most 41: 2026-11-24" in said
    assert rows["2026-11-23"][1] == "6"
    assert (rows["front"][1], rows["back"][1]) == ("47", "11")
    assert "0.055" in said


@pytest.mark.integration
def test_json_is_by_period_and_kiosk_with_the_total_last(server: ApiServer) -> None:
    server.statistics = ITEMS
    asked = ["stats", "--json", "--since", "2026-11-22"]
    by_day = [json.loads(line) for line in run(server, *asked).splitlines()]
    by_week = [json.loads(line) for line in run(server, *asked, "--by", "week").splitlines()]
    front = [json.loads(line) for line in run(server, *asked, "--kiosk", "front").splitlines()]
    assert by_day[:-1] == ITEMS
    assert by_day[-1]["outcomes"] == {"recognized": 43, "unknown": 10, "no_face": 2}
    assert [(each["day"], each["kiosk_id"]) for each in by_week] == [
        ("2026-11-23", "front"), ("2026-11-16", "back"), (None, None)
    ]  # fmt: skip
    assert by_week[-1] == by_day[-1]
    assert front[-1]["outcomes"] == {"recognized": 35, "unknown": 10}


@pytest.mark.integration
def test_corrections_are_drawn_where_one_may_read_the_audit_log(server: ApiServer, api: ApiClient) -> None:
    capture_id = new_capture_id()
    api.hand_in(picture_of("ada"), kiosk_id="front", capture_id=capture_id)
    line = {
        "at": iso_text(datetime.now(UTC)), "action": "POST /sightings/{capture_id}/correction",
        "result": "done", "about": {"capture_id": capture_id}, "detail": {},
    }  # fmt: skip
    server.audit = [line, line, {**line, "result": "refused", "about": {"capture_id": "x"}}]

    assert "corrections                 1" in run(server, "stats")
    assert "corrections                 0" in run(server, "stats", "--kiosk", "back")
    server.faults = lambda _, path: Fault(403) if path == "/audit" else None
    assert "corrections" not in run(server, "stats")


def run(server: ApiServer, *line: str) -> str:
    result = CliRunner().invoke(main, ["--api", server.url, *line])
    assert result.exit_code == 0, result.output
    return result.output
