"""Tokens go on where a page ended, in their own listing only."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rekolocal.errors import InvalidPaginationTokenException
from rekolocal.pages import Pages

PAGES = Pages(b"k" * 32)


@given(st.integers(0, 2**63 - 1), st.text(max_size=300))
def test_a_token_brings_back_its_key_and_fits_the_model(key: int, listing: str) -> None:
    token = PAGES.token(listing, key)
    assert PAGES.last_key(listing, token) == key
    assert len(token) <= 255


@given(st.text(max_size=60))
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(InvalidPaginationTokenException):
        PAGES.last_key("ListFaces employees", text)


def test_a_token_of_another_listing_or_another_server_is_refused() -> None:
    token = PAGES.token("ListFaces employees", 7)
    with pytest.raises(InvalidPaginationTokenException):
        PAGES.last_key("ListFaces visitors", token)
    with pytest.raises(InvalidPaginationTokenException):
        Pages(b"l" * 32).last_key("ListFaces employees", token)


def test_without_a_token_a_listing_begins() -> None:
    assert PAGES.last_key("ListFaces employees", None) == 0
