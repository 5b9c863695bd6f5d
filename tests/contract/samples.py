"""Values that the contract tests store."""

from datetime import UTC, datetime, timedelta

from recognizeme.domain.model import (
    Box,
    Candidate,
    Capture,
    Consent,
    DecisionRecord,
    EnrolledPhoto,
    Outcome,
    Person,
    PhotoState,
    Sighting,
    Status,
    new_capture_id,
)

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def capture(at: datetime, *, kiosk_id: str = "front", number: int = 0) -> Capture:
    """A capture taken at `at`; `number` (below 2**16) tells apart those of one millisecond."""
    return Capture(new_capture_id(at, number.to_bytes(2) + bytes(8)), kiosk_id)


def recognized(of: Capture, person_id: str = "ada", *, photo_key: str | None = None) -> Sighting:
    """A finished sighting of a person."""
    return Sighting(
        capture=of,
        status=Status.DONE,
        photo_key=photo_key or of.photo_key("image/jpeg"),
        picture_sha256="5" * 64,
        outcome=Outcome.RECOGNIZED,
        person_id=person_id,
        name=person_id.title(),
        similarity_pct=99.93017578125,
        face_box=Box(0.31, 0.2, 0.25, 0.34),
        recognized_at=of.captured_at + timedelta(seconds=1),
        rekognition_calls=1,
    )


def unknown(of: Capture) -> Sighting:
    """A finished sighting of nobody in particular."""
    return Sighting(of, Status.DONE, outcome=Outcome.UNKNOWN, rekognition_calls=1)


def uncertain(of: Capture, *people: str) -> Sighting:
    """A finished sighting that could be any of these people, the first of them most of all."""
    considered = tuple(Candidate(person_id, 99.9 - number / 10) for number, person_id in enumerate(people))
    decision = DecisionRecord(99.0, 1.0, considered, 1812, "7.0")
    return Sighting(of, Status.DONE, outcome=Outcome.UNCERTAIN, rekognition_calls=1, decision=decision)


def person(person_id: str = "ada", *, name: str = "Ada Lovelace") -> Person:
    """Somebody who agreed."""
    return Person(person_id, name, NOON, Consent(NOON, "the office"))


def indexed(photo_id: str, face_id: str) -> EnrolledPhoto:
    """A photo whose face is in the collection."""
    box = Box(0.1, 0.2, 0.3, 0.4)
    return EnrolledPhoto(photo_id, PhotoState.INDEXED, NOON, face_id, box, sha256="5" * 64)
