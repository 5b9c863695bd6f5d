"""What can be wrong with a request: each kind of RFC 9457 problem, and its HTTP status."""

from collections.abc import Mapping
from enum import StrEnum
from http import HTTPStatus

from recognizeme.domain import errors
from recognizeme.domain.errors import RecognizeMeError


class Problem(StrEnum):
    """The last part of a problem's `type`."""

    INVALID_REQUEST = "invalid-request"
    UNUSABLE_PICTURE = "unusable-picture"
    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not-found"
    METHOD_NOT_ALLOWED = "method-not-allowed"
    ALREADY_DONE = "already-done"
    NOT_POSSIBLE = "not-possible"
    KEY_IN_USE = "idempotency-key-in-use"
    CONSENT_MISSING = "consent-missing"
    TOO_LARGE = "too-large"
    UNSUPPORTED_MEDIA_TYPE = "unsupported-media-type"
    KEY_REUSED = "idempotency-key-reused"
    INTERNAL = "internal"
    MISCONFIGURED = "misconfigured"
    BUSY = "busy"

    @property
    def status(self) -> HTTPStatus:
        """The HTTP status it comes with."""
        return _STATUS[self]

    @property
    def urn(self) -> str:
        """The problem's `type`."""
        return f"urn:recognizeme:problem:{self}"

    def content(self, detail: str) -> dict[str, str | int]:
        """The members of the answer."""
        return {"type": self.urn, "title": self.status.phrase, "status": self.status, "detail": detail}


_STATUS: Mapping[Problem, HTTPStatus] = {
    Problem.INVALID_REQUEST: HTTPStatus.BAD_REQUEST,
    Problem.UNUSABLE_PICTURE: HTTPStatus.BAD_REQUEST,
    Problem.UNAUTHORIZED: HTTPStatus.UNAUTHORIZED,
    Problem.FORBIDDEN: HTTPStatus.FORBIDDEN,
    Problem.NOT_FOUND: HTTPStatus.NOT_FOUND,
    Problem.METHOD_NOT_ALLOWED: HTTPStatus.METHOD_NOT_ALLOWED,
    Problem.ALREADY_DONE: HTTPStatus.CONFLICT,
    Problem.NOT_POSSIBLE: HTTPStatus.CONFLICT,
    Problem.KEY_IN_USE: HTTPStatus.CONFLICT,
    Problem.CONSENT_MISSING: HTTPStatus.CONFLICT,
    Problem.TOO_LARGE: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    Problem.UNSUPPORTED_MEDIA_TYPE: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    Problem.KEY_REUSED: HTTPStatus.UNPROCESSABLE_ENTITY,
    Problem.INTERNAL: HTTPStatus.INTERNAL_SERVER_ERROR,
    Problem.MISCONFIGURED: HTTPStatus.INTERNAL_SERVER_ERROR,
    Problem.BUSY: HTTPStatus.SERVICE_UNAVAILABLE,
}

# Whatever a request asks for, it may meet these.
ALWAYS = (
    Problem.UNAUTHORIZED,
    Problem.FORBIDDEN,
    Problem.INTERNAL,
    Problem.MISCONFIGURED,
    Problem.BUSY,
)

_OF_ERRORS: Mapping[type[RecognizeMeError], Problem] = {
    errors.InvalidRequest: Problem.INVALID_REQUEST,
    errors.UnusablePicture: Problem.UNUSABLE_PICTURE,
    errors.NotPossible: Problem.NOT_POSSIBLE,
    errors.NotFound: Problem.NOT_FOUND,
    errors.PictureTooLarge: Problem.TOO_LARGE,
    errors.UnsupportedMediaType: Problem.UNSUPPORTED_MEDIA_TYPE,
    errors.CaptureDone: Problem.ALREADY_DONE,
    errors.KeyInUse: Problem.KEY_IN_USE,
    errors.KeyReused: Problem.KEY_REUSED,
    errors.ConsentMissing: Problem.CONSENT_MISSING,
    errors.CaptureInProgress: Problem.BUSY,
    errors.ServiceBusy: Problem.BUSY,
    errors.Misconfigured: Problem.MISCONFIGURED,
}


def problem_of(error: RecognizeMeError) -> Problem:
    """The problem that an error of ours is to whoever asked."""
    return next((_OF_ERRORS[base] for base in type(error).__mro__ if base in _OF_ERRORS), Problem.INTERNAL)
