"""What can go wrong between a client and the API; each error's text is one sentence that says what to do."""


class KioskError(Exception):
    """Base of every error that ends a command; its text is one sentence that says what to do."""


class ApiError(KioskError):
    """Base of everything `ApiClient` raises."""


class Unreachable(ApiError):
    """Nothing answered, or not in time; the same call may be made again."""


class Busy(ApiError):
    """The API, or the store behind it, cannot take the call now (429, 5xx); the same call may be made again.

    `retry_after_s` is how long it asked to be left alone, None when it did not say.
    """

    def __init__(self, message: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class NotYetDone(ApiError):
    """The capture was handed in, but its sighting was not there in time; it can be asked for later."""


class Unauthorized(ApiError):
    """The API does not accept our credentials (401), or not for this call (403)."""


class TicketRefused(ApiError):
    """The picture store did not accept the upload ticket (403): it expired or was changed."""


class NotFound(ApiError):
    """The person, photo or sighting asked for does not exist (404)."""


class Refused(ApiError):
    """The request itself is wrong (400, 413, 415...): making it again cannot help."""


class AlreadyDone(ApiError):
    """The capture has its sighting (409): there is nothing to hand in, only to ask."""


class UnknownAnswer(ApiError):
    """What answered is no RecognizeMe API."""
