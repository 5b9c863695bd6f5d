"""Every failure as a page of its own, with one sentence that says what to do."""

import logging
from http import HTTPStatus

from flask import Flask, render_template
from werkzeug.exceptions import HTTPException

from kiosk.client.errors import ApiError, Busy, NotFound, Refused, Unreachable
from kiosk.vision.picture_file import UnusableFile
from kiosk.web.desk import MAX_UPLOAD_BYTES
from kiosk.web.words import sentence

_LOG = logging.getLogger(__name__)

_FRIENDLY = {
    404: "there is no such page",
    405: "this page cannot be asked that way",
    413: f"the file is larger than {MAX_UPLOAD_BYTES // 1024**2} MB; choose a smaller picture",
}


def show_failures(app: Flask) -> None:
    """Have `app` answer whatever goes wrong with a page."""

    @app.errorhandler(UnusableFile)
    def unusable(error: UnusableFile) -> tuple[str, int]:
        return _failure(str(error), HTTPStatus.UNPROCESSABLE_ENTITY)

    @app.errorhandler(ApiError)
    def api_failed(error: ApiError) -> tuple[str, int]:
        return _failure(str(error), status_of(error))

    @app.errorhandler(HTTPException)
    def http_failed(error: HTTPException) -> tuple[str, int]:
        status = error.code or 500
        return _failure(_FRIENDLY.get(status, str(error.description)), status)

    @app.errorhandler(Exception)
    def failed(error: Exception) -> tuple[str, int]:
        _LOG.exception("a page failed", exc_info=error)
        return _failure("something went wrong here; the log of `recognizeme web` says more", 500)


def status_of(error: ApiError) -> int:
    """The HTTP status of a page that could not be shown because of this."""
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
    return render_template("failure.html", reason=sentence(reason)), int(status)
