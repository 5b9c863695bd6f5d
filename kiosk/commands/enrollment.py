"""One run of enrolling: each person is created once, each photo is handed in, results are counted."""

import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from kiosk.client.api import ApiClient
from kiosk.client.errors import ApiError, Busy, NotFound, Refused
from kiosk.client.moment import iso_text
from kiosk.client.names import PersonIds, slug
from kiosk.client.wire import Json
from kiosk.commands.output import Record
from kiosk.commands.photo_folder import Found, PassedOver, Portrait
from kiosk.vision.frame import Image
from kiosk.vision.picture_file import UnusableFile, content_type, fit_with_pixels

Answer = TypeVar("Answer")

_PATIENCE = 5  # how often a busy API is asked before the run gives up
_AT_ONCE = 3  # photos being decoded or handed in: two keep a small machine busy, one waits for the network
_AHEAD = 2 * _AT_ONCE  # photos begun whose result is not said yet
_LOOKS_LIKE = "looks_like_another"


@dataclass(slots=True)
class _Known:
    """A person during the run: their id, and what the API had of them before."""

    person_id: str
    name: str
    is_new: bool
    groups: set[str]
    faces: dict[str, Json] = field(default_factory=dict)  # photo id -> photo that is indexed
    usable: int = 0


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A photo that looks like somebody else who is enrolled."""

    file: Path
    name: str
    other: str
    similarity_pct: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Leniency:
    """What is let through that is refused by default.

    `allow_duplicate` is the reason why photos that look like somebody else are enrolled; without one,
    `ask_duplicate` is asked for it, photo by photo, and None leaves the photo out.
    """

    accept_poor: bool = False
    allow_duplicate: str | None = None
    ask_duplicate: Callable[[Duplicate], str | None] = lambda duplicate: None


@dataclass(frozen=True, slots=True)
class _Begun:
    """One file: `finish` waits for what is being done with it, and says what became of it."""

    finish: Callable[[], Record]
    handing_in: Future[Json] | None = None


class Enrollment:
    """The results so far: `photos` counts by state, `failures` are all refused, `passed_over` the ignored.

    `problem_of` looks at a picture before it is handed in, and says in a sentence why it should not be.
    """

    def __init__(
        self,
        api: ApiClient,
        *,
        keep_names: bool,
        consent_recorded_by: str | None,
        consent_text: str | None = None,
        leniency: Leniency | None = None,
        problem_of: Callable[[Image], str | None] = lambda image: None,
        tps: float | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._api = api
        self._keep_names = keep_names
        self._consent_recorded_by = consent_recorded_by
        self._consent_text = consent_text
        self._leniency = leniency or Leniency()
        self._problem_of = problem_of
        self._every_s = 1 / tps if tps else 0.0
        self._next_at = clock()
        self._pace = threading.Lock()
        self._now = now
        self._clock = clock
        self._sleep = sleep
        self._people: dict[str, _Known] = {}
        self._ids = PersonIds(self._name_of)
        self._begun: deque[_Begun] = deque()
        self._lately: deque[str] = deque(maxlen=_AHEAD)
        self._pool = ThreadPoolExecutor(_AT_ONCE, "enroll")
        self.photos: Counter[str] = Counter()
        self.failures: list[PassedOver] = []
        self.passed_over: list[PassedOver] = []

    def add_all(self, found: Iterable[Found]) -> Iterator[Record]:
        """Enroll what was found, a few photos at once, and say in order what became of each.

        `indexed`, `known` (the same photo was enrolled before), `refused` or `ignored`, with the reason.
        Whoever stops before the end calls `settle`.
        """
        for each in found:
            self._begun.append(self._begin(each))
            if len(self._begun) >= _AHEAD:
                yield self._finished()
        while self._begun:
            yield self._finished()

    def settle(self) -> Iterator[Record]:
        """Begin nothing more, and say what becomes of what is being handed in."""
        left = [each for each in self._begun if each.handing_in is None or not each.handing_in.cancel()]
        self._begun.clear()
        for begun in left:
            with suppress(ApiError):
                yield begun.finish()

    def _finished(self) -> Record:
        record = self._begun[0].finish()
        self._begun.popleft()
        return record

    def _begin(self, found: Found) -> _Begun:
        if isinstance(found, PassedOver):
            return _Begun(lambda: self._put_aside(found))
        try:
            person = self._person(found)
            known = person.faces.get(found.photo_id)
            if known and _changed_at(found) < str(known.get("enrolled_at")):
                return _Begun(lambda: self._taken(found, person, known, "known"))
        except (Refused, NotFound, OSError) as error:
            aside = PassedOver(found.file, _reason(error), refused=True)
            return _Begun(lambda: self._put_aside(aside))
        handing_in = self._pool.submit(self._hand_in, person, found)
        return _Begun(lambda: self._result(found, person, handing_in), handing_in)

    def _result(self, found: Portrait, person: _Known, handing_in: Future[Json]) -> Record:
        photo = handing_in.result()
        if photo.get("problem") == _LOOKS_LIKE:
            photo = self._second_thoughts(found, person, photo)
        self._lately.append(person.person_id)
        if photo.get("state") != "indexed":
            aside = PassedOver(found.file, str(photo.get("reason")), refused=True)
            return {"person_id": person.person_id, "name": person.name, **self._put_aside(aside)}
        # The face of the same picture is the same face.
        known = person.faces.get(found.photo_id)
        is_known = known is not None and known.get("face_id") == photo.get("face_id")
        return self._taken(found, person, photo, "known" if is_known else "indexed")

    def _second_thoughts(self, found: Portrait, person: _Known, photo: Json) -> Json:
        """What becomes of a photo that looks like somebody else."""
        other = photo.get("looks_like")
        if other is None or other["person_id"] in self._lately:
            # Two that were handed in at once may both have been refused because of the other.
            wait([each.handing_in for each in self._begun if each.handing_in])
            photo = self._hand_in(person, found)
            other = photo.get("looks_like")
        if photo.get("problem") != _LOOKS_LIKE or other is None:
            return photo
        duplicate = Duplicate(found.file, person.name, str(other["name"]), float(other["similarity_pct"]))
        reason = self._leniency.ask_duplicate(duplicate)
        return self._hand_in(person, found, allow_duplicate=reason) if reason else photo

    def _taken(self, found: Portrait, person: _Known, photo: Json, state: str) -> Record:
        self.photos[state] += 1
        person.usable += 1
        named = {"file": str(found.file), "person_id": person.person_id, "name": person.name}
        return {**named, "state": state, "reason": None, "photo": photo}

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

    def _put_aside(self, found: PassedOver) -> Record:
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

    def _hand_in(self, person: _Known, portrait: Portrait, *, allow_duplicate: str | None = None) -> Json:
        """Hand a photo in from any thread; what cannot be handed in is refused as the API would refuse it."""
        leniency = self._leniency
        try:
            fitted = fit_with_pixels(portrait.file.read_bytes())
            picture, image = fitted.data, fitted.image
            del fitted
            if not leniency.accept_poor and image is not None and (problem := self._problem_of(image)):
                return {"state": "refused", "reason": problem}
            del image  # many megabytes, while the API is waited for
            self._wait_for_turn()
            return self._patiently(
                lambda: self._api.enroll_photo(
                    person.person_id,
                    portrait.photo_id,
                    picture,
                    content_type=content_type(picture),
                    accept_poor=leniency.accept_poor,
                    allow_duplicate=allow_duplicate or leniency.allow_duplicate,
                )
            )
        except (UnusableFile, Refused, NotFound, OSError) as error:
            return {"state": "refused", "reason": _reason(error)}

    def _wait_for_turn(self) -> None:
        with self._pace:
            at = max(self._next_at, self._clock())
            self._next_at = at + self._every_s
            self._sleep(max(0.0, at - self._clock()))

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


def _reason(error: Exception) -> str:
    return f"cannot be read: {error.strerror}" if isinstance(error, OSError) else str(error)


def _changed_at(portrait: Portrait) -> str:
    """When the file last came to be what it is: a copy keeps the time of its content, not its own."""
    status = portrait.file.stat()
    return iso_text(datetime.fromtimestamp(max(status.st_mtime, status.st_ctime), UTC))


def _waits() -> Iterator[float]:
    return (0.25 * 2**attempt for attempt in range(_PATIENCE - 1))
