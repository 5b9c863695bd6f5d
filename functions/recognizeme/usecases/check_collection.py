"""Look for faces in the collection whose person does not exist."""

from dataclasses import dataclass

from recognizeme.domain.model import ListedFace
from recognizeme.domain.ports import Clock, FaceIndex, Later, People


@dataclass(frozen=True, slots=True)
class CollectionCheck:
    """How many faces there are, how many of them are being removed, and which belong to nobody and stay."""

    faces: int
    removing: int
    orphans: tuple[ListedFace, ...]


def check_collection(
    *, faces: FaceIndex, people: People, later: Later, now: Clock, remove_orphans: bool = False
) -> CollectionCheck:
    """Have the faces of the forgotten removed, and with `remove_orphans` all whose person does not exist.

    A collection may be shared with another application, and a table may be the wrong one: without being told
    so, nothing is removed but what is known to have been forgotten. What names no person always stays.
    """
    existing: set[str] = set()
    leaving: dict[str, int] = {}
    orphans: list[ListedFace] = []
    count = 0
    for face in faces.all_faces():
        count += 1
        person_id = face.person_id
        if person_id is None:
            orphans.append(face)
        elif person_id in existing:
            pass
        elif person_id in leaving:
            leaving[person_id] += 1
        elif people.get(person_id) is not None:
            existing.add(person_id)
        elif remove_orphans or people.is_forgotten(person_id, now=now()):
            leaving[person_id] = 1
        else:
            orphans.append(face)
    for person_id in leaving:
        # Not removed here: by then somebody of this id may be enrolled anew.
        later.forget(person_id, delay_s=0)
    return CollectionCheck(count, sum(leaving.values()), tuple(orphans))
