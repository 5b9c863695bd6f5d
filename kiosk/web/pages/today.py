"""Today: who is in, who came last, and what somebody should look at; nothing else."""

from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import islice
from typing import Any, TypeVar

from flask import Blueprint, current_app, g, render_template

from kiosk.client.doors import troubles
from kiosk.client.errors import ApiError
from kiosk.client.moment import iso_text
from kiosk.web.days import bounds
from kiosk.web.desk import Desk

Item = TypeVar("Item")

_VISITS = 12
_MOST_IN = 200
_MOST_WAITING = 100  # more are said to be more
_UNKNOWN = ("unknown.index",)


def pages(desk: Desk) -> Blueprint:
    """One page."""
    blueprint = Blueprint("today", __name__)
    api = desk.api

    @blueprint.get("/today")
    def page() -> str:
        begin, _ = bounds(desk.now().astimezone(g.zone).date(), g.zone)
        since = iso_text(begin)
        doors = _some(lambda: api.kiosks(), _MOST_IN)
        return render_template(
            "today.html",
            present=_some(lambda: api.presence(), _MOST_IN),
            visits=_some(lambda: api.sightings(since=since, limit=_VISITS), _VISITS),
            waiting=_some(lambda: api.strangers(state="waiting", limit=_MOST_WAITING), _MOST_WAITING),
            most_waiting=_MOST_WAITING,
            unknown_page=next((each for each in _UNKNOWN if each in current_app.view_functions), None),
            troubled=[(each, said) for each in doors or () if (said := [*troubles(each)])],
            failed=_failed(desk, begin),
        )

    return blueprint


def _some(ask: Callable[[], Iterator[Item]], most: int) -> list[Item] | None:
    """What the API lists; None where it does not answer: the rest of the page is shown all the same."""
    try:
        return list(islice(ask(), most))
    except ApiError:
        return None


def _failed(desk: Desk, begin: datetime) -> int | None:
    try:
        total: dict[str, Any] = desk.api.stats(since=iso_text(begin))["total"]
        return int(total.get("failed") or 0)
    except ApiError:
        return None
