"""What `Sightings` promises: claims, results, lists."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recognizeme.domain.errors import CallsSpent, CaptureInProgress, NotFound, PersonGone
from recognizeme.domain.model import Capture, Correction, Outcome, Sighting, Status
from recognizeme.domain.ports import People, SightingQuery, Sightings
from tests.contract.conftest import RETENTION_DAYS, SetClock
from tests.contract.samples import capture, recognized, unknown
from tests.contract.strategies import boxes, corrections, decisions, moments, numbers, texts

LEASE_S = 30.0
SHARED_TABLE = settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def claim(sightings: Sightings, of: Capture, clock: SetClock) -> Sighting:
    return sightings.claim(of, now=clock(), lease_s=LEASE_S)


def test_the_first_claim_gets_a_pending_sighting_that_everybody_can_see(
    sightings: Sightings, clock: SetClock
) -> None:
    seen = capture(clock())
    assert claim(sightings, seen, clock) == Sighting(seen, Status.PENDING)
    assert sightings.get(seen.capture_id) == Sighting(seen, Status.PENDING)


def test_while_a_lease_runs_nobody_else_gets_the_capture(sightings: Sightings, clock: SetClock) -> None:
    seen = capture(clock())
    claim(sightings, seen, clock)
    clock.advance(timedelta(seconds=LEASE_S - 1))
    with pytest.raises(CaptureInProgress):
        claim(sightings, seen, clock)


def test_a_capture_whose_lease_ended_is_taken_over(sightings: Sightings, clock: SetClock) -> None:
    seen = capture(clock())
    claim(sightings, seen, clock)
    clock.advance(timedelta(seconds=LEASE_S))
    assert claim(sightings, seen, clock).status is Status.PENDING
    with pytest.raises(CaptureInProgress):
        claim(sightings, seen, clock)


def test_a_failed_capture_is_taken_over_and_keeps_count_of_the_calls_paid_for(
    sightings: Sightings, clock: SetClock
) -> None:
    seen = capture(clock())
    claimed = claim(sightings, seen, clock)
    assert sightings.begin_call(seen.capture_id, most=3) == 1
    sightings.save(replace(claimed, status=Status.FAILED, reason="no answer"))
    assert claim(sightings, seen, clock) == Sighting(seen, Status.PENDING, rekognition_calls=1)
    assert sightings.begin_call(seen.capture_id, most=3) == 2


def test_a_clock_set_back_an_hour_makes_no_lease_last_an_hour(sightings: Sightings, clock: SetClock) -> None:
    seen = capture(clock())
    claim(sightings, seen, clock)
    clock.advance(-timedelta(hours=1))
    assert claim(sightings, seen, clock).status is Status.PENDING
    with pytest.raises(CaptureInProgress):
        claim(sightings, seen, clock)


def test_a_capture_has_one_budget_of_calls_whoever_makes_them(sightings: Sightings, clock: SetClock) -> None:
    seen = capture(clock())
    for expected in (1, 2):
        claim(sightings, seen, clock)
        clock.advance(timedelta(seconds=LEASE_S))
        assert sightings.begin_call(seen.capture_id, most=2) == expected
    claim(sightings, seen, clock)
    with pytest.raises(CallsSpent):
        sightings.begin_call(seen.capture_id, most=2)
    assert sightings.begin_call(seen.capture_id, most=3) == 3, "more may be allowed later"


def test_a_call_that_was_not_served_is_taken_off_the_count_of_what_is_not_decided(
    sightings: Sightings, clock: SetClock
) -> None:
    seen = capture(clock())
    sightings.cancel_call(seen.capture_id)
    claimed = claim(sightings, seen, clock)
    sightings.cancel_call(seen.capture_id)
    for _ in range(3):
        assert sightings.begin_call(seen.capture_id, most=2) == 1
        sightings.cancel_call(seen.capture_id)
    assert sightings.begin_call(seen.capture_id, most=2) == 1
    sightings.save(replace(unknown(seen), rekognition_calls=claimed.rekognition_calls + 1))
    sightings.cancel_call(seen.capture_id)
    stored = sightings.get(seen.capture_id)
    assert stored
    assert stored.rekognition_calls == 1


def test_calls_that_begin_at_once_are_all_counted(sightings: Sightings, clock: SetClock) -> None:
    seen = capture(clock())
    claim(sightings, seen, clock)
    with ThreadPoolExecutor(8) as pool:
        counts = pool.map(lambda _: sightings.begin_call(seen.capture_id, most=99), range(16))
        assert sorted(counts) == list(range(1, 17))


def test_no_call_begins_for_a_capture_that_is_decided_or_was_never_claimed(
    sightings: Sightings, clock: SetClock
) -> None:
    seen = capture(clock())
    with pytest.raises(CaptureInProgress):
        sightings.begin_call(seen.capture_id, most=3)
    sightings.save(unknown(seen))
    with pytest.raises(CaptureInProgress):
        sightings.begin_call(seen.capture_id, most=3)


def test_a_result_keeps_the_count_of_calls_that_others_made_meanwhile(
    sightings: Sightings, clock: SetClock
) -> None:
    slow = claim(sightings, capture(clock()), clock)
    for _ in range(2):
        sightings.begin_call(slow.capture.capture_id, most=3)
    sightings.save(unknown(slow.capture))
    stored = sightings.get(slow.capture.capture_id)
    assert stored
    assert stored.rekognition_calls == 2


def test_nobody_is_named_who_has_no_record(sightings: Sightings, people: People, clock: SetClock) -> None:
    seen = capture(clock())
    claim(sightings, seen, clock)
    forget(people, "ada", clock)
    with pytest.raises(PersonGone):
        sightings.save(recognized(seen, "ada"))
    assert sightings.get(seen.capture_id) == Sighting(seen, Status.PENDING)
    assert sightings.save(recognized(seen, "bob"))
    with pytest.raises(PersonGone):
        sightings.correct(recognized(seen, "ada"), Correction(clock(), Outcome.RECOGNIZED, "bob"))
    stored = sightings.get(seen.capture_id)
    assert stored
    assert stored.person_id == "bob"


def forget(people: People, person_id: str, clock: SetClock) -> None:
    people.begin_forgetting(person_id, now=clock(), expires_at=clock() + timedelta(days=15), lease_s=LEASE_S)


def test_a_done_capture_is_returned_to_whoever_claims_it(sightings: Sightings, clock: SetClock) -> None:
    done = recognized(capture(clock()))
    claim(sightings, done.capture, clock)
    sightings.begin_call(done.capture.capture_id, most=3)
    sightings.save(done)
    clock.advance(timedelta(days=1))
    assert claim(sightings, done.capture, clock) == done


def test_of_many_callers_at_once_exactly_one_gets_the_claim(sightings: Sightings, clock: SetClock) -> None:
    for number in range(3):
        seen = capture(clock(), number=number)
        assert _winners(sightings, seen, clock) == 1


def test_of_many_callers_at_once_exactly_one_takes_a_dead_claim_over(
    sightings: Sightings, clock: SetClock
) -> None:
    seen = capture(clock())
    claim(sightings, seen, clock)
    clock.advance(timedelta(seconds=LEASE_S))
    assert _winners(sightings, seen, clock) == 1


def _winners(sightings: Sightings, seen: Capture, clock: SetClock) -> int:
    def attempt(_: int) -> bool:
        try:
            claim(sightings, seen, clock)
        except CaptureInProgress:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        return sum(pool.map(attempt, range(16)))


def test_whoever_outlived_their_lease_does_not_replace_the_result(
    sightings: Sightings, clock: SetClock
) -> None:
    slow = claim(sightings, capture(clock()), clock)
    clock.advance(timedelta(seconds=LEASE_S))
    claim(sightings, slow.capture, clock)
    done = recognized(slow.capture)
    assert sightings.save(done)
    assert not sightings.save(replace(slow, status=Status.FAILED, reason="no answer"))
    assert not sightings.save(unknown(slow.capture))
    done = replace(done, rekognition_calls=0)  # none was begun
    assert sightings.get(slow.capture.capture_id) == done


def test_a_result_may_follow_a_failure(sightings: Sightings, clock: SetClock) -> None:
    pending = claim(sightings, capture(clock()), clock)
    sightings.save(replace(pending, status=Status.FAILED, reason="no answer"))
    sightings.save(recognized(pending.capture))
    expected = replace(recognized(pending.capture), rekognition_calls=0)
    assert sightings.get(pending.capture.capture_id) == expected


def test_a_capture_nobody_claimed_has_no_sighting(sightings: Sightings, clock: SetClock) -> None:
    assert sightings.get(capture(clock()).capture_id) is None


@SHARED_TABLE
@given(
    number=st.integers(0, 2**16 - 1),
    kiosk_id=st.from_regex(r"[A-Za-z0-9_\-]{1,64}", fullmatch=True),
    sighting=st.builds(
        Sighting,
        capture=st.just(None),
        status=st.sampled_from([Status.DONE, Status.FAILED]),
        photo_key=st.none() | texts,
        picture_sha256=st.none() | texts,
        outcome=st.none() | st.sampled_from(Outcome),
        reason=st.none() | texts,
        person_id=st.sampled_from([None, "ada", "bob"]),
        name=st.none() | texts,
        similarity_pct=st.none() | numbers,
        face_box=st.none() | boxes,
        recognized_at=st.none() | moments,
        rekognition_calls=st.integers(0, 3),
        decision=st.none() | decisions,
    ),
    correction=st.none() | corrections,
)
def test_what_is_stored_comes_back_the_same(
    sightings: Sightings,
    clock: SetClock,
    number: int,
    kiosk_id: str,
    sighting: Sighting,
    correction: Correction | None,
) -> None:
    clock.advance(timedelta(seconds=1))
    sighting = replace(sighting, capture=capture(clock(), kiosk_id=kiosk_id, number=number))
    sightings.save(sighting)
    if correction:
        sightings.correct(sighting, correction)
    assert sightings.get(sighting.capture.capture_id) == replace(sighting, correction=correction)


def test_a_sighting_past_its_retention_is_never_returned(sightings: Sightings, clock: SetClock) -> None:
    done = recognized(capture(clock()))
    sightings.save(done)
    clock.advance(timedelta(days=RETENTION_DAYS, seconds=-1))
    assert sightings.get(done.capture.capture_id) == done
    clock.advance(timedelta(seconds=2))
    assert sightings.get(done.capture.capture_id) is None
    for query in (SightingQuery(), SightingQuery(person_id="ada"), SightingQuery(kiosk_id="front")):
        assert sightings.query(query, limit=10).items == ()


def test_a_result_that_nobody_claimed_expires_like_others(sightings: Sightings, clock: SetClock) -> None:
    done = recognized(capture(clock()))
    sightings.save(done)
    clock.advance(timedelta(days=RETENTION_DAYS, seconds=1))
    assert sightings.get(done.capture.capture_id) is None


def test_a_capture_whose_sighting_expired_is_new_again(sightings: Sightings, clock: SetClock) -> None:
    done = recognized(capture(clock()))
    claim(sightings, done.capture, clock)
    sightings.save(done)
    clock.advance(timedelta(days=RETENTION_DAYS, seconds=1))
    again = claim(sightings, done.capture, clock)
    assert (again.status, again.person_id, again.outcome) == (Status.PENDING, None, None)


def test_a_kiosk_whose_clock_stands_at_1970_still_gets_its_answer(
    sightings: Sightings, clock: SetClock
) -> None:
    done = recognized(capture(clock().replace(year=1970)))
    sightings.save(done)
    assert sightings.get(done.capture.capture_id) == done


def test_a_correction_is_kept_with_what_it_replaced(sightings: Sightings, clock: SetClock) -> None:
    done = recognized(capture(clock()))
    sightings.save(done)
    correction = Correction(clock(), Outcome.RECOGNIZED, "ada")
    bob = replace(done, person_id="bob", name="Bob")
    sightings.correct(bob, correction)
    assert sightings.get(done.capture.capture_id) == replace(bob, correction=correction)


def test_a_sighting_that_does_not_exist_cannot_be_corrected(sightings: Sightings, clock: SetClock) -> None:
    seen = capture(clock())
    with pytest.raises(NotFound):
        sightings.correct(recognized(seen), Correction(clock(), Outcome.UNKNOWN, None))
    assert sightings.get(seen.capture_id) is None
