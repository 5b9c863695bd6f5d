"""Times as people give and read them, in their own zone."""

import re
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import click
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from kiosk.cli import main
from kiosk.client.api import ApiClient
from kiosk.client.capture_id import new_capture_id
from kiosk.commands.times import MOMENT, NotUnderstood, moment_of, shown, utc_option
from tests.kiosk.api_server import ApiServer
from tests.kiosk.conftest import picture_of

ROOT = Path(__file__).parents[3]
BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 24, 21, 46, 5, tzinfo=UTC)  # a Tuesday
ZONES = st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Auckland", "UTC"])
NOWS = st.datetimes(datetime(2026, 1, 8), datetime(2035, 1, 1), timezones=st.just(UTC))
WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
SAID = "yesterday today last next ago in a 2 weeks hours month 18:00 25:99 pm noon ½"
WORDS = st.sampled_from([*WEEKDAYS, *SAID.split()])


@pytest.fixture
def in_tokyo(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.parametrize(
    ("text", "local"),
    [
        ("today", "2026-11-24T00:00:00"),
        ("now", "2026-11-24T22:46:05"),
        ("tuesday", "2026-11-17T00:00:00"),
        ("Last Monday 9:30", "2026-11-23T09:30:00"),
        ("yesterday 18:00", "2026-11-23T18:00:00"),
        ("friday at 5pm", "2026-11-20T17:00:00"),
        ("2 weeks ago", "2026-11-10T00:00:00"),
        ("2h", "2026-11-24T20:46:05"),
        ("an hour ago", "2026-11-24T21:46:05"),
        ("this week", "2026-11-23T00:00:00"),
        ("last week", "2026-11-16T00:00:00"),
        ("last month", "2026-10-01T00:00:00"),
        ("a month ago", "2026-10-24T00:00:00"),
        ("march 2026", "2026-03-01T00:00:00"),
        ("last year", "2025-01-01T00:00:00"),
        ("23 Nov", "2026-11-23T00:00:00"),
        ("2026-11-23", "2026-11-23T00:00:00"),
        ("2026-11-23T08:00Z", "2026-11-23T09:00:00"),
    ],
)
def test_a_time_is_what_a_person_in_berlin_means(text: str, local: str) -> None:
    found = moment_of(text, now=NOW, zone=BERLIN).astimezone(BERLIN)
    assert found.replace(tzinfo=None).isoformat(timespec="seconds") == local


@pytest.mark.parametrize("text", ["", "a", "5", "-1", "2026", "11/12/2026", "12.11.2026", "soon", "x" * 9999])
def test_what_may_mean_several_times_or_none_is_answered_with_examples(text: str) -> None:
    with pytest.raises(NotUnderstood, match="tuesday, 'yesterday 18:00'") as refused:
        moment_of(text, now=NOW, zone=BERLIN)
    assert len(str(refused.value)) < 200


@given(text=st.one_of(st.text(), st.lists(WORDS).map(" ".join)), now=NOWS, zone=ZONES.map(ZoneInfo))
def test_any_text_is_a_time_in_utc_or_is_not_understood(text: str, now: datetime, zone: ZoneInfo) -> None:
    with suppress(NotUnderstood):
        assert moment_of(text, now=now, zone=zone).tzinfo is UTC


@given(weekday=st.integers(0, 6), now=NOWS, zone=ZONES.map(ZoneInfo))
def test_a_weekday_is_the_beginning_of_the_last_one(weekday: int, now: datetime, zone: ZoneInfo) -> None:
    found = moment_of(WEEKDAYS[weekday], now=now, zone=zone).astimezone(zone)
    assert found.weekday() == weekday
    assert 1 <= (now.astimezone(zone).date() - found.date()).days <= 7
    assert (found.hour, found.minute, found.second) == (0, 0, 0)


@given(days=st.integers(1, 400), now=NOWS, zone=ZONES.map(ZoneInfo))
def test_days_ago_is_the_beginning_of_that_day(days: int, now: datetime, zone: ZoneInfo) -> None:
    found = moment_of(f"{days} days ago", now=now, zone=zone).astimezone(zone)
    assert (now.astimezone(zone).date() - found.date()).days == days
    assert (found.hour, found.minute) == (0, 0)


@given(hours=st.integers(1, 400), now=NOWS, zone=ZONES.map(ZoneInfo))
def test_hours_ago_are_whole_hours_also_where_clocks_change(
    hours: int, now: datetime, zone: ZoneInfo
) -> None:
    assert moment_of(f"{hours} hours ago", now=now, zone=zone) == now - timedelta(hours=hours)
    assert moment_of(f"{hours}h", now=now, zone=zone) == now - timedelta(hours=hours)


@given(moment=NOWS, zone=ZONES.map(ZoneInfo))
def test_what_is_shown_is_read_back_as_the_same_second(moment: datetime, zone: ZoneInfo) -> None:
    text = shown(moment.isoformat(), zone=zone)
    fold = moment.astimezone(zone).fold
    assert datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold) == moment.replace(microsecond=0)


def test_what_is_no_time_is_shown_as_it_is() -> None:
    assert shown("tomorrow or so") == "tomorrow or so"


def test_no_heading_says_utc_of_times_that_are_shown_in_the_viewers_zone() -> None:
    modules = [path for path in (ROOT / "kiosk" / "commands").rglob("*.py") if path.name != "times.py"]
    assert [
        path.name for path in modules if re.search(r": \"[^\"]+ \(UTC\)\"", path.read_text("utf-8"))
    ] == []


def test_without_the_parser_words_say_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "dateparser.date", None)
    assert moment_of("2h", now=NOW) == NOW - timedelta(hours=2)
    with pytest.raises(NotUnderstood, match=r"install 'recognizeme-kiosk\[office\]'"):
        moment_of("tuesday", now=NOW)


@pytest.mark.integration
@pytest.mark.usefixtures("in_tokyo")
def test_times_are_shown_in_the_viewers_zone_and_json_stays_utc(server: ApiServer, api: ApiClient) -> None:
    capture_id = new_capture_id()
    captured = datetime.fromisoformat(
        api.hand_in(picture_of("ada"), kiosk_id="front", capture_id=capture_id).captured_at
    )

    def said(*line: str) -> str:
        return CliRunner().invoke(main, ["sightings", *line, "--api", server.url]).output

    assert f"{captured.astimezone(ZoneInfo('Asia/Tokyo')):%Y-%m-%d %H:%M:%S}" in said()
    assert "captured (UTC)" not in said()
    assert f"{captured:%Y-%m-%d %H:%M:%S}" in said("--utc")
    assert "captured (UTC)" in said("--utc")
    assert f"{captured.astimezone(ZoneInfo('Asia/Tokyo')):%Y-%m-%d %H:%M:%S}" in said("show", capture_id)
    assert f'"captured_at": "{captured:%Y-%m-%dT%H:%M:%S}' in said("--json", "--since", "today")


@pytest.mark.usefixtures("in_tokyo")
def test_with_utc_a_given_time_is_read_in_utc_too() -> None:
    @click.command()
    @click.option("--since", type=MOMENT)
    @utc_option
    def command(since: str) -> None:
        click.echo(since)

    line = ["--since", "2026-11-01T05:00"]
    assert CliRunner().invoke(command, line).output == "2026-10-31T20:00:00.000Z\n"
    assert CliRunner().invoke(command, [*line, "--utc"]).output == "2026-11-01T05:00:00.000Z\n"
