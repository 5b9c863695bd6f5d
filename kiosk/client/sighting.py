"""What the API says about one capture, as the kiosk's own value (docs/api.md is the contract)."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class FaceBox:
    """Where the face is, in fractions (0-1) of the upright picture; parts may lie outside at its edge."""

    left: float
    top: float
    width: float
    height: float

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Read a box. Raises `KeyError`, `TypeError` or `ValueError` when it is none."""
        return cls(*(float(document[side]) for side in ("left", "top", "width", "height")))


@dataclass(frozen=True, slots=True)
class Sighting:
    """The result of recognizing one capture. Times are ISO 8601 in UTC, as the API writes them.

    `status` is pending, done or failed; `outcome` is recognized, unknown, uncertain, no_face or
    rejected once it is done. Fields that a newer API adds are left out.
    """

    capture_id: str
    kiosk_id: str
    captured_at: str
    status: str
    outcome: str | None = None
    reason: str | None = None
    person_id: str | None = None
    name: str | None = None
    similarity_pct: float | None = None
    face_box: FaceBox | None = None
    recognized_at: str | None = None
    rekognition_calls: int = 0
    correction: Mapping[str, Any] | None = None
    liveness: str = "not_asked"
    decision: Mapping[str, Any] | None = None
    explanation: str | None = None
    groups: tuple[str, ...] = ()

    @property
    def is_final(self) -> bool:
        """Whether the recognition has ended, one way or the other."""
        return self.status in {"done", "failed"}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Read a sighting. Raises `KeyError`, `TypeError` or `ValueError` when it is none."""
        similarity_pct, face_box = document.get("similarity_pct"), document.get("face_box")
        return cls(
            capture_id=str(document["capture_id"]),
            kiosk_id=str(document["kiosk_id"]),
            captured_at=str(document["captured_at"]),
            status=str(document["status"]),
            outcome=_text(document, "outcome"),
            reason=_text(document, "reason"),
            person_id=_text(document, "person_id"),
            name=_text(document, "name"),
            similarity_pct=None if similarity_pct is None else float(similarity_pct),
            face_box=None if face_box is None else FaceBox.from_json(face_box),
            recognized_at=_text(document, "recognized_at"),
            rekognition_calls=int(document.get("rekognition_calls") or 0),
            correction=document.get("correction"),
            liveness=str(document.get("liveness") or "not_asked"),
            decision=document.get("decision"),
            explanation=_text(document, "explanation"),
            groups=tuple(map(str, document.get("groups") or ())),
        )

    def anonymous(self) -> Self:
        """The sighting without what says who it was."""
        return replace(
            self,
            person_id=None,
            name=None,
            similarity_pct=None,
            correction=None,
            decision=None,
            explanation=None,
            groups=(),
        )

    def to_json(self) -> dict[str, Any]:
        """The sighting in the API's own form."""
        return asdict(self)


def _text(document: Mapping[str, Any], member: str) -> str | None:
    text = document.get(member)
    if text is not None and not isinstance(text, str):
        raise TypeError(f"{member} is no text")
    return text
