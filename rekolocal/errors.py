"""The errors a caller sees, with the codes Amazon Rekognition uses.

Source of the codes: botocore's service model of `rekognition` (2016-06-27) and AWS's common errors.
"""


class RekognitionError(Exception):
    """An error answer: HTTP `status` and a JSON body whose `__type` is the class's name."""

    status = 400

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    @property
    def code(self) -> str:
        """The error code as it stands in the answer's `__type`."""
        return type(self).__name__


class RefusedRequest(RekognitionError):
    """What AWS refuses before Rekognition sees it: the body has `__type` and `message` and no more."""


class AccessDeniedException(RekognitionError):
    """The caller may not do this."""


class ConflictException(RekognitionError):
    """A user with this id exists already, or is being changed by another request."""


class IdempotentParameterMismatchException(RekognitionError):
    """A ClientRequestToken was used again with other parameters."""


class ImageTooLargeException(RekognitionError):
    """The picture has more bytes or pixels than the limit."""


class InternalServerError(RekognitionError):
    """A fault of the server itself."""

    status = 500


class InvalidImageFormatException(RekognitionError):
    """The picture is not a whole JPEG or PNG."""


class InvalidPaginationTokenException(RekognitionError):
    """NextToken was not made by this operation on this resource."""


class InvalidParameterException(RekognitionError):
    """A parameter violates a constraint, or SearchFacesByImage found no face."""


class InvalidS3ObjectException(RekognitionError):
    """The S3 object could not be read."""


class ProvisionedThroughputExceededException(RekognitionError):
    """The operation's rate limit is used up."""


class ResourceAlreadyExistsException(RekognitionError):
    """A collection with this id exists already."""


class ResourceNotFoundException(RekognitionError):
    """The collection, user or resource does not exist."""


class ServiceQuotaExceededException(RekognitionError):
    """A quota, such as 100 faces a user, is used up."""


class ThrottlingException(RekognitionError):
    """The server has more to do than its queue holds."""


class UnknownOperationException(RefusedRequest):
    """Rekognition has no such operation, or rekolocal does not offer it."""


class SerializationException(RefusedRequest):
    """The body is not JSON, or a member has another JSON type than its shape."""


class ValidationException(RefusedRequest):
    """An image has no bytes, or more than 5,242,880."""


class IncompleteSignatureException(RefusedRequest):
    """The Authorization header is not a Signature Version 4 header."""


class InvalidSignatureException(RefusedRequest):
    """The signature does not match the request, or it is too old."""


class MissingAuthenticationTokenException(RefusedRequest):
    """The request is not signed, and this server asks for it."""


class UnrecognizedClientException(RefusedRequest):
    """The access key is not this server's."""
