"""People and their faces in DynamoDB, in two tables; and the tombstones of the forgotten."""

import hashlib
import hmac
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Self

from recognizeme.adapters import cursor as cursors
from recognizeme.adapters.aws import make_client, translated
from recognizeme.adapters.dynamodb import batches, items
from recognizeme.adapters.dynamodb.items import Item, Value
from recognizeme.adapters.dynamodb.people_items import LISTED, person_of, photo_of, photo_value, said
from recognizeme.adapters.dynamodb.transactions import transact
from recognizeme.domain.errors import ServiceBusy
from recognizeme.domain.model import EnrolledPhoto, Enrollment, Person, PhotoState, Remains
from recognizeme.domain.people import UNCHANGED, PersonChange
from recognizeme.domain.ports import EVERYBODY, Page, PeopleQuery
from recognizeme.domain.receipts import Progress
from recognizeme.domain.times import to_text

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# No person's id begins with it: tombstones stand in the table of people, where one transaction sees both.
_TOMBSTONE = "~"
_FREE = "attribute_not_exists(LeasedUntil) OR LeasedUntil <= :now"
_TRIES = 8
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)  # of what was begun before that was written down
# What a filtered page may cost at most: so many reads of a megabyte, or ten thousand names, each.
_MAX_READS = 10


class DynamoDbPeople:
    """`People`: a table of people, with their photos as a map, and a table of faces by RekognitionId.

    `tombstone_key` is the key of the hash that tombstones hold of an id.
    """

    def __init__(
        self,
        client: "DynamoDBClient",
        people_table: str,
        *,
        faces_table: str,
        tombstone_key: bytes,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._people = people_table
        self._faces = faces_table
        self._tombstone_key = tombstone_key
        self._sleep = sleep

    @classmethod
    def connect(cls, people_table: str, *, faces_table: str, tombstone_key: bytes) -> Self:
        """The tables in the SDK's region, or at AWS_ENDPOINT_URL_DYNAMODB."""
        client = make_client("dynamodb")
        return cls(client, people_table, faces_table=faces_table, tombstone_key=tombstone_key)

    def put(self, person: Person, *, now: datetime) -> Person:
        """One transaction; `person.photos` is not looked at, and no consent leaves the stored one."""
        change = PersonChange(
            name=person.name,
            groups=person.groups,
            active=person.active,
            active_until=person.active_until,
            consent=person.consent or UNCHANGED,
            forgotten_on=person.forgotten_on,
        )
        created = items.present(CreatedAt=items.moment(person.created_at), Photos={"M": {}})
        tombstone = {
            "TableName": self._people,
            "Key": self._tombstone(person.person_id),
            "ConditionExpression": _FREE,
            "ExpressionAttributeValues": {":now": items.milliseconds(now)},
        }
        update = {
            "TableName": self._people,
            "Key": _key(person.person_id),
            **items.update(said(change), keep=created),
        }
        if self._transact({"Delete": tombstone}, {"Update": update}):
            raise ServiceBusy("this person is being forgotten right now; try again in a moment")
        return self.get(person.person_id) or person

    def change(self, person_id: str, change: PersonChange) -> Person | None:
        """One update, on condition that the person exists."""
        if not change.given():
            return self.get(person_id)
        with translated(self._people_name):
            try:
                answer = self._client.update_item(
                    TableName=self._people,
                    Key=_key(person_id),
                    **items.update(said(change), condition="attribute_exists(#CreatedAt)"),
                    ReturnValues="ALL_NEW",
                )
            except self._client.exceptions.ConditionalCheckFailedException:
                return None
        return person_of(answer["Attributes"])

    def put_unless_forgotten(self, person: Person, *, now: datetime) -> bool:
        """One transaction, on condition that there is neither tombstone nor person."""
        tombstone = {
            "TableName": self._people,
            "Key": self._tombstone(person.person_id),
            "ConditionExpression": "attribute_not_exists(PersonId) OR ExpiresAt <= :now",
            "ExpressionAttributeValues": {":now": items.seconds(now)},
        }
        created: dict[str, Value | None] = {
            **said(PersonChange(name=person.name)),
            "CreatedAt": items.moment(person.created_at),
            "Photos": {"M": {}},
        }
        update = {
            "TableName": self._people,
            "Key": _key(person.person_id),
            **items.update(created, condition="attribute_not_exists(#PersonId)"),
        }
        unmet = self._transact({"ConditionCheck": tombstone}, {"Update": update})
        return not unmet or 1 in unmet

    def get(self, person_id: str) -> Person | None:
        """A strongly consistent read."""
        item = self._item(_key(person_id))
        return person_of(item) if item else None

    def find(self, person_ids: Sequence[str]) -> dict[str, Person]:
        """In one request, and more for what that did not get to."""
        return {person.person_id: person for person in self._people_of(person_ids)}

    def list(self, query: PeopleQuery = EVERYBODY, *, limit: int, cursor: str | None = None) -> Page[Person]:
        """In the order of a scan, by the hash of the id, stable and without meaning; filtered, by the id.

        A filter looks through the index of names and groups, which is moments late and does not know who was
        last changed before there was one; a page may be short and still have a cursor.
        """
        after = cursors.decode("people", cursor) if cursor else None
        if query != EVERYBODY:
            return self._filtered(query, after, limit)
        found: list[Person] = []
        while True:
            more: dict[str, Any] = {"ExclusiveStartKey": {"PersonId": {"S": after}}} if after else {}
            with translated(self._people_name):
                answer = self._client.scan(
                    TableName=self._people,
                    Limit=limit + 1 - len(found),
                    FilterExpression="attribute_exists(CreatedAt)",  # what has none is a tombstone
                    ConsistentRead=True,
                    **more,
                )
            found += map(person_of, answer["Items"])
            if len(found) > limit:
                return Page(tuple(found[:limit]), cursors.encode("people", found[limit - 1].person_id))
            if "LastEvaluatedKey" not in answer:
                return Page(tuple(found))
            after = answer["LastEvaluatedKey"]["PersonId"]["S"]

    def _filtered(self, query: PeopleQuery, after: str | None, limit: int) -> Page[Person]:
        wanted = items.present(Words=items.string(query.name), Groups=items.string(query.group))
        filters = " AND ".join(f"contains(#{name}, :{name})" for name in wanted)
        found: list[str] = []
        for _ in range(_MAX_READS):
            start: Any = {"Listed": {"S": LISTED}, "PersonId": {"S": after}}
            with translated(self._people_name):
                answer = self._client.query(
                    TableName=self._people,
                    IndexName="listed",
                    KeyConditionExpression="Listed = :listed",
                    FilterExpression=filters,
                    ExpressionAttributeNames=items.placeholders(filters),
                    ExpressionAttributeValues={
                        ":listed": {"S": LISTED},
                        **{f":{name}": value for name, value in wanted.items()},
                    },
                    **({"ExclusiveStartKey": start} if after else {}),
                )
            found += (item["PersonId"]["S"] for item in answer["Items"])
            after = answer["LastEvaluatedKey"]["PersonId"]["S"] if "LastEvaluatedKey" in answer else None
            if len(found) > limit:
                found, after = found[:limit], found[limit - 1]
                break
            if after is None:
                break
        return Page(self._people_of(found), cursors.encode("people", after) if after else None)

    def _people_of(self, person_ids: Sequence[str]) -> tuple[Person, ...]:
        """Those of these people who are still there, in this order."""
        keys = [_key(each) for each in person_ids]
        found = batches.read(self._client, self._people, keys, resource=self._people_name, sleep=self._sleep)
        there = {person.person_id: person for person in map(person_of, found)}
        return tuple(there[each] for each in person_ids if each in there)

    def begin_photo(self, person_id: str, sha256: str, *, now: datetime) -> bool:
        """One update, on condition that the person exists."""
        return self._update(
            person_id,
            "ADD Unsettled :picture SET BegunAt = :now",
            "attribute_exists(PersonId)",
            {":picture": {"SS": [sha256]}, ":now": {"S": to_text(now)}},
        )

    def add_photo(self, person_id: str, photo: EnrolledPhoto, *, photo_key: str) -> bool:
        """One transaction over both tables, on condition that neither person nor photo was removed."""
        settle = " DELETE Unsettled :picture" if photo.sha256 else ""
        same, removed_at = "attribute_not_exists(Photos.#photo.RemovedAt)", {}
        if photo.removed_at:
            same, removed_at = (
                "Photos.#photo.RemovedAt = :removed_at",
                {":removed_at": items.moment(photo.removed_at)},
            )
        changes: list[Any] = [
            {
                "Update": {
                    "TableName": self._people,
                    "Key": _key(person_id),
                    "UpdateExpression": "SET Photos.#photo = :photo" + settle,
                    "ConditionExpression": f"attribute_exists(PersonId) AND {same}",
                    "ExpressionAttributeNames": {"#photo": photo.photo_id},
                    "ExpressionAttributeValues": {
                        ":photo": photo_value(photo),
                        **({":picture": {"SS": [photo.sha256]}} if photo.sha256 else {}),
                        **removed_at,
                    },
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
        return not self._transact(*changes)

    def last_begun(self, person_id: str) -> datetime | None:
        """A strongly consistent read."""
        item = self._item(_key(person_id))
        if item is None or "Unsettled" not in item:
            return None
        return items.read_moment(item, "BegunAt") or _LONG_AGO

    def settle(self, person_id: str, *, begun_until: datetime) -> None:
        """One update, on condition that nothing was begun since."""
        self._update(
            person_id,
            "REMOVE Unsettled",
            "attribute_exists(PersonId) AND (attribute_not_exists(BegunAt) OR BegunAt <= :until)",
            {":until": {"S": to_text(begun_until)}},
        )

    def begin_removing_photo(self, person_id: str, photo_id: str, *, now: datetime) -> tuple[str, ...] | None:
        """One update, on condition that the photo's record is as we have seen it."""
        for _ in range(_TRIES):
            item = self._item(_key(person_id))
            if item is None:
                return None
            seen = item["Photos"]["M"].get(photo_id)
            photo = photo_of(photo_id, seen) if seen else EnrolledPhoto(photo_id, PhotoState.REFUSED, now)
            if photo.state is PhotoState.REMOVING:
                break
            removing = replace(photo, state=PhotoState.REMOVING, removed_at=now)
            if self._replace_photo(person_id, removing, seen=seen):
                break
        else:
            raise ServiceBusy(f"{self._people_name} is busy; try again in a moment")
        # Looked at again: what was recorded beside this may show the same face.
        person = self.get(person_id)
        others = person.photos.values() if person else ()
        shown = {
            other.face_id
            for other in others
            if other.state is PhotoState.INDEXED and other.photo_id != photo_id
        }
        photo_key = Enrollment(person_id, photo_id).photo_key
        own = [
            face["RekognitionId"]["S"]
            for face in self._indexed_faces(person_id)
            if face["PhotoKey"]["S"] == photo_key
        ]
        return tuple(sorted({*own, *filter(None, [photo.face_id])} - shown))

    def end_removing_photo(self, person_id: str, photo_id: str, face_ids: Iterable[str]) -> None:
        """One update, on condition that it is still being removed; the faces' records before."""
        item = self._item(_key(person_id))
        seen = item["Photos"]["M"].get(photo_id) if item else None
        photo = photo_of(photo_id, seen) if seen else None
        if photo is None or photo.state is not PhotoState.REMOVING:
            return
        self._delete_faces(face_ids)
        removed = EnrolledPhoto(photo_id, PhotoState.REMOVED, photo.enrolled_at, removed_at=photo.removed_at)
        self._replace_photo(person_id, removed, seen=seen)

    def _replace_photo(self, person_id: str, photo: EnrolledPhoto, *, seen: Value | None) -> bool:
        same = "Photos.#photo = :seen" if seen else "attribute_not_exists(Photos.#photo)"
        return self._update(
            person_id,
            "SET Photos.#photo = :photo",
            f"attribute_exists(PersonId) AND {same}",
            {":photo": photo_value(photo), **({":seen": seen} if seen else {})},
            {"#photo": photo.photo_id},
        )

    def merge(self, person_id: str, *, into: str) -> bool:
        """One transaction over both records."""
        if person_id == into:
            return False
        is_free = "attribute_exists(CreatedAt) AND attribute_not_exists(MergedInto)"
        person = self._change(person_id, "SET MergedInto = :into", is_free, {":into": {"S": into}})
        target = self._change(into, "ADD Merged :person", is_free, {":person": {"SS": [person_id]}})
        return not self._transact(person, target)

    def unmerge(self, person_id: str) -> None:
        """One transaction over both records, or what is left of them."""
        for _ in range(_TRIES):
            person = self.get(person_id)
            if person is None or person.merged_into is None:
                return
            into: dict[str, Value] = {":into": {"S": person.merged_into}}
            taken_back = self._change(person_id, "REMOVE MergedInto", "MergedInto = :into", into)
            if not self._transact(taken_back, *self._stand_no_longer(person)):
                return
        raise ServiceBusy(f"{self._people_name} is busy; try again in a moment")

    def _stand_no_longer(self, person: Person) -> tuple[dict[str, Any], ...]:
        """That whoever the person is merged into, if there is such a one, stands for them no longer."""
        if person.merged_into is None or self._item(_key(person.merged_into)) is None:
            return ()
        merged: dict[str, Value] = {":person": {"SS": [person.person_id]}}
        is_there = "attribute_exists(CreatedAt)"
        return (self._change(person.merged_into, "DELETE Merged :person", is_there, merged),)

    def _change(
        self, person_id: str, update: str, condition: str, values: dict[str, Value]
    ) -> dict[str, Any]:
        return {
            "Update": {
                "TableName": self._people,
                "Key": _key(person_id),
                "UpdateExpression": update,
                "ConditionExpression": condition,
                "ExpressionAttributeValues": values,
            }
        }

    def face_ids(self, person_id: str) -> tuple[str, ...]:
        """The faces of the index, which may be moments late, and those of the person's own photos."""
        person = self.get(person_id)
        there = [face_id for face_id in self._indexed_ids(person_id) if self._is_recorded(face_id)]
        return tuple(dict.fromkeys((*there, *_faces_of(person))))

    def _is_recorded(self, face_id: str) -> bool:
        key: Any = {"RekognitionId": {"S": face_id}}
        with translated(self._faces_name):
            return "Item" in self._client.get_item(TableName=self._faces, Key=key, ConsistentRead=True)

    def owner_of(self, face_id: str) -> Person | None:
        """The face's record, and then its person's."""
        with translated(self._faces_name):
            face = self._client.get_item(TableName=self._faces, Key={"RekognitionId": {"S": face_id}})
        return self.get(face["Item"]["PersonId"]["S"]) if "Item" in face else None

    def begin_forgetting(
        self,
        person_id: str,
        *,
        now: datetime,
        expires_at: datetime,
        lease_s: float,
        unless_there: bool = False,
    ) -> Remains | None:
        """One transaction over record and tombstone, which keeps the faces that only the record knew."""
        for _ in range(_TRIES):
            item = self._item(_key(person_id))
            if item and unless_there:
                return None
            unmet = self._transact(
                {"Update": self._raised(person_id, item, now, expires_at, lease_s)},
                self._gone(person_id, item),
                *(self._stand_no_longer(person_of(item)) if item else ()),
            )
            if 0 in unmet:
                raise ServiceBusy("this person is being forgotten right now; try again in a moment")
            if not unmet:
                break
        else:
            raise ServiceBusy(f"{self._people_name} is busy; try again in a moment")
        tombstone = self._item(self._tombstone(person_id)) or {}
        kept = tombstone["FaceIds"]["SS"] if "FaceIds" in tombstone else ()
        return Remains(
            tuple(dict.fromkeys((*self._indexed_ids(person_id), *kept))),
            "Unsettled" in tombstone,
            tuple(sorted(tombstone["Merged"]["SS"])) if "Merged" in tombstone else (),
            Progress.from_json(tombstone["Progress"]["S"]) if "Progress" in tombstone else None,
        )

    def _raised(
        self, person_id: str, item: Item | None, now: datetime, expires_at: datetime, lease_s: float
    ) -> dict[str, Any]:
        update = "SET ExpiresAt = :expires_at, LeasedUntil = :leased_until"
        values: dict[str, Value] = {
            ":now": items.milliseconds(now),
            ":expires_at": items.seconds(expires_at),
            ":leased_until": items.milliseconds(now + timedelta(seconds=lease_s)),
        }
        if item and "Unsettled" in item:
            update += ", Unsettled = :unsettled"
            values[":unsettled"] = {"BOOL": True}
        if item:
            update += " REMOVE Progress"
        person = person_of(item) if item else None
        kept = {"FaceIds": _faces_of(person), "Merged": person.merged if person else ()}
        if kept := {name: ids for name, ids in kept.items() if ids}:
            update += " ADD " + ", ".join(f"{name} :{name}" for name in kept)
            values |= {f":{name}": {"SS": list(ids)} for name, ids in kept.items()}
        return {
            "TableName": self._people,
            "Key": self._tombstone(person_id),
            "UpdateExpression": update,
            "ConditionExpression": _FREE,
            "ExpressionAttributeValues": values,
        }

    def _gone(self, person_id: str, item: Item | None) -> dict[str, Any]:
        """That the person is not there, or goes as we have seen them."""
        key = {"TableName": self._people, "Key": _key(person_id)}
        if item is None:
            return {"ConditionCheck": {**key, "ConditionExpression": "attribute_not_exists(PersonId)"}}
        names = ("Photos", "Unsettled", "Merged", "MergedInto")
        same = [f"{name} = :{name}" if name in item else f"attribute_not_exists({name})" for name in names]
        return {
            "Delete": {
                **key,
                "ConditionExpression": " AND ".join(same),
                "ExpressionAttributeValues": {f":{name}": item[name] for name in names if name in item},
            }
        }

    def note_forgetting(self, person_id: str, progress: Progress) -> None:
        """One update."""
        self._update_tombstone(
            person_id, "SET Progress = :progress", {":progress": {"S": progress.to_json()}}
        )

    def end_forgetting(self, person_id: str, face_ids: Iterable[str]) -> None:
        """The faces' records first: the tombstone names them until they are gone."""
        self._delete_faces(face_ids)
        self._update_tombstone(person_id, "REMOVE LeasedUntil, FaceIds, Unsettled, Merged")

    def _update_tombstone(self, person_id: str, update: str, values: dict[str, Value] | None = None) -> None:
        more: dict[str, Any] = {"ExpressionAttributeValues": values} if values else {}
        # Without one, somebody of this id was enrolled anew, after our lease.
        with translated(self._people_name), suppress(self._client.exceptions.ConditionalCheckFailedException):
            self._client.update_item(
                TableName=self._people,
                Key=self._tombstone(person_id),
                UpdateExpression=update,
                ConditionExpression="attribute_exists(PersonId)",
                **more,
            )

    def is_forgotten(self, person_id: str, *, now: datetime) -> bool:
        """A strongly consistent read."""
        tombstone = self._item(self._tombstone(person_id))
        return tombstone is not None and float(tombstone["ExpiresAt"]["N"]) > now.timestamp()

    def _item(self, key: dict[str, Value]) -> Item | None:
        with translated(self._people_name):
            return self._client.get_item(TableName=self._people, Key=key, ConsistentRead=True).get("Item")

    def _update(
        self,
        person_id: str,
        update: str,
        condition: str,
        values: dict[str, Value],
        names: dict[str, str] | None = None,
    ) -> bool:
        more: dict[str, Any] = {"ExpressionAttributeNames": names} if names else {}
        with translated(self._people_name):
            try:
                self._client.update_item(
                    TableName=self._people,
                    Key=_key(person_id),
                    UpdateExpression=update,
                    ConditionExpression=condition,
                    ExpressionAttributeValues=values,
                    **more,
                )
            except self._client.exceptions.ConditionalCheckFailedException:
                return False
        return True

    def _delete_faces(self, face_ids: Iterable[str]) -> None:
        with translated(self._faces_name):
            for face_id in face_ids:
                self._client.delete_item(TableName=self._faces, Key={"RekognitionId": {"S": face_id}})

    def _transact(self, *changes: Any) -> frozenset[int]:
        return transact(self._client, changes, resource=self._people_name, sleep=self._sleep)

    def _tombstone(self, person_id: str) -> dict[str, Value]:
        digest = hmac.new(self._tombstone_key, person_id.encode(), hashlib.sha256).hexdigest()
        return _key(_TOMBSTONE + digest)

    def _indexed_ids(self, person_id: str) -> tuple[str, ...]:
        return tuple(item["RekognitionId"]["S"] for item in self._indexed_faces(person_id))

    def _indexed_faces(self, person_id: str) -> tuple[Item, ...]:
        pages = self._client.get_paginator("query").paginate(
            TableName=self._faces,
            IndexName="person",
            KeyConditionExpression="PersonId = :person",
            ExpressionAttributeValues={":person": {"S": person_id}},
        )
        with translated(self._faces_name):
            return tuple(item for page in pages for item in page["Items"])

    @property
    def _people_name(self) -> str:
        return f"the table {self._people!r}"

    @property
    def _faces_name(self) -> str:
        return f"the table {self._faces!r}"


def _key(person_id: str) -> dict[str, Value]:
    return {"PersonId": {"S": person_id}}


def _faces_of(person: Person | None) -> tuple[str, ...]:
    photos = person.photos.values() if person else ()
    return tuple(dict.fromkeys(photo.face_id for photo in photos if photo.face_id))
