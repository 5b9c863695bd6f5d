"""SearchFaces, SearchFacesByImage, SearchUsers, SearchUsersByImage."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rekolocal.engine.faces import Face
from rekolocal.errors import InvalidParameterException
from rekolocal.index import VectorIndex
from rekolocal.operations import replies
from rekolocal.operations.replies import Reply
from rekolocal.pictures import Image
from rekolocal.service import Service
from rekolocal.similarity import SCALES
from rekolocal.state import collections, faces, users
from rekolocal.state.collections import Collection

Vector = npt.NDArray[np.float32]

_THRESHOLD_PCT = 80.0


@dataclass(frozen=True, slots=True)
class _Wanted:
    """How many, how similar at least, and a key that is not to be among them."""

    limit: int
    threshold_pct: float
    without: int | None = None

    def nearest(self, index: VectorIndex, vector: Vector, model: str) -> dict[int, float]:
        """Keys and similarities, most similar first."""
        limit, scale = self.limit + (self.without is not None), SCALES[model]
        reach = scale.distance_at(self.threshold_pct)
        keys, distances = index.search(vector, limit=limit, max_distance=reach)
        found = zip(keys.tolist(), scale.similarity_pct(distances).tolist(), strict=True)
        return dict([(key, similarity) for key, similarity in found if key != self.without][: self.limit])


def search_faces(
    service: Service, *, collection_id: str, face_id: str, max_faces: int = 80,
    face_match_threshold: float = _THRESHOLD_PCT,
) -> Reply:  # fmt: skip
    """The faces of the collection nearest to one of its own; that one is not among them."""
    collection, key, vector = _stored_face(service, collection_id, face_id)
    wanted = _Wanted(max_faces, face_match_threshold, without=key)
    return {
        "SearchedFaceId": face_id,
        "FaceMatches": _face_matches(service, collection, vector, wanted),
        "FaceModelVersion": collection.model,
    }


def _stored_face(service: Service, collection_id: str, face_id: str) -> tuple[Collection, int, Vector]:
    """The collection, and the face's key and vector."""
    with service.database.read() as db:
        collection = collections.get(db, collection_id)
        face = faces.with_ids(db, collection, [face_id]).get(face_id)
        if face is None:
            raise InvalidParameterException("faceId was not found in the collection")
        (vector,) = faces.vectors(db, [face.key])
    return collection, face.key, vector


def search_faces_by_image(
    service: Service, *, collection_id: str, image: Image, max_faces: int = 80,
    face_match_threshold: float = _THRESHOLD_PCT, quality_filter: str = "NONE",
) -> Reply:  # fmt: skip
    """The faces of the collection nearest to the largest face of a picture.

    Raises InvalidParameterException when there is no face that passes the QualityFilter.
    """
    content = service.pictures.read(image)
    with service.database.read() as db:
        collection = collections.get(db, collection_id)
    collection.check_model()
    face = service.engine.largest_face(content)
    if face is None or face.missed_reasons(quality_filter):
        raise InvalidParameterException("There are no faces in the image. Should be at least 1.")
    (vector,) = service.engine.embed([face])
    return {
        "SearchedFaceBoundingBox": replies.bounding_box(face.box),
        "SearchedFaceConfidence": face.confidence_pct,
        "FaceMatches": _face_matches(service, collection, vector, _Wanted(max_faces, face_match_threshold)),
        "FaceModelVersion": collection.model,
    }


def _face_matches(service: Service, collection: Collection, vector: Vector, wanted: _Wanted) -> list[Reply]:
    found = wanted.nearest(service.face_index(collection.key), vector, collection.model)
    with service.database.read() as db:
        rows = faces.with_keys(db, list(found))
    return [
        {"Similarity": similarity, "Face": replies.stored_face(rows[key])}
        for key, similarity in found.items()
        if key in rows
    ]


def search_users(
    service: Service, *, collection_id: str, user_id: str | None = None, face_id: str | None = None,
    max_users: int = 10, user_match_threshold: float = _THRESHOLD_PCT,
) -> Reply:  # fmt: skip
    """The users nearest to one face or one user of the collection; that user is not among them."""
    searched: Reply
    vector: Vector | None
    if user_id is not None and face_id is None:
        with service.database.read() as db:
            collection = collections.get(db, collection_id)
            user = users.get(db, collection, user_id)
        vector, without, searched = user.vector, user.key, {"SearchedUser": {"UserId": user_id}}
    elif face_id is not None and user_id is None:
        collection, _, vector = _stored_face(service, collection_id, face_id)
        without, searched = None, {"SearchedFace": {"FaceId": face_id}}
    else:
        raise InvalidParameterException("Request has invalid parameters: give either FaceId or UserId")
    wanted = _Wanted(max_users, user_match_threshold, without)
    matches = [] if vector is None else _user_matches(service, collection, vector, wanted)
    return {"UserMatches": matches, "FaceModelVersion": collection.model, **searched}


def search_users_by_image(
    service: Service, *, collection_id: str, image: Image, max_users: int = 10,
    user_match_threshold: float = _THRESHOLD_PCT, quality_filter: str = "NONE",
) -> Reply:  # fmt: skip
    """The users nearest to the largest face of a picture; empty when there is none that passes."""
    content = service.pictures.read(image)
    with service.database.read() as db:
        collection = collections.get(db, collection_id)
    collection.check_model()
    searched: Face | None = None
    unsearched: list[Reply] = []
    for face in service.engine.faces(content):
        reasons = face.missed_reasons(quality_filter)
        if searched is not None:
            reasons = [*reasons, "FACE_NOT_LARGEST"]
        if reasons:
            unsearched.append({"FaceDetails": replies.face_detail(face), "Reasons": reasons})
        else:
            searched = face
    reply: Reply = {
        "UserMatches": [], "FaceModelVersion": collection.model, "UnsearchedFaces": unsearched,
    }  # fmt: skip
    if searched is not None:
        (vector,) = service.engine.embed([searched])
        wanted = _Wanted(max_users, user_match_threshold)
        reply["SearchedFace"] = {"FaceDetail": replies.face_detail(searched)}
        reply["UserMatches"] = _user_matches(service, collection, vector, wanted)
    return reply


def _user_matches(service: Service, collection: Collection, vector: Vector, wanted: _Wanted) -> list[Reply]:
    found = wanted.nearest(service.user_index(collection.key), vector, collection.model)
    with service.database.read() as db:
        rows = users.with_keys(db, list(found))
    return [
        {"Similarity": similarity, "User": {"UserId": user.id, "UserStatus": user.status(service.now())}}
        for key, similarity in found.items()
        if (user := rows.get(key))
    ]
