"""The domain's values as JSON. The `...Json` types are the contract: `make api` publishes them.

A member's type says its form; `Annotated` adds what it means. Nothing else formats a value.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from functools import partial
from typing import Annotated, Generic, Literal, TypedDict, TypeVar, cast, overload

from recognizeme.domain.audit import AuditLine, Result
from recognizeme.domain.lessons import EVERYBODY, Lesson
from recognizeme.domain.model import (
    Box,
    Consent,
    Correction,
    DecisionRecord,
    EnrolledPhoto,
    Liveness,
    Outcome,
    Person,
    PhotoState,
    Sighting,
    Status,
)
from recognizeme.domain.photo_problems import PhotoProblem
from recognizeme.domain.policy import Policy
from recognizeme.domain.ports import Page, People, Replayed, UploadTicket
from recognizeme.domain.receipts import RECEIPT_VERSION, Found, Receipt
from recognizeme.domain.strangers import Stranger, StrangerState
from recognizeme.domain.times import to_api_text
from recognizeme.entry.forms import (
    CaptureId,
    Count,
    Day,
    Form,
    Groups,
    KioskId,
    Name,
    Pct,
    PersonId,
    Sha256,
    Time,
    Url,
)
from recognizeme.usecases.check_collection import CollectionCheck
from recognizeme.usecases.neighbours import Neighbours
from recognizeme.usecases.read_audit import AuditPage
from recognizeme.usecases.reindex import Progress
from recognizeme.usecases.statistics import Tally

_MOST_ORPHANS = 100
MOST_VISITS_SHOWN = 100
_LEAVING = (PhotoState.REMOVING, PhotoState.REMOVED)

# All that a door needs to greet, to open and to ask again. What is added to a sighting it does not see.
_FOR_DOORS = frozenset(
    (
        *("capture_id", "kiosk_id", "captured_at", "status", "outcome", "reason", "person_id", "name"),
        "groups",
        *("picture_sha256", "similarity_pct", "face_box", "recognized_at", "rekognition_calls", "liveness"),
        "correction",
    )
)

Item = TypeVar("Item")
Shown = TypeVar("Shown")


class PageJson(TypedDict, Generic[Item]):
    """One page of a list."""

    items: list[Item]
    next_cursor: Annotated[str | None, "Where the next page begins; null on the last one"]


class BoxJson(TypedDict):
    """Where a face is, in fractions of the upright picture; parts may lie outside 0-1 at its edge."""

    left: float
    top: float
    width: float
    height: float


class CorrectionJson(TypedDict):
    """What a sighting said before somebody corrected it."""

    corrected_at: Time
    was_outcome: Outcome
    was_person_id: PersonId | None


class CandidateJson(TypedDict):
    """Somebody whom a decision considered."""

    person_id: PersonId
    similarity_pct: Pct
    counter_pct: Annotated[Pct | None, "Similarity to a picture that is remembered as not showing them"]


class DecisionJson(TypedDict):
    """What the decision saw."""

    candidates: Annotated[list[CandidateJson], "The most similar people, five at most"]
    threshold_pct: Annotated[Pct, "Of that moment"]
    margin_pct: Annotated[Pct, "Of that moment"]
    gallery_size: Annotated[Count | None, "Faces it was compared with, as of five minutes before at most"]
    model_version: str | None


class SightingJson(TypedDict):
    """What recognizing one capture came to."""

    capture_id: CaptureId
    kiosk_id: KioskId
    captured_at: Annotated[Time, "By the kiosk's clock"]
    status: Status
    outcome: Annotated[Outcome | None, "Null until `status` is `done`"]
    reason: Annotated[str | None, "Why it was rejected or failed, or somebody known is not named"]
    person_id: Annotated[PersonId | None, "Only when `recognized`"]
    name: Annotated[str | None, "Only when `recognized`"]
    groups: Annotated[Groups, "Those that the person was in then"]
    picture_sha256: Annotated[Sha256 | None, "Of the picture that was recognized"]
    similarity_pct: Annotated[Pct | None, "The nearest person's, also when that was not enough"]
    face_box: BoxJson | None
    recognized_at: Time | None
    rekognition_calls: Annotated[Count, "Paid calls, each counted before it is made"]
    liveness: Annotated[Liveness, "What came of asking for signs of life, as the kiosk says"]
    correction: CorrectionJson | None
    stranger_id: Annotated[
        CaptureId | None, "The unknown visitor it shows, where they are kept; null for doors"
    ]
    named_later: Annotated[bool | None, "Whether it shows a stranger who was named since; null for doors"]
    ignored: Annotated[bool | None, "Whether it looked like a stranger who is ignored; null for doors"]
    decision: Annotated[DecisionJson | None, "Null for doors"]
    explanation: Annotated[str | None, "Why, in words, with today's names; null for doors and in lists"]


class CorrectedJson(SightingJson):
    """A corrected sighting."""

    can_learn: Annotated[bool, "Whether its picture can become a photo of whom it shows now"]


def door_sighting_json(sighting: Sighting) -> SightingJson:
    """A sighting as a door may see it: who was recognized, and nobody else whom the decision considered."""
    shown = sighting_json(sighting)
    return cast(
        SightingJson, {member: value if member in _FOR_DOORS else None for member, value in shown.items()}
    )


def sighting_json(sighting: Sighting, explanation: str | None = None) -> SightingJson:
    """A sighting; `explanation` says why in words, where one sighting is asked for."""
    return {
        "capture_id": sighting.capture.capture_id,
        "kiosk_id": sighting.capture.kiosk_id,
        "captured_at": time_text(sighting.capture.captured_at),
        "status": sighting.status,
        "outcome": sighting.outcome,
        "reason": sighting.reason,
        "person_id": sighting.person_id,
        "name": sighting.name,
        "groups": list(sighting.groups),
        "picture_sha256": sighting.picture_sha256,
        "similarity_pct": sighting.similarity_pct,
        "face_box": _box_json(sighting.face_box),
        "recognized_at": time_text(sighting.recognized_at),
        "rekognition_calls": sighting.rekognition_calls,
        "liveness": sighting.liveness,
        "correction": _correction_json(sighting.correction) if sighting.correction else None,
        "stranger_id": sighting.stranger_id,
        "named_later": sighting.is_named_later,
        "ignored": sighting.is_ignored,
        "decision": _decision_json(sighting.decision) if sighting.decision else None,
        "explanation": explanation,
    }


def _correction_json(correction: Correction) -> CorrectionJson:
    return {
        "corrected_at": time_text(correction.corrected_at),
        "was_outcome": correction.was_outcome,
        "was_person_id": correction.was_person_id,
    }


def _decision_json(decision: DecisionRecord) -> DecisionJson:
    return {
        "candidates": [
            {
                "person_id": each.person_id,
                "similarity_pct": each.similarity_pct,
                "counter_pct": each.counter_pct,
            }
            for each in decision.candidates
        ],
        "threshold_pct": decision.threshold_pct,
        "margin_pct": decision.margin_pct,
        "gallery_size": decision.gallery_size,
        "model_version": decision.model_version,
    }


class ConsentJson(TypedDict):
    """That a person agreed to be recognized."""

    given_at: Time
    recorded_by: Annotated[str | None, "Who wrote it down"]
    text_version: Annotated[str | None, "Which text they agreed to"]
    withdrawn_at: Annotated[Time | None, "Since then they are not recognized"]


class PersonJson(TypedDict):
    """Somebody enrolled, without the photos."""

    person_id: PersonId
    name: Name
    groups: Groups
    active: Annotated[bool, "Whether they are recognized, until `active_until`"]
    active_until: Annotated[Day | None, "The last day, in UTC, on which they are recognized"]
    faces: Annotated[Count, "How many faces of this person the collection holds"]
    merged_into: Annotated[PersonId | None, "Whom they count as: both records are of one human"]
    merged: Annotated[list[PersonId], "Who counts as them"]
    created_at: Time
    forgotten_on: Annotated[Day | None, "When they are forgotten by themselves, if nothing changes"]
    consent: ConsentJson | None


def person_json(person: Person) -> PersonJson:
    """A person, without the photos."""
    return {
        "person_id": person.person_id,
        "name": person.name,
        "groups": list(person.groups),
        "active": person.active,
        "active_until": person.active_until.isoformat() if person.active_until else None,
        "faces": person.faces,
        "merged_into": person.merged_into,
        "merged": list(person.merged),
        "created_at": time_text(person.created_at),
        "forgotten_on": person.forgotten_on.isoformat() if person.forgotten_on else None,
        "consent": _consent_json(person.consent) if person.consent else None,
    }


def _consent_json(consent: Consent) -> ConsentJson:
    return {
        "given_at": time_text(consent.given_at),
        "recorded_by": consent.recorded_by,
        "text_version": consent.text_version,
        "withdrawn_at": time_text(consent.withdrawn_at),
    }


class LooksLikeJson(TypedDict):
    """The other person whom a refused photo looks like."""

    person_id: PersonId
    name: Name
    similarity_pct: Pct


class PhotoJson(TypedDict):
    """An enrollment photo and what became of it."""

    photo_id: str
    state: PhotoState
    reason: Annotated[str | None, "Why it was refused, and what to do about it"]
    problem: Annotated[PhotoProblem | None, "What a better photo has not"]
    looks_like: LooksLikeJson | None
    face_id: str | None
    face_box: BoxJson | None
    enrolled_at: Time
    removed_at: Time | None


def photo_json(photo: EnrolledPhoto, person: Person, people: People) -> PhotoJson:
    """A photo of a person and what became of it; whom else it looks like is looked up in `people`."""
    similar = photo.similar
    other = people.owner_of(similar.face_id) if similar else None
    reason, looks_like = photo.reason, None
    if similar and other:
        looks_like = LooksLikeJson(
            person_id=other.person_id, name=other.name, similarity_pct=similar.similarity_pct
        )
        reason = (
            f"this looks like {other.name} ({similar.similarity_pct:.1f} %), not {person.name}; check whom it"
            " shows"
        )
    return {
        "photo_id": photo.photo_id,
        "state": photo.state,
        "reason": reason,
        "problem": photo.problem,
        "looks_like": looks_like,
        "face_id": photo.face_id,
        "face_box": _box_json(photo.face_box),
        "enrolled_at": time_text(photo.enrolled_at),
        "removed_at": time_text(photo.removed_at) if photo.state in _LEAVING else None,
    }


class LessonJson(TypedDict):
    """Whom a picture does not show, as is remembered until a day."""

    capture_id: CaptureId
    not_person_ids: list[PersonId]
    ignored: Annotated[bool, "Whether it shows a stranger who is ignored, and so nobody else"]
    taught_at: Time
    expires_at: Time
    learned: Annotated[bool, "False for one that was interrupted: teach it again, or take it back"]


class StrangerJson(TypedDict):
    """Unknown visits that look alike."""

    stranger_id: Annotated[CaptureId, "That of the capture that it began with"]
    state: Annotated[StrangerState, "`discarded` while it is being removed"]
    first_seen: Annotated[Time, "By the kiosk's clock"]
    last_seen: Annotated[Time, "By the kiosk's clock"]
    visits: Annotated[Count, "Also those whose pictures have expired"]
    kiosks: Annotated[list[KioskId], "Where they were seen"]
    person_id: Annotated[PersonId | None, "Who it was named"]


class StrangerDetailJson(StrangerJson):
    """A stranger with their visits."""

    sightings: Annotated[list[SightingJson], f"The newest {MOST_VISITS_SHOWN}, newest first"]


class NamedJson(StrangerJson):
    """A stranger who has a name now."""

    named_visits: Annotated[Count, "Visits that got the name"]
    photos: Annotated[list[PhotoJson], "What became of the newest pictures as photos of the person"]


def stranger_json(stranger: Stranger) -> StrangerJson:
    """A stranger, without the visits."""
    return {
        "stranger_id": stranger.stranger_id,
        "state": stranger.state,
        "first_seen": time_text(stranger.first_seen),
        "last_seen": time_text(stranger.last_seen),
        "visits": stranger.visits,
        "kiosks": list(stranger.kiosks),
        "person_id": stranger.person_id,
    }


class LearnedJson(TypedDict):
    """What was learned from a sighting's picture."""

    photo: Annotated[PhotoJson | None, "What became of it as a photo; `capture-<capture_id>.jpg` or `.png`"]
    lesson: LessonJson | None


def lesson_json(lesson: Lesson) -> LessonJson:
    """Whom a picture does not show."""
    return {
        "capture_id": lesson.capture_id,
        "not_person_ids": [each for each in lesson.not_person_ids if each != EVERYBODY],
        "ignored": EVERYBODY in lesson.not_person_ids,
        "taught_at": time_text(lesson.taught_at),
        "expires_at": time_text(lesson.expires_at),
        "learned": lesson.face_id is not None,
    }


class UploadJson(TypedDict):
    """Where and how to upload: `fields`, then the picture as the part `file`, as multipart/form-data."""

    url: Url
    fields: Mapping[str, str]


class TicketJson(TypedDict):
    """Permission to upload one picture."""

    key: str
    upload: UploadJson
    max_bytes: Count
    expires_at: Time


class CaptureTicketJson(TicketJson):
    """Permission to upload the picture of a capture."""

    capture_id: CaptureId


class PhotoTicketJson(TicketJson):
    """Permission to upload an enrollment photo."""

    photo_id: str


def ticket_json(ticket: UploadTicket) -> TicketJson:
    """An upload ticket."""
    return {
        "key": ticket.key,
        "upload": {"url": ticket.url, "fields": dict(ticket.fields)},
        "max_bytes": ticket.max_bytes,
        "expires_at": time_text(ticket.expires_at),
    }


class LinkJson(TypedDict):
    """A short-lived link to a picture."""

    url: Url
    expires_at: Time


def link_json(url: str, expires_at: datetime) -> LinkJson:
    """A short-lived link to a picture."""
    return {"url": url, "expires_at": time_text(expires_at)}


class RemovedCountsJson(TypedDict):
    """What was removed, by store."""

    people: Annotated[Count, "Records: the person's, and those merged into it"]
    faces: Count
    vectors: Annotated[Count, "Made of a person's faces, where people are matched by users"]
    photos: Annotated[Count, "Enrollment photos, each with every version"]
    captures: Annotated[Count, "Pictures that a camera took, each with every version"]
    sightings: Annotated[Count, "That mentioned the person; they stay, without name and picture"]
    mentions: Annotated[Count, "Of these, those that show somebody else, or did until they were corrected"]
    lessons: Count
    strangers: Annotated[Count, "Unknown visitors who were named the person"]
    roll_calls: Annotated[Count, "Lists that the person was on"]
    rules: Annotated[Count, "Rules of notifications that named the person"]


class FoundCountsJson(TypedDict):
    """What every store still holds of a person."""

    people: Annotated[Count, "Records"]
    faces: Count
    vectors: Count
    photos: Annotated[Count, "Also deleted ones of which versions are left"]
    sightings: Annotated[Count, "That mention the person: shown, corrected away, or only considered"]
    lessons: Count
    strangers: Count
    roll_calls: Count
    rules: Count


class ReceiptJson(TypedDict):
    """What forgetting a person removed, and what was found when every store was looked at again."""

    version: Annotated[int, "Of the receipt's form: 1"]
    person_id: PersonId
    person_hash: Annotated[str, "As in the audit log, which keeps nothing else of the id"]
    forgotten: Annotated[list[PersonId], "The person, and who was merged into them"]
    began_at: Time
    finished_at: Time
    removed: RemovedCountsJson
    found: Annotated[FoundCountsJson | None, "Null when it still goes on: it ends by itself, ask again"]
    verified: Annotated[bool, "Whether nothing was found"]


def receipt_json(receipt: Receipt, *, person_hash: str) -> ReceiptJson:
    """The receipt of a forgetting."""
    removed = receipt.removed
    return {
        "version": RECEIPT_VERSION,
        "person_id": receipt.person_ids[0],
        "person_hash": person_hash,
        "forgotten": list(receipt.person_ids),
        "began_at": time_text(receipt.began_at),
        "finished_at": time_text(receipt.finished_at),
        "removed": {
            "people": removed.people,
            "faces": removed.faces,
            "vectors": removed.vectors,
            "photos": removed.photos,
            "captures": removed.captures,
            "sightings": removed.sightings,
            "mentions": removed.mentions,
            "lessons": removed.lessons,
            "strangers": removed.strangers,
            "roll_calls": removed.roll_calls,
            "rules": removed.rules,
        },
        "found": None if receipt.found is None else _found_json(receipt.found),
        "verified": receipt.is_verified,
    }


class RemainsJson(TypedDict):
    """What a look into every store finds of a person."""

    person_id: PersonId
    person_hash: str
    looked_at: Time
    found: FoundCountsJson
    verified: Annotated[bool, "Whether nothing was found"]


def remains_json(person_id: str, found: Found, *, person_hash: str, looked_at: datetime) -> RemainsJson:
    """What a look into every store finds of a person."""
    return {
        "person_id": person_id,
        "person_hash": person_hash,
        "looked_at": time_text(looked_at),
        "found": _found_json(found),
        "verified": not found,
    }


def _found_json(found: Found) -> FoundCountsJson:
    return {
        "people": found.people,
        "faces": found.faces,
        "vectors": found.vectors,
        "photos": found.photos,
        "sightings": found.sightings,
        "lessons": found.lessons,
        "strangers": found.strangers,
        "roll_calls": found.roll_calls,
        "rules": found.rules,
    }


class ListedFaceJson(TypedDict):
    """A face of the collection."""

    face_id: str
    person_id: str | None


class CollectionCheckJson(TypedDict):
    """What a look through the collection found."""

    faces: Annotated[Count, "In the collection"]
    removing: Annotated[Count, "Of the forgotten; with `remove`, of everybody who does not exist"]
    orphans: Annotated[Count, "Others that belong to nobody"]
    adopted: Annotated[Count, "Made part of their person's vector, where people are matched by users"]
    apart: Annotated[Count, "Still to be made part of it: ask again"]
    of_strangers: Annotated[Count, "In the collection of unknown visitors, where they are kept"]
    strangers_removed: Annotated[Count, "Of these, whose visits expired or were taken away"]
    items: Annotated[list[ListedFaceJson], f"The first {_MOST_ORPHANS} of the orphans"]


def collection_check_json(check: CollectionCheck) -> CollectionCheckJson:
    """What a look through the collection found; of a long list of orphans the beginning."""
    return {
        "faces": check.faces,
        "removing": check.removing,
        "orphans": len(check.orphans),
        "adopted": check.adopted,
        "apart": check.apart,
        "of_strangers": check.of_strangers,
        "strangers_removed": check.strangers_removed,
        "items": [
            {"face_id": face.face_id, "person_id": face.person_id} for face in check.orphans[:_MOST_ORPHANS]
        ],
    }


class RefusedPhotoJson(TypedDict):
    """A photo whose face the new collection does not take."""

    person_id: str
    name: str
    photo_id: str
    reason: str


class DifferenceJson(TypedDict):
    """A person whose photos, each searched among all other faces, are recognized differently."""

    person_id: str
    name: str
    before: Annotated[list[str], "A name or an outcome for each photo, in the collection in use"]
    now: Annotated[list[str], "The same in the new one"]


class ReindexJson(TypedDict):
    """What one call did towards a new collection, and where to go on."""

    in_use: str
    building: str | None
    kept: Annotated[str | None, "For a way back"]
    is_built: Annotated[bool, "Every photo is in the one being built"]
    is_settled: Annotated[bool, "The photos' records name the faces of the one in use"]
    people: Count
    photos: Count
    call_usd: Annotated[float, Form(minimum=0), "What one Rekognition call costs"]
    refused: list[RefusedPhotoJson]
    differences: list[DifferenceJson]
    next_cursor: str | None


def reindex_json(progress: Progress, *, call_usd: float) -> ReindexJson:
    """What one call of reindexing did."""
    collections = progress.collections
    return {
        "in_use": collections.in_use,
        "building": collections.building,
        "kept": collections.kept,
        "is_built": collections.is_built,
        "is_settled": collections.is_settled,
        "people": progress.people,
        "photos": progress.photos,
        "call_usd": call_usd,
        "refused": [
            {
                "person_id": each.person_id,
                "name": each.name,
                "photo_id": each.photo_id,
                "reason": each.reason,
            }
            for each in progress.refused
        ],
        "differences": [
            {
                "person_id": each.person_id,
                "name": each.name,
                "before": list(each.before),
                "now": list(each.now),
            }
            for each in progress.differences
        ],
        "next_cursor": progress.next_cursor,
    }


class OtherFaceJson(TypedDict):
    """Another face of the same person."""

    face_id: str
    similarity_pct: Pct


class NeighbourJson(TypedDict):
    """The face of another person."""

    person_id: PersonId
    face_id: str
    similarity_pct: Pct


class NeighboursJson(TypedDict):
    """One face among all others."""

    photo_id: str
    face_id: str
    is_lost: Annotated[bool, "Whether the collection does not hold it"]
    own: Annotated[list[OtherFaceJson], "The person's own"]
    others: Annotated[list[NeighbourJson], "The nearest face of each of the 20 nearest people"]


class ComparedJson(TypedDict):
    """Some of a person's faces among all others, and what the stack's decisions ask for."""

    items: list[NeighboursJson]
    next_cursor: Annotated[str | None, "Where it goes on; null when all faces have been compared"]
    threshold_pct: Pct
    margin_pct: Pct


def neighbours_json(page: Page[Neighbours], policy: Policy) -> ComparedJson:
    """A person's faces among all others, and what the stack's decisions ask for."""
    items: list[NeighboursJson] = [
        {
            "photo_id": each.photo_id,
            "face_id": each.face_id,
            "is_lost": each.is_lost,
            "own": [{"face_id": own.face_id, "similarity_pct": own.similarity_pct} for own in each.own],
            "others": [
                {
                    "person_id": other.person_id,
                    "face_id": other.face_id,
                    "similarity_pct": other.similarity_pct,
                }
                for other in each.others
            ],
        }
        for each in page.items
    ]
    return {
        "items": items,
        "next_cursor": page.next_cursor,
        "threshold_pct": policy.threshold_pct,
        "margin_pct": policy.margin_pct,
    }


class TallyJson(TypedDict):
    """How many sightings came to what, and what that cost."""

    outcomes: Mapping[Outcome, int]
    pending: Count
    failed: Count
    rekognition_calls: Count
    cost_usd: Annotated[float, Form(minimum=0)]


class DailyTallyJson(TallyJson):
    """A tally of one day and kiosk."""

    day: Day
    kiosk_id: KioskId


class StatisticsJson(TypedDict):
    """Counts of each day and kiosk, the newest day first, and over all."""

    items: list[DailyTallyJson]
    total: TallyJson
    call_usd: Annotated[float, Form(minimum=0), "What one Rekognition call costs"]


def statistics_json(
    each: Mapping[tuple[date, str], Tally], total: Tally, *, call_usd: float
) -> StatisticsJson:
    """The tallies of each day and kiosk, and one over all."""
    return {
        "items": [
            {"day": day.isoformat(), "kiosk_id": kiosk_id, **_tally_json(tally, call_usd=call_usd)}
            for (day, kiosk_id), tally in each.items()
        ],
        "total": _tally_json(total, call_usd=call_usd),
        "call_usd": call_usd,
    }


class ReplayedJson(TypedDict):
    """Events that failed for good and were given back to their functions."""

    replayed: Count
    skipped: Annotated[list[str], "Ids of messages in the queue that are no failed events of this stack"]


def replayed_json(replayed: Replayed) -> ReplayedJson:
    """How many failed events were given back."""
    return {"replayed": replayed.given_back, "skipped": list(replayed.skipped)}


class HealthJson(TypedDict):
    """That the API answers."""

    status: Literal["ok"]
    version: str


class ProblemJson(TypedDict):
    """What was wrong (RFC 9457), as `application/problem+json`."""

    type: Annotated[str, Form(pattern="^urn:recognizeme:problem:[a-z-]+$")]
    title: str
    status: int
    detail: Annotated[str, "One sentence that says what to do"]


def page_json(page: Page[Item], show: Callable[[Item], Shown]) -> PageJson[Shown]:
    """A page, with each item as `show` shows it."""
    return list_json(map(show, page.items), page.next_cursor)


def list_json(items: Iterable[Item], next_cursor: str | None = None) -> PageJson[Item]:
    """One page of a list of things that are JSON already."""
    return {"items": list(items), "next_cursor": next_cursor}


@overload
def time_text(moment: datetime) -> str: ...
@overload
def time_text(moment: None) -> None: ...
@overload
def time_text(moment: datetime | None) -> str | None: ...
def time_text(moment: datetime | None) -> str | None:
    """ISO 8601 in UTC to the millisecond, with a Z."""
    return None if moment is None else to_api_text(moment)


def _box_json(box: Box | None) -> BoxJson | None:
    if box is None:
        return None
    return {"left": box.left, "top": box.top, "width": box.width, "height": box.height}


def _tally_json(tally: Tally, *, call_usd: float) -> TallyJson:
    return {
        "outcomes": dict(tally.outcomes),
        "pending": tally.pending,
        "failed": tally.failed,
        "rekognition_calls": tally.rekognition_calls,
        "cost_usd": round(tally.rekognition_calls * call_usd, 6),
    }


class AuditLineJson(TypedDict):
    """Who did what to which id. No names: of who is not on record any more only a keyed hash is left."""

    line_id: str
    at: Time
    principal: Annotated[str, "An IAM identity, a token, or `system`, as verified"]
    on_behalf_of: Annotated[str | None, "Whom the principal says to act for"]
    action: Annotated[str, "The route, or what was done without one"]
    result: Annotated[Result, "`began`: it may have been done, whoever did it never said"]
    status: Annotated[int | None, "Of the answer over HTTP"]
    source: Annotated[str, "The address that it came from, or where it was started"]
    person_id: PersonId | None
    person_hash: str | None
    about: Annotated[Mapping[str, str], "Ids, such as `photo_id`"]
    detail: Annotated[Mapping[str, str], "What the action says more: ids and reasons"]


def audit_json(page: AuditPage) -> PageJson[AuditLineJson]:
    """A page of the audit log."""
    return page_json(page.lines, partial(_audit_line_json, known=page.known))


def _audit_line_json(line: AuditLine, known: Mapping[str, str]) -> AuditLineJson:
    return {
        "line_id": line.line_id,
        "at": time_text(line.at),
        "principal": line.principal,
        "on_behalf_of": line.on_behalf_of,
        "action": line.action,
        "result": line.result,
        "status": line.status,
        "source": line.source,
        "person_id": known.get(line.person) if line.person else None,
        "person_hash": line.person,
        "about": {name: known.get(value, value) for name, value in line.about.items()},
        "detail": {name: known.get(value, value) for name, value in line.detail.items()},
    }
