"""Look for faces in the collection whose person does not exist."""

from dataclasses import dataclass

from recognizeme.domain.lessons import capture_of
from recognizeme.domain.model import ListedFace
from recognizeme.domain.ports import Clock, FaceIndex, Later, Lessons, People


@dataclass(frozen=True, slots=True)
class CollectionCheck:
    """How many faces there are, how many of them are being removed, and which belong to nobody and stay."""

    faces: int
    removing: int
    orphans: tuple[ListedFace, ...]


def check_collection(
    *,
    faces: FaceIndex,
    people: People,
    lessons: Lessons,
    later: Later,
    now: Clock,
    remove_orphans: bool = False,
) -> CollectionCheck:
    """Have the faces of the forgotten removed, and with `remove_orphans` all whose person does not exist.

    A collection may be shared with another application, and a table may be the wrong one: without being told
    so, nothing is removed but what is known to have been forgotten, and counter-examples that have expired
    or were taken back. What names no person always stays.
    """
    existing: set[str] = set()
    leaving: dict[str, int] = {}
    counters: list[ListedFace] = []
    orphans: list[ListedFace] = []
    count = 0
    for face in faces.all_faces():
        count += 1
        person_id = face.person_id
        if person_id is None:
            orphans.append(face)
        elif capture_of(person_id) is not None:
            counters.append(face)
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
    stale = [face.face_id for face in counters if means_nothing(face, lessons)]
    if stale:
        faces.remove(stale)
    return CollectionCheck(count, sum(leaving.values()) + len(stale), tuple(orphans))


def means_nothing(face: ListedFace, lessons: Lessons) -> bool:
    """Whether a face is a counter-example of which nobody knows (any more): it may be removed at any time."""
    capture_id = capture_of(face.person_id)
    return capture_id is not None and lessons.get(capture_id) is None
