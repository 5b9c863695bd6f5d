"""People leave by themselves, who withdrew consent or were not seen for long; and strangers' pictures go."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest

from recognizeme.domain.errors import ServiceBusy
from recognizeme.domain.model import Consent, Outcome
from recognizeme.domain.people import PersonChange
from recognizeme.usecases.correct import correct
from recognizeme.usecases.leaving import Leaving, Looked, drop_strangers_pictures
from tests.twins.pictures import picture
from tests.twins.world import ADA, World

DAY_S = 24 * 3600.0
BOB = picture("bob")


@dataclass
class Office:
    """A world with ada and bob, whose people are looked through every day."""

    world: World
    person_days: int = 0

    def day(self, days: int = 1) -> list[Looked]:
        looked = []
        for _ in range(days):
            self.world.wait(DAY_S)
            leaving = self.leaving()
            looked.append(leaving.look_through())
            for what, about, _ in list(self.world.later.waiting):
                if what == "leave":
                    leaving.leave(about)
            self.world.later.waiting.clear()
        return looked

    def leaving(self) -> Leaving:
        world = self.world
        return Leaving(
            people=world.people,
            sightings=world.sightings,
            later=world.later,
            forgetter=world.forgetter(),
            person_days=self.person_days,
            now=world.now,
        )

    def forgotten_on(self, person_id: str) -> date | None:
        person = self.world.people.get(person_id)
        assert person
        return person.forgotten_on

    def everybody(self) -> set[str]:
        return set(self.world.people.people)


@pytest.fixture
def office() -> Office:
    world = World()
    for person_id, shown in (("ada", ADA), ("bob", BOB)):
        world.enroll(person_id, shown)
    world.settle()
    world.later.waiting.clear()
    return Office(world)


def consent(withdrawn_at: datetime | None = None) -> PersonChange:
    return PersonChange(consent=Consent(datetime(2026, 1, 1, tzinfo=UTC), withdrawn_at=withdrawn_at))


def test_whoever_withdraws_is_not_recognized_at_once_and_forgotten_after_a_week(office: Office) -> None:
    world = office.world
    visit = picture("ada", number=1)
    assert world.seen(visit).outcome is Outcome.RECOGNIZED
    world.enroller().put_person("ada", consent())
    world.enroller().put_person("ada", PersonChange(), withdrawn_at=world.now())
    assert office.forgotten_on("ada") == world.now().date() + timedelta(days=7)
    assert world.seen(visit).outcome is Outcome.UNKNOWN
    assert office.day(6)[-1] == Looked(2, 1, 0)
    assert office.everybody() == {"ada", "bob"}
    assert office.day() == [Looked(2, 0, 1)]
    assert office.everybody() == {"bob"}
    assert [each for each in world.left_of("ada", ADA) if "photo" not in each] == []


def test_whoever_agrees_again_in_time_stays(office: Office) -> None:
    office.world.enroller().put_person("ada", consent(office.world.now()))
    office.day(5)
    office.world.enroller().put_person("ada", consent())
    assert office.forgotten_on("ada") is None
    office.day(10)
    assert office.everybody() == {"ada", "bob"}


def test_without_a_retention_nobody_is_forgotten_for_not_being_seen(office: Office) -> None:
    office.world.wait(1000 * DAY_S)
    assert office.day(20)[-1] == Looked(2, 0, 0)
    assert office.everybody() == {"ada", "bob"}


def test_whoever_is_not_seen_is_announced_two_weeks_before_and_then_forgotten(office: Office) -> None:
    office.person_days = 60
    enrolled_on = office.world.now().date()
    office.day(45)
    assert office.forgotten_on("ada") is None
    assert office.day() == [Looked(2, 2, 0)]
    assert office.forgotten_on("ada") == enrolled_on + timedelta(days=60)
    assert office.world.seen(picture("bob", number=1)).person_id == "bob"
    assert office.day() == [Looked(2, 1, 0)]
    assert office.forgotten_on("bob") is None
    office.day(13)
    assert office.everybody() == {"bob"}


def test_when_somebody_was_seen_outlasts_the_sighting(office: Office) -> None:
    office.person_days = 200
    office.world.seen(picture("ada", number=1))
    office.day()
    office.world.wait(100 * DAY_S)
    office.world.sightings.rows.clear()
    office.day()
    person = office.world.people.get("ada")
    assert person
    assert person.last_seen_on == office.world.now().date() - timedelta(days=102)


def test_a_retention_that_is_made_short_gives_everybody_two_weeks_of_notice(office: Office) -> None:
    office.day(100)
    office.person_days = 30
    assert office.day() == [Looked(2, 2, 0)]
    assert office.forgotten_on("ada") == office.world.now().date() + timedelta(days=14)
    office.day(13)
    assert office.everybody() == {"ada", "bob"}
    office.day()
    assert office.everybody() == set()


def test_a_retention_that_is_taken_back_keeps_whoever_was_announced(office: Office) -> None:
    office.day(100)
    office.person_days = 30
    office.day()
    office.person_days = 0
    office.day()
    assert office.forgotten_on("ada") is None
    office.day(30)
    assert office.everybody() == {"ada", "bob"}


def test_whoever_is_seen_every_day_stays_however_short_the_retention(office: Office) -> None:
    office.person_days = 3
    for _ in range(40):
        office.world.seen(picture("ada", number=1))
        office.day()
    assert office.everybody() == {"ada"}


def test_a_clock_that_jumps_ahead_forgets_nobody_who_was_not_announced(office: Office) -> None:
    office.person_days = 60
    today = office.world.time
    office.world.wait(1000 * DAY_S)
    office.day()
    office.world.time = today
    office.day()
    assert office.forgotten_on("ada") is None
    assert office.everybody() == {"ada", "bob"}


def test_whoever_is_seen_before_their_time_comes_is_not_forgotten(office: Office) -> None:
    office.person_days = 60
    office.day(59)
    office.world.wait(DAY_S)
    leaving = office.leaving()
    leaving.look_through()
    office.world.later.waiting.clear()
    office.world.seen(picture("ada", number=1))
    assert [leaving.leave(person_id) is None for person_id in ("ada", "bob", "nobody")] == [True, False, True]


def test_of_many_people_the_others_are_looked_at_later(office: Office) -> None:
    for number in range(120):
        office.world.enroller().put_person(f"p{number}", PersonChange(name=f"P {number}"))
    assert office.leaving().look_through() == Looked(100, 0, 0)
    ((what, cursor, _),) = office.world.later.waiting
    assert what == "people"
    assert office.leaving().look_through(cursor) == Looked(22, 0, 0)
    assert len(office.world.later.waiting) == 1


def test_a_look_that_fails_goes_on_once_it_has_succeeded(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(120):
        office.world.enroller().put_person(f"p{number}", PersonChange(name=f"P {number}"))
    office.person_days = 60

    def busy(*_: object, **__: object) -> None:
        raise ServiceBusy("try again")

    with monkeypatch.context() as outage:
        outage.setattr(office.world.sightings, "query", busy)
        for _ in range(3):
            with pytest.raises(ServiceBusy):
                office.leaving().look_through()
    office.leaving().look_through()
    assert [what for what, _, _ in office.world.later.waiting] == ["people"]


def test_the_pictures_of_strangers_go_and_others_stay(office: Office) -> None:
    world = office.world
    stranger, known, named = picture("eve", number=1), picture("ada", number=1), picture("eve", number=2)
    seen = [world.seen(each) for each in (stranger, known, named)]
    correct(seen[2].capture.capture_id, "bob", sightings=world.sightings, people=world.people, now=world.now)
    world.wait(30 * DAY_S)
    recent = world.seen(picture("eve", number=3))

    def drop() -> int:
        before = world.now() - timedelta(days=30)
        return drop_strangers_pictures(
            before,
            sightings=world.sightings,
            photos=world.photos,
            strangers=world.strangers,
            stranger_faces=world.stranger_faces,
            later=world.later,
        )

    assert drop() == 1
    assert drop() == 0
    left = set(world.photos.keys("captures/"))
    assert left == {each.photo_key for each in (seen[1], seen[2], recent)}
    stored = world.sightings.get(seen[0].capture.capture_id)
    assert stored
    assert (stored.outcome, stored.photo_key, stored.picture_sha256) == (Outcome.UNKNOWN, None, None)
