"""Who was recognized where: what presence is made of."""

from dataclasses import replace
from datetime import timedelta

from recognizeme.domain.model import Correction, Outcome
from recognizeme.domain.ports import People, Sightings
from recognizeme.domain.presence import Pass
from tests.contract.conftest import SetClock
from tests.contract.samples import capture, person, recognized, unknown

DAY = timedelta(days=1)


def test_passes_of_several_days_are_who_was_recognized_where_newest_first(
    sightings: Sightings, clock: SetClock
) -> None:
    now = clock()
    seen = [
        capture(now - timedelta(hours=hours), kiosk_id=("front", "back")[number % 2], number=number)
        for number, hours in enumerate((30, 20, 9, 8, 1, 0))
    ]
    for number, each in enumerate(seen):
        sightings.save(unknown(each) if number == 4 else recognized(each, ("ada", "bob")[number % 2]))

    found = list(sightings.passes(now - timedelta(hours=24), now))

    assert found == [
        Pass(each.capture_id, ("ada", "bob")[number % 2], each.kiosk_id)
        for number, each in reversed(list(enumerate(seen)))
        if number in (1, 2, 3)
    ]
    assert [each.at for each in found] == [now - timedelta(hours=hours) for hours in (8, 9, 20)]
    assert list(sightings.passes(now, now - DAY)) == []


def test_a_correction_moves_a_pass_or_takes_it_away(sightings: Sightings, clock: SetClock) -> None:
    first, second, third = (recognized(capture(clock(), number=number)) for number in range(3))
    for each in (first, second):
        sightings.save(each)
    sightings.save(unknown(third.capture))
    said = Correction(clock(), Outcome.RECOGNIZED, "ada")

    sightings.correct(replace(first, person_id="bob", name="Bob"), said)
    nobody = replace(second, outcome=Outcome.UNKNOWN, person_id=None, name=None)
    sightings.correct(nobody, said)
    sightings.correct(third, Correction(clock(), Outcome.UNKNOWN, None))

    passes = {each.capture_id: each.person_id for each in sightings.passes(clock() - DAY, clock() + DAY)}
    assert passes == {first.capture.capture_id: "bob", third.capture.capture_id: "ada"}


def test_whoever_was_forgotten_passed_nowhere(sightings: Sightings, clock: SetClock) -> None:
    sightings.save(recognized(capture(clock())))
    sightings.save(recognized(capture(clock(), number=1), "bob"))

    sightings.forget("ada", list(sightings.traces("ada")))

    assert [each.person_id for each in sightings.passes(clock() - DAY, clock() + DAY)] == ["bob"]


def test_people_are_found_many_at_once(people: People, clock: SetClock) -> None:
    for number in range(120):
        people.put(person(f"p{number}"), now=clock())
    wanted = [f"p{number}" for number in range(40, 139)]

    assert people.find(wanted) == {each: people.get(each) for each in wanted if int(each[1:]) < 120}
    assert people.find([]) == {}
