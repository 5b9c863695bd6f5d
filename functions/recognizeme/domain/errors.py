"""The few errors the domain knows; adapters translate theirs into these, chained with `from`."""

from recognizeme.domain.photo_problems import ADVICE, PhotoProblem


class RecognizeMeError(Exception):
    """Base of everything raised on purpose; its text is one sentence a person can act on."""


class InvalidRequest(RecognizeMeError):
    """The caller sent something outside the agreed form. HTTP 400."""


class NotFound(RecognizeMeError):
    """The person, sighting or photo asked for does not exist. HTTP 404."""


class UnusablePicture(RecognizeMeError):
    """The bytes are no picture that can be searched or indexed; the text says why."""


class PoorPhoto(UnusablePicture):
    """The picture shows no face, or one that nobody can be known by."""

    def __init__(self, problem: PhotoProblem) -> None:
        super().__init__(ADVICE[problem])
        self.problem = problem


class CaptureInProgress(RecognizeMeError):
    """Somebody else is recognizing this capture right now; ask again in a moment. HTTP 202 or a retry.

    Asking again after `retry_after_s` is no failure: until then the lease may hold.
    """

    retry_after_s = 5.0


class ServiceBusy(RecognizeMeError):
    """A service we depend on throttled us or did not answer; the same call may be made again. HTTP 503."""


class NotServed(ServiceBusy):
    """The service was not reached, or answered that it did nothing: such a call is not paid for.

    No failure of whoever asked, who may ask again after `retry_after_s`, for as long as it takes.
    """

    retry_after_s = 10.0


class CallsSpent(ServiceBusy):
    """A capture has had all the paid calls it may have, and none was answered."""


class ConsentMissing(RecognizeMeError):
    """A photo of somebody was handed in who has not agreed, or does no longer. HTTP 409."""


class PersonGone(RecognizeMeError):
    """Somebody was to be named, or given a face, of whom there is no record (any more)."""


class CaptureDone(RecognizeMeError):
    """The capture has its sighting; another picture of it is not taken. HTTP 409."""


class NotPossible(InvalidRequest):
    """The request is in order, and cannot be done as things are. HTTP 409."""


class KeyReused(RecognizeMeError):
    """An idempotency key came with another request before. HTTP 422."""


class KeyInUse(RecognizeMeError):
    """The request with this idempotency key is being answered right now. HTTP 409."""


class Misconfigured(RecognizeMeError):
    """A setting is missing or wrong, or a resource the settings name does not exist. HTTP 500."""


class PictureTooLarge(InvalidRequest):
    """The body is larger than a function takes. HTTP 413."""


class UnsupportedMediaType(InvalidRequest):
    """The body is not of a type the route takes. HTTP 415."""


class RecordsFailed(RecognizeMeError):
    """Some records of an event failed; the whole event is to be given again.

    With `retry_after_s` they only have to wait for what somebody else is doing: nothing went wrong.
    """

    def __init__(self, text: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(text)
        self.retry_after_s = retry_after_s


class NotDelivered(RecognizeMeError):
    """A message did not reach whom it was for; the text says why, and names nobody."""


class VersionFailed(RecognizeMeError):
    """A new version of a function raised when it was tried out."""
