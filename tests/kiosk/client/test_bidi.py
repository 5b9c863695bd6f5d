"""Names that would turn the text around them."""

import pytest

from kiosk.client.bidi import isolated


@pytest.mark.parametrize("name", ["Ada Lovelace", "Jos\u00e9", "\u65e5\u672c", "O'Brien-\u0141", ""])
def test_a_name_that_runs_left_to_right_is_shown_as_it_is(name: str) -> None:
    assert isolated(name) == name


@pytest.mark.parametrize("name", ["\u05d0\u05d3\u05d4", "\u0622\u062f\u0627", "Ada \u05d0"])
def test_a_name_that_runs_right_to_left_is_isolated(name: str) -> None:
    assert isolated(name) == f"\u2068{name}\u2069"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Ada \u202egnp.exe", "Ada gnp.exe"),
        ("\u202bAda", "Ada"),
        ("Ada\u2069 \u202eevil", "Ada evil"),
        ("\u05d0\u2069\u202eb", "\u2068\u05d0b\u2069"),
    ],
)
def test_what_turns_the_direction_beyond_a_name_is_not_shown(name: str, shown: str) -> None:
    assert isolated(name) == shown
