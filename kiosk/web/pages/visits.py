"""Visits: who was seen, one visit, and its correction."""

from datetime import datetime, timedelta
from http import HTTPStatus
from itertools import islice

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from kiosk.client.api import ApiClient
from kiosk.client.capture_id import captured_at
from kiosk.client.errors import NotFound
from kiosk.client.sighting import Sighting
from kiosk.vision.picture_file import content_type
from kiosk.web.desk import Desk

_MOST_PEOPLE = 500  # a list to choose from has an end
_RECENTLY = timedelta(minutes=10)  # a queue at its longest, and clocks that differ


def pages(desk: Desk) -> Blueprint:
    """One visit, its picture and its correction."""
    blueprint = Blueprint("visits", __name__)

    @blueprint.get("/sightings/<capture_id>")
    def sighting(capture_id: str) -> str:
        found = _sighting_or_pending(desk.api, _checked(capture_id), desk.now())
        people = list(islice(desk.api.people(limit=_MOST_PEOPLE), _MOST_PEOPLE)) if found else None
        return render_template("sighting.html", sighting=found, people=people)

    @blueprint.post("/sightings/<capture_id>/correction")
    def correct(capture_id: str) -> AnyResponse:
        person_id = request.form.get("person_id") or None
        if person_id and not person_id.isprintable():
            abort(400, "This is no id of a person.")
        desk.api.correct(_checked(capture_id), person_id=person_id)
        return redirect(url_for("visits.sighting", capture_id=capture_id), HTTPStatus.SEE_OTHER)

    @blueprint.get("/sightings/<capture_id>/photo")
    def photo(capture_id: str) -> Response:
        picture = desk.api.sighting_photo(_checked(capture_id))
        return Response(picture, content_type=content_type(picture))

    return blueprint


def _checked(capture_id: str) -> str:
    """The id, or a 400: what is none need not be asked for."""
    try:
        captured_at(capture_id)
    except ValueError:
        abort(400, "This is no id of a sighting.")
    return capture_id


def _sighting_or_pending(api: ApiClient, capture_id: str, now: datetime) -> Sighting | None:
    """The sighting, or None when a capture made moments ago is not known yet."""
    try:
        return api.sighting(capture_id)
    except NotFound:
        if now - captured_at(capture_id) >= _RECENTLY:
            raise
        return None
