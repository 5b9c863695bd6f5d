"""Rekognition's users: one vector made of several faces of a person (CreateUser, AssociateFaces, ...)."""

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from recognizeme.adapters.aws import error_code, translated
from recognizeme.domain.errors import ServiceBusy

if TYPE_CHECKING:
    from mypy_boto3_rekognition import RekognitionClient

MOST_FACES = 100  # of one user, and in one call
_TRIES = 5
_FIRST_WAIT_S = 0.1


class UserVectors:
    """The users of a collection, by the person's id. All of this may be repeated."""

    def __init__(
        self,
        client: "RekognitionClient",
        collection_id: str,
        *,
        name: str,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._collection_id = collection_id
        self._name = name
        self._sleep = sleep

    def join(self, user_id: str, face_ids: Sequence[str]) -> None:
        """Make these faces part of the user, who is made when there is none.

        A face that is somebody else's stays theirs, and what is beyond 100 faces is left out.
        """
        for start in range(0, len(face_ids), MOST_FACES):
            some = list(face_ids[start : start + MOST_FACES])
            self._insist(lambda some=some: self._join(user_id, some))  # type: ignore[misc]

    def _join(self, user_id: str, face_ids: Sequence[str]) -> None:
        try:
            self._associate(user_id, face_ids)
        except self._client.exceptions.ResourceNotFoundException:
            self._client.create_user(CollectionId=self._collection_id, UserId=user_id)
            self._associate(user_id, face_ids)

    def _associate(self, user_id: str, face_ids: Sequence[str]) -> None:
        try:
            self._client.associate_faces(
                CollectionId=self._collection_id,
                UserId=user_id,
                FaceIds=face_ids,
                # Whose photo it is was said by whoever enrolled it: a photo that is left out silently would
                # be worse than one that is unlike the others, which a check of the people finds.
                UserMatchThreshold=0,
            )
        except self._client.exceptions.ServiceQuotaExceededException:
            return

    def leave(self, user_id: str, face_ids: Sequence[str]) -> None:
        """Take faces out of a user; one who has none left is deleted, for the id may be a name."""
        for start in range(0, len(face_ids), MOST_FACES):
            some = list(face_ids[start : start + MOST_FACES])
            self._insist(lambda some=some: self._leave(user_id, some))  # type: ignore[misc]

    def _leave(self, user_id: str, face_ids: Sequence[str]) -> None:
        self._client.disassociate_faces(CollectionId=self._collection_id, UserId=user_id, FaceIds=face_ids)
        left = self._client.list_faces(CollectionId=self._collection_id, UserId=user_id, MaxResults=1)
        if not left["Faces"]:
            self._client.delete_user(CollectionId=self._collection_id, UserId=user_id)

    def remove(self, user_id: str) -> None:
        """Delete the user; the faces stay, and are nobody's."""
        self._insist(lambda: self._client.delete_user(CollectionId=self._collection_id, UserId=user_id))

    def has(self, user_id: str) -> bool:
        """Whether there is such a user, also one without faces."""
        with translated(self._name):
            try:
                answer = self._client.list_faces(
                    CollectionId=self._collection_id, UserId=user_id, MaxResults=1
                )
            except self._client.exceptions.ResourceNotFoundException:
                if self._is_there():
                    return False
                raise
            if answer["Faces"]:
                return True
            pages = self._client.get_paginator("list_users").paginate(CollectionId=self._collection_id)
            return any(user["UserId"] == user_id for page in pages for user in page["Users"])

    def _insist(self, act: Callable[[], object]) -> None:
        """Do something to a user, whom somebody else may be changing at this moment; none is no error."""
        for attempt in range(_TRIES):
            with translated(self._name):
                try:
                    act()
                except ClientError as error:
                    code = error_code(error)
                    if code == "ResourceNotFoundException" and self._is_there():
                        return  # there is no such user (any more)
                    if code != "ConflictException":
                        raise
                else:
                    return
            self._sleep(_FIRST_WAIT_S * 2**attempt)
        raise ServiceBusy(f"{self._name} is changing this person's vector right now; try again in a moment")

    def _is_there(self) -> bool:
        """Whether the collection is: the same code says that a user or the collection is not."""
        try:
            self._client.describe_collection(CollectionId=self._collection_id)
        except self._client.exceptions.ResourceNotFoundException:
            return False
        return True
