"""A whole stack in memory: use cases over the twins, with events that are given again as Lambda does."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from recognizeme.domain.errors import CallsSpent, RecognizeMeError
from recognizeme.domain.model import (
    Capture,
    EnrolledPhoto,
    Enrollment,
    Exceptions,
    Sighting,
    Status,
    new_capture_id,
)
from recognizeme.domain.people import PersonChange
from recognizeme.domain.picture import Picture
from recognizeme.domain.policy import Policy
from recognizeme.usecases.decide_strangers import StrangerDesk
from recognizeme.usecases.enroll import Enroller
from recognizeme.usecases.forget import Forgetter
from recognizeme.usecases.group_strangers import Grouper
from recognizeme.usecases.recognize import Recognizer
from recognizeme.usecases.remove_photo import PhotoRemover
from recognizeme.usecases.sureness import Rules
from recognizeme.usecases.teach import Teacher
from tests.twins.faces import TwinFaces
from tests.twins.faults import Died, Faults
from tests.twins.kiosks import TwinKiosks
from tests.twins.later import TwinLater
from tests.twins.lessons import TwinLessons
from tests.twins.notifications import TwinNotifications
from tests.twins.people import TwinPeople
from tests.twins.photos import TwinPhotos
from tests.twins.pictures import picture
from tests.twins.rollcalls import TwinRollCalls
from tests.twins.sightings import TwinSightings
from tests.twins.strangers import TwinStrangers

LEASE_S = 30.0
TRIES = 3  # Lambda's for an asynchronous event
Answer = TypeVar("Answer")


TWINS = Exceptions(allow_duplicate="twins")  # for those who are to look like somebody else


@dataclass
class TwinWitness:
    """Remembers what it is told."""

    calls: int = 0
    sightings: list[Sighting] = field(default_factory=list)
    orphans: list[str] = field(default_factory=list)

    def call_begins(self) -> None:
        self.calls += 1

    def call_cancelled(self) -> None:
        self.calls -= 1

    def decided(self, sighting: Sighting) -> None:
        self.sightings.append(sighting)

    def found_orphans(self, face_ids: Sequence[str]) -> None:
        self.orphans += face_ids


@dataclass
class World:
    """`failed` are events that failed for good; with `can_wait`, events wait and can be called off."""

    time: datetime = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
    most_calls: int = 6
    keeps_strangers: bool = False
    can_wait: bool = False
    events: deque[str] = field(default_factory=deque)
    failed: list[str] = field(default_factory=list)
    witness: TwinWitness = field(default_factory=TwinWitness)

    def __post_init__(self) -> None:
        self.photos = TwinPhotos(self.events.append, self.can_wait)
        self.faces = TwinFaces()
        self.people = TwinPeople()
        self.sightings = TwinSightings(self.people, self.now)
        self.lessons = TwinLessons(self.now)
        self.strangers = TwinStrangers(self.now, 37)
        self.stranger_faces = TwinFaces()
        self.later = TwinLater(call_off=self._call_off)
        self.roll_calls = TwinRollCalls(self.now)
        self.kiosks = TwinKiosks()
        self.notifications = TwinNotifications()
        self.faults = Faults()

    def now(self) -> datetime:
        return self.time

    def wait(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)

    def new_capture(self) -> Capture:
        self.wait(0.001)
        return Capture(new_capture_id(self.time, b"0123456789"), "front")

    # --- the use cases, with whatever trouble `faults` has in store ---

    def recognizer(self) -> Recognizer:
        before = self.faults.before
        return Recognizer(
            photos=before(self.photos),
            faces=before(self.faces),
            sightings=before(self.sightings),
            people=before(self.people),
            lessons=before(self.lessons),
            later=before(self.later),
            rules=Rules(kiosks=before(self.kiosks), deployment=Policy(), now=self.now),
            lease_s=LEASE_S,
            most_calls=self.most_calls,
            now=self.now,
            witness=self.witness,
            grouper=self.grouper() if self.keeps_strangers else None,
        )

    def grouper(self) -> Grouper:
        before = self.faults.before
        return Grouper(
            photos=before(self.photos),
            faces=before(self.stranger_faces),
            sightings=before(self.sightings),
            strangers=before(self.strangers),
            alike_pct=99,
            most_calls=self.most_calls,
            witness=self.witness,
        )

    def enroller(self) -> Enroller:
        before = self.faults.before
        return Enroller(
            photos=before(self.photos),
            faces=before(self.faces),
            people=before(self.people),
            later=before(self.later),
            duplicate_pct=99,
            ticket_s=300,
            lease_s=LEASE_S,
            now=self.now,
        )

    def forgetter(self) -> Forgetter:
        before = self.faults.before
        return Forgetter(
            photos=before(self.photos),
            faces=before(self.faces),
            people=before(self.people),
            sightings=before(self.sightings),
            lessons=before(self.lessons),
            strangers=before(self.strangers),
            stranger_faces=before(self.stranger_faces),
            roll_calls=before(self.roll_calls),
            notifications=before(self.notifications),
            later=before(self.later),
            lease_s=LEASE_S,
            now=self.now,
        )

    def photo_remover(self) -> PhotoRemover:
        before = self.faults.before
        return PhotoRemover(
            photos=before(self.photos),
            faces=before(self.faces),
            people=before(self.people),
            later=before(self.later),
            lease_s=LEASE_S,
            now=self.now,
        )

    def teacher(self) -> Teacher:
        before = self.faults.before
        return Teacher(
            photos=before(self.photos),
            faces=before(self.faces),
            people=before(self.people),
            sightings=before(self.sightings),
            lessons=before(self.lessons),
            enroller=self.enroller(),
            stranger_days=30,
            now=self.now,
        )

    def desk(self) -> StrangerDesk:
        before = self.faults.before
        return StrangerDesk(
            photos=before(self.photos),
            faces=before(self.stranger_faces),
            sightings=before(self.sightings),
            strangers=before(self.strangers),
            teacher=self.teacher(),
            enroller=self.enroller(),
            now=self.now,
        )

    # --- what people and kiosks do ---

    def enroll(
        self,
        person_id: str,
        shown: Picture,
        photo_id: str | None = None,
        exceptions: Exceptions = Exceptions(),  # noqa: B008  # frozen
    ) -> EnrolledPhoto:
        self.enroller().put_person(person_id, PersonChange(name=person_id.title()))
        return self.enroller().enroll_now(person_id, shown.content, photo_id, exceptions)

    def hand_in(self, capture: Capture, shown: Picture) -> Sighting:
        """By ticket: the picture is stored, and its event comes."""
        self.photos.write(capture.photo_key("image/jpeg"), shown.content, "image/jpeg")
        self.settle()
        stored = self.sightings.get(capture.capture_id)
        assert stored
        return stored

    def hand_in_now(self, capture: Capture, shown: Picture) -> Sighting:
        return self.recognizer().recognize_now(capture, shown.content)

    def seen(self, shown: Picture) -> Sighting:
        """A visit without trouble."""
        return self.hand_in(self.new_capture(), shown)

    def insist(self, ask: Callable[[], Answer], *, wait_s: float = 5.0) -> Answer:
        """Ask until there is an answer, as kiosks do; they cannot tell a dead function from a busy one."""
        while True:
            try:
                return ask()
            except (RecognizeMeError, Died) as error:
                if isinstance(error, CallsSpent):
                    raise
                self.wait(wait_s)

    # --- what the platform does ---

    def handle(self, key: str) -> None:
        """The function of an event."""
        if capture := Capture.from_key(key):
            self.recognizer().recognize_stored(capture, key)
        elif enrollment := Enrollment.from_key(key):
            self.enroller().enroll_stored(enrollment)
        elif key.startswith("remove_photo "):
            person_id, photo_id = key.removeprefix("remove_photo ").split("/")
            self.photo_remover().finish(Enrollment(person_id, photo_id))
        else:
            assert key.startswith("forget "), key
            self.forgetter().finish(key.removeprefix("forget "))

    def settle(self) -> None:
        """Handle every event, with its retries, and whatever was put off, until nothing is left to do."""
        while self.events or self.later.waiting:
            if self.events:
                self._try(self.events.popleft())
                continue
            what, about, delay_s = self.later.waiting.pop(0)
            self.wait(delay_s)
            self.events.append(f"{what} {about}" if what in ("forget", "remove_photo") else about)

    def _call_off(self, event: str) -> None:
        if event in self.events:  # those of one key are alike: they read what is stored
            self.events.remove(event)

    def _try(self, event: str) -> None:
        for _ in range(TRIES):
            try:
                self.handle(event)
            except (RecognizeMeError, Died):
                self.wait(60)
            else:
                return
        self.failed.append(event)

    def left_of(self, person_id: str, shown: Picture) -> list[str]:
        """Every place that still knows of a person or of the pictures that show them."""
        left = [f"people: {person_id}"] if person_id in self.people.people else []
        left += [f"face record {face}" for face, owner in self.people.faces.items() if owner == person_id]
        left += [f"face {face}" for face, (owner, _) in self.faces.faces.items() if owner == person_id]
        left += [f"lesson {each}" for each in self.lessons.all() if person_id in each.not_person_ids]
        left += [f"rule {each}" for each in self.notifications.rules() if person_id in each.people]
        left += [f"intent {each}" for each in self.people.unsettled if each[0] == person_id]
        left += [
            f"photo {key}" for key, versions in self.photos.versions.items() if shown.content in versions
        ]
        left += [
            f"roll call {each}" for each, entries in self.roll_calls.lists.items() if person_id in entries
        ]
        for row in self.sightings.rows.values():
            if row.sighting.status is Status.DONE and (
                person_id in (row.sighting.person_id, row.sighting.name)
                or (row.sighting.decision and row.sighting.decision.considered(person_id))
                or row.sighting.picture_sha256 == shown.sha256
            ):
                left.append(f"sighting {row.sighting}")
        return left


ADA = picture("ada")
