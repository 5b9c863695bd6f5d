"""What is said about people, beyond the values of `model`: changes of it, and names as they are searched."""

import re
import unicodedata
from dataclasses import dataclass, fields, replace
from datetime import date
from enum import Enum, auto
from typing import Any, Literal

from recognizeme.domain.model import Consent, Person

_APOSTROPHES = re.compile("['`\u2018\u2019\u02bc]")
_BETWEEN = re.compile(r"[\s_.,\-\u2010-\u2015/()]+")


class _Unchanged(Enum):
    UNCHANGED = auto()


UNCHANGED = _Unchanged.UNCHANGED
_Stays = Literal[_Unchanged.UNCHANGED]


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonChange:
    """What is to change of a person; what is `UNCHANGED` stays as it is."""

    name: str | _Stays = UNCHANGED
    groups: tuple[str, ...] | _Stays = UNCHANGED
    active: bool | _Stays = UNCHANGED
    active_until: date | _Stays | None = UNCHANGED
    consent: Consent | _Stays = UNCHANGED
    last_seen_on: date | _Stays | None = UNCHANGED
    forgotten_on: date | _Stays | None = UNCHANGED

    def given(self) -> dict[str, Any]:
        """What changes, by the names of `Person`."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        return {name: value for name, value in values.items() if value is not UNCHANGED}

    def of(self, person: Person) -> Person:
        """The person after the change. Raises `InvalidRequest` when something of it is out of form."""
        return replace(person, **self.given())


def searchable(name: str) -> str:
    """The words of a name as they are searched: without accents, apostrophes, case and hyphens.

    Each word has a space before it: a text that holds ` love` has a word that begins so.
    """
    plain = "".join(
        each for each in unicodedata.normalize("NFKD", name.casefold()) if not unicodedata.combining(each)
    )
    return "".join(f" {word}" for word in _BETWEEN.sub(" ", _APOSTROPHES.sub("", plain)).split())
