"""Unknown: visitors whom nobody has named, grouped by likeness; naming, ignoring and discarding them."""

from http import HTTPStatus
from itertools import islice

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from kiosk.client.errors import Refused
from kiosk.client.moment import iso_text
from kiosk.client.sighting import Sighting
from kiosk.client.wire import Json
from kiosk.web.desk import Desk
from kiosk.web.words import sentence

STATES = {"waiting": "Waiting", "ignored": "Ignored", "named": "Named"}
_MOST = 60
_MOST_FOUND = 12


def pages(desk: Desk) -> Blueprint:
    """The groups, and one of them with what can be decided."""
    blueprint = Blueprint("unknown", __name__)

    @blueprint.get("/unknown")
    def index() -> str:
        state = request.args.get("state", "waiting")
        if state not in STATES:
            state = "waiting"
        strangers = [*islice(desk.api.strangers(state=state, limit=_MOST), _MOST)]
        return render_template("unknown.html", strangers=strangers, state=state, states=STATES)

    @blueprint.get("/unknown/<stranger_id>")
    def stranger(stranger_id: str) -> str:
        return page(stranger_id)

    @blueprint.post("/unknown/<stranger_id>/name")
    def give_name(stranger_id: str) -> AnyResponse | tuple[str, int]:
        name = request.form.get("name", "").strip()
        person_id = request.form.get("person_id") or None
        if not (name or person_id):
            return page(stranger_id, "Type a name."), HTTPStatus.UNPROCESSABLE_ENTITY
        consent: Json | None = None
        if name and "agreed" in request.form:
            version = request.form.get("text_version", "").strip()
            by = request.form.get("recorded_by", "").strip()
            consent = {
                "given_at": iso_text(desk.now()), "text_version": version or None, "recorded_by": by or None,
            }  # fmt: skip
        try:
            named = desk.api.name_stranger(
                stranger_id, person_id=person_id, name=None if person_id else name, consent=consent
            )
        except Refused as error:
            return page(stranger_id, sentence(str(error))), HTTPStatus.UNPROCESSABLE_ENTITY
        found = named.get("person_id") or person_id or stranger_id
        return redirect(url_for("person.show", person_id=found), HTTPStatus.SEE_OTHER)

    @blueprint.post("/unknown/<stranger_id>/ignore")
    def ignore(stranger_id: str) -> AnyResponse:
        desk.api.ignore_stranger(stranger_id)
        return redirect(url_for("unknown.index"), HTTPStatus.SEE_OTHER)

    @blueprint.post("/unknown/<stranger_id>/discard")
    def discard(stranger_id: str) -> AnyResponse:
        desk.api.discard_stranger(stranger_id)
        return redirect(url_for("unknown.index"), HTTPStatus.SEE_OTHER)

    def page(stranger_id: str, trouble: str | None = None) -> str:
        found = desk.api.stranger(stranger_id)
        find = request.args.get("find", "").strip()
        return render_template(
            "stranger.html",
            stranger=found,
            visits=[Sighting.from_json(each) for each in found["sightings"]],
            find=find,
            people=[*islice(desk.api.people(name=find, limit=_MOST_FOUND), _MOST_FOUND)] if find else [],
            trouble=trouble,
            typed=request.form.get("name", "")[:200],
        )

    return blueprint
