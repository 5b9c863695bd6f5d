"""What `Sightings` promises about lists, cursors and forgetting."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recognizeme.adapters import cursor as cursors
from recognizeme.domain.errors import InvalidRequest
from recognizeme.domain.model import Correction, Outcome, Sighting, Trace
from recognizeme.domain.ports import SightingQuery, Sightings
from tests.contract.conftest import SetClock
from tests.contract.samples import capture, recognized, uncertain, unknown

GROUPS = ((), ("staff",), ("night", "staff"))


def stored(sightings: Sightings, clock: SetClock, *, days: int = 3) -> list[Sighting]:
    """Sightings of two kiosks and two people over some days, two in one millisecond; newest first."""
    seen = []
    for number in range(days * 4):
        at = clock() - timedelta(hours=6 * (number // 2), milliseconds=number // 2)
        of = capture(at, kiosk_id=("front", "back")[number % 3 == 0], number=number)
        of_groups = replace(recognized(of, ("ada", "bob")[number % 2]), groups=GROUPS[number % 3])
        seen.append(unknown(of) if number % 5 == 0 else of_groups)
    for sighting in seen:
        sightings.save(sighting)
    return sorted(seen, key=lambda sighting: sighting.capture.capture_id, reverse=True)


def pages(sightings: Sightings, query: SightingQuery, *, limit: int) -> Iterator[tuple[Sighting, ...]]:
    cursor = None
    while True:
        page = sightings.query(query, limit=limit, cursor=cursor)
        yield page.items
        cursor = page.next_cursor
        if cursor is None:
            return


def matches(sighting: Sighting, query: SightingQuery) -> bool:
    at = sighting.capture.captured_at
    return (
        (query.person_id is None or sighting.person_id in (query.person_id, *query.merged))
        and query.kiosk_id in (None, sighting.capture.kiosk_id)
        and query.outcome in (None, sighting.outcome)
        and (query.since is None or query.since <= at)
        and (query.until is None or at < query.until)
        and (query.group is None or query.group in sighting.groups)
    )


_NOW = SetClock().time
# Around the stored moments to the microsecond, so that every border is met.
_moments = st.builds(
    lambda hours, micros: _NOW - timedelta(hours=6 * hours) + timedelta(microseconds=micros),
    st.integers(-1, 13),
    st.sampled_from([-4_000, -2_000, -1_001, -1_000, -999, -1, 0, 1, 500, 1_000, 3_000]),
)
_queries = st.builds(
    SightingQuery,
    person_id=st.sampled_from([None, "ada", "bob", "carol"]),
    kiosk_id=st.sampled_from([None, "front", "back", "cellar"]),
    outcome=st.sampled_from([None, Outcome.RECOGNIZED, Outcome.UNKNOWN, Outcome.NO_FACE]),
    since=st.none() | _moments,
    until=st.none() | _moments,
    group=st.sampled_from([None, None, "staff", "night", "nigh"]),
)


def test_a_list_is_what_matches_newest_first_whatever_the_page_size(
    sightings: Sightings, clock: SetClock
) -> None:
    everything = stored(sightings, clock)

    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(query=_queries, limit=st.integers(1, 14))
    def holds(query: SightingQuery, limit: int) -> None:
        expected = [sighting for sighting in everything if matches(sighting, query)]
        listed = list(pages(sightings, query, limit=limit))
        assert [sighting for page in listed for sighting in page] == expected
        # Full pages but the last, and none after it: few sightings need no reading on.
        assert all(len(page) == limit for page in listed[:-1])
        assert len(listed) == max(1, -(-len(expected) // limit))

    holds()


def test_a_list_of_nothing_is_one_empty_page(sightings: Sightings) -> None:
    page = sightings.query(SightingQuery(), limit=10)
    assert (page.items, page.next_cursor) == ((), None)


def test_a_pending_sighting_is_listed(sightings: Sightings, clock: SetClock) -> None:
    pending = sightings.claim(capture(clock()), now=clock(), lease_s=30)
    assert sightings.query(SightingQuery(), limit=10).items == (pending,)


def test_sightings_that_arrive_meanwhile_do_not_shift_the_pages(
    sightings: Sightings, clock: SetClock
) -> None:
    everything = stored(sightings, clock)
    first = sightings.query(SightingQuery(), limit=5)
    sightings.save(recognized(capture(clock() + timedelta(minutes=1))))
    second = sightings.query(SightingQuery(), limit=5, cursor=first.next_cursor)
    assert [*first.items, *second.items] == everything[:10]


def test_a_kiosk_whose_clock_is_ahead_is_listed_at_once(sightings: Sightings, clock: SetClock) -> None:
    ahead = recognized(capture(clock() + timedelta(hours=20)))
    sightings.save(ahead)
    assert sightings.query(SightingQuery(), limit=10).items == (ahead,)


def test_a_capture_that_waited_in_a_spool_is_listed_until_its_retention_ends(
    sightings: Sightings, clock: SetClock
) -> None:
    spooled = recognized(capture(clock() - timedelta(days=6)))
    sightings.claim(spooled.capture, now=clock(), lease_s=30)
    sightings.begin_call(spooled.capture.capture_id, most=1)
    sightings.save(spooled)
    clock.advance(timedelta(days=29, hours=23))
    assert sightings.query(SightingQuery(), limit=10).items == (spooled,)


@pytest.mark.parametrize("bound", [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)])
def test_absurd_times_are_answered_like_others(
    sightings: Sightings, clock: SetClock, bound: datetime
) -> None:
    everything = stored(sightings, clock)
    past = bound.year == 1
    for extra in ({}, {"kiosk_id": "front"}, {"person_id": "ada"}):
        since = sightings.query(SightingQuery(since=bound, **extra), limit=50).items  # type: ignore[arg-type]
        until = sightings.query(SightingQuery(until=bound, **extra), limit=50).items  # type: ignore[arg-type]
        kept = tuple(one for one in everything if matches(one, SightingQuery(**extra)))  # type: ignore[arg-type]
        assert (since, until) == ((kept, ()) if past else ((), kept))


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "abc",
        "é",
        "=",
        "AAAAAAAAAAAAAAAA",
        "\ud800",
        cursors.encode("people", "ada"),
        cursors.encode("sightings", "no capture id"),
    ],
)
def test_a_cursor_that_is_not_ours_is_refused(sightings: Sightings, cursor: str) -> None:
    with pytest.raises(InvalidRequest):
        sightings.query(SightingQuery(), limit=10, cursor=cursor)


def test_a_cursor_with_one_letter_changed_is_refused(sightings: Sightings, clock: SetClock) -> None:
    stored(sightings, clock)
    cursor = sightings.query(SightingQuery(), limit=1).next_cursor
    assert cursor is not None
    for place in range(len(cursor)):
        changed = cursor[:place] + ("A" if cursor[place] != "A" else "B") + cursor[place + 1 :]
        with pytest.raises(InvalidRequest):
            sightings.query(SightingQuery(), limit=1, cursor=changed)


def test_a_corrected_sighting_is_listed_under_the_person_it_shows(
    sightings: Sightings, clock: SetClock
) -> None:
    done = recognized(capture(clock()), "ada")
    sightings.save(done)
    sightings.correct(
        replace(done, person_id="bob", name="Bob"), Correction(clock(), Outcome.RECOGNIZED, "ada")
    )
    assert sightings.query(SightingQuery(person_id="ada"), limit=10).items == ()
    (found,) = sightings.query(SightingQuery(person_id="bob"), limit=10).items
    assert found.name == "Bob"


def test_forgetting_takes_the_person_out_of_every_sighting_and_leaves_the_rest(
    sightings: Sightings, clock: SetClock
) -> None:
    everything = stored(sightings, clock)
    traces = list(sightings.traces("ada"))
    shown = [Trace(one.capture.capture_id, is_shown=True) for one in everything if one.person_id == "ada"]
    assert sorted(traces, key=str) == sorted(shown, key=str)
    assert sightings.forget("ada", traces) == len(shown)
    expected = tuple(
        replace(one, person_id=None, name=None, groups=(), photo_key=None, picture_sha256=None)
        if one.person_id == "ada"
        else one
        for one in everything
    )
    assert sightings.query(SightingQuery(), limit=50).items == expected
    assert sightings.query(SightingQuery(person_id="ada"), limit=50).items == ()


def test_forgetting_twice_finds_nothing_left(sightings: Sightings, clock: SetClock) -> None:
    stored(sightings, clock)
    traces = list(sightings.traces("ada"))
    sightings.forget("ada", traces)
    assert sightings.forget("ada", traces) == 0
    assert list(sightings.traces("ada")) == list(sightings.traces("nobody")) == []


def test_a_sighting_that_expired_still_leads_to_the_person(sightings: Sightings, clock: SetClock) -> None:
    stored(sightings, clock, days=1)
    before = sorted(sightings.traces("ada"), key=str)
    clock.advance(timedelta(days=365))
    assert sorted(sightings.traces("ada"), key=str) == before != []


def test_forgetting_reaches_what_a_correction_replaced_but_spares_the_picture_of_somebody_else(
    sightings: Sightings, clock: SetClock
) -> None:
    done = recognized(capture(clock()), "ada")
    sightings.save(done)
    bob = replace(done, person_id="bob", name="Bob")
    sightings.correct(bob, Correction(clock(), Outcome.RECOGNIZED, "ada"))
    traces = list(sightings.traces("ada"))
    assert traces == [Trace(done.capture.capture_id, is_shown=False)]
    assert sightings.forget("ada", traces) == 1
    assert sightings.get(done.capture.capture_id) == replace(
        bob, correction=Correction(clock(), Outcome.RECOGNIZED, None)
    )


def test_forgetting_reaches_every_sighting_where_the_person_was_only_considered(
    sightings: Sightings, clock: SetClock
) -> None:
    both = uncertain(capture(clock()), "ada", "bob")
    bob = replace(recognized(capture(clock(), number=1), "bob"), decision=both.decision)
    ada = replace(recognized(capture(clock(), number=2), "ada"), decision=both.decision)
    for each in (both, bob, ada):
        sightings.save(each)
    assert both.decision
    traces = {trace.capture_id: trace.is_shown for trace in sightings.traces("ada")}
    assert traces == {
        both.capture.capture_id: False,
        bob.capture.capture_id: False,
        ada.capture.capture_id: True,
    }
    assert sightings.mentions("ada") == 3
    assert sightings.forget("ada", sightings.traces("ada")) == 3
    assert sightings.mentions("ada") == 0
    without = both.decision.without("ada")
    assert [each.person_id for each in without.candidates] == ["bob"]
    assert sightings.get(both.capture.capture_id) == replace(both, decision=without)
    assert sightings.get(bob.capture.capture_id) == replace(bob, decision=without), "its picture stays"
    forgotten = sightings.get(ada.capture.capture_id)
    assert forgotten
    assert (forgotten.person_id, forgotten.photo_key, forgotten.decision) == (None, None, without)
    assert list(sightings.traces("ada")) == []
    assert sightings.forget("bob", sightings.traces("bob")) == 3


def test_whoever_is_corrected_away_is_still_found_as_the_candidate_they_were(
    sightings: Sightings, clock: SetClock
) -> None:
    decision = uncertain(capture(clock()), "ada").decision
    done = replace(recognized(capture(clock()), "ada"), decision=decision)
    sightings.save(done)
    for person_id in ("bob", None):
        corrected = replace(done, person_id=person_id, name=person_id, decision=None)
        sightings.correct(corrected, Correction(clock(), Outcome.RECOGNIZED, "ada"))
    stored = sightings.get(done.capture.capture_id)
    assert stored
    assert stored.decision == decision, "a correction does not change what the decision saw"
    assert sightings.forget("ada", sightings.traces("ada")) == 1
    assert list(sightings.traces("ada")) == []
    stored = sightings.get(done.capture.capture_id)
    assert stored
    assert stored.decision
    assert stored.decision.candidates == ()


@pytest.mark.parametrize("limit", [1, 2, 5, 100])
@pytest.mark.parametrize("outcome", [None, Outcome.RECOGNIZED])
def test_sightings_of_those_who_were_merged_into_somebody_are_listed_with_theirs(
    sightings: Sightings, clock: SetClock, limit: int, outcome: Outcome | None
) -> None:
    seen = stored(sightings, clock)
    query = SightingQuery(person_id="ada", merged=("bob", "nobody"), kiosk_id="front", outcome=outcome)
    wanted = [each for each in seen if matches(each, query)]
    assert {each.person_id for each in wanted} == {"ada", "bob"}
    assert [each for page in pages(sightings, query, limit=limit) for each in page] == wanted


def test_the_picture_of_a_stranger_is_given_up_and_that_of_somebody_known_is_not(
    sightings: Sightings, clock: SetClock
) -> None:
    stranger = replace(unknown(capture(clock())), photo_key="captures/a.jpg", picture_sha256="5" * 64)
    known = recognized(capture(clock(), number=1))
    for sighting in (stranger, known):
        sightings.save(sighting)
        sightings.drop_picture(sighting.capture.capture_id)
    sightings.drop_picture(capture(clock(), number=2).capture_id)
    gone = replace(stranger, photo_key=None, picture_sha256=None)
    assert sightings.query(SightingQuery(), limit=10).items == (known, gone)
