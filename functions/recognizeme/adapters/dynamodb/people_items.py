"""A person as an item of the table of people, and back."""

from datetime import date, datetime
from typing import Any, cast

from recognizeme.adapters.dynamodb import items
from recognizeme.adapters.dynamodb.items import Item, Value
from recognizeme.domain.model import Consent, EnrolledPhoto, Person, PhotoState, SimilarFace
from recognizeme.domain.people import PersonChange, searchable
from recognizeme.domain.photo_problems import PhotoProblem

_DAYS = {"active_until": "ActiveUntil", "last_seen_on": "LastSeenOn", "forgotten_on": "ForgottenOn"}
LISTED = "person"  # the one partition of the index that filtered lists read


def said(change: PersonChange) -> dict[str, Value | None]:
    """The attributes of a change, with those that lists find the person by."""
    given = change.given()
    values: dict[str, Value | None] = {}
    if "name" in given:
        values |= {"Name": {"S": given["name"]}, "Words": {"S": searchable(given["name"])}}
        values["Listed"] = {"S": LISTED}
    if "groups" in given:
        values["Groups"] = {"SS": list(given["groups"])} if given["groups"] else None
    if "active" in given:
        values["Inactive"] = None if given["active"] else {"BOOL": True}
    for name, attribute in _DAYS.items():
        if name in given:
            values[attribute] = {"S": given[name].isoformat()} if given[name] else None
    if "consent" in given:
        values["Consent"] = _consent(given["consent"])
    return values


def _consent(consent: Consent) -> Value:
    given = items.present(
        GivenAt=items.moment(consent.given_at),
        RecordedBy=items.string(consent.recorded_by),
        TextVersion=items.string(consent.text_version),
        WithdrawnAt=items.moment(consent.withdrawn_at),
    )
    return {"M": given}


def photo_value(photo: EnrolledPhoto) -> Value:
    """A photo in the map `Photos`."""
    return {
        "M": items.present(
            State=items.string(photo.state),
            EnrolledAt=items.moment(photo.enrolled_at),
            FaceId=items.string(photo.face_id),
            FaceBox=items.box(photo.face_box),
            Reason=items.string(photo.reason),
            Sha256=items.string(photo.sha256),
            RemovedAt=items.moment(photo.removed_at),
            Problem=items.string(photo.problem),
            SimilarFaceId=items.string(photo.similar.face_id if photo.similar else None),
            SimilarityPct=items.number(photo.similar.similarity_pct if photo.similar else None),
        )
    }


def person_of(item: Item) -> Person:
    """The person that an item is."""
    consent = cast(Item, item["Consent"]["M"]) if "Consent" in item else None
    return Person(
        person_id=item["PersonId"]["S"],
        name=item["Name"]["S"],
        created_at=_moment(item, "CreatedAt"),
        consent=Consent(
            _moment(consent, "GivenAt"),
            items.read_string(consent, "RecordedBy"),
            items.read_string(consent, "TextVersion"),
            items.read_moment(consent, "WithdrawnAt"),
        )
        if consent
        else None,
        photos={photo_id: photo_of(photo_id, photo) for photo_id, photo in item["Photos"]["M"].items()},
        groups=tuple(sorted(item["Groups"]["SS"])) if "Groups" in item else (),
        active="Inactive" not in item,
        active_until=_day(item, "ActiveUntil"),
        merged_into=items.read_string(item, "MergedInto"),
        merged=tuple(sorted(item["Merged"]["SS"])) if "Merged" in item else (),
        last_seen_on=_day(item, "LastSeenOn"),
        forgotten_on=_day(item, "ForgottenOn"),
    )


def photo_of(photo_id: str, value: Any) -> EnrolledPhoto:
    """A photo of the map `Photos`."""
    photo = cast(Item, value["M"])
    problem, similar_id = items.read_string(photo, "Problem"), items.read_string(photo, "SimilarFaceId")
    return EnrolledPhoto(
        photo_id=photo_id,
        state=PhotoState(photo["State"]["S"]),
        enrolled_at=_moment(photo, "EnrolledAt"),
        face_id=items.read_string(photo, "FaceId"),
        face_box=items.read_box(photo, "FaceBox"),
        reason=items.read_string(photo, "Reason"),
        sha256=items.read_string(photo, "Sha256"),
        removed_at=items.read_moment(photo, "RemovedAt"),
        problem=PhotoProblem(problem) if problem else None,
        similar=SimilarFace(similar_id, items.read_number(photo, "SimilarityPct") or 0.0)
        if similar_id
        else None,
    )


def _day(item: Item, name: str) -> date | None:
    return date.fromisoformat(item[name]["S"]) if name in item else None


def _moment(item: Item, name: str) -> datetime:
    return datetime.fromisoformat(item[name]["S"])
