"""What the domain needs from the world, in the domain's words. `adapters/` and `local/` provide it.

Every method may raise `ServiceBusy` (try again) or `Misconfigured` (a resource does not exist).
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Generic, Protocol, TypeVar

from recognizeme.domain.audit import AuditLine, AuditQuery
from recognizeme.domain.collections import Collections
from recognizeme.domain.kiosks import Door, Heartbeat, Kiosk, Sureness
from recognizeme.domain.lessons import Lesson
from recognizeme.domain.model import (
    Capture,
    Correction,
    EnrolledPhoto,
    FaceSearch,
    IndexedFace,
    ListedFace,
    Match,
    Outcome,
    Person,
    Remains,
    Sighting,
    Trace,
)
from recognizeme.domain.notifications import Last, Message, Notice, Rule
from recognizeme.domain.people import PersonChange
from recognizeme.domain.picture import Picture
from recognizeme.domain.presence import Pass
from recognizeme.domain.receipts import Progress
from recognizeme.domain.rollcalls import By, Entry, RollCall, Tick
from recognizeme.domain.strangers import Stranger, StrangerState, StrangerVisit
from recognizeme.domain.totals import Count

Clock = Callable[[], datetime]
Randomness = Callable[[int], bytes]
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
    """Where pictures are kept. Whatever stores a picture raises an object-created event.

    `ticket`, `write` and `write_new` raise `InvalidRequest` for a key that S3 would not take as it is.
    """

    def ticket(self, key: str, content_type: str, *, max_bytes: int, expires_at: datetime) -> UploadTicket:
        """Permission to upload one picture of this type under this key."""

    def write(self, key: str, picture: bytes, content_type: str, *, busy_s: float = 0.0) -> str | None:
        """Store a picture durably, in place of the one stored under this key before.

        Where events can wait, this one's waits for `busy_s`, as the caller does its work meanwhile, and the
        answer names it for `Later.call_off`; elsewhere it is None.
        """

    def write_new(self, key: str, picture: bytes, content_type: str) -> bool:
        """Store a picture durably unless one is stored under this key; return whether it was."""

    def read(self, key: str) -> bytes:
        """The picture's bytes. Raises `NotFound`, and `UnusablePicture` for what is far too large."""

    def link(self, key: str, *, expires_at: datetime) -> str:
        """A URL that shows the picture to whoever has it until `expires_at`."""

    def keys(self, prefix: str) -> Iterator[str]:
        """Every stored key that starts with `prefix`."""

    def folders(self, prefix: str) -> frozenset[str]:
        """What stands between `prefix`, which ends in a slash, and the next slash of any key, also a deleted
        one of which versions are left."""

    def delete(self, keys: Iterable[str]) -> int:
        """Remove pictures, every version; return how many there were. Missing keys are no error."""

    def delete_below(
        self, prefixes: Iterable[str], *, before: Callable[[Collection[str]], object] = len
    ) -> int:
        """Remove whatever starts with one of the prefixes, every version, also of deleted keys; return how
        many keys there were. `before` is told which, before any of them is removed."""

    def count_below(self, prefix: str) -> int:
        """How many keys start with `prefix`, also deleted ones of which versions are left."""


class FaceIndex(Protocol):
    """The collection of faces that Rekognition compares against. Searching and adding are paid for."""

    def search(self, picture: Picture) -> FaceSearch:
        """Compare the picture's largest face with the collection. Raises `UnusablePicture`."""

    def search_face(self, face_id: str) -> Sequence[Match] | None:
        """The faces most like one of the collection, however unlike, the nearest first and without itself.

        None when the collection does not hold it. At least the 256 nearest, which may be all there are.
        """

    def add(self, person_id: str, picture: Picture, *, accept_poor: bool = False) -> IndexedFace:
        """Add the picture's one face under this person; the same picture twice stores one face.

        Raises `UnusablePicture`, and `PoorPhoto` when the picture shows no face, several people or, unless
        `accept_poor`, a face that the engine itself finds too poor.
        """

    def remove(self, face_ids: Sequence[str]) -> int:
        """Remove faces; return how many there were. Unknown faces are no error."""

    def remove_person(self, person_id: str) -> None:
        """Remove what is kept of a person beside their faces: the vector made of them. None is no error."""

    def has_vector(self, person_id: str) -> bool:
        """Whether there is a vector made of the person's faces."""

    def adopt(self, person_id: str, face_ids: Sequence[str]) -> None:
        """Make faces that are there part of the person's vector, 100 at most; again is no error."""

    def all_faces(self) -> Iterator[ListedFace]:
        """Every face of the collection, in pages of thousands."""


@dataclass(frozen=True, slots=True)
class SightingQuery:
    """Which sightings to list: all given conditions must hold; `since` <= captured_at < `until`.

    `merged` are people whose sightings count as those of `person_id`.
    """

    person_id: str | None = None
    kiosk_id: str | None = None
    outcome: Outcome | None = None
    since: datetime | None = None
    until: datetime | None = None
    group: str | None = None
    merged: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """Some items and where to go on; `next_cursor` is None at the end."""

    items: tuple[Item, ...]
    next_cursor: str | None = None


class Sightings(Protocol):
    """What was seen. Sightings past their retention are never returned, deleted or not."""

    def claim(self, capture: Capture, *, now: datetime, lease_s: float) -> Sighting:
        """Take the capture for recognition: a `pending` sighting is ours until the lease ends.

        Returns the `done` sighting when there is one. A `failed` sighting is taken over, and so is a
        `pending` one whose lease ended, or would last more than twice `lease_s`: the clock was set back.
        Raises `CaptureInProgress` while somebody else holds the lease. Atomic: of many concurrent callers one
        gets the claim.
        """

    def begin_call(self, capture_id: str, *, most: int) -> int:
        """Write down that a paid call for a `pending` capture is about to be made; return which it is.

        Raises `CallsSpent` when it has had `most` already, and `CaptureInProgress` when it is not pending:
        somebody else has decided meanwhile.
        """

    def cancel_call(self, capture_id: str) -> None:
        """The last call begun was not served: take it off the count again, unless the capture is decided."""

    def begin_calls_of_unknown(self, capture: Capture, calls: int, *, most: int) -> bool:
        """Write down that so many paid calls for an `unknown` capture are about to be made.

        They count with those made to recognize it. Returns False, having counted none, when the capture is
        not `unknown` (any more), and raises `CallsSpent` when it would have more than `most`.
        """

    def set_stranger(self, capture_id: str, stranger_id: str) -> bool:
        """An `unknown` capture shows this stranger; False when it is not, or its picture is gone."""

    def save(self, sighting: Sighting) -> bool:
        """Store the result (`done` or `failed`) of a claimed capture and end the lease.

        Returns False, having changed nothing, when there is a `done` one: the first stands, and whoever
        outlived their lease does not replace it. The calls that `begin_call` counted stay as they are.
        Raises `PersonGone` when it names somebody who has no record, checked in the same step.
        """

    def get(self, capture_id: str) -> Sighting | None:
        """One sighting."""

    def query(self, query: SightingQuery, *, limit: int, cursor: str | None = None) -> Page[Sighting]:
        """Sightings, newest capture first. A page may be short and have a next one: reading is bounded.

        Raises `InvalidRequest` for a cursor that is not ours.
        """

    def passes(self, since: datetime, until: datetime) -> Iterable[Pass]:
        """Who was recognized where, as corrected, with `since` <= captured_at < `until`; newest first."""

    def counts(self, first: date, last: date, *, group: str | None = None) -> Iterable[Count]:
        """How many sightings of these days, both included, came to what; of a group, how many showed it.

        Each `done` sighting is counted once, in the step that saves it, and moved by a correction; the count
        stays when it expires, for `TOTAL_DAYS`. Those `pending` and `failed` are counted while they are so.
        """

    def correct(self, sighting: Sighting, correction: Correction) -> None:
        """Store a corrected sighting together with what it said before.

        What the decision saw stays as it is, and so does the stranger.

        Raises `NotFound` without one, and `PersonGone` as `save` does.
        """

    def drop_picture(self, capture_id: str) -> None:
        """The picture of an `unknown` capture is removed: the sighting says no longer where it was, or whom
        it was like."""

    def traces(self, person_id: str) -> Iterator[Trace]:
        """Every sighting that mentions the person, once each; the expired, too.

        Also where a correction replaced them, or they were only a candidate.
        """

    def mentions(self, person_id: str) -> int:
        """How many sightings mention the person now, in any of these ways; the expired, too."""

    def forget(self, person_id: str, traces: Iterable[Trace]) -> int:
        """Take the person out of these: as who was seen, with name, groups and picture, and as a candidate.

        Returns how many of these still mentioned the person.
        """


@dataclass(frozen=True, slots=True)
class PeopleQuery:
    """Which people to list: all given conditions must hold.

    `name` is what `searchable` makes of a text: words of which the first begins, and the others follow, a
    word of the person's name.
    """

    name: str | None = None
    group: str | None = None


EVERYBODY = PeopleQuery()


class People(Protocol):
    """Who is enrolled, with their photos and faces; and, until they expire, tombstones of the forgotten."""

    def put(self, person: Person, *, now: datetime) -> Person:
        """Create the person, or change all that is said of one; return the result.

        Photos and `created_at` stay, and so does the recorded consent when none is given; `person.photos` is
        not looked at. This is a person's own decision, so a tombstone gives way; but raises `ServiceBusy`
        while somebody of this id is being forgotten.
        """

    def change(self, person_id: str, change: PersonChange) -> Person | None:
        """Change what is given of a person, in one step; return the result, or None without such a person."""

    def put_unless_forgotten(self, person: Person, *, now: datetime) -> bool:
        """Create the person unless there is one already; return False when there is a tombstone instead."""

    def get(self, person_id: str) -> Person | None:
        """One person."""

    def find(self, person_ids: Sequence[str]) -> Mapping[str, Person]:
        """Those of these people, 100 at most, who are there."""

    def list(self, query: PeopleQuery = EVERYBODY, *, limit: int, cursor: str | None = None) -> Page[Person]:
        """People in a stable order. A page may be short and have a next one: reading is bounded.

        Raises `InvalidRequest` for a cursor that is not ours.
        """

    def begin_photo(self, person_id: str, sha256: str, *, now: datetime) -> bool:
        """Write down that a face of this picture is about to be indexed; False without such a person."""

    def add_photo(self, person_id: str, photo: EnrolledPhoto, *, photo_key: str) -> bool:
        """Record what became of a photo, and its face when it has one, in one step with ending `begin_photo`.

        Returns False, having changed nothing, when the person no longer exists, or when a photo of this id
        was removed after `photo.removed_at`: by somebody who came while this one was looked at.
        """

    def last_begun(self, person_id: str) -> datetime | None:
        """When `begin_photo` was last called for them, if a face may be indexed that is not recorded."""

    def settle(self, person_id: str, *, begun_until: datetime) -> None:
        """No face is left that was begun until then and never recorded."""

    def begin_removing_photo(self, person_id: str, photo_id: str, *, now: datetime) -> tuple[str, ...] | None:
        """Mark the photo, recorded or not, as being removed; return its faces that no other photo shows.

        They are those recorded for it, also of a picture that it replaced. From then on it is not recorded
        anew until `end_removing_photo`. None without such a person.
        """

    def end_removing_photo(self, person_id: str, photo_id: str, face_ids: Iterable[str]) -> None:
        """A photo that was being removed is: its record keeps when. The records of these faces go with it."""

    def merge(self, person_id: str, *, into: str) -> bool:
        """In one step, have a person count as another.

        Returns False, having changed nothing, unless both are there and neither is merged into anybody.
        """

    def unmerge(self, person_id: str) -> None:
        """Have a person count as nobody else, in one step. Without a merge, or a person, nothing changes."""

    def face_ids(self, person_id: str) -> tuple[str, ...]:
        """Every face recorded for the person, also when the person's own record is gone."""

    def owner_of(self, face_id: str) -> Person | None:
        """The person for whom a face is recorded."""

    def begin_forgetting(
        self,
        person_id: str,
        *,
        now: datetime,
        expires_at: datetime,
        lease_s: float,
        unless_there: bool = False,
    ) -> Remains | None:
        """In one step, remove the person's record and raise a tombstone that holds until `expires_at`.

        Whom they were merged into stands for them no longer; those merged into them are among the remains.
        Whoever removes a record begins anew, without the progress of an earlier forgetting.
        Nobody of this id is created until `end_forgetting`, or the lease's end. Faces stay recorded until
        then. With `unless_there` returns None, having changed nothing, when there is such a person. Raises
        `ServiceBusy` while somebody else holds the lease.
        """

    def note_forgetting(self, person_id: str, progress: Progress) -> None:
        """Keep with the tombstone how far the forgetting has come, for the remains of whoever begins again.

        Without a tombstone, since somebody of this id was enrolled anew, nothing is kept.
        """

    def end_forgetting(self, person_id: str, face_ids: Iterable[str]) -> None:
        """Remove the records of these faces, and end the lease; the tombstone stays."""

    def is_forgotten(self, person_id: str, *, now: datetime) -> bool:
        """Whether there is a tombstone of this id."""


class AuditLog(Protocol):
    """Who did what. Lines are added, and expire; there is no way to change or remove one before."""

    def append(self, line: AuditLine) -> None:
        """Store a line durably; one that is there already stands as it is."""

    def query(self, query: AuditQuery, *, limit: int, cursor: str | None = None) -> Page[AuditLine]:
        """Acts, newest first, each as it ended, or as it began where nobody knows. A page may be short.

        Raises `InvalidRequest` for a cursor that is not ours.
        """


class CollectionRoles(Protocol):
    """Which of the stack's collections is what."""

    def read(self) -> Collections:
        """As it is now; before any change, the stack's first collection is in use."""

    def replace(self, after: Collections) -> bool:
        """Store a change of what `read` returned, its `version` included, in one step.

        False, having changed nothing, when somebody else has changed it meanwhile.
        """


class Lessons(Protocol):
    """Of which pictures it is remembered whom they do not show. They expire; there are never many."""

    def get(self, capture_id: str) -> Lesson | None:
        """What the picture of a capture teaches, unless it has expired."""

    def all(self) -> Iterator[Lesson]:
        """Every lesson in any order, also expired ones that are not deleted yet."""

    def add(self, capture_id: str, person_id: str, *, taught_at: datetime, expires_at: datetime) -> Lesson:
        """Write down that the picture does not show this person, beside others; return the whole lesson.

        Times are whole seconds, and replace those of a lesson that is there; its face stays.
        """

    def settle(self, capture_id: str, face_id: str) -> Lesson | None:
        """Its face is indexed; None, having changed nothing, when there is no such lesson (any more)."""

    def remove(self, capture_id: str) -> None:
        """Remove a lesson; a missing one is no error."""


class Strangers(Protocol):
    """Unknown visitors by likeness, and their visits; whatever has expired is not returned."""

    def get(self, stranger_id: str) -> Stranger | None:
        """One stranger."""

    def list(self, state: StrangerState, *, limit: int, cursor: str | None = None) -> Page[Stranger]:
        """Strangers in this state, who was seen last first. A page may be short and have a next one.

        Raises `InvalidRequest` for a cursor that is not ours.
        """

    def visits(self, capture_ids: Collection[str]) -> Mapping[str, StrangerVisit]:
        """The visits that these captures are, by capture id; those that are none are left out."""

    def visits_of(self, stranger_id: str) -> Iterator[StrangerVisit]:
        """A stranger's visits, newest first; one of this moment may still be missing."""

    def save(
        self, stranger: Stranger, *, joins: StrangerVisit | None = None, leaves: str | None = None
    ) -> bool:
        """In one step, store what became of a stranger, with a visit that joins, or without one.

        One whose `visits` are none is removed. Returns False, having changed nothing, when the stranger is
        no longer of that `version`, when the visit is there already, and when none is to leave.
        """


class Kiosks(Protocol):
    """What the office says of its kiosks and groups, and what each kiosk last said of itself."""

    def get(self, kiosk_id: str) -> Door:
        """One kiosk, also one of which nobody has said anything."""

    def put(self, kiosk: Kiosk) -> None:
        """Store what the office says of a kiosk."""

    def remove(self, kiosk_id: str) -> None:
        """Remove what was said of a kiosk, and its heartbeat; a missing one is no error."""

    def all(self) -> Sequence[Door]:
        """Every kiosk that was set or has sent a heartbeat, in the order of their ids."""

    def beat(self, kiosk_id: str, heartbeat: Heartbeat) -> Door:
        """Store a heartbeat in the place of the last one; one without `seen_at` leaves that as it was."""

    def groups(self) -> Mapping[str, Sureness]:
        """How sure one must be of each group of which the office has said that."""

    def put_group(self, group: str, sureness: Sureness) -> None:
        """Store how sure one must be of a group."""


class RollCalls(Protocol):
    """Roll calls and their lists, until they expire."""

    def start(self, roll_call: RollCall, entries: Iterable[Entry]) -> None:
        """Store a roll call with its list; it can be found when all of that is stored."""

    def get(self, rollcall_id: str) -> RollCall | None:
        """One roll call."""

    def has(self, rollcall_id: str, person_id: str) -> bool:
        """Whether somebody is on its list."""

    def entries(self, rollcall_id: str) -> Sequence[Entry]:
        """Its list, in the order of ids."""

    def list(self, *, limit: int, cursor: str | None = None) -> Page[RollCall]:
        """Roll calls, newest first. A page may be short and have a next one.

        Raises `InvalidRequest` for a cursor that is not ours.
        """

    def tick(self, rollcall_id: str, person_id: str, tick: Tick) -> Entry:
        """Add a tick to those of somebody, who is added to the list if need be, in one step.

        Whoever ticks at the same time: all of it is kept. Raises `NotFound`, and `NotPossible` when the roll
        call has ended.
        """

    def end(self, rollcall_id: str, *, at: datetime, by: By) -> RollCall:
        """End a roll call; one that has ended stays as it is. Raises `NotFound`."""

    def mentions(self, person_id: str) -> int:
        """On how many lists somebody is; the expired, too."""

    def forget(self, person_id: str) -> int:
        """Take somebody off every list, with their ticks; return off how many."""


class Notifications(Protocol):
    """What is announced to whom, and what became of each message. Messages expire after `NOTICE_DAYS`."""

    def rules(self) -> Sequence[Rule]:
        """Every rule, in the order of their ids."""

    def put_rule(self, rule: Rule) -> None:
        """Store a rule, in the place of one of the same id."""

    def remove_rule(self, rule_id: str) -> None:
        """Remove a rule; a missing one is no error."""

    def last(self, rule_id: str, about: str) -> Last | None:
        """The last message that was decided on by a rule about somebody."""

    def add(self, notice: Notice, *, after: Last | None) -> bool:
        """In one step, store a message unless it is there, and that it is the last of its rule and subject.

        `after` is what `last` returned; False, having changed nothing, when that is so no longer.
        """

    def get(self, notice_id: str) -> Notice | None:
        """One message."""

    def update(self, notice: Notice) -> None:
        """Store what became of a message."""

    def newest(self, *, limit: int) -> Sequence[Notice]:
        """The messages of what happened last, the newest first."""


class Messenger(Protocol):
    """Whoever takes messages to where a rule says."""

    def send(self, message: Message, rule: Rule) -> None:
        """Deliver it, at least once. Raises `NotDelivered` when that is not known to have worked."""


class Later(Protocol):
    """Work that is done after a while, at least once, whatever becomes of this process."""

    def recognize(self, photo_key: str, *, delay_s: float) -> None:
        """Look at this stored capture."""

    def enroll(self, photo_key: str, *, delay_s: float) -> None:
        """Look at this stored enrollment photo."""

    def forget(self, person_id: str, *, delay_s: float) -> None:
        """Finish forgetting this person."""

    def look_through_people(self, cursor: str) -> None:
        """Go on looking for people who are to be forgotten by themselves."""

    def drop_pictures(self, before: datetime, cursor: str) -> None:
        """Go on removing the pictures of strangers who were captured before that."""

    def leave(self, person_id: str) -> None:
        """Forget this person, if it is time."""

    def remove_photo(self, person_id: str, photo_id: str, *, delay_s: float) -> None:
        """Finish removing this photo."""

    def check_collection(self, *, delay_s: float) -> None:
        """Go on looking through the collection."""

    def call_off(self, event: str) -> None:
        """What the event of a stored picture is for has been done: it need not come."""

    def send_notice(self, notice_id: str, *, delay_s: float) -> None:
        """Send this message."""

    def drop_photos(self, person_id: str) -> None:
        """Give up what is still to be done for this person's photos, as far as it can be found."""


class Witness(Protocol):
    """Is told of recognitions as they happen, whatever becomes of them afterwards. Nothing here raises."""

    def call_begins(self) -> None:
        """A call that may cost something is about to be made."""

    def call_cancelled(self) -> None:
        """That call was not served, and costs nothing."""

    def decided(self, sighting: Sighting) -> None:
        """A capture has its sighting: of many calls about it, one alone says so."""

    def found_orphans(self, face_ids: Sequence[str]) -> None:
        """These faces resemble somebody, and their person does not exist."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """How many failed events were given back, and by their ids what was left alone because it was none."""

    given_back: int
    skipped: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Remembered:
    """A request that was made before, as a hash; `answer` is None while it is being answered."""

    request: str
    answer: bytes | None


class Answers(Protocol):
    """Answers to requests that may be made again, until they expire."""

    def begin(
        self, answer_id: str, request: str, *, now: datetime, leased_until: datetime, expires_at: datetime
    ) -> Remembered | None:
        """Take this id for a request: None when it is ours until the lease ends, else what is there already.

        What expired, and what has no answer at the end of its lease, is taken over. Atomic: of many
        concurrent callers one gets None.
        """

    def finish(self, answer_id: str, answer: bytes, *, leased_until: datetime) -> None:
        """Remember the answer, unless somebody else has taken the id over from this lease."""

    def give_up(self, answer_id: str, *, leased_until: datetime) -> None:
        """Let go of the id, unless somebody else has taken it over from this lease."""


class FailedEvents(Protocol):
    """Object-created events whose function failed as often as it may."""

    def replay(self, *, limit: int) -> Replayed:
        """Give up to `limit` of them back to their functions, the oldest first where there is an order.

        Fewer when the time of a request does not suffice for more.
        """


class Watch(Protocol):
    """Whoever notices that a kiosk has fallen silent."""

    def expect(self, kiosk_id: str) -> None:
        """Miss this kiosk's heartbeats from now on."""


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
