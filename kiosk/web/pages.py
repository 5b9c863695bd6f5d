"""The pages: the form with what was seen lately, one sighting, and every failure as a page of its own."""

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from itertools import islice
from typing import Any

from flask import Flask, Response, abort, redirect, render_template, request, url_for
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from kiosk.client.api import ApiClient
from kiosk.client.bidi import isolated
from kiosk.client.capture_id import captured_at, new_capture_id
from kiosk.client.errors import ApiError, Busy, NotFound, NotYetDone, Refused, Unreachable
from kiosk.client.sighting import Sighting
from kiosk.vision.picture_file import UnusableFile, content_type, fit, reads_heic
from kiosk.web.access import guard
from kiosk.web.display import NOBODY_RUNS, message

KIOSK_ID = "web"
MAX_UPLOAD_BYTES = 32 * 1024 * 1024  # a phone's largest pictures; they are made smaller here

_LOG = logging.getLogger(__name__)
_RECENT = 12
_MOST_PEOPLE = 500  # a list to choose from has an end
_ALIVE = timedelta(seconds=10)  # a kiosk writes its status every other second
_PATIENCE_S = 15.0
_RECENTLY = timedelta(minutes=10)  # a queue at its longest, and clocks that differ


def make_app(
    api: ApiClient,
    *,
    token: str | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    clock: Callable[[], float] = time.monotonic,
) -> Flask:
    """The web application in front of one API."""
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = MAX_UPLOAD_BYTES
    app.jinja_env.filters |= {"isolated": isolated, "moment": _moment, "sentence": _sentence}
    guard(app, token=token, clock=clock)

    @app.get("/")
    def form() -> str:
        try:
            recent, trouble = list(islice(api.sightings(limit=_RECENT), _RECENT)), None
        except ApiError as error:
            recent, trouble = [], _sentence(str(error))
        return render_template("form.html", recent=recent, trouble=trouble, heic=reads_heic())

    @app.post("/captures")
    def hand_in() -> AnyResponse:
        chosen = next((file for file in request.files.getlist("picture") if file.filename), None)
        if chosen is None:
            abort(400, "No picture was chosen.")
        picture = fit(chosen.read())
        capture_id = new_capture_id()
        kind = content_type(picture)
        with suppress(NotYetDone):  # its page looks again by itself
            api.hand_in(
                picture, kiosk_id=KIOSK_ID, capture_id=capture_id, content_type=kind, timeout_s=_PATIENCE_S
            )
        return redirect(url_for("sighting", capture_id=capture_id), HTTPStatus.SEE_OTHER)

    @app.get("/sightings/<capture_id>")
    def sighting(capture_id: str) -> str:
        found = _sighting_or_pending(api, _checked(capture_id), now())
        people = list(islice(api.people(limit=_MOST_PEOPLE), _MOST_PEOPLE)) if found else None
        return render_template("sighting.html", sighting=found, people=people)

    @app.post("/sightings/<capture_id>/correction")
    def correct(capture_id: str) -> AnyResponse:
        person_id = request.form.get("person_id") or None
        if person_id and not person_id.isprintable():
            abort(400, "This is no id of a person.")
        api.correct(_checked(capture_id), person_id=person_id)
        return redirect(url_for("sighting", capture_id=capture_id), HTTPStatus.SEE_OTHER)

    @app.get("/kiosks")
    def kiosks() -> str:
        from kiosk.monitoring.status_file import statuses  # OpenCV comes with it, which no other page needs

        return render_template("kiosks.html", kiosks=[_with_life(status, now()) for status in statuses()])

    @app.get("/doors/<kiosk_id>/display")
    def display(kiosk_id: str) -> tuple[str, int]:
        from kiosk.monitoring.status_file import statuses

        status = next((each for each in statuses() if each.get("kiosk_id") == kiosk_id), None)
        shown = message(_with_life(status, now()), now()) if status else NOBODY_RUNS
        page = render_template("display.html", kiosk_id=kiosk_id, message=shown)
        return page, HTTPStatus.OK if status else HTTPStatus.NOT_FOUND

    @app.get("/sightings/<capture_id>/photo")
    def photo(capture_id: str) -> Response:
        picture = api.sighting_photo(_checked(capture_id))
        return Response(picture, content_type=content_type(picture))

    @app.errorhandler(UnusableFile)
    def unusable(error: UnusableFile) -> tuple[str, int]:
        return _failure(str(error), HTTPStatus.UNPROCESSABLE_ENTITY)

    @app.errorhandler(ApiError)
    def api_failed(error: ApiError) -> tuple[str, int]:
        return _failure(str(error), _status_of(error))

    @app.errorhandler(HTTPException)
    def http_failed(error: HTTPException) -> tuple[str, int]:
        status = error.code or 500
        return _failure(_FRIENDLY.get(status, str(error.description)), status)

    @app.errorhandler(Exception)
    def failed(error: Exception) -> tuple[str, int]:
        _LOG.exception("a page failed", exc_info=error)
        return _failure("something went wrong here; the log of `recognizeme web` says more", 500)

    return app


_FRIENDLY = {
    404: "there is no such page",
    405: "this page cannot be asked that way",
    413: f"the file is larger than {MAX_UPLOAD_BYTES // 1024**2} MB; choose a smaller picture",
}


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
        if not _is_recent(capture_id, now):
            raise
        return None


def _is_recent(capture_id: str, now: datetime) -> bool:
    try:
        return now - captured_at(capture_id) < _RECENTLY
    except ValueError:
        return False


def _with_life(status: dict[str, Any], now: datetime) -> dict[str, Any]:
    """A kiosk's status, and whether it runs: it says so, and has said so lately."""
    try:
        is_fresh = now - datetime.fromisoformat(str(status["updated_at"])) < _ALIVE
    except (KeyError, TypeError, ValueError):
        is_fresh = False
    return {**status, "alive": bool(status.get("running")) and is_fresh}


def _status_of(error: ApiError) -> int:
    match error:
        case NotFound():
            return HTTPStatus.NOT_FOUND
        case Refused():
            return HTTPStatus.UNPROCESSABLE_ENTITY
        case Busy() | Unreachable():
            return HTTPStatus.SERVICE_UNAVAILABLE
        case _:
            return HTTPStatus.BAD_GATEWAY


def _failure(reason: str, status: int) -> tuple[str, int]:
    return render_template("failure.html", reason=_sentence(reason)), int(status)


def _sentence(text: str) -> str:
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _moment(iso: str) -> str:
    """`2026-11-23T08:15:02.120Z` as `23 Nov 2026, 08:15:02 UTC`; anything else as it is."""
    try:
        return f"{datetime.fromisoformat(iso):%d %b %Y, %H:%M:%S} UTC"
    except ValueError:
        return iso
