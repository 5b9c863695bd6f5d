"""Ranges of ids hold exactly the captures of a range of time."""

from datetime import UTC, datetime, timedelta

from hypothesis import example, given
from hypothesis import strategies as st

from recognizeme.adapters.capture_ids import first_id, id_range, newest_month_first
from recognizeme.domain.model import captured_at, new_capture_id

# Few instants, so that times meet; microseconds, because ids know milliseconds only.
# Around the ends of two months.
_near = st.builds(
    lambda hours, micros: datetime(2026, 10, 29, tzinfo=UTC) + timedelta(hours=hours, microseconds=micros),
    st.integers(0, 120) | st.integers(720, 840),
    st.sampled_from([-1001, -1000, -999, -1, 0, 1, 999, 1000, 1001]),
)
_any_time = st.datetimes(datetime(1970, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC))
_ids = st.builds(
    new_capture_id, _near, st.binary(min_size=10, max_size=10) | st.sampled_from([bytes(10), b"\xff" * 10])
)


@given(since=st.none() | _near, until=st.none() | _near, before=st.none() | _ids, capture_id=_ids)
def test_an_id_is_in_the_range_when_its_time_is(
    since: datetime | None, until: datetime | None, before: str | None, capture_id: str
) -> None:
    ids = id_range(since, until, before)
    at = captured_at(capture_id)
    expected = (
        (since is None or since <= at)
        and (until is None or at < until)
        and (before is None or capture_id < before)
    )
    assert (ids.low <= capture_id <= ids.high) == expected
    assert not expected or ids


@given(at=_any_time)
@example(at=datetime(9999, 12, 30, 23, 59, 59, 999999, tzinfo=UTC))
def test_the_first_id_of_a_moment_is_not_before_it(at: datetime) -> None:
    assert timedelta(0) <= captured_at(first_id(at)) - at < timedelta(milliseconds=1)


def test_a_moment_before_1970_begins_with_the_first_id_of_all() -> None:
    assert first_id(datetime(1, 1, 1, tzinfo=UTC)) == first_id(datetime(1970, 1, 1, tzinfo=UTC))


@given(since=_near, until=_near, before=st.none() | _ids, capture_id=_ids)
def test_the_months_are_the_range_cut_where_one_ends(
    since: datetime, until: datetime, before: str | None, capture_id: str
) -> None:
    months = list(newest_month_first(since, until, before))
    whole = id_range(since, until, before)
    holding = [month for month, ids in months if ids.low <= capture_id <= ids.high]
    inside = whole.low <= capture_id <= whole.high
    assert holding == ([f"{captured_at(capture_id):%Y-%m}"] if inside else [])
    assert [month for month, _ in months] == sorted({month for month, _ in months}, reverse=True)
    assert all(ids for _, ids in months)
