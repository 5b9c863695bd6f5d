"""An outage of a kiosk is told once, and that it is over once."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from local.adapters.database import open_database
from local.adapters.kiosks import SqliteKiosks
from local.kiosk_watch import KioskEvent, KioskWatch, log
from recognizeme.domain.kiosks import Heartbeat, Kiosk, KioskState

START = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


class Office:
    """A kiosk that beats or does not, whoever watches it, and what was told of it."""

    def __init__(self, kiosks: SqliteKiosks) -> None:
        self.kiosks = kiosks
        self.now = START
        self.told: list[str] = []
        self.deaf = False
        self.watch = self.watched()

    def watched(self) -> KioskWatch:
        return KioskWatch(self.kiosks, minutes=5, now=lambda: self.now, tell=self.tell)

    def tell(self, event: KioskEvent) -> None:
        if self.deaf:
            raise OSError("nobody hears it")
        self.told.append(f"{event.kiosk_id} {event.state}")

    def pass_minutes(self, minutes: int, *, beats: bool = True, sees: bool = True) -> None:
        for _ in range(minutes):
            self.now += timedelta(minutes=1)
            if beats:
                self.kiosks.beat("front", Heartbeat(self.now, self.now if sees else None))
            self.watch.look()


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with open_database(tmp_path / "recognizeme.db") as database:
        office = Office(SqliteKiosks(database))
        office.pass_minutes(10)
        yield office


def test_an_outage_is_told_once_and_that_it_is_over_once(office: Office) -> None:
    assert office.told == []
    office.pass_minutes(5, beats=False)
    assert office.told == []
    office.pass_minutes(60, beats=False)
    assert office.told == ["front offline"]
    office.pass_minutes(10)
    assert office.told == ["front offline", "front online"]
    office.pass_minutes(10, beats=False)
    assert office.told == ["front offline", "front online", "front offline"]


def test_a_kiosk_that_does_not_see_is_gone_too_and_told_once_when_it_falls_silent(office: Office) -> None:
    office.pass_minutes(10, sees=False)
    office.pass_minutes(10, beats=False)

    assert office.told == ["front blind"]


def test_an_outage_is_not_told_again_by_the_next_start(office: Office) -> None:
    office.pass_minutes(10, beats=False)
    office.watch = office.watched()
    office.pass_minutes(10, beats=False)
    office.pass_minutes(1)

    assert office.told == ["front offline", "front online"]


def test_while_nobody_could_hear_them_kiosks_were_not_silent(office: Office) -> None:
    office.now += timedelta(hours=8)  # the machine was off
    office.watch = office.watched()
    office.pass_minutes(1, beats=False)
    office.pass_minutes(10)
    assert office.told == []

    office.now += timedelta(hours=8)
    office.watch = office.watched()
    office.pass_minutes(6, beats=False)
    assert office.told == ["front offline"]


def test_what_nobody_heard_is_told_again(office: Office) -> None:
    office.deaf = True
    for _ in range(10):
        office.now += timedelta(minutes=1)
        try:
            office.watch.look()
        except OSError:
            office.deaf = office.now < START + timedelta(minutes=18)

    assert office.told == ["front offline"]


def test_a_kiosk_that_never_said_anything_is_missed_by_nobody(office: Office) -> None:
    office.kiosks.put(Kiosk("back"))
    office.pass_minutes(20)

    assert office.told == []


def test_in_the_log_an_outage_says_when_the_kiosk_last_saw(caplog: pytest.LogCaptureFixture) -> None:
    log(KioskEvent("front", KioskState.OFFLINE, START))

    assert caplog.messages == ["kiosk front is offline, and last saw at 2026-11-23 08:00 UTC"]
