"""Ids of captures: UUIDv7 (RFC 9562, section 5.7), so that they sort by the time they were made."""

import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID


def new_capture_id(
    *, unix_s: Callable[[], float] = time.time, random_bytes: Callable[[int], bytes] = os.urandom
) -> str:
    """A new id: 48 bits of Unix milliseconds, the version, and 74 random bits, as lower-case text."""
    milliseconds = int(unix_s() * 1000)
    random = int.from_bytes(random_bytes(10), "big")
    high, low = (random >> 62) & 0xFFF, random & ((1 << 62) - 1)
    return str(UUID(int=(milliseconds & ((1 << 48) - 1)) << 80 | 7 << 76 | high << 64 | 2 << 62 | low))


def captured_at(capture_id: str) -> datetime:
    """The time inside a capture id, in UTC, to the millisecond. Raises `ValueError` for any other id."""
    capture = UUID(capture_id)
    if capture.version != 7:
        raise ValueError(f"capture_id {capture_id!r} is no UUIDv7")
    return datetime.fromtimestamp((capture.int >> 80) / 1000, UTC)
