"""IndexFaces, ListFaces, DeleteFaces."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from rekolocal.engine.faces import Embeddings, Face
from rekolocal.operations import replies
from rekolocal.service import FACE_MODEL_VERSION, Service
from rekolocal.state import collections, faces
from rekolocal.state.faces import StoredFace

_PAGE = 1000
_SAME_BOX = 1e-6


def index_faces(service: Service, request: Mapping[str, Any]) -> dict[str, Any]:
    """Find the faces of a picture and add those that pass to a collection, the largest first."""
    content = service.pictures.read(request["Image"])
    with service.database.read() as db:
        collections.get(db, request["CollectionId"])
    found = service.engine.faces(content)
    passed: list[Face] = []
    unindexed: list[dict[str, Any]] = []
    for face in found:
        reasons = face.missed_reasons(request.get("QualityFilter", "AUTO"))
        if not reasons and len(passed) >= request.get("MaxFaces", len(found)):
            reasons = ["EXCEEDS_MAX_FACES"]
        if reasons:
            unindexed.append({"Reasons": reasons, "FaceDetail": replies.face_detail(face)})
        else:
            passed.append(face)
    stored = _store(service, request, content, passed, service.engine.embed_for_keeping(passed))
    return {
        "FaceRecords": [
            {"Face": replies.stored_face(row), "FaceDetail": replies.face_detail(face)}
            for row, face in zip(stored, passed, strict=True)
        ],
        "UnindexedFaces": unindexed,
        "FaceModelVersion": FACE_MODEL_VERSION,
    }


def _store(
    service: Service, request: Mapping[str, Any], content: bytes, passed: Sequence[Face], vectors: Embeddings
) -> list[StoredFace]:
    """All faces of a picture in one transaction; those the same picture left before are found again."""
    if not passed:
        return []
    digest, image_id = hashlib.sha256(content).digest(), service.new_id()
    external = request.get("ExternalImageId")
    with service.database.write() as transaction:
        db = transaction.db
        collection = collections.get(db, request["CollectionId"])
        before = [] if external is None else faces.of_image(db, collection, digest, external)
        stored: list[StoredFace] = []
        new: list[int] = []
        for number, (face, vector) in enumerate(zip(passed, vectors, strict=True)):
            row = next((row for row in before if _is_same(row, face)), None)
            if row is None:
                new.append(number)
                row = faces.insert(
                    db, collection, face_id=service.new_id(), image_id=image_id, image_digest=digest,
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


def list_faces(service: Service, request: Mapping[str, Any]) -> dict[str, Any]:
    """A page of a collection's faces, oldest first; of one user or with given ids, if asked."""
    limit = request.get("MaxResults") or _PAGE
    user_id, ids = request.get("UserId"), request.get("FaceIds")
    listing = f"ListFaces {request['CollectionId']} {user_id} {ids}"
    after = service.pages.last_key(listing, request.get("NextToken"))
    with service.database.read() as db:
        collection = collections.get(db, request["CollectionId"])
        found = faces.page(db, collection, after, limit + 1, user_id=user_id, ids=ids)
    reply: dict[str, Any] = {
        "Faces": [replies.stored_face(face) for face in found[:limit]],
        "FaceModelVersion": FACE_MODEL_VERSION,
    }
    if len(found) > limit:
        reply["NextToken"] = service.pages.token(listing, found[limit - 1].key)
    return reply


def delete_faces(service: Service, request: Mapping[str, Any]) -> dict[str, Any]:
    """Delete faces; one that belongs to a user stays, and is named."""
    unsuccessful: list[dict[str, Any]] = []
    deleted: list[StoredFace] = []
    with service.database.write() as transaction:
        collection = collections.get(transaction.db, request["CollectionId"])
        wanted = list(dict.fromkeys(request["FaceIds"]))
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
    return {"DeletedFaces": [str(face.id) for face in deleted], "UnsuccessfulFaceDeletions": unsuccessful}
