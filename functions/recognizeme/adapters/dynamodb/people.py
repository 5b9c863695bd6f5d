"""People and their faces in DynamoDB, in two tables."""

import random
import time
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self, cast

from botocore.exceptions import ClientError

from recognizeme.adapters import cursor as cursors
from recognizeme.adapters.aws import make_client, translated
from recognizeme.adapters.dynamodb import items
from recognizeme.adapters.dynamodb.items import Item, Value
from recognizeme.domain.errors import ServiceBusy
from recognizeme.domain.model import Consent, EnrolledPhoto, Person, PhotoState
from recognizeme.domain.ports import Page

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# Photos uploaded together end in transactions on the same person, which DynamoDB lets fail, not wait.
_TRIES = 8
_FIRST_WAIT_S = 0.02


class DynamoDbPeople:
    """`People`: a table of people, with their photos as a map, and a table of faces by RekognitionId."""

    def __init__(
        self,
        client: "DynamoDBClient",
        people_table: str,
        *,
        faces_table: str,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._people = people_table
        self._faces = faces_table
        self._sleep = sleep

    @classmethod
    def connect(cls, people_table: str, *, faces_table: str) -> Self:
        """The tables in the SDK's region, or at AWS_ENDPOINT_URL_DYNAMODB."""
        return cls(make_client("dynamodb"), people_table, faces_table=faces_table)

    def put(self, person: Person) -> Person:
        """One update; `person.photos` is not looked at, and no consent leaves the stored one."""
        values: dict[str, Value | None] = {"Name": {"S": person.name}}
        if person.consent:
            values["Consent"] = _consent(person.consent)
        created = items.present(CreatedAt=items.moment(person.created_at), Photos={"M": {}})
        with translated(self._people_name):
            answer = self._client.update_item(
                TableName=self._people,
                Key={"PersonId": {"S": person.person_id}},
                **items.update(values, keep=created),
                ReturnValues="ALL_NEW",
            )
        return _person(answer["Attributes"])

    def get(self, person_id: str) -> Person | None:
        """A strongly consistent read."""
        with translated(self._people_name):
            item = self._client.get_item(
                TableName=self._people, Key={"PersonId": {"S": person_id}}, ConsistentRead=True
            ).get("Item")
        return _person(item) if item else None

    def list(self, *, limit: int, cursor: str | None = None) -> Page[Person]:
        """In the order of a scan: by the hash of the id, stable and without meaning."""
        after = cursors.decode("people", cursor) if cursor else None
        found: list[Person] = []
        while True:
            more: dict[str, Any] = {"ExclusiveStartKey": {"PersonId": {"S": after}}} if after else {}
            with translated(self._people_name):
                answer = self._client.scan(
                    TableName=self._people, Limit=limit + 1 - len(found), ConsistentRead=True, **more
                )
            found += map(_person, answer["Items"])
            if len(found) > limit:
                return Page(tuple(found[:limit]), cursors.encode("people", found[limit - 1].person_id))
            if "LastEvaluatedKey" not in answer:
                return Page(tuple(found))
            after = answer["LastEvaluatedKey"]["PersonId"]["S"]

    def add_photo(self, person_id: str, photo: EnrolledPhoto, *, photo_key: str) -> bool:
        """One transaction over both tables, on condition that the person exists."""
        changes: list[Any] = [
            {
                "Update": {
                    "TableName": self._people,
                    "Key": {"PersonId": {"S": person_id}},
                    "UpdateExpression": "SET Photos.#photo = :photo",
                    "ConditionExpression": "attribute_exists(PersonId)",
                    "ExpressionAttributeNames": {"#photo": photo.photo_id},
                    "ExpressionAttributeValues": {":photo": _photo(photo)},
                }
            }
        ]
        if photo.face_id is not None:
            face = items.present(
                RekognitionId=items.string(photo.face_id),
                PersonId=items.string(person_id),
                PhotoKey=items.string(photo_key),
                EnrolledAt=items.moment(photo.enrolled_at),
            )
            changes.append({"Put": {"TableName": self._faces, "Item": face}})
        for attempt in range(_TRIES):
            with translated(self._people_name):
                try:
                    self._client.transact_write_items(TransactItems=changes)
                    return True
                except self._client.exceptions.TransactionCanceledException as error:
                    reasons = _reasons(error)
                    if "ConditionalCheckFailed" in reasons:
                        return False
                    if not reasons & {
                        "TransactionConflict",
                        "ThrottlingError",
                        "ProvisionedThroughputExceeded",
                    }:
                        raise
            self._sleep(_FIRST_WAIT_S * 2**attempt * random.random())
        raise ServiceBusy(f"{self._people_name} is busy; try again in a moment")

    def face_ids(self, person_id: str) -> tuple[str, ...]:
        """The faces of the index, which may be moments late, and those of the person's own photos."""
        person = self.get(person_id)
        own = (photo.face_id for photo in person.photos.values() if photo.face_id) if person else ()
        return tuple(dict.fromkeys((*self._indexed_faces(person_id), *own)))

    def delete(self, person_id: str) -> tuple[str, ...]:
        """The person first: from then on no photo can be added. Safe to repeat after a failure halfway."""
        with translated(self._people_name):
            item = self._client.delete_item(
                TableName=self._people, Key={"PersonId": {"S": person_id}}, ReturnValues="ALL_OLD"
            ).get("Attributes")
        own = (photo.face_id for photo in _person(item).photos.values() if photo.face_id) if item else ()
        face_ids = tuple(dict.fromkeys((*self._indexed_faces(person_id), *own)))
        with translated(self._faces_name):
            for face_id in face_ids:
                self._client.delete_item(TableName=self._faces, Key={"RekognitionId": {"S": face_id}})
        return face_ids

    def _indexed_faces(self, person_id: str) -> tuple[str, ...]:
        pages = self._client.get_paginator("query").paginate(
            TableName=self._faces,
            IndexName="person",
            KeyConditionExpression="PersonId = :person",
            ExpressionAttributeValues={":person": {"S": person_id}},
        )
        with translated(self._faces_name):
            return tuple(item["RekognitionId"]["S"] for page in pages for item in page["Items"])

    @property
    def _people_name(self) -> str:
        return f"the table {self._people!r}"

    @property
    def _faces_name(self) -> str:
        return f"the table {self._faces!r}"


def _reasons(error: ClientError) -> set[str]:
    reasons: Any = error.response.get("CancellationReasons", ())
    return {str(reason.get("Code")) for reason in reasons}


def _consent(consent: Consent) -> Value:
    given = items.present(
        GivenAt=items.moment(consent.given_at), RecordedBy=items.string(consent.recorded_by)
    )
    return {"M": given}


def _photo(photo: EnrolledPhoto) -> Value:
    return {
        "M": items.present(
            State=items.string(photo.state),
            EnrolledAt=items.moment(photo.enrolled_at),
            FaceId=items.string(photo.face_id),
            FaceBox=items.box(photo.face_box),
            Reason=items.string(photo.reason),
        )
    }


def _person(item: Item) -> Person:
    consent = cast(Item, item["Consent"]["M"]) if "Consent" in item else None
    return Person(
        person_id=item["PersonId"]["S"],
        name=item["Name"]["S"],
        created_at=_moment(item, "CreatedAt"),
        consent=Consent(_moment(consent, "GivenAt"), items.read_string(consent, "RecordedBy"))
        if consent
        else None,
        photos={
            photo_id: _enrolled(photo_id, cast(Item, photo["M"]))
            for photo_id, photo in item["Photos"]["M"].items()
        },
    )


def _enrolled(photo_id: str, photo: Item) -> EnrolledPhoto:
    return EnrolledPhoto(
        photo_id=photo_id,
        state=PhotoState(photo["State"]["S"]),
        enrolled_at=_moment(photo, "EnrolledAt"),
        face_id=items.read_string(photo, "FaceId"),
        face_box=items.read_box(photo, "FaceBox"),
        reason=items.read_string(photo, "Reason"),
    )


def _moment(item: Item, name: str) -> datetime:
    return datetime.fromisoformat(item[name]["S"])
