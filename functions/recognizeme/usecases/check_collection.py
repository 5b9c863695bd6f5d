"""Look for faces in the collection whose person does not exist, or whose person's vector lacks them."""

from dataclasses import dataclass
from itertools import islice

from recognizeme.domain.lessons import capture_of
from recognizeme.domain.model import ListedFace
from recognizeme.domain.ports import Clock, FaceIndex, Later, Lessons, People

MOST_FACES_A_VECTOR = 100  # Rekognition's
_PAUSE_S = 5.0
_MOST_ADOPTED = 100  # people a time: a function has half a minute


@dataclass(frozen=True, slots=True)
class CollectionCheck:
    """How many faces there are, how many of them are being removed, and which belong to nobody and stay.

    `of_strangers` are those of unknown visitors, in their own collection, of which some were removed.

    `adopted` were made part of their person's vector, and `apart` are those that are still to be.
    """

    faces: int
    removing: int
    orphans: tuple[ListedFace, ...]
    adopted: int = 0
    apart: int = 0
    of_strangers: int = 0
    strangers_removed: int = 0


def check_collection(
    *,
    faces: FaceIndex,
    people: People,
    lessons: Lessons,
    later: Later,
    now: Clock,
    remove_orphans: bool = False,
    builds_users: bool = False,
) -> CollectionCheck:
    """Have the faces of the forgotten removed, and with `remove_orphans` all whose person does not exist.

    A collection may be shared with another application, and a table may be the wrong one: without being told
    so, nothing is removed but what is known to have been forgotten, and counter-examples that have expired
    or were taken back. What names no person always stays.

    With `builds_users` faces that are part of no vector join their person's: those of some people now, and of
    the others later.
    """
    existing: set[str] = set()
    leaving: dict[str, int] = {}
    counters: list[ListedFace] = []
    orphans: list[ListedFace] = []
    count = 0
    vectors: dict[str, list[ListedFace]] = {}
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
        if face.is_searched and (person_id in existing or (person_id and capture_of(person_id))):
            vectors.setdefault(person_id, []).append(face)
    for person_id in leaving:
        # Not removed here: by then somebody of this id may be enrolled anew.
        later.forget(person_id, delay_s=0)
    stale = [face.face_id for face in counters if means_nothing(face, lessons)]
    if stale:
        faces.remove(stale)
    gone = set(stale)
    apart = {
        person_id: those
        for person_id, of_person in vectors.items()
        if builds_users and (those := _apart([face for face in of_person if face.face_id not in gone]))
    }
    adopting = dict(islice(apart.items(), _MOST_ADOPTED))
    for person_id, those in adopting.items():
        faces.adopt(person_id, those)
    adopted = sum(map(len, adopting.values()))
    left = sum(map(len, apart.values())) - adopted
    if left:
        later.check_collection(delay_s=_PAUSE_S)
    return CollectionCheck(count, sum(leaving.values()) + len(stale), tuple(orphans), adopted, left)


def _apart(faces: list[ListedFace]) -> list[str]:
    """Those that are still to be made part of the person's vector, as far as it takes them."""
    room = MOST_FACES_A_VECTOR - sum(face.user_id is not None for face in faces)
    return [face.face_id for face in faces if face.user_id is None][: max(0, room)]


def means_nothing(face: ListedFace, lessons: Lessons) -> bool:
    """Whether a face is a counter-example of which nobody knows (any more): it may be removed at any time."""
    capture_id = capture_of(face.person_id)
    return capture_id is not None and lessons.get(capture_id) is None
