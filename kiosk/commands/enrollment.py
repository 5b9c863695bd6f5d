"""One run of enrolling: each person is created once, each photo is handed in, results are counted."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

from kiosk.client.api import ApiClient
from kiosk.client.errors import Busy, NotFound, Refused
from kiosk.client.moment import iso_text
from kiosk.client.wire import Json
from kiosk.commands.names import PersonIds, slug
from kiosk.commands.output import Record
from kiosk.commands.photo_folder import PassedOver, Portrait
from kiosk.vision.picture_file import UnusableFile, content_type, fit

Answer = TypeVar("Answer")

_PATIENCE = 5  # how often a busy API is asked before the run gives up


@dataclass(slots=True)
class _Known:
    """A person during the run: their id, and what the API had of them before."""

    person_id: str
    name: str
    is_new: bool
    groups: set[str]
    faces: dict[str, Json] = field(default_factory=dict)  # photo id -> photo that is indexed
    usable: int = 0


class Enrollment:
    """The results so far: `photos` counts by state, `failures` are all refused, `passed_over` the ignored."""

    def __init__(
        self,
        api: ApiClient,
        *,
        keep_names: bool,
        consent_recorded_by: str | None,
        consent_text: str | None = None,
        tps: float | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._api = api
        self._keep_names = keep_names
        self._consent_recorded_by = consent_recorded_by
        self._consent_text = consent_text
        self._every_s = 1 / tps if tps else 0.0
        self._next_at = clock()
        self._now = now
        self._clock = clock
        self._sleep = sleep
        self._people: dict[str, _Known] = {}
        self._ids = PersonIds(self._name_of)
        self.photos: Counter[str] = Counter()
        self.failures: list[PassedOver] = []
        self.passed_over: list[PassedOver] = []

    def add(self, found: Portrait | PassedOver) -> Record:
        """Enroll one photo and say what became of it.

        `indexed`, `known` (the same photo was enrolled before), `refused` or `ignored`, with the reason.
        """
        if isinstance(found, PassedOver):
            return self._put_aside(found)
        try:
            person = self._person(found)
        except (Refused, NotFound) as error:
            return self._put_aside(PassedOver(found.file, str(error), refused=True))
        record = {"file": str(found.file), "person_id": person.person_id, "name": person.name}
        known = person.faces.get(found.photo_id)
        try:
            if known and _changed_at(found) < str(known.get("enrolled_at")):
                state, photo = "known", known
            else:
                photo = self._hand_in(person, found)
                state = str(photo.get("state"))
                # The face of the same picture is the same face.
                if state == "indexed" and known and known.get("face_id") == photo.get("face_id"):
                    state = "known"
        except (UnusableFile, Refused, NotFound, OSError) as error:
            reason = f"cannot be read: {error.strerror}" if isinstance(error, OSError) else str(error)
            state, photo = "refused", {"state": "refused", "reason": reason}
        if state == "refused":
            return record | self._put_aside(PassedOver(found.file, str(photo.get("reason")), refused=True))
        self.photos[state] += 1
        person.usable += 1
        return record | {"state": state, "reason": None, "photo": photo}

    @property
    def people(self) -> Counter[str]:
        """How many people are `new` or `known`, and how many have no usable photo: `none`."""
        return Counter(
            "none" if not person.usable else "new" if person.is_new else "known"
            for person in self._people.values()
        )

    @property
    def unusable(self) -> list[str]:
        """The names of people of whom there is no usable photo."""
        return [person.name for person in self._people.values() if not person.usable]

    @property
    def clashes(self) -> list[tuple[str, str]]:
        """Names whose id is somebody else's, with the id they have instead."""
        return [
            (person.name, person.person_id)
            for person in self._people.values()
            if person.person_id.startswith(f"{slug(person.name)}-")
        ]

    def _put_aside(self, found: PassedOver) -> dict[str, object]:
        state = "refused" if found.refused else "ignored"
        (self.failures if found.refused else self.passed_over).append(found)
        self.photos[state] += 1
        return {"file": str(found.file), "state": state, "reason": found.reason}

    def _person(self, portrait: Portrait) -> _Known:
        """The person of this photo, created at their first one; what the API already knows of them stays."""
        if person := self._people.get(portrait.person):
            self._add_to_groups(person, portrait.groups)
            return person
        person_id = portrait.person_id or self._ids.of(portrait.name)
        known = self._known(person_id)
        change: dict[str, Any] = {}
        if (portrait.consent_at or self._consent_recorded_by) and not known.get("consent"):
            change["consent"] = {
                "given_at": portrait.consent_at or iso_text(self._now()),
                "recorded_by": self._consent_recorded_by,
                "text_version": self._consent_text,
            }
        name = str(known["name"]) if known and self._keep_names else portrait.name
        groups = {str(each) for each in known.get("groups") or ()}
        if not groups >= set(portrait.groups):
            groups |= set(portrait.groups)
            change["groups"] = sorted(groups)
        if change or name != known.get("name"):
            self._patiently(lambda: self._api.change_person(person_id, {"name": name} | change))
        person = _Known(person_id, name, is_new=not known, groups=groups)
        if known.get("faces"):
            photos = self._patiently(lambda: list(self._api.photos(person_id)))
            person.faces = {str(each["photo_id"]): each for each in photos if each.get("state") == "indexed"}
        person.usable = len(person.faces)
        self._people[portrait.person] = person
        return person

    def _add_to_groups(self, person: _Known, groups: tuple[str, ...]) -> None:
        """Another row of a list may name other groups."""
        if not person.groups >= set(groups):
            person.groups |= set(groups)
            change = {"groups": sorted(person.groups)}
            self._patiently(lambda: self._api.change_person(person.person_id, change))

    def _hand_in(self, person: _Known, portrait: Portrait) -> Json:
        picture = fit(portrait.file.read_bytes())
        self._sleep(max(0.0, self._next_at - self._clock()))
        self._next_at = max(self._next_at, self._clock()) + self._every_s
        return self._patiently(
            lambda: self._api.enroll_photo(
                person.person_id, portrait.photo_id, picture, content_type=content_type(picture)
            )
        )

    def _name_of(self, person_id: str) -> str | None:
        name = self._known(person_id).get("name")
        return None if name is None else str(name)

    def _known(self, person_id: str) -> Json:
        try:
            return self._patiently(lambda: self._api.person(person_id))
        except NotFound:
            return {}

    def _patiently(self, call: Callable[[], Answer]) -> Answer:
        for wait_s in _waits():
            try:
                return call()
            except Busy as error:
                self._sleep(min(30.0, error.retry_after_s or wait_s))
        return call()


def _changed_at(portrait: Portrait) -> str:
    """When the file last came to be what it is: a copy keeps the time of its content, not its own."""
    status = portrait.file.stat()
    return iso_text(datetime.fromtimestamp(max(status.st_mtime, status.st_ctime), UTC))


def _waits() -> Iterator[float]:
    return (0.25 * 2**attempt for attempt in range(_PATIENCE - 1))
