"""What `Sightings` promises about daily totals, whatever the order of claims, results and corrections."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta

from recognizeme.domain.model import Correction, Outcome, Sighting, Status
from recognizeme.domain.ports import SightingQuery, Sightings
from recognizeme.domain.totals import Count
from tests.contract.conftest import RETENTION_DAYS, SetClock
from tests.contract.samples import capture, recognized, unknown

TODAY = SetClock().time.date()


def counted(sightings: Sightings, first: date = TODAY, last: date = TODAY) -> set[Count]:
    found = list(sightings.counts(first, last))
    assert len({(each.day, each.kiosk_id, each.result) for each in found}) == len(found)
    return set(found)


def count(result: Outcome | Status, sightings: int = 1, calls: int = 1, *, kiosk_id: str = "front") -> Count:
    return Count(TODAY, kiosk_id, result, sightings, calls)


def claimed(sightings: Sightings, clock: SetClock, number: int = 0) -> Sighting:
    return sightings.claim(capture(clock(), number=number), now=clock(), lease_s=30)


def called(sightings: Sightings, clock: SetClock, number: int = 0) -> Sighting:
    pending = claimed(sightings, clock, number)
    sightings.begin_call(pending.capture.capture_id, most=1)
    return pending


def test_before_anything_was_seen_there_is_nothing_to_count(sightings: Sightings) -> None:
    assert counted(sightings) == set()


def test_a_capture_is_counted_as_what_it_is_at_the_moment(sightings: Sightings, clock: SetClock) -> None:
    pending = claimed(sightings, clock)
    assert counted(sightings) == {count(Status.PENDING, calls=0)}

    sightings.begin_call(pending.capture.capture_id, most=1)
    sightings.save(replace(pending, status=Status.FAILED, reason="no answer"))
    assert counted(sightings) == {count(Status.FAILED)}

    claimed(sightings, clock)
    assert counted(sightings) == {count(Status.PENDING)}


def test_a_result_is_counted_once_however_often_it_is_saved(sightings: Sightings, clock: SetClock) -> None:
    done = unknown(called(sightings, clock).capture)
    for again in (done, done, recognized(done.capture), replace(done, status=Status.FAILED)):
        sightings.save(again)

    assert counted(sightings) == {count(Outcome.UNKNOWN)}


def test_a_result_counts_every_call_that_was_begun_also_by_somebody_else(
    sightings: Sightings, clock: SetClock
) -> None:
    slow = called(sightings, clock)
    clock.advance(timedelta(seconds=30))
    sightings.claim(slow.capture, now=clock(), lease_s=30)
    sightings.begin_call(slow.capture.capture_id, most=2)

    assert sightings.save(unknown(slow.capture))

    assert counted(sightings) == {count(Outcome.UNKNOWN, calls=2)}


def test_results_that_are_saved_at_once_are_all_counted(sightings: Sightings, clock: SetClock) -> None:
    seen = [called(sightings, clock, number) for number in range(12)]

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda pending: sightings.save(unknown(pending.capture)), seen * 2))

    assert counted(sightings) == {count(Outcome.UNKNOWN, 12, 12)}


def test_a_result_that_nobody_claimed_is_counted(sightings: Sightings, clock: SetClock) -> None:
    sightings.save(unknown(capture(clock())))

    assert counted(sightings) == {count(Outcome.UNKNOWN)}


def test_a_correction_moves_a_sighting_to_its_new_outcome(sightings: Sightings, clock: SetClock) -> None:
    done = unknown(capture(clock()))
    sightings.save(done)
    shown = replace(done, outcome=Outcome.RECOGNIZED, person_id="ada", name="Ada")
    for corrected in (shown, replace(shown, person_id="bob"), done, done, shown):
        sightings.correct(corrected, Correction(clock(), Outcome.UNKNOWN, None))

    assert counted(sightings) == {count(Outcome.RECOGNIZED)}


def test_forgetting_a_person_changes_no_count(sightings: Sightings, clock: SetClock) -> None:
    sightings.save(recognized(capture(clock())))

    sightings.forget("ada", list(sightings.traces("ada")))

    assert counted(sightings) == {count(Outcome.RECOGNIZED)}


def test_counts_are_by_day_and_kiosk_and_of_the_days_asked_for(sightings: Sightings, clock: SetClock) -> None:
    days = [TODAY - timedelta(days=number) for number in range(40)]
    for number, day in enumerate(days):
        at = clock().replace(year=day.year, month=day.month, day=day.day, hour=23 * (number % 2))
        sightings.save(unknown(capture(at, kiosk_id="back" if number % 3 else "front", number=number)))

    found = counted(sightings, days[35], days[2])

    assert Counter(each.day for each in found) == Counter(days[2:36])
    assert {each.day for each in found if each.kiosk_id == "front"} == set(days[3:36:3])


def test_what_is_done_stays_counted_when_it_expires_and_what_is_not_does_not(
    sightings: Sightings, clock: SetClock
) -> None:
    claimed(sightings, clock, number=1)
    sightings.save(unknown(called(sightings, clock).capture))

    clock.advance(timedelta(days=RETENTION_DAYS, seconds=1))

    assert counted(sightings) == {count(Outcome.UNKNOWN)}


def test_the_sightings_of_a_group_are_counted_and_moved_by_corrections_alone(
    sightings: Sightings, clock: SetClock
) -> None:
    def of_group(group: str) -> set[Count]:
        return set(sightings.counts(TODAY, TODAY, group=group))

    ada = replace(recognized(called(sightings, clock, 1).capture), groups=("night", "staff"))
    bob = replace(recognized(called(sightings, clock, 2).capture, "bob"), groups=("staff",))
    for sighting in (ada, bob, bob):
        sightings.save(sighting)
    sightings.save(unknown(called(sightings, clock, 3).capture))
    assert of_group("staff") == {count(Outcome.RECOGNIZED, 2, 2)}
    assert of_group("night") == {count(Outcome.RECOGNIZED)}
    assert of_group("nobody") == set()

    was = Correction(clock(), Outcome.RECOGNIZED, "ada")
    sightings.correct(replace(ada, person_id="bob", groups=("staff",)), was)
    assert (of_group("staff"), of_group("night")) == ({count(Outcome.RECOGNIZED, 2, 2)}, set())
    sightings.correct(replace(unknown(ada.capture), groups=()), was)
    assert of_group("staff") == {count(Outcome.RECOGNIZED)}

    sightings.forget("bob", list(sightings.traces("bob")))
    assert of_group("staff") == {count(Outcome.RECOGNIZED)}
    stored = sightings.get(bob.capture.capture_id)
    assert stored
    assert stored.groups == ()
    assert sightings.query(SightingQuery(group="staff"), limit=10).items == ()
