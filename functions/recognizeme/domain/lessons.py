"""What corrections teach: a picture becomes somebody's photo, or is remembered as not showing them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from recognizeme.domain.model import COUNTER_PREFIX, Match, is_counter_id
from recognizeme.domain.policy import candidates

# Whom the picture of an ignored stranger does not show. No person has this id.
EVERYBODY = "*"


@dataclass(frozen=True, slots=True)
class Lesson:
    """That the picture of a capture does not show these people, as somebody who looked at it said.

    Its face is in the collection under `counter_id`; `face_id` is None until that is certain.
    """

    capture_id: str
    not_person_ids: tuple[str, ...]
    taught_at: datetime
    expires_at: datetime
    face_id: str | None = None


def counter_id(capture_id: str) -> str:
    """The id that a counter-example's face has in the collection, where others have their person's."""
    return COUNTER_PREFIX + capture_id


def capture_of(owner_id: str | None) -> str | None:
    """The capture whose picture a face of the collection is a counter-example from; None for a person's."""
    if owner_id is None or not is_counter_id(owner_id):
        return None
    return owner_id.removeprefix(COUNTER_PREFIX)


def learned_photo_id(capture_id: str, extension: str) -> str:
    """The id of the photo that a capture's picture becomes, the same however often it is learned."""
    return f"capture-{capture_id}.{extension}"


def without_mistakes(matches: Iterable[Match], counters: Mapping[str, float]) -> list[Match]:
    """The matches that may name somebody.

    `counters` says of a person how similar the face is to a picture that does not show them: whoever it is
    not more similar to than to that picture is left out, and is no runner-up either.
    """
    matches = list(matches)
    mistaken = {
        best.person_id
        for best in candidates(matches)
        if (counter_pct := counters.get(best.person_id)) is not None and counter_pct >= best.similarity_pct
    }
    return [match for match in matches if match.person_id not in mistaken]
