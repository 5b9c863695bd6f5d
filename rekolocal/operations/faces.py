"""IndexFaces, ListFaces, DeleteFaces."""

import hashlib
from collections.abc import Sequence

import numpy as np

from rekolocal.engine.faces import MAX_FACES, Embeddings, Face
from rekolocal.operations import replies
from rekolocal.operations.replies import Reply
from rekolocal.pictures import Image, image_id
from rekolocal.service import Service
from rekolocal.state import collections, faces
from rekolocal.state.faces import StoredFace

_PAGE = 1000
_SAME_BOX = 1e-6


def index_faces(
    service: Service, *, collection_id: str, image: Image, external_image_id: str | None = None,
    detection_attributes: Sequence[str] = (), max_faces: int = MAX_FACES, quality_filter: str = "AUTO",
) -> Reply:  # fmt: skip
    """Find the faces of a picture and add those that pass to a collection, the largest first."""
    content = service.pictures.read(image)
    with service.database.read() as db:
        collection = collections.get(db, collection_id)
    collection.check_model()
    passed: list[Face] = []
    unindexed: list[Reply] = []
    declared = service.attributes.of(content, detection_attributes)
    for face in service.engine.faces(content):
        reasons = face.missed_reasons(quality_filter)
        if not reasons and len(passed) >= max_faces:
            reasons = ["EXCEEDS_MAX_FACES"]
        if reasons:
            unindexed.append({"Reasons": reasons, "FaceDetail": replies.face_detail(face, declared)})
        else:
            passed.append(face)
    vectors = service.engine.embed(passed)
    stored = _store(service, collection_id, content, external_image_id, passed, vectors)
    return {
        "FaceRecords": [
            {"Face": replies.stored_face(row), "FaceDetail": replies.face_detail(face, declared)}
            for row, face in zip(stored, passed, strict=True)
        ],
        "UnindexedFaces": unindexed,
        "FaceModelVersion": collection.model,
    }


def _store(
    service: Service, collection_id: str, content: bytes, external: str | None, passed: Sequence[Face],
    vectors: Embeddings,
) -> list[StoredFace]:  # fmt: skip
    """All faces of a picture in one transaction; those the same picture left before are found again."""
    if not passed:
        return []
    digest = hashlib.sha256(content).digest()
    with service.database.write() as transaction:
        db = transaction.db
        collection = collections.get(db, collection_id)
        before = faces.of_image(db, collection, digest, external)
        stored: list[StoredFace] = []
        new: list[int] = []
        for number, (face, vector) in enumerate(zip(passed, vectors, strict=True)):
            row = next((row for row in before if _is_same(row, face)), None)
            if row is None:
                new.append(number)
                row = faces.insert(
                    db, collection, face_id=service.new_id(), image_id=image_id(content), image_digest=digest,
                    external_image_id=external, box=face.box, confidence_pct=face.confidence_pct,
                    vector=vector,
                )  # fmt: skip
            stored.append(row)
        if new:
            keys = np.array([stored[number].key for number in new], dtype=np.int64)
            transaction.after_commit(lambda: service.face_index(collection.key).add(keys, vectors[new]))
    return stored


def _is_same(row: StoredFace, face: Face) -> bool:
    return abs(row.box.left - face.box.left) < _SAME_BOX and abs(row.box.top - face.box.top) < _SAME_BOX


def list_faces(
    service: Service, *, collection_id: str, max_results: int = 0, next_token: str | None = None,
    user_id: str | None = None, face_ids: Sequence[str] | None = None,
) -> Reply:  # fmt: skip
    """A page of a collection's faces, oldest first; of one user or with given ids, if asked."""
    limit = max_results or _PAGE
    listing = f"ListFaces {collection_id} {user_id} {face_ids}"
    after = service.pages.last_key(listing, next_token)
    with service.database.read() as db:
        collection = collections.get(db, collection_id)
        found = faces.page(db, collection, after, limit + 1, user_id=user_id, ids=face_ids)
    return {
        "Faces": [replies.stored_face(face) for face in found[:limit]],
        "FaceModelVersion": collection.model,
        **service.pages.next_page(listing, [face.key for face in found], limit),
    }


def delete_faces(service: Service, *, collection_id: str, face_ids: Sequence[str]) -> Reply:
    """Delete faces; one that belongs to a user stays, and is named."""
    unsuccessful: list[Reply] = []
    deleted: list[StoredFace] = []
    with service.database.write() as transaction:
        collection = collections.get(transaction.db, collection_id)
        wanted = list(dict.fromkeys(face_ids))
        found = faces.with_ids(transaction.db, collection, wanted)
        for face_id in wanted:
            face = found.get(face_id)
            if face is None:
                unsuccessful.append({"FaceId": face_id, "Reasons": ["FACE_NOT_FOUND"]})
            elif face.user_id is not None:
                reasons = ["ASSOCIATED_TO_AN_EXISTING_USER"]
                unsuccessful.append({"FaceId": face_id, "UserId": face.user_id, "Reasons": reasons})
            else:
                deleted.append(face)
        keys = [face.key for face in deleted]
        faces.delete(transaction.db, keys)
        transaction.after_commit(lambda: service.face_index(collection.key).remove(keys))
    if deleted:
        service.database.scrub()
    return {"DeletedFaces": [str(face.id) for face in deleted], "UnsuccessfulFaceDeletions": unsuccessful}
