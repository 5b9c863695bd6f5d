"""SearchFaces, SearchFacesByImage, SearchUsers, SearchUsersByImage."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from rekolocal.engine.faces import Face
from rekolocal.errors import InvalidParameterException
from rekolocal.index import VectorIndex
from rekolocal.operations import replies
from rekolocal.service import FACE_MODEL_VERSION, Service
from rekolocal.similarity import distance_at, similarity_pct
from rekolocal.state import collections, faces, users
from rekolocal.state.collections import Collection

Vector = npt.NDArray[np.float32]

_DEFAULT_FACES, _DEFAULT_USERS = 80, 10
_DEFAULT_THRESHOLD_PCT = 80.0


def search_faces(service: Service, request: Mapping[str, Any]) -> dict[str, Any]:
    """The faces of the collection nearest to one of its own; that one is not among them."""
    with service.database.read() as db:
        collection = collections.get(db, request["CollectionId"])
        face = faces.with_ids(db, collection, [request["FaceId"]]).get(request["FaceId"])
        if face is None:
            raise InvalidParameterException(f"The face id: {request['FaceId']} does not exist")
        (vector,) = faces.vectors(db, [face.key])
    return {
        "SearchedFaceId": request["FaceId"],
        "FaceMatches": _face_matches(service, collection, request, vector, without=face.key),
        "FaceModelVersion": FACE_MODEL_VERSION,
    }


def search_faces_by_image(service: Service, request: Mapping[str, Any]) -> dict[str, Any]:
    """The faces of the collection nearest to the largest face of a picture.

    Raises InvalidParameterException when there is no face that passes the QualityFilter.
    """
    content = service.pictures.read(request["Image"])
    with service.database.read() as db:
        collection = collections.get(db, request["CollectionId"])
    face = service.engine.largest_face(content)
    if face is None or face.missed_reasons(request.get("QualityFilter", "NONE")):
        raise InvalidParameterException("There are no faces in the image. Should be at least 1.")
    (vector,) = service.engine.embed([face])
    return {
        "SearchedFaceBoundingBox": replies.bounding_box(face.box),
        "SearchedFaceConfidence": face.confidence_pct,
        "FaceMatches": _face_matches(service, collection, request, vector),
        "FaceModelVersion": FACE_MODEL_VERSION,
    }


def _face_matches(
    service: Service,
    collection: Collection,
    request: Mapping[str, Any],
    vector: Vector,
    without: int | None = None,
) -> list[dict[str, Any]]:
    limit = request.get("MaxFaces", _DEFAULT_FACES)
    found = _nearest(
        service.face_index(collection.key), vector, request, "FaceMatchThreshold", limit, without
    )
    with service.database.read() as db:
        rows = faces.with_keys(db, list(found))
    return [
        {"Similarity": similarity, "Face": replies.stored_face(rows[key])}
        for key, similarity in found.items()
        if key in rows
    ]


def search_users(service: Service, request: Mapping[str, Any]) -> dict[str, Any]:
    """The users nearest to one face or one user of the collection; that user is not among them."""
    if ("FaceId" in request) == ("UserId" in request):
        raise InvalidParameterException(
            "Request has invalid parameters: either FaceId or UserId must be given"
        )
    searched: dict[str, Any]
    with service.database.read() as db:
        collection = collections.get(db, request["CollectionId"])
        if "UserId" in request:
            user = users.get(db, collection, request["UserId"])
            vector, without, searched = user.vector, user.key, {"SearchedUser": {"UserId": user.id}}
        else:
            face = faces.with_ids(db, collection, [request["FaceId"]]).get(request["FaceId"])
            if face is None:
                raise InvalidParameterException(f"The face id: {request['FaceId']} does not exist")
            (vector,) = faces.vectors(db, [face.key])
            without, searched = None, {"SearchedFace": {"FaceId": request["FaceId"]}}
    matches = [] if vector is None else _user_matches(service, collection, request, vector, without)
    return {"UserMatches": matches, "FaceModelVersion": FACE_MODEL_VERSION, **searched}


def search_users_by_image(service: Service, request: Mapping[str, Any]) -> dict[str, Any]:
    """The users nearest to the largest face of a picture; empty when there is none that passes."""
    content = service.pictures.read(request["Image"])
    with service.database.read() as db:
        collection = collections.get(db, request["CollectionId"])
    quality_filter = request.get("QualityFilter", "NONE")
    found = service.engine.faces(content)
    reply: dict[str, Any] = {"UserMatches": [], "FaceModelVersion": FACE_MODEL_VERSION, "UnsearchedFaces": []}
    searched: Face | None = None
    for face in found:
        reasons = face.missed_reasons(quality_filter)
        if searched is not None:
            reasons = [*reasons, "FACE_NOT_LARGEST"]
        if reasons:
            reply["UnsearchedFaces"].append({"FaceDetails": replies.face_detail(face), "Reasons": reasons})
        else:
            searched = face
    if searched is not None:
        (vector,) = service.engine.embed([searched])
        reply["SearchedFace"] = {"FaceDetail": replies.face_detail(searched)}
        reply["UserMatches"] = _user_matches(service, collection, request, vector)
    return reply


def _user_matches(
    service: Service,
    collection: Collection,
    request: Mapping[str, Any],
    vector: Vector,
    without: int | None = None,
) -> list[dict[str, Any]]:
    limit = request.get("MaxUsers", _DEFAULT_USERS)
    found = _nearest(
        service.user_index(collection.key), vector, request, "UserMatchThreshold", limit, without
    )
    with service.database.read() as db:
        rows = users.with_keys(db, list(found))
    return [
        {"Similarity": similarity, "User": {"UserId": user.id, "UserStatus": user.status(service.now())}}
        for key, similarity in found.items()
        if (user := rows.get(key))
    ]


def _nearest(
    index: VectorIndex,
    vector: Vector,
    request: Mapping[str, Any],
    threshold_name: str,
    limit: int,
    without: int | None,
) -> dict[int, float]:
    """Keys and similarities, most similar first."""
    threshold = request.get(threshold_name, _DEFAULT_THRESHOLD_PCT)
    more = 0 if without is None else 1
    keys, distances = index.search(vector, limit=limit + more, max_distance=distance_at(threshold))
    found = zip(keys.tolist(), similarity_pct(distances).tolist(), strict=True)
    return dict([(key, similarity) for key, similarity in found if key != without][:limit])
