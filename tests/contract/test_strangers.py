"""What `Strangers` promises: groups of visits, each changed by one at a time, until they expire."""

import secrets
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from local.adapters.strangers import SqliteStrangers
from recognizeme.adapters.dynamodb import DynamoDbStrangers
from recognizeme.domain.errors import CallsSpent, InvalidRequest
from recognizeme.domain.model import Correction, Outcome, Trace
from recognizeme.domain.ports import Sightings, Strangers
from recognizeme.domain.strangers import Stranger, StrangerState, StrangerVisit
from tests.contract.conftest import SetClock
from tests.contract.samples import capture, recognized, unknown
from tests.contract.tables import make_table, resource
from tests.twins.strangers import TwinStrangers

DAYS = 30


@pytest.fixture
def strangers(backend: str, clock: SetClock, request: pytest.FixtureRequest) -> Strangers:
    if backend == "twin":
        return TwinStrangers(clock, DAYS)
    if backend == "local":
        return SqliteStrangers(request.getfixturevalue("database"), retention_days=DAYS, now=clock)
    client = request.getfixturevalue("aws_client")("dynamodb")
    table = make_table(client, "Strangers", f"s-{secrets.token_hex(4)}")
    return DynamoDbStrangers(client, table, retention_days=DAYS, now=clock)


def begin(strangers: Strangers, clock: SetClock, *, kiosk_id: str = "front") -> Stranger:
    first = capture(clock.advance(timedelta(seconds=1)), kiosk_id=kiosk_id)
    visit = StrangerVisit(first, first.capture_id, f"face of {first.capture_id}")
    assert strangers.save(Stranger.of(first).with_visit(first), joins=visit)
    begun = strangers.get(first.capture_id)
    assert begun
    return begun


def join(strangers: Strangers, clock: SetClock, stranger: Stranger, *, kiosk_id: str = "front") -> Stranger:
    seen = capture(clock.advance(timedelta(seconds=1)), kiosk_id=kiosk_id)
    visit = StrangerVisit(seen, stranger.stranger_id, f"face of {seen.capture_id}")
    assert strangers.save(stranger.with_visit(seen), joins=visit)
    joined = strangers.get(stranger.stranger_id)
    assert joined
    return joined


def test_a_stranger_is_stored_with_the_visit_that_they_begin_with(
    strangers: Strangers, clock: SetClock
) -> None:
    begun = begin(strangers, clock)
    first = begun.stranger_id
    assert begun == Stranger(first, first, first, visits=1, kiosks=("front",), version=1)
    [visit] = strangers.visits_of(begun.stranger_id)
    assert (visit.capture.capture_id, visit.capture.kiosk_id) == (begun.stranger_id, "front")
    assert strangers.visits([begun.stranger_id, capture(clock()).capture_id]) == {begun.stranger_id: visit}


def test_visits_join_newest_first_and_from_every_door(strangers: Strangers, clock: SetClock) -> None:
    stranger = join(strangers, clock, begin(strangers, clock), kiosk_id="yard")
    assert (stranger.visits, stranger.kiosks) == (2, ("front", "yard"))
    assert [each.capture.capture_id for each in strangers.visits_of(stranger.stranger_id)] == [
        stranger.last_capture_id,
        stranger.first_capture_id,
    ]


def test_of_two_who_change_a_stranger_at_once_one_is_refused_and_changes_nothing(
    strangers: Strangers, clock: SetClock
) -> None:
    read = begin(strangers, clock)
    seen = capture(clock.advance(timedelta(seconds=1)))
    assert strangers.save(replace(read, state=StrangerState.IGNORED))
    visit = StrangerVisit(seen, read.stranger_id, "face")
    assert not strangers.save(read.with_visit(seen), joins=visit)
    assert not strangers.save(replace(read, version=0)), "begun anew by whoever did not read it"
    assert strangers.visits([seen.capture_id]) == {}
    stored = strangers.get(read.stranger_id)
    assert stored
    assert (stored.visits, stored.state, stored.version) == (1, StrangerState.IGNORED, 2)


def test_a_visit_joins_and_leaves_once(strangers: Strangers, clock: SetClock) -> None:
    stranger = join(strangers, clock, begin(strangers, clock))
    [newest, _] = strangers.visits_of(stranger.stranger_id)
    assert not strangers.save(stranger.with_visit(newest.capture), joins=newest)
    for expected in (True, False):
        current = strangers.get(stranger.stranger_id)
        assert current
        left = strangers.save(current.without_visit(), leaves=newest.capture.capture_id)
        assert left is expected
    current = strangers.get(stranger.stranger_id)
    assert current
    assert current.visits == 1


def test_a_stranger_without_visits_is_gone(strangers: Strangers, clock: SetClock) -> None:
    stranger = begin(strangers, clock)
    assert strangers.save(stranger.without_visit(), leaves=stranger.stranger_id)
    assert strangers.get(stranger.stranger_id) is None
    assert strangers.visits([stranger.stranger_id]) == {}
    assert strangers.list(StrangerState.WAITING, limit=10).items == ()


def pages(strangers: Strangers, state: StrangerState) -> Iterator[Stranger]:
    cursor: str | None = None
    while True:
        page = strangers.list(state, limit=2, cursor=cursor)
        yield from page.items
        if (cursor := page.next_cursor) is None:
            return


def test_strangers_are_listed_by_state_who_was_seen_last_first(strangers: Strangers, clock: SetClock) -> None:
    first, second, third = (begin(strangers, clock) for _ in range(3))
    first = join(strangers, clock, first)
    assert list(pages(strangers, StrangerState.WAITING)) == [first, third, second]
    assert strangers.save(replace(third, state=StrangerState.NAMED, person_id="ada"))
    assert list(pages(strangers, StrangerState.WAITING)) == [first, second]
    [named] = pages(strangers, StrangerState.NAMED)
    assert (named.stranger_id, named.person_id) == (third.stranger_id, "ada")
    with pytest.raises(InvalidRequest):
        strangers.list(StrangerState.WAITING, limit=2, cursor="another")


def test_more_visits_are_read_than_go_into_one_request(strangers: Strangers, clock: SetClock) -> None:
    stranger = begin(strangers, clock)
    for _ in range(109):
        stranger = join(strangers, clock, stranger)
    every = [visit.capture.capture_id for visit in strangers.visits_of(stranger.stranger_id)]
    assert len(every) == len(strangers.visits(every)) == stranger.visits == 110


def test_visits_expire_and_a_stranger_who_does_not_come_again_with_them(
    strangers: Strangers, clock: SetClock
) -> None:
    stranger = begin(strangers, clock)
    clock.advance(timedelta(days=DAYS - 1))
    stranger = join(strangers, clock, stranger)
    clock.advance(timedelta(days=1))
    [left] = strangers.visits_of(stranger.stranger_id)
    assert left.capture.capture_id == stranger.last_capture_id
    assert list(strangers.visits([stranger.stranger_id, stranger.last_capture_id])) == [
        left.capture.capture_id
    ]
    assert strangers.get(stranger.stranger_id) == stranger
    clock.advance(timedelta(days=DAYS))
    assert strangers.get(stranger.stranger_id) is None
    assert strangers.list(StrangerState.WAITING, limit=10).items == ()
    if isinstance(strangers, SqliteStrangers):
        assert (strangers.purge(now=clock()), strangers.purge(now=clock())) == (2, 0)


def test_the_table_expires_by_the_attribute_that_is_written() -> None:
    assert resource("Strangers")["TimeToLiveSpecification"] == {"AttributeName": "ExpiresAt", "Enabled": True}


def test_a_call_for_an_unknown_capture_is_counted_with_its_others(
    sightings: Sightings, clock: SetClock
) -> None:
    seen = replace(unknown(capture(clock())), photo_key="captures/front/a.jpg")
    assert not sightings.begin_calls_of_unknown(seen.capture, 1, most=3)
    sightings.save(seen)
    with pytest.raises(CallsSpent):
        sightings.begin_calls_of_unknown(seen.capture, 3, most=3)
    assert sightings.begin_calls_of_unknown(seen.capture, 2, most=3)
    with pytest.raises(CallsSpent):
        sightings.begin_calls_of_unknown(seen.capture, 1, most=3)
    stored = sightings.get(seen.capture.capture_id)
    assert stored
    assert stored.rekognition_calls == 3
    [counted] = sightings.counts(clock().date(), clock().date())
    assert (counted.sightings, counted.rekognition_calls) == (1, 3)
    known = recognized(capture(clock(), number=1))
    sightings.save(known)
    assert not sightings.begin_calls_of_unknown(known.capture, 1, most=3)


def test_a_stranger_is_known_of_unknown_captures_with_a_picture_and_goes_with_it(
    sightings: Sightings, clock: SetClock
) -> None:
    seen = replace(unknown(capture(clock())), photo_key="captures/front/a.jpg", is_ignored=True)
    capture_id = seen.capture.capture_id
    assert not sightings.set_stranger(capture_id, capture_id)
    sightings.save(seen)
    assert sightings.set_stranger(capture_id, capture_id)
    assert sightings.get(capture_id) == replace(seen, stranger_id=capture_id)
    sightings.drop_picture(capture_id)
    assert sightings.get(capture_id) == replace(seen, photo_key=None)
    assert not sightings.set_stranger(capture_id, capture_id)


def test_a_correction_leaves_the_stranger_and_forgetting_does_not(
    sightings: Sightings, clock: SetClock
) -> None:
    seen = replace(unknown(capture(clock())), photo_key="captures/front/a.jpg")
    capture_id = seen.capture.capture_id
    sightings.save(seen)
    assert sightings.set_stranger(capture_id, capture_id)
    named = replace(seen, outcome=Outcome.RECOGNIZED, person_id="ada", name="Ada")
    sightings.correct(named, Correction(clock(), Outcome.UNKNOWN, None))
    stored = sightings.get(capture_id)
    assert stored
    assert (stored.stranger_id, stored.person_id, stored.is_named_later) == (capture_id, "ada", True)
    sightings.forget("ada", [Trace(capture_id, is_shown=True)])
    stored = sightings.get(capture_id)
    assert stored
    assert (stored.stranger_id, stored.is_named_later) == (None, False)
