"""When the face engine has lost faces: say so, and index again the photos that are still there."""

from collections.abc import Iterator
from dataclasses import replace

from local.data_folder import DataFolder
from local.runtime.engine import Engine
from local.wiring import LocalParts
from recognizeme.domain.errors import NotFound
from recognizeme.domain.model import EnrolledPhoto, Enrollment, PhotoState

_AT_ONCE = 1000


def missing_faces(engine: Engine, parts: LocalParts, data_folder: DataFolder) -> str | None:
    """A sentence when the engine holds fewer faces than the people's records name, or None."""
    recorded = len({photo.face_id for _, photo in _indexed(parts)})
    known = engine.face_count(parts.settings.collection_id)
    if known >= recorded:
        return None
    return (
        f"the face engine knows {known} of {recorded} enrolled faces, so people will be taken for strangers:"
        f" run `recognizeme-local reindex --data {data_folder.root}`, or put {data_folder.collections} back"
        " from a backup"
    )


def reindex(parts: LocalParts) -> int:
    """Queue every photo that was indexed once for enrollment; return how many are still stored.

    A photo whose face the engine still has keeps it.
    """
    queued = 0
    for person_id, photo in _indexed(parts):
        key = Enrollment(person_id, photo.photo_id).photo_key
        try:
            size_bytes = len(parts.photos.read(key))
        except NotFound:
            continue
        # With another picture on record, or none, the one that is stored is indexed.
        if parts.people.add_photo(person_id, replace(photo, sha256=None), photo_key=key):
            parts.notify(key, size_bytes)
            queued += 1
    return queued


def _indexed(parts: LocalParts) -> Iterator[tuple[str, EnrolledPhoto]]:
    cursor = None
    while True:
        page = parts.people.list(limit=_AT_ONCE, cursor=cursor)
        for person in page.items:
            for photo in person.photos.values():
                if photo.state is PhotoState.INDEXED:
                    yield person.person_id, photo
        if (cursor := page.next_cursor) is None:
            return
