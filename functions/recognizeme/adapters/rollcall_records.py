"""Ticks of a roll call as JSON texts: what is stored of them in either kind of table."""

import json
from datetime import datetime

from recognizeme.domain.rollcalls import By, State, Tick
from recognizeme.domain.times import to_text


def tick_text(tick: Tick) -> str:
    """One tick."""
    return json.dumps([tick.state, to_text(tick.at), tick.by.principal, tick.by.on_behalf_of])


def read_tick(text: str) -> Tick:
    """The tick of such a text."""
    state, at, principal, on_behalf_of = json.loads(text)
    return Tick(State(state), datetime.fromisoformat(at), By(principal, on_behalf_of))


def by_text(by: By) -> str:
    """Who did it."""
    return json.dumps([by.principal, by.on_behalf_of])


def read_by(text: str) -> By:
    """The same, of such a text."""
    return By(*json.loads(text))
