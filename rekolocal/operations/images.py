"""DetectFaces and CompareFaces: nothing is stored."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from rekolocal.engine.faces import Face
from rekolocal.errors import InvalidParameterException
from rekolocal.operations import replies
from rekolocal.service import Service
from rekolocal.similarity import similarity_pct

_DEFAULT_THRESHOLD_PCT = 80.0


def detect_faces(service: Service, request: Mapping[str, Any]) -> dict[str, Any]:
    """The faces of a picture, the 100 largest."""
    found = service.engine.faces(service.pictures.read(request["Image"]))
    return {"FaceDetails": [replies.face_detail(face) for face in found]}


def compare_faces(service: Service, request: Mapping[str, Any]) -> dict[str, Any]:
    """The largest face of the source against every face of the target.

    Raises InvalidParameterException when either has no face that passes the QualityFilter.
    """
    quality_filter = request.get("QualityFilter", "NONE")
    source = service.engine.largest_face(service.pictures.read(request["SourceImage"]))
    targets = [
        face
        for face in service.engine.faces(service.pictures.read(request["TargetImage"]))
        if not face.missed_reasons(quality_filter)
    ]
    if source is None or source.missed_reasons(quality_filter) or not targets:
        raise InvalidParameterException("Request has invalid parameters: there is no face in an image")
    vectors = service.engine.embed([source, *targets])
    similarities = similarity_pct(np.linalg.norm(vectors[1:] - vectors[0], axis=1))
    threshold = request.get("SimilarityThreshold", _DEFAULT_THRESHOLD_PCT)
    ranked = sorted(zip(similarities, targets, strict=True), key=lambda pair: -pair[0])
    return {
        "SourceImageFace": {
            "BoundingBox": replies.bounding_box(source.box),
            "Confidence": source.confidence_pct,
        },
        "FaceMatches": [
            {"Similarity": float(similarity), "Face": replies.face_detail(face)}
            for similarity, face in ranked
            if similarity >= threshold
        ],
        "UnmatchedFaces": [
            replies.face_detail(face) for similarity, face in ranked if similarity < threshold
        ],
    }


def _compared(face: Face) -> dict[str, Any]:
    return replies.face_detail(face)
