"""The audit log's lines: who did what to which id, when, from where, and what came of it. No names.

A person's id may be their name, so lines hold a keyed hash of it from the start: what cannot be changed
later has nothing to forget. Whoever has the key finds the lines of a person who is on record.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from recognizeme.domain.errors import InvalidRequest

SOMEBODY = r"[A-Za-z0-9][A-Za-z0-9_.@+:/=\-]{0,127}"
_MOST_DETAIL = 300  # characters of one value


class Result(StrEnum):
    """What came of an act. One that only `began` may have been done: whoever did it never said."""

    BEGAN = "began"
    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class AuditLine:
    """One act. The id is a UUIDv7, so lines sort by time; a change has two lines of one id, begun and ended.

    `principal` is who did it, as IAM, a token or the system verified it; `on_behalf_of` is only what that
    one said. `person` is a `keyed_hash`; `about` holds other ids, none of which is a name.
    """

    line_id: str
    at: datetime
    principal: str
    action: str
    result: Result
    source: str
    on_behalf_of: str | None = None
    person: str | None = None
    about: Mapping[str, str] = field(default_factory=dict)
    status: int | None = None
    detail: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AuditQuery:
    """Which lines to list: all given conditions must hold; `since` <= at < `until`."""

    person: str | None = None
    principal: str | None = None
    on_behalf_of: str | None = None
    action: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def keyed_hash(text: str, key: bytes) -> str:
    """What stands for an id that may be a name, such as a person's or a photo's: nothing leads back to it."""
    return hmac.new(key, text.encode(errors="surrogatepass"), hashlib.sha256).hexdigest()[:32]


def check_on_behalf_of(who: str) -> str:
    """Return who a caller says to act for, or raise `InvalidRequest` when it is no id or address."""
    if not re.fullmatch(SOMEBODY, who):
        raise InvalidRequest(
            "X-On-Behalf-Of must be an id or address of 1 to 128 of A-Z a-z 0-9 _ . @ + : / = -"
        )
    return who


def check_detail(detail: Mapping[str, object]) -> dict[str, str]:
    """What a handler says more about an act, as short text; what is None is left out."""
    return {name: str(value)[:_MOST_DETAIL] for name, value in detail.items() if value is not None}
