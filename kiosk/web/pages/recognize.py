"""Recognize: the form, and what a picture handed in there comes to."""

from contextlib import suppress
from http import HTTPStatus
from itertools import islice

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from kiosk.client.capture_id import new_capture_id
from kiosk.client.errors import ApiError, NotYetDone
from kiosk.vision.picture_file import UnusableFile, content_type, fit, reads_heic
from kiosk.web.desk import KIOSK_ID, Desk
from kiosk.web.failures import status_of
from kiosk.web.words import sentence

_RECENT = 6
_PATIENCE_S = 15.0


def pages(desk: Desk) -> Blueprint:
    """The form, and handing a picture in."""
    blueprint = Blueprint("recognize", __name__)

    @blueprint.get("/")
    def form() -> str:
        return _form()

    @blueprint.post("/captures")
    def hand_in() -> AnyResponse | tuple[str, int]:
        chosen = next((file for file in request.files.getlist("picture") if file.filename), None)
        if chosen is None:
            return _form(
                "No picture was chosen. Choose one, or drop it on the field."
            ), HTTPStatus.BAD_REQUEST
        capture_id = new_capture_id()
        try:
            picture = fit(chosen.read())
            with suppress(NotYetDone):  # its page looks again by itself
                desk.api.hand_in(
                    picture,
                    kiosk_id=KIOSK_ID,
                    capture_id=capture_id,
                    content_type=content_type(picture),
                    timeout_s=_PATIENCE_S,
                )
        except UnusableFile as error:
            return _form(sentence(str(error))), HTTPStatus.UNPROCESSABLE_ENTITY
        except ApiError as error:
            return _form(sentence(str(error))), status_of(error)
        return redirect(url_for("visits.sighting", capture_id=capture_id), HTTPStatus.SEE_OTHER)

    def _form(refusal: str | None = None) -> str:
        try:
            recent, trouble = list(islice(desk.api.sightings(limit=_RECENT), _RECENT)), None
        except ApiError as error:
            recent, trouble = [], sentence(str(error))
        return render_template(
            "form.html",
            recent=recent,
            trouble=trouble if trouble != refusal else None,
            refusal=refusal,
            heic=reads_heic(),
        )

    return blueprint
