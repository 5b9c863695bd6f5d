"""The face collection of Amazon Rekognition. Numbers and limits: Rekognition's API reference and quotas."""

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Literal, Self

from botocore.exceptions import ClientError

from recognizeme.adapters.aws import error_code, make_client, translated
from recognizeme.adapters.gallery_size import GallerySize
from recognizeme.adapters.user_vectors import UserVectors
from recognizeme.domain.errors import Misconfigured, PoorPhoto, ServiceBusy, UnusablePicture
from recognizeme.domain.model import Box, FaceSearch, IndexedFace, ListedFace, Match
from recognizeme.domain.photo_problems import FaceLook, PhotoProblem
from recognizeme.domain.picture import Picture

if TYPE_CHECKING:
    from mypy_boto3_rekognition import RekognitionClient
    from mypy_boto3_rekognition.literals import AttributeType
    from mypy_boto3_rekognition.type_defs import (
        BoundingBoxTypeDef,
        FaceDetailTypeDef,
        FaceMatchTypeDef,
        UnindexedFaceTypeDef,
    )

_COLLECTION_ID = re.compile(r"[a-zA-Z0-9_.\-]{1,255}")

# The runner-up decides whether the best is sure, so it must be in the answer: Rekognition sorts faces by
# similarity, not people. A user vector holds at most 100 faces (AssociateFaces), which bounds the faces a
# person sensibly has; 256 leaves room for two such people and the next one behind them, in about 100 KB.
MAX_MATCHES = 256
_AT_ONCE = 4096  # neither DeleteFaces nor ListFaces takes more

# A second face above this part of the first one's area stands beside it, not behind it: which of the two
# is the person cannot be known.
_RIVAL_AREA = 1 / 3
_RIVAL_PCT = 80.0  # detectors see ghosts at 70 %, and beside a good face one is no reason to refuse it

# UnindexedFaces' reasons; one that says more than that the quality is low comes first.
_PROBLEMS: Mapping[str, PhotoProblem] = {
    "EXTREME_POSE": PhotoProblem.TURNED_AWAY,
    "LOW_BRIGHTNESS": PhotoProblem.TOO_DARK,
    "LOW_SHARPNESS": PhotoProblem.BLURRED,
    "SMALL_BOUNDING_BOX": PhotoProblem.TOO_SMALL,
    "LOW_CONFIDENCE": PhotoProblem.UNCLEAR,
    "LOW_FACE_QUALITY": PhotoProblem.UNCLEAR,
}
# Asked for one by one: ALL would also guess age, gender and emotions, which are nobody's business here.
_ATTRIBUTES: "Sequence[AttributeType]" = ("DEFAULT", "EYES_OPEN", "SUNGLASSES", "FACE_OCCLUDED")
_FEATURES = frozenset({"eyeLeft", "eyeRight", "nose", "mouthLeft", "mouthRight"})
_SURE_PCT = 90.0  # a guess below this refuses nobody's photo
_BAD_PICTURE: Mapping[str, str] = {
    "InvalidImageFormatException": "the file is no JPEG or PNG picture that can be decoded",
    "ImageTooLargeException": "the picture is too large, in bytes or in pixels a side",
}


class RekognitionFaceIndex:
    """A `FaceIndex` in one collection; faces carry the person's id as ExternalImageId.

    `floor_pct` (0-100) is the least similarity worth knowing; it must lie below the threshold by the
    margin, or a runner-up stays unseen. 80 is Rekognition's own default.
    """

    def __init__(self, client: "RekognitionClient", collection_id: str, *, floor_pct: float = 80.0) -> None:
        if not _COLLECTION_ID.fullmatch(collection_id):
            raise Misconfigured("the collection's id must be 1 to 255 of the characters A-Z a-z 0-9 _ . -")
        self._client = client
        self._collection_id = collection_id
        self._floor_pct = floor_pct
        self._gallery = GallerySize(self._face_count)
        self._users = UserVectors(client, collection_id, name=self._name)

    @classmethod
    def connect(cls, collection_id: str, *, floor_pct: float = 80.0) -> Self:
        """The collection in the SDK's region, or at AWS_ENDPOINT_URL_REKOGNITION."""
        # One attempt: each request is paid for, and whoever makes a call counts it before.
        return cls(make_client("rekognition", attempts=1), collection_id, floor_pct=floor_pct)

    def make(self) -> None:
        """Make the collection, unless there is one of this id."""
        with translated(self._name), suppress(self._client.exceptions.ResourceAlreadyExistsException):
            self._client.create_collection(CollectionId=self._collection_id)

    def search(self, picture: Picture) -> FaceSearch:
        """Compare the largest face, whatever its quality: the person at the door is not asked to pose."""
        self._gallery.ask()
        try:
            with self._refusing_pictures():
                answer = self._client.search_faces_by_image(
                    CollectionId=self._collection_id,
                    Image={"Bytes": picture.content},
                    FaceMatchThreshold=self._floor_pct,
                    MaxFaces=MAX_MATCHES,
                    QualityFilter="NONE",
                )
        except _NoFace:
            return FaceSearch(face_box=None)
        return FaceSearch(
            box_of(answer["SearchedFaceBoundingBox"]),
            _matches(answer["FaceMatches"]),
            self._gallery.known(),
            answer.get("FaceModelVersion"),
        )

    def _face_count(self) -> int:
        return self._client.describe_collection(CollectionId=self._collection_id)["FaceCount"]

    def search_face(self, face_id: str) -> Sequence[Match] | None:
        """SearchFaces, whatever the similarity."""
        with translated(self._name):
            try:
                answer = self._client.search_faces(
                    CollectionId=self._collection_id,
                    FaceId=face_id,
                    FaceMatchThreshold=0,
                    MaxFaces=MAX_MATCHES,
                )
            except ClientError as error:
                # All parameters are ours; that the face is not there has no code of its own.
                if error_code(error) == "InvalidParameterException":
                    return None
                raise
        return _matches(answer["FaceMatches"])

    def add(self, person_id: str, picture: Picture, *, accept_poor: bool = False) -> IndexedFace:
        """Index the largest face if it is good, by Rekognition's own filter, and stands alone.

        Idempotent because IndexFaces is: the same picture with the same ExternalImageId gives the same face.
        """
        with self._refusing_pictures():
            answer = self._client.index_faces(
                CollectionId=self._collection_id,
                Image={"Bytes": picture.content},
                ExternalImageId=person_id,
                MaxFaces=1,
                QualityFilter="NONE" if accept_poor else "AUTO",
                DetectionAttributes=_ATTRIBUTES,
            )
        others = answer.get("UnindexedFaces", [])
        if not answer["FaceRecords"]:
            raise PoorPhoto(_refusal(max(others, key=_area, default=None)))
        sure = [other for other in others if other["FaceDetail"]["Confidence"] >= _RIVAL_PCT]
        rival = max(sure, key=_area, default=None)
        face = answer["FaceRecords"][0]["Face"]
        box = box_of(face["BoundingBox"])
        if rival and _area(rival) > box.width * box.height * _RIVAL_AREA:
            self.remove([face["FaceId"]])
            raise PoorPhoto(PhotoProblem.SEVERAL_FACES)
        return IndexedFace(face["FaceId"], box, _look(answer["FaceRecords"][0]["FaceDetail"], picture))

    def remove(self, face_ids: Sequence[str]) -> int:
        """Delete the faces, 4096 a call. One that is part of a user leaves it before."""
        removed = 0
        for start in range(0, len(face_ids), _AT_ONCE):
            deleted, kept = self._delete(face_ids[start : start + _AT_ONCE])
            removed += deleted
            for user_id, of_user in kept.items():
                self._users.leave(user_id, of_user)
            if kept:
                deleted, kept = self._delete([face_id for of_user in kept.values() for face_id in of_user])
                removed += deleted
            if kept:
                raise ServiceBusy(
                    f"{self._name} still keeps a face of a person's vector; try again in a moment"
                )
        return removed

    def _delete(self, face_ids: Sequence[str]) -> tuple[int, dict[str, list[str]]]:
        """How many faces were deleted, and those that were not because they are part of a user, by user."""
        with translated(self._name):
            answer = self._client.delete_faces(CollectionId=self._collection_id, FaceIds=face_ids)
        kept: dict[str, list[str]] = {}
        for face in answer.get("UnsuccessfulFaceDeletions", ()):
            if "ASSOCIATED_TO_AN_EXISTING_USER" in face["Reasons"]:
                kept.setdefault(face["UserId"], []).append(face["FaceId"])
        return len(answer.get("DeletedFaces", ())), kept

    def remove_person(self, person_id: str) -> None:
        """Delete the person's user, whichever way people are compared now: they may have been otherwise."""
        self._users.remove(person_id)

    def has_vector(self, person_id: str) -> bool:
        """Whether the person has a user."""
        return self._users.has(person_id)

    def adopt(self, person_id: str, face_ids: Sequence[str]) -> None:
        """Make the faces part of the person's user."""
        self._users.join(person_id, face_ids)

    def all_faces(self) -> Iterator[ListedFace]:
        """ListFaces, 4096 a page; it is not paid for."""
        pages = self._client.get_paginator("list_faces").paginate(
            CollectionId=self._collection_id, PaginationConfig={"PageSize": _AT_ONCE}
        )
        with translated(self._name):
            for page in pages:
                for face in page["Faces"]:
                    yield ListedFace(face["FaceId"], face.get("ExternalImageId"), face.get("UserId"))

    @contextmanager
    def _refusing_pictures(self) -> Iterator[None]:
        """Turn errors about the picture into ours."""
        with translated(self._name):
            try:
                yield
            except ClientError as error:
                code = error_code(error)
                if code in _BAD_PICTURE:
                    raise UnusablePicture(_BAD_PICTURE[code]) from error
                if code == "InvalidParameterException":
                    # All parameters but the picture are ours and checked. That there is no face has no code
                    # of its own: only the message tells it from a picture below 80 pixels a side.
                    if "no faces" in error.response["Error"].get("Message", "").lower():
                        raise _NoFace(PhotoProblem.NO_FACE) from error
                    raise UnusablePicture(
                        "the picture's size or form is outside Rekognition's limits"
                    ) from error
                raise

    @property
    def _name(self) -> str:
        return f"the face collection {self._collection_id!r}"


class _NoFace(PoorPhoto):
    """SearchFacesByImage's way to say that the picture shows nobody."""


def _matches(found: "Iterable[FaceMatchTypeDef]") -> tuple[Match, ...]:
    return tuple(
        Match(match["Face"]["FaceId"], match["Face"]["ExternalImageId"], match["Similarity"])
        for match in found
        if match["Face"].get("ExternalImageId")  # one without was not put there by us
    )


def _refusal(face: "UnindexedFaceTypeDef | None") -> PhotoProblem:
    if face is None:
        return PhotoProblem.NO_FACE
    reasons = face.get("Reasons", ())
    return next((problem for name, problem in _PROBLEMS.items() if name in reasons), PhotoProblem.UNCLEAR)


def _look(face: "FaceDetailTypeDef", picture: Picture) -> FaceLook:
    box = box_of(face["BoundingBox"])
    features = [(point["X"], point["Y"]) for point in face["Landmarks"] if point["Type"] in _FEATURES]
    return FaceLook(
        side_px=math.sqrt(box.width * box.height * picture.width_px * picture.height_px),
        margin=min(min(min(x, 1 - x) / box.width, min(y, 1 - y) / box.height) for x, y in features),
        turned_deg=abs(face["Pose"]["Yaw"]),
        nodded_deg=abs(face["Pose"]["Pitch"]),
        sharpness_pct=face["Quality"]["Sharpness"],
        brightness_pct=face["Quality"]["Brightness"],
        confidence_pct=face["Confidence"],
        are_eyes_open=_said(face, "EyesOpen"),
        has_sunglasses=_said(face, "Sunglasses"),
        is_covered=_said(face, "FaceOccluded"),
    )


def _said(
    face: "FaceDetailTypeDef", attribute: Literal["EyesOpen", "Sunglasses", "FaceOccluded"]
) -> bool | None:
    """What is said of a face with some certainty; rekolocal, which cannot see it, says nothing."""
    said = face.get(attribute)
    return said["Value"] if said and said["Confidence"] >= _SURE_PCT else None


def _area(face: "UnindexedFaceTypeDef") -> float:
    box = box_of(face["FaceDetail"]["BoundingBox"])
    return box.width * box.height


def box_of(box: "BoundingBoxTypeDef") -> Box:
    """A box of Rekognition's."""
    return Box(left=box["Left"], top=box["Top"], width=box["Width"], height=box["Height"])
