"""Pictures as files, with tickets and links signed and checked as S3 signs and checks its own."""

import hashlib
import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import quote, urlencode

from local.adapters.files import DurableFiles
from recognizeme.adapters.aws import utc_now
from recognizeme.adapters.photo_keys import check_key
from recognizeme.domain.errors import InvalidRequest, PictureTooLarge, RecognizeMeError
from recognizeme.domain.ports import Clock, UploadTicket

UPLOADS_PATH = "/_local/uploads"
PHOTOS_PATH = "/_local/photos/"


class SignatureRefused(RecognizeMeError):
    """An upload ticket or a link has expired, or was changed on the way. HTTP 403."""


@dataclass(frozen=True, slots=True)
class StoredPhoto:
    """A picture as a link shows it."""

    picture: bytes
    content_type: str


class FilePhotoStore:
    """A `PhotoStore` in a folder.

    `base_url` is where the host answers, without a slash at its end. `signing_key` (32 random bytes or so)
    must be the same in every process that shares the folder. `on_stored(key, size_bytes, busy_s)` is called
    when a picture is durable and before the call that stored it returns, and names the event it raises; what
    it raises as an error, the caller gets, and hands the picture in again.
    """

    def __init__(
        self,
        root: Path,
        *,
        base_url: str,
        signing_key: bytes,
        on_stored: Callable[[str, int, float], str | None],
        now: Clock = utc_now,
    ) -> None:
        self._files = DurableFiles(root, now_s=now().timestamp())
        self._base_url = base_url
        self._signing_key = signing_key
        self._on_stored = on_stored
        self._now = now

    def ticket(self, key: str, content_type: str, *, max_bytes: int, expires_at: datetime) -> UploadTicket:
        """Permission to upload one picture of this type under this key; `accept` checks it."""
        terms = {
            "key": check_key(key),
            "type": content_type,
            "max_bytes": max_bytes,
            "expires": expires_at.timestamp(),
        }
        policy = urlsafe_b64encode(json.dumps(terms).encode()).decode()
        fields = {
            "key": key,
            "Content-Type": content_type,
            "policy": policy,
            "signature": self._sign("ticket", policy),
        }
        return UploadTicket(self._base_url + UPLOADS_PATH, fields, key, max_bytes, expires_at)

    def accept(self, fields: Mapping[str, str], picture: bytes) -> str:
        """Store an upload if its ticket allows it; return the key.

        Raises `SignatureRefused` (S3 answers 403) for a ticket that expired or was changed,
        `PictureTooLarge` (S3: 400 EntityTooLarge), and `InvalidRequest` (400) for an empty file or a
        missing field.
        """
        for name in ("key", "Content-Type", "policy", "signature"):
            if name not in fields:
                raise InvalidRequest(
                    f"the upload lacks the field {name}; send the ticket's fields as they are"
                )
        if not self._signed(fields["signature"], "ticket", fields["policy"]):
            raise SignatureRefused("the upload ticket was changed; ask for a new one")
        terms = json.loads(urlsafe_b64decode(fields["policy"]))
        if terms["expires"] <= self._now().timestamp():
            raise SignatureRefused("the upload ticket has expired; ask for a new one")
        if (fields["key"], fields["Content-Type"]) != (terms["key"], terms["type"]):
            raise SignatureRefused("the upload is not what its ticket is for; ask for a new one")
        if not picture:
            raise InvalidRequest("the uploaded file is empty")
        if len(picture) > terms["max_bytes"]:
            raise PictureTooLarge(f"the uploaded file is larger than {terms['max_bytes']} bytes")
        self.write(terms["key"], picture, terms["type"])
        return str(terms["key"])

    def write(self, key: str, picture: bytes, content_type: str, *, busy_s: float = 0.0) -> str | None:
        """Store the picture, then say so. The type is not kept: `open_link` reads it from the content."""
        self._files.write(key, picture)
        return self._on_stored(key, len(picture), busy_s)

    def write_new(self, key: str, picture: bytes, content_type: str) -> bool:
        """Store the picture unless there is one, and say so either way: whoever stored it may have died."""
        is_new = self._files.write_new(key, picture)
        self._on_stored(key, len(picture), 0.0)
        return is_new

    def read(self, key: str) -> bytes:
        """The picture's bytes. Raises `NotFound`."""
        return self._files.read(key)

    def link(self, key: str, *, expires_at: datetime) -> str:
        """A URL of this host that `open_link` knows again until `expires_at`."""
        expires = str(int(expires_at.timestamp()))
        terms = urlencode({"expires": expires, "signature": self._sign("link", expires, key)})
        return f"{self._base_url}{PHOTOS_PATH}{quote(key)}?{terms}"

    def open_link(self, key: str, *, expires: str, signature: str) -> StoredPhoto:
        """The picture behind a link. Raises `SignatureRefused` (403) and `NotFound` (404)."""
        if not self._signed(signature, "link", expires, key):
            raise SignatureRefused("the link was changed; ask for a new one")
        if int(expires) <= self._now().timestamp():
            raise SignatureRefused("the link has expired; ask for a new one")
        picture = self.read(key)
        return StoredPhoto(picture, _content_type(picture))

    def keys(self, prefix: str) -> Iterator[str]:
        """Every stored key that starts with `prefix`, in no order."""
        return self._files.keys(prefix)

    def folders(self, prefix: str) -> frozenset[str]:
        """What stands between the prefix and the next slash of any key."""
        return self._files.folders(prefix)

    def delete(self, keys: Iterable[str]) -> int:
        """Remove the pictures; return how many there were."""
        return self._files.delete(keys)

    def delete_below(
        self, prefixes: Iterable[str], *, before: Callable[[Collection[str]], object] = len
    ) -> int:
        """Remove whatever starts with one of the prefixes; return how many there were."""
        self._files.clear_abandoned()
        keys = set(self._files.keys(*prefixes))
        before(keys)
        return self._files.delete(keys)

    def count_below(self, prefix: str) -> int:
        """How many keys start with the prefix."""
        return sum(1 for _ in self._files.keys(prefix))

    def expire(self, prefix: str, *, before: datetime) -> int:
        """Remove pictures with this prefix stored before a time, as a bucket's lifecycle rule does."""
        return self._files.expire(prefix, before_s=before.timestamp())

    def _sign(self, *parts: str) -> str:
        # As JSON, no part can pass for two; the first says what is signed, so that no link is a ticket.
        return hmac.new(self._signing_key, json.dumps(parts).encode(), hashlib.sha256).hexdigest()

    def _signed(self, signature: str, *parts: str) -> bool:
        return hmac.compare_digest(signature.encode("utf-8", "replace"), self._sign(*parts).encode())


def _content_type(picture: bytes) -> str:
    # Never the type somebody claimed: a browser would run a page that calls itself a picture.
    if picture.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    return "image/png" if picture.startswith(b"\x89PNG\r\n\x1a\n") else "application/octet-stream"
