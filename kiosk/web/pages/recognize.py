"""Recognize: the form, and what a picture handed in there comes to."""

from contextlib import suppress
from http import HTTPStatus
from itertools import islice

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from kiosk.client.capture_id import new_capture_id
from kiosk.client.errors import ApiError, NotYetDone
from kiosk.vision.picture_file import content_type, fit, reads_heic
from kiosk.web.desk import KIOSK_ID, Desk
from kiosk.web.words import sentence

_RECENT = 12
_PATIENCE_S = 15.0


def pages(desk: Desk) -> Blueprint:
    """The form, and handing a picture in."""
    blueprint = Blueprint("recognize", __name__)

    @blueprint.get("/")
    def form() -> str:
        try:
            recent, trouble = list(islice(desk.api.sightings(limit=_RECENT), _RECENT)), None
        except ApiError as error:
            recent, trouble = [], sentence(str(error))
        return render_template("form.html", recent=recent, trouble=trouble, heic=reads_heic())

    @blueprint.post("/captures")
    def hand_in() -> AnyResponse:
        chosen = next((file for file in request.files.getlist("picture") if file.filename), None)
        if chosen is None:
            abort(400, "No picture was chosen.")
        picture = fit(chosen.read())
        capture_id = new_capture_id()
        kind = content_type(picture)
        with suppress(NotYetDone):  # its page looks again by itself
            desk.api.hand_in(
                picture, kiosk_id=KIOSK_ID, capture_id=capture_id, content_type=kind, timeout_s=_PATIENCE_S
            )
        return redirect(url_for("visits.sighting", capture_id=capture_id), HTTPStatus.SEE_OTHER)

    return blueprint
