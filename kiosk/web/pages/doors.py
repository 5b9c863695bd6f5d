"""Doors: the kiosks that run on this machine, and the screen beside a door."""

from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

from flask import Blueprint, render_template

from kiosk.web.desk import Desk
from kiosk.web.display import NOBODY_RUNS, message

_ALIVE = timedelta(seconds=10)  # a kiosk writes its status every other second


def pages(desk: Desk) -> Blueprint:
    """The kiosks, and a door's display."""
    blueprint = Blueprint("doors", __name__)

    @blueprint.get("/kiosks")
    def kiosks() -> str:
        from kiosk.monitoring.status_file import statuses  # OpenCV comes with it, which no other page needs

        shown = [_with_life(status, desk.now()) for status in statuses()]
        return render_template("kiosks.html", kiosks=shown)

    @blueprint.get("/doors/<kiosk_id>/display")
    def display(kiosk_id: str) -> tuple[str, int]:
        from kiosk.monitoring.status_file import statuses

        status = next((each for each in statuses() if each.get("kiosk_id") == kiosk_id), None)
        shown = message(_with_life(status, desk.now()), desk.now()) if status else NOBODY_RUNS
        page = render_template("display.html", kiosk_id=kiosk_id, message=shown)
        return page, HTTPStatus.OK if status else HTTPStatus.NOT_FOUND

    return blueprint


def _with_life(status: dict[str, Any], now: datetime) -> dict[str, Any]:
    """A kiosk's status, and whether it runs: it says so, and has said so lately."""
    try:
        is_fresh = now - datetime.fromisoformat(str(status["updated_at"])) < _ALIVE
    except (KeyError, TypeError, ValueError):
        is_fresh = False
    return {**status, "alive": bool(status.get("running")) and is_fresh}
