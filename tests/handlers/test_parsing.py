import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recognizeme.domain.errors import InvalidRequest
from recognizeme.domain.model import Outcome
from recognizeme.entry import parsing
from recognizeme.entry.presentation import time_text

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(st.binary(max_size=200))
def test_a_body_is_a_json_object_or_refused(body: bytes) -> None:
    try:
        value = parsing.json_object(body)
    except InvalidRequest:
        return
    assert json.loads(body) == value or value != value


def test_a_body_nested_a_hundred_thousand_deep_is_refused() -> None:
    with pytest.raises(InvalidRequest):
        parsing.json_object(b'{"a":' + b"[" * 100_000)


@given(st.dictionaries(st.sampled_from(["name", "consent", "groups", "active", "active_until"]), json_values))
def test_members_of_any_type_are_read_or_refused(fields: dict[str, object]) -> None:
    with suppress(InvalidRequest):
        assert isinstance(parsing.text(fields, "name"), str)
    with suppress(InvalidRequest):
        change, _ = parsing.person_change(fields)
        assert change.given().keys() == fields.keys()


@given(st.datetimes(timezones=st.just(UTC), min_value=datetime(1970, 1, 1), max_value=datetime(9999, 12, 30)))
def test_a_time_we_write_is_a_time_we_read(moment: datetime) -> None:
    text = time_text(moment)
    assert text is not None
    assert moment - parsing.time(text, "since") < timedelta(milliseconds=1)


def test_a_date_without_a_zone_is_utc() -> None:
    assert parsing.time("2026-11-23", "since") == datetime(2026, 11, 23, tzinfo=UTC)


@pytest.mark.parametrize("value", ["yesterday", "", "2026-13-01", "0001-01-01T00:00:00+23:00"])
def test_what_is_no_time_is_refused_by_its_name(value: str) -> None:
    with pytest.raises(InvalidRequest, match="until must be a time"):
        parsing.time(value, "until")


def test_a_time_before_any_capture_is_refused_by_its_name() -> None:
    with pytest.raises(InvalidRequest, match="until must be a time after 1970"):
        parsing.time("0001-01-01", "until")


@pytest.mark.parametrize("recorded_by", [5, "", "a" * 201, "front\x1bdesk", "\ud800"])
def test_who_recorded_consent_is_a_name(recorded_by: object) -> None:
    with pytest.raises(InvalidRequest, match="recorded_by must be"):
        parsing.person_change({"consent": {"given_at": "2026-11-23", "recorded_by": recorded_by}})


@pytest.mark.parametrize("value", ["0", "101", "-1", "ten", "1e2", "", "\u0661\u0660", "1" * 5000])
def test_a_limit_out_of_range_is_refused(value: str) -> None:
    with pytest.raises(InvalidRequest, match="limit must be a number from 1 to 100"):
        parsing.limit({"limit": value})


def test_every_filter_of_a_list_is_read() -> None:
    query = parsing.sighting_query(
        {
            "person_id": "ada",
            "kiosk_id": "front",
            "outcome": "recognized",
            "since": "2026-11-22",
            "until": "2026-11-23",
        }
    )
    assert (query.person_id, query.kiosk_id, query.outcome) == ("ada", "front", Outcome.RECOGNIZED)
    assert query.since == datetime(2026, 11, 22, tzinfo=UTC)
    assert query.until == datetime(2026, 11, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        ({"person_id": "ada lovelace"}, "person_id"),
        ({"kiosk_id": "front/door"}, "kiosk_id"),
        ({"outcome": "friend"}, "outcome must be one of recognized, unknown, uncertain, no_face, rejected"),
        ({"since": "2026-11-23", "until": "2026-11-22"}, "since must be before until"),
    ],
)
def test_a_filter_out_of_range_is_refused_by_its_name(parameters: dict[str, str], named: str) -> None:
    with pytest.raises(InvalidRequest, match=named):
        parsing.sighting_query(parameters)
