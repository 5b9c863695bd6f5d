"""Daily totals in a database that was filled before there were any."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.adapters import sightings as module
from local.adapters.database import Database, open_database
from local.adapters.sightings import SqliteSightings
from recognizeme.domain.model import Outcome, captured_at
from recognizeme.domain.totals import TOTAL_DAYS, Count
from tests.contract.samples import capture, unknown

NOW = datetime(2026, 11, 23, 23, 59, 59, 999_000, tzinfo=UTC)


def test_what_an_older_version_saved_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (first,) = (number for number, step in enumerate(module.STEPS) if "ADD COLUMN day" in step)
    later = NOW + timedelta(milliseconds=1)
    saved = [
        *[(NOW, "done", "unknown")] * 2,
        *((later, "done", "unknown"), (NOW, "done", "recognized"), (NOW, "pending", None)),
    ]
    with open_database(tmp_path / "a.db") as database, monkeypatch.context() as older:
        older.setattr(module, "STEPS", module.STEPS[:first])
        SqliteSightings(database, retention_days=30)
        with database.writing() as connection:
            for number, (at, status, outcome) in enumerate(saved):
                connection.execute(
                    "INSERT INTO sightings (capture_id, kiosk_id, status, outcome, expires_at,"
                    " rekognition_calls) VALUES (?, 'front', ?, ?, '9', 1)",
                    (capture(at, number=number).capture_id, status, outcome),
                )

    with open_database(tmp_path / "a.db") as database:
        now = SqliteSightings(database, retention_days=30, now=lambda: NOW)
        assert set(now.counts(NOW.date(), NOW.date())) >= {
            Count(NOW.date(), "front", Outcome.UNKNOWN, 2, 2),
            Count(NOW.date(), "front", Outcome.RECOGNIZED, 1, 1),
        }
        assert len(list(now.counts(NOW.date(), NOW.date() + timedelta(days=1)))) == 4


@given(at=st.datetimes(datetime(1970, 1, 1), datetime(9999, 12, 31, 23), timezones=st.just(UTC)))
def test_the_day_of_a_capture_is_the_same_in_sql(at: datetime) -> None:
    seen = capture(at)
    with Database(Path(":memory:")) as database:
        SqliteSightings(database, retention_days=30).save(unknown(seen))
        with database.reading() as connection:
            (day,) = connection.execute("SELECT day FROM sightings").fetchone()

    assert day == f"{captured_at(seen.capture_id).date()}"


def test_totals_are_kept_for_a_year_and_a_month(tmp_path: Path) -> None:
    old, older = (NOW - timedelta(days=TOTAL_DAYS + days) for days in (0, 1))
    with open_database(tmp_path / "a.db") as database:
        sightings = SqliteSightings(database, retention_days=30, now=lambda: NOW)
        for at in (old, older):
            sightings.save(unknown(capture(at)))

        sightings.purge(now=NOW)

        assert [each.day for each in sightings.counts(older.date(), NOW.date())] == [old.date()]
