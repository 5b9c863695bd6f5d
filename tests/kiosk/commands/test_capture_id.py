from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.client.capture_id import captured_at, new_capture_id

MOMENTS = st.integers(0, 253402300799_999)


@given(MOMENTS, st.binary(min_size=10, max_size=10))
def test_an_id_carries_its_time(milliseconds: int, random: bytes) -> None:
    capture_id = new_capture_id(unix_s=lambda: milliseconds / 1000, random_bytes=lambda _: random)
    assert (
        abs((captured_at(capture_id) - datetime.fromtimestamp(milliseconds / 1000, UTC)).total_seconds())
        < 0.002
    )
    assert capture_id[14] == "7"
    assert capture_id[19] in "89ab"


@given(MOMENTS, MOMENTS)
def test_ids_sort_by_time(one: int, other: int) -> None:
    first, second = (new_capture_id(unix_s=lambda ms=ms: ms / 1000 + 1e-4) for ms in sorted((one, other)))  # type: ignore[misc]
    assert first[:13] <= second[:13]


def test_ids_made_in_the_same_millisecond_differ() -> None:
    assert len({new_capture_id(unix_s=lambda: 1.0) for _ in range(1000)}) == 1000


def test_an_id_of_another_version_has_no_time() -> None:
    with pytest.raises(ValueError, match="no UUIDv7"):
        captured_at("6ba7b810-9dad-41d1-80b4-00c04fd430c8")
