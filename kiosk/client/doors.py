"""What the office says of a door, and how its kiosk is doing, in words: for the terminal and the desk."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kiosk.client.wire import Json

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_OPENING = re.compile(r"([a-z,\-]+)(?: +(\d\d:\d\d)-(\d\d:\d\d))?")
_WRONG_CLOCK_S = 30


class NoOpening(ValueError):
    """These words say no time at which a door may open; the text says how to write one."""


def opening_of(words: str) -> Json:
    """`mon-fri 07:00-19:30`, or days alone, as the API takes it. Raises `NoOpening`."""
    found = _OPENING.fullmatch(words.strip().lower())
    days = [day for part in found[1].split(",") for day in _days(part)] if found else []
    if not found or not days:
        raise NoOpening(f"{words!r} must be days and times such as 'mon-fri 07:00-19:30' or 'sat,sun'")
    times = {"from": found[2], "until": found[3]} if found[2] else {}
    return {"days": days, **times}


def opening_words(opening: Json) -> str:
    """An opening as `opening_of` reads it."""
    return f"{_span(opening['days'])} {opening['from']}-{opening['until']}"


def troubles(kiosk: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with a kiosk that the API told of, a sentence each."""
    beat = kiosk.get("heartbeat") or {}
    for trouble in (beat.get("camera_trouble"), beat.get("delivery_trouble")):
        if trouble:
            yield trouble
    if waiting := (beat.get("spool") or {}).get("waiting"):
        yield f"{waiting} pictures wait to be delivered"
    if abs(beat.get("clock_ahead_s") or 0) > _WRONG_CLOCK_S:
        yield f"its clock is {beat['clock_ahead_s']:+.0f} s off"
    runs = beat.get("policy_version")
    if runs and str(runs).startswith("file "):
        yield "it runs a policy of its own"
    elif runs and runs != kiosk["policy_version"]:
        yield "it runs an older policy"


def _days(part: str) -> list[str]:
    first, _, last = part.partition("-")
    if first not in _DAYS or (last or first) not in _DAYS:
        return []
    begin, end = _DAYS.index(first), _DAYS.index(last or first)
    return [_DAYS[number % 7] for number in range(begin, end + (1 if end >= begin else 8))]


def _span(days: Sequence[str]) -> str:
    """Three days or more in a row as the first and the last of them."""
    is_row = len(days) > 2 and _days(f"{days[0]}-{days[-1]}") == list(days)
    return f"{days[0]}-{days[-1]}" if is_row else ",".join(days)
