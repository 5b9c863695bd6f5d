"""The words of the domain as frozen values that check themselves.

Times are timezone-aware UTC `datetime`s. Boxes are fractions (0-1) of the upright picture's width and height.
Similarities are percentages (0-100) on Rekognition's scale.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Self
from unicodedata import category
from uuid import UUID

from recognizeme.domain.errors import InvalidRequest
from recognizeme.domain.photo_problems import FaceLook, PhotoProblem
from recognizeme.domain.receipts import Progress

# Rekognition's UserId (1-128 characters); ExternalImageId allows the same characters and more of them.
PERSON_ID = r"[A-Za-z0-9_.\-:]{1,128}"
KIOSK_ID = r"[A-Za-z0-9_.\-]{1,64}"
UUID7 = r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
_CAPTURE_KEY = re.compile(
    r"captures/(?P<kiosk>[^/]+)/\d{4}/\d{2}/\d{2}/(?P<id>[^/.]+)(?:\.(?P<liveness>passed|failed))?\.(?:jpg|png)"
)
GROUP = r"[a-z0-9\-]{1,32}"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ENROLLMENT_KEY = re.compile(r"enrollments/(?P<person>[^/]+)/(?P<photo>[^/]+)", re.DOTALL)

# Faces that are no person's: of pictures that are remembered as not showing somebody, by their capture's id.
COUNTER_PREFIX = "not:"

MAX_NAME_LENGTH = 200
MAX_GROUPS = 20
LATE_AFTER = timedelta(seconds=10)  # a kiosk waits no longer for an answer: whoever it was has gone on
_NOT_IN_FILE_NAMES = {"/", "\\", *map(chr, [*range(0x202A, 0x202F), *range(0x2066, 0x206A)])}
EXTENSIONS: Mapping[str, str] = {"image/jpeg": "jpg", "image/png": "png"}


def check_person_id(person_id: str) -> str:
    """Return `person_id`, or raise `InvalidRequest` when Rekognition or a URL's path would not take it."""
    # Clients take . and .. out of a path before they send it: nobody could ask for such a person again.
    if not re.fullmatch(PERSON_ID, person_id) or person_id in {".", ".."}:
        raise InvalidRequest(f"person_id {person_id[:140]!r} must be 1 to 128 of A-Z a-z 0-9 _ . - :")
    if is_counter_id(person_id):
        raise InvalidRequest(f"person_id {person_id!r} has a form that is kept for corrections; take another")
    return person_id


def is_counter_id(text: str) -> bool:
    """Whether it is the id of a counter-example, and so of no person."""
    return text.startswith(COUNTER_PREFIX) and bool(re.fullmatch(UUID7, text.removeprefix(COUNTER_PREFIX)))


def check_kiosk_id(kiosk_id: str) -> str:
    """Return `kiosk_id`, or raise `InvalidRequest` when it cannot stand in a photo's key."""
    if not re.fullmatch(KIOSK_ID, kiosk_id) or kiosk_id in {".", ".."}:
        raise InvalidRequest(
            f"kiosk_id {kiosk_id[:80]!r} must be 1 to 64 of the characters A-Z a-z 0-9 _ . -"
        )
    return kiosk_id


def check_name(name: str, called: str = "name") -> str:
    """Return `name` without surrounding space, or raise `InvalidRequest` when it is empty or too long."""
    name = name.strip()
    if not 1 <= len(name) <= MAX_NAME_LENGTH or not _is_plain(name):
        raise InvalidRequest(f"{called} must be 1 to {MAX_NAME_LENGTH} printable characters")
    return name


def check_group(group: str) -> str:
    """Return the label of a group of people, or raise `InvalidRequest` when it is out of form."""
    if not re.fullmatch(GROUP, group):
        raise InvalidRequest(f"group {group[:80]!r} must be 1 to 32 of the characters a-z 0-9 -")
    return group


def check_groups(groups: Iterable[str]) -> tuple[str, ...]:
    """Return the labels, sorted and each once, or raise `InvalidRequest` when they are too many or wrong."""
    labels = tuple(sorted({check_group(group) for group in groups}))
    if len(labels) > MAX_GROUPS:
        raise InvalidRequest(f"a person can be in {MAX_GROUPS} groups at most")
    return labels


def _is_plain(text: str) -> bool:
    # Control characters and separators of lines would steer what shows it; lone surrogates cannot be stored.
    return not any(category(character) in {"Cc", "Cs", "Zl", "Zp"} for character in text)


class Outcome(StrEnum):
    """What recognizing one capture came to."""

    RECOGNIZED = "recognized"
    UNKNOWN = "unknown"
    UNCERTAIN = "uncertain"
    NO_FACE = "no_face"
    REJECTED = "rejected"


class Status(StrEnum):
    """How far the recognition of one capture got."""

    PENDING = "pending"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Box:
    """A face's bounding box in fractions of the picture; parts may lie outside 0-1 at the picture's edge."""

    left: float
    top: float
    width: float
    height: float


class Liveness(StrEnum):
    """What came of asking for signs of life, as the kiosk says."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_ASKED = "not_asked"


@dataclass(frozen=True, slots=True)
class Capture:
    """One picture a kiosk hands in. The id is a UUIDv7 (RFC 9562), so it carries the time and sorts by it.

    `liveness` travels in the picture's key, which the upload ticket is signed for.
    """

    capture_id: str
    kiosk_id: str
    liveness: Liveness = field(default=Liveness.NOT_ASKED, compare=False)

    def __post_init__(self) -> None:
        """Raise `InvalidRequest` when either id is out of form."""
        check_capture_id(self.capture_id)
        check_kiosk_id(self.kiosk_id)

    @property
    def captured_at(self) -> datetime:
        """When the kiosk took the picture, to the millisecond, by the kiosk's clock."""
        return captured_at(self.capture_id)

    def photo_key(self, content_type: str) -> str:
        """Where the picture is stored; raises `InvalidRequest` unless it is image/jpeg or image/png."""
        folder = f"captures/{self.kiosk_id}/{self.captured_at:%Y/%m/%d}"
        liveness = "" if self.liveness is Liveness.NOT_ASKED else f".{self.liveness}"
        return f"{folder}/{self.capture_id}{liveness}.{extension(content_type)}"

    @classmethod
    def from_key(cls, key: str) -> Self | None:
        """The capture stored under `key`, or None when the key is not one of a capture."""
        parts = _CAPTURE_KEY.fullmatch(key)
        if not parts:
            return None
        try:
            return cls(parts["id"], parts["kiosk"], Liveness(parts["liveness"] or Liveness.NOT_ASKED))
        except InvalidRequest:
            return None


def check_capture_id(capture_id: str) -> str:
    """Return `capture_id`, or raise `InvalidRequest` unless it is a lower-case UUIDv7."""
    if not re.fullmatch(UUID7, capture_id):
        raise InvalidRequest(f"capture_id {capture_id[:80]!r} must be a UUIDv7 in lower case")
    return capture_id


def captured_at(capture_id: str) -> datetime:
    """The time inside a UUIDv7: its first 48 bits are Unix milliseconds (RFC 9562, section 5.7)."""
    milliseconds = UUID(capture_id).int >> 80
    try:
        return _EPOCH + timedelta(milliseconds=milliseconds)
    except OverflowError as error:
        raise InvalidRequest(f"capture_id {capture_id!r} carries a time after the year 9999") from error


def new_capture_id(moment: datetime, randomness: bytes) -> str:
    """A UUIDv7 of `moment` to the millisecond and 74 of the bits of `randomness` (10 bytes)."""
    random_bits = int.from_bytes(randomness[:10]) >> 6
    milliseconds = (moment - _EPOCH) // timedelta(milliseconds=1)
    high, low = random_bits >> 62, random_bits & ((1 << 62) - 1)
    return str(UUID(int=(milliseconds << 80) | (7 << 76) | (high << 64) | (2 << 62) | low))


def capture_id_floor(moment: datetime) -> str:
    """The smallest capture_id that a capture taken at `moment` can have; ids sort by time as text."""
    return new_capture_id(moment, bytes(10))


def extension(content_type: str) -> str:
    """The file extension for a picture's content type; raises `InvalidRequest` for any but JPEG and PNG."""
    try:
        return EXTENSIONS[content_type]
    except KeyError as error:
        raise InvalidRequest(f"content_type {content_type[:80]!r} must be image/jpeg or image/png") from error


@dataclass(frozen=True, slots=True)
class Enrollment:
    """A photo handed in for a person, as its storage key names it."""

    person_id: str
    photo_id: str

    def __post_init__(self) -> None:
        """Raise `InvalidRequest` when the person id is out of form or the photo id cannot be a file name."""
        check_person_id(self.person_id)
        if not _is_file_name(self.photo_id):
            raise InvalidRequest(f"photo_id {self.photo_id[:80]!r} must be a file name of 1 to 255 bytes")

    @property
    def photo_key(self) -> str:
        """Where the photo is stored."""
        return f"enrollments/{self.person_id}/{self.photo_id}"

    @classmethod
    def from_key(cls, key: str) -> Self | None:
        """The enrollment stored under `key`, or None when the key is not one of an enrollment."""
        parts = _ENROLLMENT_KEY.fullmatch(key)
        if not parts:
            return None
        try:
            return cls(person_id=parts["person"], photo_id=parts["photo"])
        except InvalidRequest:
            return None


def _is_file_name(text: str) -> bool:
    # 255 bytes are what file systems take, and leave room for the person's id in S3's 1024. A backslash is a
    # slash to some of them, and what turns the direction of text hides a name's ending.
    size = len(text.encode(errors="surrogatepass"))
    is_named = 0 < size <= 255 and text not in {".", ".."}
    return is_named and _is_plain(text) and not set(text) & _NOT_IN_FILE_NAMES


@dataclass(frozen=True, slots=True)
class Match:
    """One face of the collection that resembles the searched one.

    Where people are compared and not faces, it stands for all of theirs, and `face_id` is empty.
    """

    face_id: str
    person_id: str
    similarity_pct: float


@dataclass(frozen=True, slots=True)
class FaceSearch:
    """What searching a picture's largest face found; `face_box` is None when the picture shows no face.

    `gallery_size` is how many faces it was compared with, as of a few minutes ago; None when that is not
    known.
    """

    face_box: Box | None
    matches: tuple[Match, ...] = ()
    gallery_size: int | None = None
    model_version: str | None = None


@dataclass(frozen=True, slots=True)
class ListedFace:
    """A face of the collection; one that somebody else put there may name no person.

    `user_id` is the person whose vector it is part of; `is_searched` unless its collection is not in use.
    """

    face_id: str
    person_id: str | None
    user_id: str | None = field(default=None, compare=False)
    is_searched: bool = field(default=True, compare=False)


@dataclass(frozen=True, slots=True)
class IndexedFace:
    """A face that the collection now holds, and how it shows on its picture."""

    face_id: str
    face_box: Box
    look: FaceLook


@dataclass(frozen=True, slots=True)
class Candidate:
    """A person whom the decision considered, with the best similarity of their faces.

    `counter_pct` is the similarity to a picture that is remembered as not showing them, if one came near.
    """

    person_id: str
    similarity_pct: float
    counter_pct: float | None = None


@dataclass(frozen=True, slots=True)
class DecisionRecord:
    """What a decision saw: the best people first, and what held at that moment."""

    threshold_pct: float
    margin_pct: float
    candidates: tuple[Candidate, ...] = ()
    gallery_size: int | None = None
    model_version: str | None = None

    def considered(self, person_id: str) -> bool:
        """Whether the person is one of the candidates."""
        return any(candidate.person_id == person_id for candidate in self.candidates)

    def without(self, person_id: str) -> Self:
        """The record, when nobody may know any more that this person was considered."""
        return replace(
            self, candidates=tuple(each for each in self.candidates if each.person_id != person_id)
        )


@dataclass(frozen=True, slots=True)
class Correction:
    """What a person said about a sighting afterwards, and what it said before."""

    corrected_at: datetime
    was_outcome: Outcome
    was_person_id: str | None


@dataclass(frozen=True, slots=True)
class Sighting:
    """The stored result of recognizing one capture. `reason` says why it was rejected or failed,
    or nobody was named who was known.

    `groups` are those that the person was in when they were recognized. `stranger_id` is that of the unknown
    visitor it shows, who may have been named since; `is_ignored` when it looked like one who is ignored.
    `rekognition_calls` counts attempts, each before it was made: none that may cost something is missing.
    """

    capture: Capture
    status: Status
    photo_key: str | None = None
    picture_sha256: str | None = None
    outcome: Outcome | None = None
    reason: str | None = None
    person_id: str | None = None
    name: str | None = None
    similarity_pct: float | None = None
    face_box: Box | None = None
    recognized_at: datetime | None = None
    rekognition_calls: int = 0
    correction: Correction | None = None
    decision: DecisionRecord | None = None
    groups: tuple[str, ...] = ()
    stranger_id: str | None = None
    is_ignored: bool = False

    @property
    def is_named_later(self) -> bool:
        """Whether it shows somebody who was a stranger then."""
        return self.stranger_id is not None and self.person_id is not None

    @property
    def age(self) -> timedelta | None:
        """How old the picture was when it was recognized, by the kiosk's clock; None before."""
        return self.recognized_at - self.capture.captured_at if self.recognized_at else None

    @property
    def is_late(self) -> bool:
        """Whether it was recognized too late for anybody to act on: it is recorded, and opens nothing."""
        return self.age is not None and self.age > LATE_AFTER

    @property
    def liveness(self) -> Liveness:
        """What came of asking for signs of life; not asked where no picture was stored."""
        stored = Capture.from_key(self.photo_key) if self.photo_key else None
        return stored.liveness if stored else Liveness.NOT_ASKED


@dataclass(frozen=True, slots=True)
class SimilarFace:
    """Another person's face that a photo looks like: whose it is, and what they are called, is looked up."""

    face_id: str
    similarity_pct: float


class PhotoState(StrEnum):
    """What became of an enrollment photo."""

    INDEXED = "indexed"
    REFUSED = "refused"
    REMOVING = "removing"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class EnrolledPhoto:
    """An enrollment photo and what became of it: the face it gave, or why it was refused.

    `problem` is the kind of reason, where it is one that a better photo has not; `similar` is the other
    person's face that a refused photo looks like.
    `sha256` tells which of the pictures stored under this id that was. `removed_at` is when a photo of this
    id was last removed, also when another has come since: whoever looked before that comes too late.
    """

    photo_id: str
    state: PhotoState
    enrolled_at: datetime
    face_id: str | None = None
    face_box: Box | None = None
    reason: str | None = None
    sha256: str | None = None
    removed_at: datetime | None = None
    problem: PhotoProblem | None = None
    similar: SimilarFace | None = None


@dataclass(frozen=True, slots=True)
class Exceptions:
    """What an enrollment may do that is refused by default.

    `accept_poor`: index a face of poor quality. `allow_duplicate`: the reason, in somebody's words, for
    indexing a face that looks like somebody else's.
    """

    accept_poor: bool = False
    allow_duplicate: str | None = None


@dataclass(frozen=True, slots=True)
class Consent:
    """That a person agreed to be recognized: when, to which text, who wrote it down, and when it ended."""

    given_at: datetime
    recorded_by: str | None = None
    text_version: str | None = None
    withdrawn_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody enrolled, with the photos handed in for them by photo id.

    `groups` are sorted. `active_until` is the last day, in UTC, on which they are recognized; `forgotten_on`
    the day on which they are forgotten by themselves, unless something changes; `last_seen_on` is as of the
    last daily look through the people, where they have a retention. `merged_into` is whom they count as,
    because both records are of one human; `merged` are those for whom this one stands.
    """

    person_id: str
    name: str
    created_at: datetime
    consent: Consent | None = None
    photos: Mapping[str, EnrolledPhoto] = field(default_factory=dict)
    groups: tuple[str, ...] = ()
    active: bool = True
    active_until: date | None = None
    merged_into: str | None = None
    merged: tuple[str, ...] = ()
    last_seen_on: date | None = None
    forgotten_on: date | None = None

    def __post_init__(self) -> None:
        """Raise `InvalidRequest` when the id, the name or a group is out of form."""
        check_person_id(self.person_id)
        check_name(self.name)
        if check_groups(self.groups) != self.groups:
            raise InvalidRequest("groups must be sorted, and each there once")

    def is_recognized(self, now: datetime) -> bool:
        """Whether they are to be recognized now: active, on no later than their last day, and consenting."""
        is_over = self.active_until is not None and now.astimezone(UTC).date() > self.active_until
        return self.active and not is_over and not self.has_withdrawn

    @property
    def has_withdrawn(self) -> bool:
        """Whether they agreed to be recognized, and do no longer."""
        return self.consent is not None and self.consent.withdrawn_at is not None

    @property
    def faces(self) -> int:
        """How many faces of this person the collection holds."""
        return len({photo.face_id for photo in self.photos.values() if photo.state is PhotoState.INDEXED})


@dataclass(frozen=True, slots=True)
class Trace:
    """A sighting that mentions a person: it shows them, did until it was corrected, or considered them."""

    capture_id: str
    is_shown: bool


@dataclass(frozen=True, slots=True)
class Remains:
    """What is left of a person whose record is gone: their recorded faces, and who was merged into them.

    `is_unsettled` when a face may have been indexed that was never recorded. `progress` is that of a
    forgetting that was interrupted, or has ended.
    """

    face_ids: tuple[str, ...] = ()
    is_unsettled: bool = False
    merged: tuple[str, ...] = ()
    progress: Progress | None = None
