"""Cursors: where a list goes on, as text that means nothing to anybody else."""

import binascii
import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode

from recognizeme.domain.errors import InvalidRequest

_CHECK_BYTES = 6


def encode(kind: str, position: str) -> str:
    """The cursor of a `kind` of list that goes on after `position` (any text)."""
    place = position.encode()
    return urlsafe_b64encode(_check(kind, place) + place).rstrip(b"=").decode()


def decode(kind: str, cursor: str) -> str:
    """The position inside a cursor; raises `InvalidRequest` unless `encode` made it for this kind of list.

    The check finds garbled and mixed-up cursors. It is no signature: a position gives away nothing.
    """
    try:
        raw = urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
        place = raw[_CHECK_BYTES:]
        if raw[:_CHECK_BYTES] == _check(kind, place) and encode(kind, place.decode()) == cursor:
            return place.decode()
    except (binascii.Error, UnicodeError):
        pass
    raise InvalidRequest("cursor is not one this list gave out; leave it out to start from the beginning")


def _check(kind: str, place: bytes) -> bytes:
    return hashlib.blake2s(place, digest_size=_CHECK_BYTES, person=kind.encode()[:8]).digest()
