"""Members that several operations' replies share."""

from rekolocal.engine.faces import Box, Face
from rekolocal.service import FACE_MODEL_VERSION
from rekolocal.state.faces import StoredFace

Reply = dict[str, object]
"""Members of a reply, or of a part of one. The tests hold every reply against its output shape."""

_LANDMARKS = ("eyeLeft", "eyeRight", "nose", "mouthLeft", "mouthRight")


def bounding_box(box: Box) -> Reply:
    """A BoundingBox: fractions of the picture."""
    return {"Width": box.width, "Height": box.height, "Left": box.left, "Top": box.top}


def face_detail(face: Face) -> Reply:
    """A FaceDetail with the default attributes; attributes that need a model of their own are left out."""
    return {
        "BoundingBox": bounding_box(face.box),
        "Landmarks": [
            {"Type": kind, "X": float(x), "Y": float(y)}
            for kind, (x, y) in zip(_LANDMARKS, face.landmarks, strict=True)
        ],
        "Pose": {"Roll": face.pose.roll, "Yaw": face.pose.yaw, "Pitch": face.pose.pitch},
        "Quality": {"Brightness": face.quality.brightness_pct, "Sharpness": face.quality.sharpness_pct},
        "Confidence": face.confidence_pct,
    }


def stored_face(face: StoredFace) -> Reply:
    """A Face, as in listings and matches."""
    reply: Reply = {
        "FaceId": str(face.id),
        "BoundingBox": bounding_box(face.box),
        "ImageId": str(face.image_id),
        "Confidence": face.confidence_pct,
        "IndexFacesModelVersion": FACE_MODEL_VERSION,
    }
    if face.external_image_id is not None:
        reply["ExternalImageId"] = face.external_image_id
    if face.user_id is not None:
        reply["UserId"] = face.user_id
    return reply
