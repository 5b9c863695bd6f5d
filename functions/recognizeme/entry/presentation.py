"""The domain's values as the JSON of docs/api.md. Keys are the contract; nothing else formats a value."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from recognizeme.domain.audit import AuditLine
from recognizeme.domain.model import Box, EnrolledPhoto, Person, PhotoState, Removed, Sighting
from recognizeme.domain.policy import Policy
from recognizeme.domain.ports import Page, UploadTicket
from recognizeme.domain.times import to_api_text
from recognizeme.usecases.check_collection import CollectionCheck
from recognizeme.usecases.neighbours import Neighbours
from recognizeme.usecases.read_audit import AuditPage
from recognizeme.usecases.statistics import Tally

Json = dict[str, Any]

_MOST_ORPHANS = 100
_LEAVING = (PhotoState.REMOVING, PhotoState.REMOVED)

# All that a door needs to greet, to open and to ask again. What is added to a sighting it does not see.
_FOR_DOORS = frozenset(
    (
        *("capture_id", "kiosk_id", "captured_at", "status", "outcome", "reason", "person_id", "name"),
        *("picture_sha256", "similarity_pct", "face_box", "recognized_at", "rekognition_calls", "liveness"),
        "correction",
    )
)


def door_sighting_json(sighting: Sighting) -> Json:
    """A sighting as a door may see it: who was recognized, and nobody else whom the decision considered."""
    shown = sighting_json(sighting)
    return {member: value if member in _FOR_DOORS else None for member, value in shown.items()}


def sighting_json(sighting: Sighting, explanation: str | None = None) -> Json:
    """A sighting; `explanation` says why in words, where one sighting is asked for."""
    correction = sighting.correction
    return {
        "capture_id": sighting.capture.capture_id,
        "kiosk_id": sighting.capture.kiosk_id,
        "captured_at": time_text(sighting.capture.captured_at),
        "status": sighting.status,
        "outcome": sighting.outcome,
        "reason": sighting.reason,
        "person_id": sighting.person_id,
        "name": sighting.name,
        "picture_sha256": sighting.picture_sha256,
        "similarity_pct": sighting.similarity_pct,
        "face_box": _box_json(sighting.face_box),
        "recognized_at": time_text(sighting.recognized_at),
        "rekognition_calls": sighting.rekognition_calls,
        "liveness": sighting.liveness,
        "correction": correction
        and {
            "corrected_at": time_text(correction.corrected_at),
            "was_outcome": correction.was_outcome,
            "was_person_id": correction.was_person_id,
        },
        "decision": asdict(sighting.decision) if sighting.decision else None,
        "explanation": explanation,
    }


def person_json(person: Person) -> Json:
    """A person, without the photos."""
    consent = person.consent
    return {
        "person_id": person.person_id,
        "name": person.name,
        "faces": person.faces,
        "created_at": time_text(person.created_at),
        "consent": consent and {"given_at": time_text(consent.given_at), "recorded_by": consent.recorded_by},
    }


def photo_json(photo: EnrolledPhoto) -> Json:
    """An enrollment photo and what became of it."""
    return {
        "photo_id": photo.photo_id,
        "state": photo.state,
        "reason": photo.reason,
        "face_id": photo.face_id,
        "face_box": _box_json(photo.face_box),
        "enrolled_at": time_text(photo.enrolled_at),
        "removed_at": time_text(photo.removed_at) if photo.state in _LEAVING else None,
    }


def ticket_json(ticket: UploadTicket, **named: str) -> Json:
    """An upload ticket, with what it is for (`capture_id` or `photo_id`)."""
    return {
        **named,
        "key": ticket.key,
        "upload": {"url": ticket.url, "fields": dict(ticket.fields)},
        "max_bytes": ticket.max_bytes,
        "expires_at": time_text(ticket.expires_at),
    }


def removed_json(person_id: str, removed: Removed) -> Json:
    """What forgetting a person removed."""
    return {"person_id": person_id, "removed": asdict(removed)}


def collection_check_json(check: CollectionCheck) -> Json:
    """What a look through the collection found; of a long list of orphans the beginning."""
    return {
        "faces": check.faces,
        "removing": check.removing,
        "orphans": len(check.orphans),
        "items": [asdict(face) for face in check.orphans[:_MOST_ORPHANS]],
    }


def neighbours_json(page: Page[Neighbours], policy: Policy) -> Json:
    """A person's faces among all others, and what the stack's decisions ask for."""
    items: list[Json] = [
        {
            "photo_id": each.photo_id,
            "face_id": each.face_id,
            "is_lost": each.is_lost,
            "own": [{"face_id": own.face_id, "similarity_pct": own.similarity_pct} for own in each.own],
            "others": [asdict(other) for other in each.others],
        }
        for each in page.items
    ]
    return {**list_json(items, page.next_cursor), **asdict(policy)}


def tally_json(tally: Tally, *, call_usd: float, **named: str) -> Json:
    """A count of sightings and what their Rekognition calls cost."""
    return {
        **named,
        "outcomes": dict(tally.outcomes),
        "pending": tally.pending,
        "failed": tally.failed,
        "rekognition_calls": tally.rekognition_calls,
        "cost_usd": round(tally.rekognition_calls * call_usd, 6),
    }


def audit_json(page: AuditPage) -> Json:
    """A page of the audit log."""
    lines = page.lines
    return list_json((_audit_line_json(line, page.known) for line in lines.items), lines.next_cursor)


def _audit_line_json(line: AuditLine, known: Mapping[str, str]) -> Json:
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


def list_json(items: Iterable[Json], next_cursor: str | None = None) -> Json:
    """One page of a list."""
    return {"items": list(items), "next_cursor": next_cursor}


def people_json(page: Page[Person]) -> Json:
    """A page of people."""
    return list_json(map(person_json, page.items), page.next_cursor)


def sightings_json(page: Page[Sighting]) -> Json:
    """A page of sightings."""
    return list_json(map(sighting_json, page.items), page.next_cursor)


def time_text(moment: datetime | None) -> str | None:
    """ISO 8601 in UTC to the millisecond, with a Z."""
    if moment is None:
        return None
    return to_api_text(moment)


def _box_json(box: Box | None) -> Json | None:
    return asdict(box) if box else None
