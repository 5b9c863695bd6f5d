"""A `FaceIndex` that compares with one vector a person, and not with each of their faces."""

from recognizeme.adapters.rekognition import MAX_MATCHES, RekognitionFaceIndex, box_of
from recognizeme.domain.model import FaceSearch, IndexedFace, Match
from recognizeme.domain.picture import Picture
from recognizeme.domain.policy import MatchBy


class RekognitionUserIndex(RekognitionFaceIndex):
    """The same collection by its users, whose ids are the people's."""

    def search(self, picture: Picture) -> FaceSearch:
        """Compare the largest face, whatever its quality, with every person."""
        self._gallery.ask()
        with self._refusing_pictures():
            answer = self._client.search_users_by_image(
                CollectionId=self._collection_id,
                Image={"Bytes": picture.content},
                UserMatchThreshold=self._floor_pct,
                MaxUsers=MAX_MATCHES,
                QualityFilter="NONE",
            )
        if "SearchedFace" not in answer:
            return FaceSearch(face_box=None)
        matches = (Match("", each["User"]["UserId"], each["Similarity"]) for each in answer["UserMatches"])
        return FaceSearch(
            box_of(answer["SearchedFace"]["FaceDetail"]["BoundingBox"]),
            tuple(matches),
            self._gallery.known(),
            answer.get("FaceModelVersion"),
        )

    def _face_count(self) -> int:
        return self._client.describe_collection(CollectionId=self._collection_id)["UserCount"]

    def add(self, person_id: str, picture: Picture, *, accept_poor: bool = False) -> IndexedFace:
        """Index the face and make it part of the person's vector.

        Whoever dies in between does it again: the same picture gives the same face, and it joins once.
        """
        face = super().add(person_id, picture, accept_poor=accept_poor)
        self.adopt(person_id, [face.face_id])
        return face


def index_of(match_by: MatchBy) -> type[RekognitionFaceIndex]:
    """The index that compares with faces or with users."""
    return RekognitionUserIndex if match_by is MatchBy.USERS else RekognitionFaceIndex
