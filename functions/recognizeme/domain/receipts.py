"""What forgetting somebody removed, and whether anything of them is still found: the receipt of it."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import asdict, astuple, dataclass, replace
from datetime import datetime
from typing import Any, Self

RECEIPT_VERSION = 1
_DIGEST_LENGTH = 16


@dataclass(frozen=True, slots=True)
class Removed:
    """What forgetting somebody removed, by store.

    `people` are records: theirs, and those merged into it. `sightings` are all that mentioned them, of which
    `mentions` show somebody else, or did. `captures` are pictures that a camera took. `strangers` are unknown
    visitors who were named them.
    """

    people: int = 0
    faces: int = 0
    vectors: int = 0
    photos: int = 0
    captures: int = 0
    sightings: int = 0
    mentions: int = 0
    lessons: int = 0
    strangers: int = 0
    roll_calls: int = 0
    rules: int = 0

    def plus(self, **stores: int) -> "Removed":
        """With more of some stores."""
        return replace(self, **{store: getattr(self, store) + number for store, number in stores.items()})


@dataclass(frozen=True, slots=True)
class Found:
    """What a look into every store still finds of somebody."""

    people: int = 0
    faces: int = 0
    vectors: int = 0
    photos: int = 0
    sightings: int = 0
    lessons: int = 0
    strangers: int = 0
    roll_calls: int = 0
    rules: int = 0

    def __bool__(self) -> bool:
        return any(astuple(self))

    def __add__(self, other: "Found") -> "Found":
        """Of two people."""
        return Found(*(one + two for one, two in zip(astuple(self), astuple(other), strict=True)))


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was removed of somebody since `began_at`, and what was found when everything was looked at again.

    `person_ids` are whom it is about: the one who was asked for, and then who was merged into them. `found`
    is None when there was no time to look: it goes on by itself.
    """

    person_ids: tuple[str, ...]
    began_at: datetime
    finished_at: datetime
    removed: Removed
    found: Found | None

    @property
    def is_verified(self) -> bool:
        """Whether nothing was found."""
        return self.found is not None and not self.found


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a forgetting has come, as its tombstone keeps it.

    `planned` are digests of what was being removed last, and is counted already. `merged` are people who are
    forgotten with this one; there are none when it has ended.
    """

    began_at: datetime
    removed: Removed = Removed()
    planned: frozenset[str] = frozenset()
    merged: tuple[str, ...] = ()

    def to_json(self) -> str:
        """As text, which a tombstone can hold."""
        return json.dumps(
            {
                "began_at": self.began_at.isoformat(),
                "removed": asdict(self.removed),
                "planned": sorted(self.planned),
                "merged": self.merged,
            }
        )

    @classmethod
    def from_json(cls, text: str) -> Self:
        """What `to_json` made."""
        stored: Mapping[str, Any] = json.loads(text)
        return cls(
            datetime.fromisoformat(stored["began_at"]),
            Removed(**stored["removed"]),
            frozenset(stored["planned"]),
            tuple(stored["merged"]),
        )


def digest(store: str, item: str, person_id: str) -> str:
    """What stands for one thing in a store: nothing leads back to it without the person's id."""
    mac = hmac.new(person_id.encode(), f"{store}\0{item}".encode(errors="surrogatepass"), hashlib.sha256)
    return mac.hexdigest()[:_DIGEST_LENGTH]
