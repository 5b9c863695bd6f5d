"""Members that several operations' replies share."""

from collections.abc import Mapping

from rekolocal.engine.faces import Box, Face
from rekolocal.state.faces import StoredFace

Reply = dict[str, object]
"""Members of a reply, or of a part of one. The tests hold every reply against its output shape."""

_LANDMARKS = ("eyeLeft", "eyeRight", "nose", "mouthLeft", "mouthRight")


def bounding_box(box: Box) -> Reply:
    """A BoundingBox: fractions of the picture."""
    return {"Width": box.width, "Height": box.height, "Left": box.left, "Top": box.top}


def face_detail(face: Face, declared: Mapping[str, object] | None = None) -> Reply:
    """A FaceDetail with the default attributes, and those that were declared."""
    return {
        "BoundingBox": bounding_box(face.box),
        "Landmarks": [
            {"Type": kind, "X": float(x), "Y": float(y)}
            for kind, (x, y) in zip(_LANDMARKS, face.landmarks, strict=True)
        ],
        "Pose": {"Roll": face.pose.roll, "Yaw": face.pose.yaw, "Pitch": face.pose.pitch},
        "Quality": {"Brightness": face.quality.brightness_pct, "Sharpness": face.quality.sharpness_pct},
        "Confidence": face.confidence_pct,
        **(declared or {}),
    }


def stored_face(face: StoredFace) -> Reply:
    """A Face, as in listings and matches."""
    reply: Reply = {
        "FaceId": str(face.id),
        "BoundingBox": bounding_box(face.box),
        "ImageId": str(face.image_id),
        "Confidence": face.confidence_pct,
        "IndexFacesModelVersion": face.model,
    }
    if face.external_image_id is not None:
        reply["ExternalImageId"] = face.external_image_id
    if face.user_id is not None:
        reply["UserId"] = face.user_id
    return reply
