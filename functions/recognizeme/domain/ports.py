"""What the domain needs from the world, in the domain's words. `adapters/` and `local/` provide it.

Every method may raise `ServiceBusy` (try again) or `Misconfigured` (a resource does not exist).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Generic, Protocol, TypeVar

from recognizeme.domain.model import (
    Capture,
    Correction,
    EnrolledPhoto,
    FaceSearch,
    IndexedFace,
    Outcome,
    Person,
    Sighting,
)
from recognizeme.domain.picture import Picture
from recognizeme.domain.totals import Count

Clock = Callable[[], datetime]
Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class UploadTicket:
    """A presigned POST: `fields` and then the file, as multipart/form-data, to `url` until `expires_at`."""

    url: str
    fields: Mapping[str, str]
    key: str
    max_bytes: int
    expires_at: datetime


class PhotoStore(Protocol):
    """Where pictures are kept. Writing the same key again replaces the picture.

    `ticket` and `write` raise `InvalidRequest` for a key that S3 would not take as it is.
    """

    def ticket(self, key: str, content_type: str, *, max_bytes: int, expires_at: datetime) -> UploadTicket:
        """Permission to upload one picture of this type under this key."""

    def write(self, key: str, picture: bytes, content_type: str) -> None:
        """Store a picture durably; like an upload, it raises an object-created event."""

    def read(self, key: str) -> bytes:
        """The picture's bytes. Raises `NotFound`, and `UnusablePicture` for what is far too large."""

    def link(self, key: str, *, expires_at: datetime) -> str:
        """A URL that shows the picture to whoever has it until `expires_at`."""

    def keys(self, prefix: str) -> Iterator[str]:
        """Every stored key that starts with `prefix`."""

    def delete(self, keys: Iterable[str]) -> int:
        """Remove pictures, every version; return how many there were. Missing keys are no error."""


class FaceIndex(Protocol):
    """The collection of faces that Rekognition compares against. Each call is paid for."""

    def search(self, picture: Picture) -> FaceSearch:
        """Compare the picture's largest face with the collection. Raises `UnusablePicture`."""

    def add(self, person_id: str, picture: Picture) -> IndexedFace:
        """Add the picture's one face under this person; the same picture twice stores one face.

        Raises `UnusablePicture`, also when the picture shows no face, a face of poor quality or
        several people.
        """

    def remove(self, face_ids: Sequence[str]) -> int:
        """Remove faces; return how many there were. Unknown faces are no error."""


@dataclass(frozen=True, slots=True)
class SightingQuery:
    """Which sightings to list: all given conditions must hold; `since` <= captured_at < `until`."""

    person_id: str | None = None
    kiosk_id: str | None = None
    outcome: Outcome | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """Some items and where to go on; `next_cursor` is None at the end."""

    items: tuple[Item, ...]
    next_cursor: str | None = None


class Sightings(Protocol):
    """What was seen. Sightings past their retention are never returned, deleted or not."""

    def claim(self, capture: Capture, *, now: datetime, lease_s: float) -> Sighting:
        """Take the capture for recognition: a `pending` sighting is ours until the lease ends.

        Returns the `done` sighting when there is one. A `failed` sighting, or a `pending` one whose
        lease ended, is taken over. Raises `CaptureInProgress` while somebody else holds the lease.
        Atomic: of many concurrent callers one gets the claim.
        """

    def save(self, sighting: Sighting) -> None:
        """Store the result (`done` or `failed`) of a claimed capture and end the lease.

        The first `done` stands: whoever outlived their lease does not replace it.
        """

    def get(self, capture_id: str) -> Sighting | None:
        """One sighting."""

    def query(self, query: SightingQuery, *, limit: int, cursor: str | None = None) -> Page[Sighting]:
        """Sightings, newest capture first. A page may be short and have a next one: reading is bounded.

        Raises `InvalidRequest` for a cursor that is not ours.
        """

    def counts(self, first: date, last: date) -> Iterable[Count]:
        """How many sightings of these days, both included, came to what.

        Each `done` sighting is counted once, in the step that saves it, and moved by a correction; the count
        stays when it expires, for `TOTAL_DAYS`. Those `pending` and `failed` are counted while they are so.
        """

    def correct(self, sighting: Sighting, correction: Correction) -> None:
        """Store a corrected sighting together with what it said before. Raises `NotFound` without one."""

    def forget(self, person_id: str) -> tuple[str, ...]:
        """Take the person's id and name out of every sighting; return the photo keys of those sightings."""


class People(Protocol):
    """Who is enrolled, with their photos and faces."""

    def put(self, person: Person) -> Person:
        """Create the person, or change name and consent; photos and `created_at` stay. Return the result.

        A person given without consent keeps the recorded one; `person.photos` is not looked at.
        """

    def get(self, person_id: str) -> Person | None:
        """One person."""

    def list(self, *, limit: int, cursor: str | None = None) -> Page[Person]:
        """People in a stable order. Raises `InvalidRequest` for a cursor that is not ours."""

    def add_photo(self, person_id: str, photo: EnrolledPhoto, *, photo_key: str) -> bool:
        """Record what became of a photo, and its face when it has one, in one step.

        Returns False, having changed nothing, when the person no longer exists.
        """

    def face_ids(self, person_id: str) -> tuple[str, ...]:
        """Every face recorded for the person, also when the person's own record is gone."""

    def delete(self, person_id: str) -> tuple[str, ...]:
        """Remove the person and their faces' records; return the faces that were recorded."""


class FailedEvents(Protocol):
    """Object-created events whose function failed as often as it may."""

    def replay(self, *, limit: int) -> int:
        """Give up to `limit` of them back to their functions, oldest first; return how many."""


class Candidate(Protocol):
    """New versions of the functions, before traffic reaches them. Raises `VersionFailed` when one raised.

    Each answer is the sighting's outcome, or what was said instead of one.
    """

    def warm(self) -> None:
        """Start those that events start."""

    def recognize_stored(self, photo_key: str) -> str | None:
        """Recognize a picture that is in the store."""

    def recognize_now(self, capture: Capture, picture: bytes) -> str | None:
        """Recognize a picture at once."""

    def look_up(self, capture: Capture) -> str | None:
        """Look the sighting up."""


class Deployments(Protocol):
    """Whoever moves traffic to new versions, and waits to hear whether it may."""

    def report(self, deployment_id: str, execution_id: str, *, passed: bool) -> None:
        """Say whether the new versions did their job."""
