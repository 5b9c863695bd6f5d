"""Which keys a photo store takes. They are made of what people send: ids, and names of their files."""

from recognizeme.domain.errors import InvalidRequest

MAX_KEY_BYTES = 1024  # S3's, in UTF-8


def check_key(key: str) -> str:
    """Return `key`, or raise `InvalidRequest` when S3 could not store it, or would store it under another."""
    try:
        length = len(key.encode())
    except UnicodeEncodeError as error:
        raise InvalidRequest("a photo's name must be text that can be written as UTF-8") from error
    if not 0 < length <= MAX_KEY_BYTES:
        raise InvalidRequest(f"a photo's key must be 1 to {MAX_KEY_BYTES} bytes long; use a shorter name")
    if "${filename}" in key:
        # In a presigned POST this stands for whatever name the uploader chooses.
        raise InvalidRequest("a photo's name must not contain ${filename}")
    return key
