"""Doors: how each kiosk is doing, what the office says of it, and the screen beside a door."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from kiosk.client.api import ApiClient
from kiosk.client.doors import NoOpening, opening_of, opening_words, troubles
from kiosk.client.errors import Refused
from kiosk.client.wire import Json
from kiosk.web.desk import Desk
from kiosk.web.display import NOBODY_RUNS, message
from kiosk.web.groups import groups_in
from kiosk.web.words import sentence

_ALIVE = timedelta(seconds=10)  # a kiosk writes its status every other second


def pages(desk: Desk) -> Blueprint:
    """The doors, each with its form, and a door's display."""
    blueprint = Blueprint("doors", __name__)

    @blueprint.get("/doors")
    def index() -> str | AnyResponse:
        if kiosk_id := request.args.get("add", "").strip():
            return redirect(url_for("doors.door", kiosk_id=kiosk_id))
        doors = [{**kiosk, "troubles": [*troubles(kiosk)]} for kiosk in desk.api.kiosks()]
        return render_template("doors.html", doors=doors, opening_words=opening_words)

    @blueprint.get("/doors/<kiosk_id>")
    def door(kiosk_id: str) -> str:
        known = _known(desk.api, kiosk_id)
        return render_template("door.html", kiosk_id=kiosk_id, door=known, given=_form_of(known))

    @blueprint.post("/doors/<kiosk_id>")
    def change(kiosk_id: str) -> AnyResponse | tuple[str, int]:
        try:
            desk.api.put_kiosk(kiosk_id, _change_in(request.form))
        except (NoOpening, Refused) as error:
            page = render_template(
                "door.html",
                kiosk_id=kiosk_id,
                door=_known(desk.api, kiosk_id),
                given=request.form,
                trouble=sentence(str(error)),
            )
            return page, HTTPStatus.UNPROCESSABLE_ENTITY
        return redirect(url_for("doors.index"), HTTPStatus.SEE_OTHER)

    @blueprint.post("/doors/<kiosk_id>/removal")
    def remove(kiosk_id: str) -> AnyResponse:
        desk.api.remove_kiosk(kiosk_id)
        return redirect(url_for("doors.index"), HTTPStatus.SEE_OTHER)

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


def _known(api: ApiClient, kiosk_id: str) -> Json:
    """What is known of a kiosk; nothing of one that is new."""
    return next((each for each in api.kiosks() if each["kiosk_id"] == kiosk_id), {})


def _form_of(kiosk: Json) -> dict[str, str]:
    """What the form shows at first."""
    groups = kiosk.get("groups") or ()
    texts = ("name", "place", "direction", "time_zone", "threshold_pct", "margin_pct", "reason")
    return {
        **{member: "" if kiosk.get(member) is None else str(kiosk[member]) for member in texts},
        "enter": "everybody" if "*" in groups else "groups" if groups else "nobody",
        "groups": ", ".join(group for group in groups if group != "*"),
        "openings": "\n".join(map(opening_words, kiosk.get("openings") or ())),
    }


def _change_in(form: Mapping[str, str]) -> Json:
    """The form as the API takes it: what is empty is taken away. Raises `NoOpening` and `Refused`."""
    said = {member: form.get(member, "").strip() for member in form}
    enter = said.get("enter")
    groups = ["*"] if enter == "everybody" else groups_in(said.get("groups", "")) if enter == "groups" else []
    if enter == "groups" and not groups:
        raise Refused("write the groups that may enter, or choose nobody or everybody")
    change: Json = {member: said.get(member) or None for member in ("name", "place", "reason")}
    change |= {member: _percent(said.get(member, "")) for member in ("threshold_pct", "margin_pct")}
    change |= {member: said[member] for member in ("direction", "time_zone") if said.get(member)}
    openings = [opening_of(line) for line in said.get("openings", "").splitlines() if line.strip()]
    return change | {"groups": groups or None, "openings": openings or None}


def _percent(text: str) -> float | None:
    try:
        return float(text.replace(",", ".")) if text else None
    except ValueError:
        raise Refused(f"{text[:40]!r} is no number of percent; write one like 99.5") from None
