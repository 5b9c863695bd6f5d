"""Who is in: doors, days, mistakes and merges."""

from dataclasses import replace
from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest

from local.wiring import NAMES
from recognizeme.domain.errors import Misconfigured
from recognizeme.domain.kiosks import Direction, Kiosk
from recognizeme.domain.model import Capture, new_capture_id
from recognizeme.domain.people import PersonChange
from recognizeme.domain.presence import ForgottenExits, Presence
from recognizeme.settings import Settings
from recognizeme.usecases.correct import correct
from recognizeme.usecases.merge import merge, unmerge
from recognizeme.usecases.presence import who_is_in
from recognizeme.wiring import exits_of
from tests.contract.samples import person, recognized
from tests.twins.world import World

DAY_ENDS_AT_FOUR = ForgottenExits(UTC, time(4), hours=16)


class Building:
    """People who walk past kiosks, and whoever asks who is in."""

    def __init__(self) -> None:
        self.world = World()
        for kiosk_id, direction in (
            ("entrance", Direction.IN), ("exit", Direction.OUT), ("front", Direction.BOTH),
        ):  # fmt: skip
            self.world.kiosks.put(Kiosk(kiosk_id, direction=direction))
        for person_id in ("ada", "bob", "carol"):
            self.world.people.put(person(person_id, name=person_id.title()), now=self.world.now())

    def seen(self, who: str, kiosk_id: str, at: str) -> str:
        """Somebody is recognized at a time of the day; return the capture's id."""
        moment = datetime.fromisoformat(f"2026-11-23T{at}Z" if "T" not in at else at)
        capture = Capture(new_capture_id(moment, bytes([len(self.world.sightings.rows)] * 10)), kiosk_id)
        assert self.world.sightings.save(recognized(capture, who))
        return capture.capture_id

    def page(self, at: str = "12:00", limit: int = 100, after: str = "") -> tuple[list[Presence], str | None]:
        self.world.time = datetime.fromisoformat(f"2026-11-23T{at}Z" if "T" not in at else at)
        page = who_is_in(
            sightings=self.world.sightings,
            kiosks=self.world.kiosks,
            people=self.world.people,
            exits=DAY_ENDS_AT_FOUR,
            desk="web",
            now=self.world.now,
            limit=limit,
            after=after,
        )
        return list(page.items), page.next_cursor

    def inside(self, at: str = "12:00") -> list[str]:
        return [each.person.person_id for each in self.page(at)[0]]


@pytest.fixture
def building() -> Building:
    return Building()


def test_an_entrance_brings_in_and_an_exit_takes_out(building: Building) -> None:
    building.seen("ada", "entrance", "08:00")
    building.seen("bob", "entrance", "08:05")
    building.seen("bob", "exit", "11:00")

    assert building.inside() == ["ada"]


def test_it_is_said_since_when_by_which_door_and_where_somebody_was_last_seen(building: Building) -> None:
    building.seen("ada", "entrance", "07:00")
    building.seen("ada", "exit", "07:30")
    building.seen("ada", "entrance", "08:00")
    building.seen("ada", "front", "10:00")

    ((present,), _) = building.page()

    assert (present.stay.first.at.hour, present.stay.first.kiosk_id) == (8, "entrance")
    assert (present.stay.last.at.hour, present.stay.last.kiosk_id) == (10, "front")
    assert present.is_recognized


def test_a_door_for_both_ways_says_that_somebody_is_in_and_never_that_they_went(building: Building) -> None:
    building.seen("ada", "front", "08:00")
    building.seen("ada", "front", "11:00")
    building.seen("bob", "exit", "09:00")
    building.seen("bob", "front", "09:30")

    assert building.inside() == ["ada", "bob"]


def test_a_capture_that_comes_late_moves_nobody_back(building: Building) -> None:
    building.seen("ada", "exit", "11:00")
    building.seen("ada", "entrance", "08:00")

    assert building.inside() == []


def test_a_correction_moves_both_people(building: Building) -> None:
    building.seen("ada", "entrance", "08:00")
    mistaken = building.seen("ada", "exit", "11:00")
    building.seen("bob", "entrance", "08:00")

    world = building.world
    correct(mistaken, "bob", sightings=world.sightings, people=world.people, now=world.now)

    assert building.inside() == ["ada"]


def test_a_correction_to_nobody_known_takes_the_pass_away(building: Building) -> None:
    mistaken = building.seen("ada", "entrance", "08:00")

    world = building.world
    correct(mistaken, None, sightings=world.sightings, people=world.people, now=world.now)

    assert building.inside() == []


def test_whoever_was_not_seen_leaving_has_gone_when_the_day_ends(building: Building) -> None:
    building.seen("ada", "entrance", "20:00")

    assert building.inside("2026-11-24T03:59Z") == ["ada"]
    assert building.inside("2026-11-24T04:00Z") == []


def test_whoever_was_not_seen_for_hours_has_gone(building: Building) -> None:
    building.seen("ada", "entrance", "06:00")
    building.seen("bob", "entrance", "06:00")
    building.seen("bob", "front", "12:00")

    assert building.inside("21:59") == ["ada", "bob"]
    assert building.inside("22:01") == ["bob"]


@pytest.mark.parametrize(
    ("now", "begin"),
    [
        ("2026-11-23T08:00Z", "2026-11-23T03:00Z"),
        ("2026-11-23T02:59Z", "2026-11-22T03:00Z"),
        ("2026-11-23T03:00Z", "2026-11-23T03:00Z"),
        ("2026-07-01T08:00Z", "2026-07-01T02:00Z"),
        ("2026-10-25T12:00Z", "2026-10-25T03:00Z"),
        ("2026-10-25T02:30Z", "2026-10-24T02:00Z"),
    ],
)
def test_the_day_ends_by_the_buildings_clock_also_when_clocks_change(now: str, begin: str) -> None:
    exits = ForgottenExits(ZoneInfo("Europe/Zurich"), time(4), hours=16)

    assert exits.begin_of_day(datetime.fromisoformat(now)) == datetime.fromisoformat(begin)


def test_a_picture_looked_at_on_the_page_lets_nobody_in_unless_the_page_is_a_door(building: Building) -> None:
    building.seen("ada", "web", "08:00")
    assert building.inside() == []

    building.world.kiosks.put(Kiosk("web", direction=Direction.IN))
    assert building.inside() == ["ada"]


def test_a_kiosk_whose_clock_is_days_ahead_lets_nobody_in_for_days(building: Building) -> None:
    building.seen("ada", "entrance", "2026-11-25T08:00Z")
    assert building.inside() == []


def test_two_records_of_one_human_are_in_once_and_out_together(building: Building) -> None:
    world = building.world
    building.seen("carol", "entrance", "08:00")
    building.seen("bob", "front", "09:00")
    merge("bob", into="carol", people=world.people)

    ((present,), _) = building.page()
    assert (present.person.person_id, present.stay.first.at.hour, present.stay.last.at.hour) == (
        "carol",
        8,
        9,
    )

    building.seen("carol", "exit", "10:00")
    assert building.inside() == []
    unmerge("bob", people=world.people)
    assert building.inside() == ["bob"]


def test_whoever_is_no_longer_recognized_is_in_until_the_day_ends_and_it_is_said(building: Building) -> None:
    building.seen("ada", "entrance", "08:00")
    building.world.people.change("ada", PersonChange(active=False))

    ((present,), _) = building.page()
    assert (present.person.person_id, present.is_recognized) == ("ada", False)


def test_whoever_is_forgotten_is_not_in(building: Building) -> None:
    building.seen("ada", "entrance", "08:00")
    building.world.forgetter().forget("ada")

    assert building.inside() == []


def test_pages_show_everybody_once(building: Building) -> None:
    for number in range(250):
        one = replace(person(f"p{number:03}"), name=f"P {number}")
        building.world.people.put(one, now=building.world.now())
        building.seen(one.person_id, "entrance", f"2026-11-23T08:{number // 60:02}:{number % 60:02}Z")
    for number in range(0, 250, 5):
        merge(f"p{number + 1:03}", into=f"p{number:03}", people=building.world.people)

    found, after, pages = [], "", 0
    while True:
        some, cursor = building.page(limit=60, after=after)
        found += [each.person.person_id for each in some]
        pages += 1
        if cursor is None:
            break
        after = cursor

    assert found == [f"p{number:03}" for number in range(250) if number % 5 != 1]
    assert pages == 4


SETTINGS = Settings.from_env(NAMES)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        (replace(SETTINGS, time_zone="Mars/Base"), "RECOGNIZEME_TIME_ZONE"),
        (replace(SETTINGS, time_zone="../etc"), "RECOGNIZEME_TIME_ZONE"),
        (replace(SETTINGS, day_ends="25:00"), "RECOGNIZEME_DAY_ENDS"),
    ],
)
def test_settings_that_are_none_are_refused_by_name(settings: Settings, says: str) -> None:
    with pytest.raises(Misconfigured, match=says):
        exits_of(settings)


def test_the_settings_are_the_buildings_zone_and_hours() -> None:
    settings = replace(SETTINGS, time_zone="Europe/Zurich", day_ends="03:30", presence_hours=12)

    assert exits_of(settings) == ForgottenExits(ZoneInfo("Europe/Zurich"), time(3, 30), 12)
    assert exits_of(SETTINGS) == ForgottenExits(ZoneInfo("UTC"), time(4), 16)
