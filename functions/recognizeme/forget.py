"""Forget a person: their faces, photos, name, and the pictures that a camera took of them."""

from recognizeme.errors import NotFound
from recognizeme.model import Removed, check_person_id
from recognizeme.ports import FaceIndex, People, PhotoStore, Sightings


def forget(
    person_id: str, *, photos: PhotoStore, faces: FaceIndex, people: People, sightings: Sightings
) -> Removed:
    """Remove everything known about a person; sightings stay, without a name, for the statistics.

    Safe to call again after a failure halfway. Raises `NotFound` when nothing is known of the person.
    """
    check_person_id(person_id)
    photo_keys = list(photos.keys(f"enrollments/{person_id}/"))
    face_ids = people.face_ids(person_id)
    if not photo_keys and not face_ids and people.get(person_id) is None:
        raise NotFound(f"there is no person {person_id!r}")
    # Photos go first, so that a late object-created event finds nothing to index; the person's record
    # goes last, so that a failure on the way leaves somebody to forget again.
    removed_photos = photos.delete(photo_keys)
    removed_faces = faces.remove(face_ids) if face_ids else 0
    capture_keys = sightings.forget(person_id)
    removed_captures = photos.delete(capture_keys)
    people.delete(person_id)
    return Removed(removed_faces, removed_photos, removed_captures, len(capture_keys))
