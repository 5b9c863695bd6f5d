"""Doors in words: when they open, and what is wrong with a kiosk."""

import pytest

from kiosk.client.doors import NoOpening, opening_of, opening_words

WEEK = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


@pytest.mark.parametrize(
    ("words", "days"),
    [
        ("mon-fri", WEEK[:5]),
        ("Sat,sun", WEEK[5:]),
        ("fri-mon", ["fri", "sat", "sun", "mon"]),
        (" wed ", ["wed"]),
    ],
)
def test_days_are_read_alone_and_in_rows(words: str, days: list[str]) -> None:
    assert opening_of(words) == {"days": days}


@pytest.mark.parametrize("words", ["", "someday", "mon-fri 7-19", "mon 25", "mon-never 07:00-19:00"])
def test_what_says_no_time_says_how_to_write_one(words: str) -> None:
    with pytest.raises(NoOpening, match="mon-fri 07:00-19:30"):
        opening_of(words)


@pytest.mark.parametrize(
    "words", ["mon-fri 07:00-19:30", "sat,sun 00:00-24:00", "mon,wed 08:00-12:00", "mon-sun 22:00-06:00"]
)
def test_an_opening_is_written_as_it_is_read(words: str) -> None:
    assert opening_words(opening_of(words)) == words
