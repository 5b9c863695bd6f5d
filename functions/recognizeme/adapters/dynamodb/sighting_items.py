"""A sighting as an item of the sightings table, and back."""

from datetime import date, datetime
from typing import cast

from recognizeme.adapters.dynamodb import items
from recognizeme.adapters.dynamodb.items import Item, Value
from recognizeme.domain.model import (
    Candidate,
    Capture,
    Correction,
    DecisionRecord,
    Outcome,
    Sighting,
    Status,
)

# Everything a recognition or a correction adds to what a claim writes.
RESULT = (
    "PhotoKey",
    "PictureSha256",
    "Outcome",
    "Reason",
    "PersonId",
    "PassDay",
    "Name",
    "Groups",
    "SimilarityPct",
    "FaceBox",
    "RecognizedAt",
    "AgeSeconds",
    "Late",
    "CorrectedAt",
    "WasOutcome",
    "WasPersonId",
    "Decision",
    "Candidates",
    "StrangerId",
    "Ignored",
)


def identity(capture: Capture, result: Outcome | Status) -> dict[str, Value | None]:
    """What indexes find a capture by: kiosk, month and result, which is an outcome or else a status."""
    return {
        "KioskId": {"S": capture.kiosk_id},
        "Month": {"S": f"{capture.captured_at:%Y-%m}"},
        "Result": {"S": result},
        "KioskResult": {"S": kiosk_result(capture.kiosk_id, result)},
    }


def kiosk_result(kiosk_id: str, result: Outcome | Status) -> str:
    """The key of what came to this at one kiosk."""
    return f"{kiosk_id}#{result}"


def counted_as(sighting: Sighting) -> list[str]:
    """What the daily totals count the sighting as, by outcome and group: nothing until it is done."""
    if sighting.status is not Status.DONE or not sighting.outcome:
        return []
    return [str(sighting.outcome), *map(of_group, sighting.groups)]


def pass_day(day: date) -> str:
    """The partition of the index of who was recognized on a day, in UTC."""
    return f"{day:%Y-%m-%d}"


def of_group(group: str) -> str:
    """What the daily totals count a group's sightings as."""
    return f"group-{group}"


def to_item(sighting: Sighting) -> dict[str, Value | None]:
    """Every attribute but the key and the two that belong to the table: ClaimedUntil and ExpiresAt."""
    correction, decision = sighting.correction, sighting.decision
    return {
        **identity(sighting.capture, sighting.outcome or sighting.status),
        "Status": items.string(sighting.status),
        "PhotoKey": items.string(sighting.photo_key),
        "PictureSha256": items.string(sighting.picture_sha256),
        "Outcome": items.string(sighting.outcome),
        "Reason": items.string(sighting.reason),
        "PersonId": items.string(sighting.person_id),
        "PassDay": items.string(
            pass_day(sighting.capture.captured_at.date()) if sighting.person_id else None
        ),
        "Name": items.string(sighting.name),
        "Groups": {"SS": list(sighting.groups)} if sighting.groups else None,
        "SimilarityPct": items.number(sighting.similarity_pct),
        "FaceBox": items.box(sighting.face_box),
        "RecognizedAt": items.moment(sighting.recognized_at),
        # Computed, for the rules on the event bus: they can compare, and cannot subtract.
        "AgeSeconds": items.number(sighting.age.total_seconds() if sighting.age is not None else None),
        "Late": None if sighting.age is None else {"BOOL": sighting.is_late},
        "RekognitionCalls": items.number(sighting.rekognition_calls),
        "CorrectedAt": items.moment(correction.corrected_at if correction else None),
        "WasOutcome": items.string(correction.was_outcome if correction else None),
        "WasPersonId": items.string(correction.was_person_id if correction else None),
        "StrangerId": items.string(sighting.stranger_id),
        "Ignored": {"BOOL": True} if sighting.is_ignored else None,
        "Decision": _decided(decision) if decision else None,
        # By person, so that one of them can be taken out whoever else is changing the item.
        "Candidates": {"M": {each.person_id: _considered(each) for each in decision.candidates}}
        if decision
        else None,
    }


def _decided(decision: DecisionRecord) -> Value:
    return {
        "M": items.present(
            ThresholdPct=items.number(decision.threshold_pct),
            MarginPct=items.number(decision.margin_pct),
            GallerySize=items.number(decision.gallery_size),
            ModelVersion=items.string(decision.model_version),
        )
    }


def _considered(candidate: Candidate) -> Value:
    return {
        "M": items.present(
            SimilarityPct=items.number(candidate.similarity_pct),
            CounterPct=items.number(candidate.counter_pct),
        )
    }


def pointers(sighting: Sighting) -> dict[str, str]:
    """The keys of the items that lead to this sighting, by the person whom they lead from.

    Whoever it shows is found by the index of people, and later by that of what corrections replaced.
    """
    candidates = sighting.decision.candidates if sighting.decision else ()
    return {
        each.person_id: pointer(sighting.capture.capture_id, each.person_id)
        for each in candidates
        if each.person_id != sighting.person_id
    }


def pointer(capture_id: str, person_id: str) -> str:
    """The key of the item that leads from a person to a sighting; no capture's id has such a form."""
    return f"{capture_id}~{person_id}"


def capture_of(pointer: str) -> str:
    """The capture that a pointer leads to."""
    return pointer.partition("~")[0]


def from_item(item: Item) -> Sighting:
    """The sighting that an item is."""
    outcome = items.read_string(item, "Outcome")
    return Sighting(
        capture=Capture(item["CaptureId"]["S"], item["KioskId"]["S"]),
        status=Status(item["Status"]["S"]),
        photo_key=items.read_string(item, "PhotoKey"),
        picture_sha256=items.read_string(item, "PictureSha256"),
        outcome=Outcome(outcome) if outcome else None,
        reason=items.read_string(item, "Reason"),
        person_id=items.read_string(item, "PersonId"),
        name=items.read_string(item, "Name"),
        groups=tuple(sorted(item["Groups"]["SS"])) if "Groups" in item else (),
        similarity_pct=items.read_number(item, "SimilarityPct"),
        face_box=items.read_box(item, "FaceBox"),
        recognized_at=items.read_moment(item, "RecognizedAt"),
        rekognition_calls=int(item["RekognitionCalls"]["N"]),
        correction=_correction(item),
        decision=_decision(item),
        stranger_id=items.read_string(item, "StrangerId"),
        is_ignored="Ignored" in item,
    )


def _correction(item: Item) -> Correction | None:
    if "CorrectedAt" not in item:
        return None
    return Correction(
        corrected_at=cast(datetime, items.read_moment(item, "CorrectedAt")),
        was_outcome=Outcome(item["WasOutcome"]["S"]),
        was_person_id=items.read_string(item, "WasPersonId"),
    )


def _decision(item: Item) -> DecisionRecord | None:
    if "Decision" not in item:
        return None
    decided = cast(Item, item["Decision"]["M"])
    size = items.read_number(decided, "GallerySize")
    considered = [
        Candidate(
            person_id,
            cast(float, items.read_number(cast(Item, each["M"]), "SimilarityPct")),
            items.read_number(cast(Item, each["M"]), "CounterPct"),
        )
        for person_id, each in item["Candidates"]["M"].items()
    ]
    return DecisionRecord(
        threshold_pct=cast(float, items.read_number(decided, "ThresholdPct")),
        margin_pct=cast(float, items.read_number(decided, "MarginPct")),
        candidates=tuple(sorted(considered, key=lambda each: (-each.similarity_pct, each.person_id))),
        gallery_size=None if size is None else int(size),
        model_version=items.read_string(decided, "ModelVersion"),
    )
