"""DetectFaces and CompareFaces: nothing is stored."""

from collections.abc import Sequence

import numpy as np

from rekolocal.engine.network import MODEL_VERSION
from rekolocal.errors import InvalidParameterException
from rekolocal.operations import replies
from rekolocal.operations.replies import Reply
from rekolocal.pictures import Image
from rekolocal.service import Service
from rekolocal.similarity import SCALES


def detect_faces(service: Service, *, image: Image, attributes: Sequence[str] = ()) -> Reply:
    """The faces of a picture, the 100 largest."""
    content = service.pictures.read(image)
    declared = service.attributes.of(content, attributes)
    return {"FaceDetails": [replies.face_detail(face, declared) for face in service.engine.faces(content)]}


def compare_faces(
    service: Service, *, source_image: Image, target_image: Image, similarity_threshold: float = 80.0,
    quality_filter: str = "NONE",
) -> Reply:  # fmt: skip
    """The largest face of the source against every face of the target.

    Faces of the target that do not pass the QualityFilter are not compared. Raises InvalidParameterException
    when there is no face in the target, or none that passes in the source.
    """
    source = service.engine.largest_face(service.pictures.read(source_image))
    found = service.engine.faces(service.pictures.read(target_image))
    if source is None or source.missed_reasons(quality_filter) or not found:
        raise InvalidParameterException("Request has invalid parameters: there is no face in an image")
    targets = [face for face in found if not face.missed_reasons(quality_filter)]
    vectors = service.engine.embed([source, *targets])
    similarities = SCALES[MODEL_VERSION].similarity_pct(np.linalg.norm(vectors[1:] - vectors[0], axis=1))
    ranked = sorted(zip(similarities, targets, strict=True), key=lambda pair: -pair[0])
    return {
        "SourceImageFace": {
            "BoundingBox": replies.bounding_box(source.box),
            "Confidence": source.confidence_pct,
        },
        "FaceMatches": [
            {"Similarity": float(similarity), "Face": replies.face_detail(face)}
            for similarity, face in ranked
            if similarity >= similarity_threshold
        ],
        "UnmatchedFaces": [
            replies.face_detail(face) for similarity, face in ranked if similarity < similarity_threshold
        ],
    }
