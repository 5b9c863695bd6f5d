"""The same request made again under its idempotency key has the same answer, and is done once.

As draft-ietf-httpapi-idempotency-key-header-07 has it. What succeeded is remembered for a day; what failed
changed nothing that a second try would do twice, so it may be tried again.
"""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from recognizeme.domain.errors import InvalidRequest, KeyInUse, KeyReused
from recognizeme.domain.ports import Answers, Clock, Randomness

IDEMPOTENCY_KEY = r"[!-~]{1,255}"
KEPT = timedelta(days=1)
_SALT_BYTES = 16


@dataclass(frozen=True, slots=True)
class Request:
    """A request with an idempotency key: who makes it, to which route, and all that it says."""

    key: str
    principal: str
    route: str
    content: bytes

    def __post_init__(self) -> None:
        """Raise `InvalidRequest` for a key that is none."""
        if not re.fullmatch(IDEMPOTENCY_KEY, self.key):
            raise InvalidRequest("Idempotency-Key must be 1 to 255 printable ASCII characters without space")

    @property
    def secret(self) -> bytes:
        """What nobody has who does not know the key."""
        return "\0".join((self.principal, self.route, self.key)).encode(errors="surrogatepass")


def answer_once(
    request: Request,
    act: Callable[[], bytes],
    *,
    answers: Answers,
    now: Clock,
    lease_s: float,
    randomness: Randomness,
) -> tuple[bytes, bool]:
    """What `act` answers, or answered when the same request was made before; and whether it was before.

    Raises `KeyReused` when another request came with this key, `KeyInUse` while the same one is being
    answered, and what `act` raises. Whoever dies in `act` is taken over after `lease_s`.

    An answer may hold a name, and forgetting somebody does not look for it here: it is stored so that only
    whoever made the request can read it, and nothing else of the request is stored but hashes.
    """
    answer_id = hashlib.sha256(b"id\0" + request.secret).hexdigest()
    content_sha256 = hashlib.sha256(b"content\0" + request.secret + b"\0" + request.content).hexdigest()
    began = now()
    leased_until = began + timedelta(seconds=lease_s)
    found = answers.begin(
        answer_id, content_sha256, now=began, leased_until=leased_until, expires_at=began + KEPT
    )
    if found is None:
        try:
            answer = act()
        except BaseException:
            answers.give_up(answer_id, leased_until=leased_until)
            raise
        answers.finish(
            answer_id, _sealed(answer, request, randomness(_SALT_BYTES)), leased_until=leased_until
        )
        return answer, False
    if found.request != content_sha256:
        raise KeyReused("another request was made with this Idempotency-Key; make a new key for this one")
    if found.answer is None:
        raise KeyInUse("the request with this Idempotency-Key is being answered; ask again in a moment")
    return _opened(found.answer, request), True


def _sealed(answer: bytes, request: Request, salt: bytes) -> bytes:
    return salt + _crossed(answer, request, salt)


def _opened(stored: bytes, request: Request) -> bytes:
    return _crossed(stored[_SALT_BYTES:], request, stored[:_SALT_BYTES])


def _crossed(text: bytes, request: Request, salt: bytes) -> bytes:
    """XOR with SHAKE-256 of a salt that is used once and the secret: a stream cipher (FIPS 202, A.2)."""
    stream = hashlib.shake_256(b"seal\0" + salt + request.secret).digest(len(text))
    return bytes(one ^ other for one, other in zip(text, stream, strict=True))
