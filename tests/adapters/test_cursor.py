"""Cursors come back as they went out, and nothing else comes in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recognizeme.adapters import cursor
from recognizeme.domain.errors import InvalidRequest

_positions = st.text(st.characters(exclude_categories=["Cs"]))
_kinds = st.sampled_from(["people", "sightings"])


@given(kind=_kinds, position=_positions)
def test_a_cursor_gives_back_its_position(kind: str, position: str) -> None:
    assert cursor.decode(kind, cursor.encode(kind, position)) == position


@given(position=_positions)
def test_a_cursor_can_stand_in_a_url_as_it_is(position: str) -> None:
    text = cursor.encode("people", position)
    assert set(text) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")


@given(position=_positions)
def test_a_cursor_of_another_list_is_refused(position: str) -> None:
    with pytest.raises(InvalidRequest, match="cursor"):
        cursor.decode("people", cursor.encode("sightings", position))


@given(kind=_kinds, text=st.text() | st.binary().map(lambda raw: raw.decode("latin-1")))
def test_any_other_text_is_refused(kind: str, text: str) -> None:
    with pytest.raises(InvalidRequest, match="cursor"):
        cursor.decode(kind, text)


@given(position=_positions, tail=st.sampled_from(["=", "==", "\n", " ", "A", "-"]))
def test_a_cursor_with_something_added_is_refused(position: str, tail: str) -> None:
    with pytest.raises(InvalidRequest, match="cursor"):
        cursor.decode("people", cursor.encode("people", position) + tail)
