"""Opaque pagination tokens."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence

from rekolocal.errors import InvalidPaginationTokenException

_DIGEST_BYTES = 12


class Pages:
    """Makes and reads tokens that only fit the listing they were made for.

    A token is the last row's key and a keyed digest over it and the listing (operation, collection, filters).
    """

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def token(self, listing: str, last_key: int) -> str:
        """The token with which `listing` goes on after `last_key`."""
        key = last_key.to_bytes(8, "big")
        return base64.urlsafe_b64encode(key + self._digest(listing, key)).decode()

    def next_page(self, listing: str, keys: Sequence[int], limit: int) -> dict[str, str]:
        """A reply's NextToken, if more than `limit` rows were found; `keys` are theirs."""
        return {"NextToken": self.token(listing, keys[limit - 1])} if len(keys) > limit else {}

    def last_key(self, listing: str, token: str | None) -> int:
        """The key after which to go on; 0 without a token. Raises InvalidPaginationTokenException."""
        if token is None:
            return 0
        try:
            content = base64.b64decode(token, altchars=b"-_", validate=True)
        except (binascii.Error, ValueError) as error:
            raise InvalidPaginationTokenException("The pagination token is not valid") from error
        key, digest = content[:8], content[8:]
        if not hmac.compare_digest(digest, self._digest(listing, key)):
            raise InvalidPaginationTokenException("The pagination token is not valid")
        return int.from_bytes(key, "big")

    def _digest(self, listing: str, key: bytes) -> bytes:
        return hmac.new(self._secret, key + listing.encode(), hashlib.sha256).digest()[:_DIGEST_BYTES]
