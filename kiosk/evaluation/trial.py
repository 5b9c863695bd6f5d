"""What an evaluation is made of: pictures whose person is known, beside everybody enrolled."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Likeness:
    """How like a person's nearest picture is, on Rekognition's scale (0-100)."""

    person_id: str
    picture: str
    similarity_pct: float


@dataclass(frozen=True, slots=True)
class Probe:
    """A picture of somebody enrolled, compared with all others.

    `own` is the nearest of the same person, None when there is no other; `others` are the nearest of each
    other person, the nearest first.
    """

    picture: str
    person_id: str
    own: Likeness | None
    others: tuple[Likeness, ...] = ()


@dataclass(frozen=True, slots=True)
class Unusable:
    """A picture that could not be used, and why; `is_copy` when it is another one once more."""

    picture: str
    person_id: str
    reason: str
    is_copy: bool = False


@dataclass(frozen=True, slots=True)
class Trial:
    """Everybody enrolled (id -> name), each of their pictures, and those that could not be used.

    `source` says where they come from, `conditions` what they therefore cannot show, and `remedy` what to do
    with pictures under a wrong name.
    """

    people: Mapping[str, str]
    probes: tuple[Probe, ...]
    unusable: tuple[Unusable, ...] = ()
    source: str = ""
    conditions: tuple[str, ...] = ()
    remedy: str = "put each where it belongs"


def unlike(picture: str, person_id: str, own: Mapping[str, Sequence[str]]) -> Likeness | None:
    """The likeness of a person's pictures (`own`) where a search did not find any of them among the nearest.

    None when there is no other.
    """
    other = next((each for each in own[person_id] if each != picture), None)
    return None if other is None else Likeness(person_id, other, 0.0)


def ahead(likenesses: Iterable[Likeness], margin_pct: float) -> Likeness | None:
    """Who is named when the threshold allows it: the nearest, if far enough ahead of the next person.

    The same rule as the functions' `Policy`, for one likeness a person.
    """
    ranked = sorted(likenesses, key=lambda each: (-each.similarity_pct, each.person_id))
    if len(ranked) > 1 and ranked[0].similarity_pct - ranked[1].similarity_pct < margin_pct:
        return None
    return ranked[0] if ranked else None
