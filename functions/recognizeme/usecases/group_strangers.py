"""Group unknown visitors by likeness, one visit at a time, when the visit itself has been decided.

The face is indexed first, under its capture's id, and then compared: of two visits at once at least one
finds the other. Which stranger a face belongs to is in the table alone, so that it can change without the
collection, and a face without a visit means nothing: the daily look through the collection removes it.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from recognizeme.domain.errors import (
    CallsSpent,
    InvalidRequest,
    NotFound,
    NotPossible,
    ServiceBusy,
    UnusablePicture,
)
from recognizeme.domain.model import Capture, Outcome, Sighting, captured_at
from recognizeme.domain.picture import inspect
from recognizeme.domain.ports import FaceIndex, PhotoStore, Sightings, Strangers, Witness
from recognizeme.domain.strangers import Stranger, StrangerState, StrangerVisit

_TRIES = 6  # others may change the same stranger meanwhile
_MOST_LOOKED_UP = 20  # faces, the most similar first: what a visit costs does not grow with the groups
_STILL_AT_IT = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouper:
    """The collaborators of grouping, gathered once.

    A visit joins the stranger of the most similar face if that is at least `alike_pct` (0-100) similar.
    `most_calls` paid calls are made for a capture in all, those that recognized it included.
    """

    photos: PhotoStore
    faces: FaceIndex
    sightings: Sightings
    strangers: Strangers
    alike_pct: float
    most_calls: int
    witness: Witness

    def group(self, sighting: Sighting) -> str | None:
        """The stranger whom an unknown visit shows, or None for another visit or a picture not good enough.

        Again finds the same. Whoever is not to be recognized any more is no stranger, and is not indexed.
        Raises `ServiceBusy`.
        """
        if sighting.outcome is not Outcome.UNKNOWN or sighting.reason or sighting.photo_key is None:
            return None
        if sighting.stranger_id is not None:
            return sighting.stranger_id
        capture = sighting.capture
        visit = self.strangers.visits([capture.capture_id]).get(capture.capture_id)
        if visit is None:
            try:
                visit = self._join(capture, sighting.photo_key)
            except (CallsSpent, NotFound, UnusablePicture):
                return None
        if visit is None:
            return None
        if not self.sightings.set_stranger(capture.capture_id, visit.stranger_id):
            # Corrected, forgotten or too old meanwhile.
            take_away([capture.capture_id], strangers=self.strangers, faces=self.faces)
            return None
        return visit.stranger_id

    def _join(self, capture: Capture, photo_key: str) -> StrangerVisit | None:
        picture = inspect(self.photos.read(photo_key))
        # Both calls in one write; the second is rarely spared.
        if not self.sightings.begin_calls_of_unknown(capture, 2, most=self.most_calls):
            return None
        self.witness.call_begins()
        # Poor faces are left out: they look like many, and would bring groups together.
        face_id = self.faces.add(capture.capture_id, picture).face_id
        self.witness.call_begins()
        matches = self.faces.search_face(face_id)
        if matches is None:
            raise ServiceBusy("the face of this visit was removed meanwhile; try again in a moment")
        alike = [
            match.person_id
            for match in matches
            if match.similarity_pct >= self.alike_pct and match.person_id != capture.capture_id
        ][:_MOST_LOOKED_UP]
        for _ in range(_TRIES):
            stranger = self._nearest(alike) or Stranger.of(capture)
            visit = StrangerVisit(capture, stranger.stranger_id, face_id)
            if self.strangers.save(stranger.with_visit(capture), joins=visit):
                return visit
            # Somebody else has changed the stranger, or has handled the same event.
            if done := self.strangers.visits([capture.capture_id]).get(capture.capture_id):
                return done
        raise ServiceBusy("this stranger is being changed by others; try again in a moment")

    def _nearest(self, alike: list[str]) -> Stranger | None:
        """The stranger of the most similar face, of those whom visits may join."""
        visits = self.strangers.visits(alike) if alike else {}
        closed: set[str] = set()
        for capture_id in alike:
            visit = visits.get(capture_id)
            if visit is None or visit.stranger_id in closed:
                continue
            stranger = self.strangers.get(visit.stranger_id)
            if stranger and stranger.is_open:
                return stranger
            closed.add(visit.stranger_id)
        return None


def change(
    stranger_id: str,
    *,
    to: StrangerState,
    person_id: str | None = None,
    of: Collection[StrangerState] = tuple(StrangerState),
    strangers: Strangers,
) -> Stranger:
    """Store what was decided about a stranger in one of these states.

    Raises `NotFound` without one, `NotPossible` in another state, and `ServiceBusy`.
    """
    for _ in range(_TRIES):
        stranger = strangers.get(stranger_id)
        if stranger is None:
            raise NotFound(f"there is no stranger {stranger_id!r}")
        if stranger.state not in of:
            raise NotPossible(f"stranger {stranger_id} is {stranger.state} already")
        changed = replace(stranger, state=to, person_id=person_id)
        if changed == stranger or strangers.save(changed):
            return changed
    raise ServiceBusy("this stranger is being changed by others; try again in a moment")


def take_away(capture_ids: Collection[str], *, strangers: Strangers, faces: FaceIndex | None) -> int:
    """Remove the visits that these captures are, and their faces; return how many there were.

    A stranger without visits goes with the last one. Without a collection there are no faces any more.
    """
    visits = strangers.visits(capture_ids)
    if not visits:
        return 0
    # The faces go before what leads to them, or a crash in between would leave them.
    if faces is not None:
        faces.remove([visit.face_id for visit in visits.values()])
    for visit in visits.values():
        _leave(visit, strangers)
    return len(visits)


def _leave(visit: StrangerVisit, strangers: Strangers) -> None:
    capture_id = visit.capture.capture_id
    for _ in range(_TRIES):
        stranger = strangers.get(visit.stranger_id)
        if stranger is None:
            return  # nothing leads to it any more, and it expires
        if strangers.save(stranger.without_visit(), leaves=capture_id):
            return
        if not strangers.visits([capture_id]):
            return
    raise ServiceBusy("this stranger is being changed by others; try again in a moment")


def drop_named(person_id: str, *, strangers: Strangers) -> None:
    """Remove strangers who were named this person: visits that have expired lead to them no more."""
    for stranger in named_as(person_id, strangers=strangers):
        strangers.save(replace(stranger, visits=0))


def named_as(person_id: str, *, strangers: Strangers) -> list[Stranger]:
    """Strangers who were named this person."""
    return [each for each in all_of(StrangerState.NAMED, strangers) if each.person_id == person_id]


def sweep(*, strangers: Strangers, faces: FaceIndex, now: datetime) -> tuple[int, int]:
    """Remove the faces that no visit of an open stranger leads to; return how many there were, of how many.

    Those of visits that expired are among them, and those that a crash left. A face of the last hour stays:
    whoever added it may be at it.
    """
    is_open = {
        stranger.stranger_id
        for state in (StrangerState.WAITING, StrangerState.IGNORED)
        for stranger in all_of(state, strangers)
    }
    captures: dict[str, str] = {}
    count = 0
    for face in faces.all_faces():
        count += 1
        # What is no capture of ours was put there by somebody else, and stays.
        if face.person_id is not None and _is_old(face.person_id, now):
            captures[face.face_id] = face.person_id
    visits = strangers.visits(list(captures.values()))
    stale = [
        face_id
        for face_id, capture_id in captures.items()
        if (visit := visits.get(capture_id)) is None or visit.stranger_id not in is_open
    ]
    if stale:
        faces.remove(stale)
    return len(stale), count


def _is_old(capture_id: str, now: datetime) -> bool:
    try:
        return captured_at(Capture(capture_id, "any").capture_id) < now - _STILL_AT_IT
    except InvalidRequest:
        return False


def all_of(state: StrangerState, strangers: Strangers) -> Iterator[Stranger]:
    """Every stranger in this state."""
    cursor: str | None = None
    while True:
        page = strangers.list(state, limit=1000, cursor=cursor)
        yield from page.items
        if (cursor := page.next_cursor) is None:
            return
