"""Which faces of the collection are most like a person's own: are they told apart from everybody else's?"""

from dataclasses import dataclass, replace
from datetime import timedelta

from recognizeme.domain.errors import NotFound, ServiceBusy
from recognizeme.domain.model import Match, PhotoState, is_counter_id
from recognizeme.domain.policy import candidates
from recognizeme.domain.ports import Clock, FaceIndex, Page, People
from recognizeme.usecases.merge import standing_for, with_merged

# A function has 29 s and the API waits for 30: the last call, of 7 s at the most, must end before.
_BUDGET = timedelta(seconds=15)
_MOST_OTHERS = 20


@dataclass(frozen=True, slots=True)
class Neighbours:
    """One enrolled face among the others: the person's own, and the nearest of each other person's.

    Records that are merged are one person. The nearest come first; of others there are 20 at most. `is_lost`
    when the collection does not hold the face.
    """

    photo_id: str
    face_id: str
    own: tuple[Match, ...] = ()
    others: tuple[Match, ...] = ()
    is_lost: bool = False


def neighbours(
    person_id: str, *, cursor: str | None, faces: FaceIndex, people: People, now: Clock
) -> Page[Neighbours]:
    """Compare the person's faces after `cursor` with all others, at one paid call each, while time lasts.

    A face that two photos share is compared once. Raises `NotFound`, and `ServiceBusy` when not even the
    first could be compared.
    """
    person = people.get(person_id)
    if person is None:
        raise NotFound(f"there is no person {person_id!r}")
    indexed = [photo for photo in person.photos.values() if photo.state is PhotoState.INDEXED]
    photo_of = {photo.face_id: photo.photo_id for photo in indexed if photo.face_id}
    waiting = sorted(face_id for face_id in photo_of if face_id > (cursor or ""))
    counts_as = standing_for(person, people) or person
    own_ids = {each.person_id for each in with_merged(counts_as, people)}
    others_ids: dict[str, str | None] = {}
    ends_at = now() + _BUDGET
    found: list[Neighbours] = []
    for face_id in waiting:
        if found and now() >= ends_at:
            return Page(tuple(found), found[-1].face_id)
        try:
            matches = faces.search_face(face_id)
        except ServiceBusy:
            if found:
                return Page(tuple(found), found[-1].face_id)
            raise
        if matches is None:
            found.append(Neighbours(photo_of[face_id], face_id, is_lost=True))
            continue
        own = tuple(match for match in matches if match.person_id in own_ids)
        others: dict[str, Match] = {}
        for match in candidates(match for match in matches if match.person_id not in own_ids):
            if len(others) == _MOST_OTHERS:
                break
            if match.person_id not in others_ids:
                others_ids[match.person_id] = _counts_as(match.person_id, people)
            # The faces of the forgotten may take a while to go.
            if other_id := others_ids[match.person_id]:
                others.setdefault(other_id, replace(match, person_id=other_id))
        found.append(Neighbours(photo_of[face_id], face_id, own, tuple(others.values())))
    return Page(tuple(found))


def _counts_as(person_id: str, people: People) -> str | None:
    """Whom a face's id stands for; None for nobody, and for what is remembered as not showing somebody."""
    if is_counter_id(person_id):
        return None
    person = standing_for(people.get(person_id), people)
    return person.person_id if person else None
