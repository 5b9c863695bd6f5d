"""What ends by itself: people who withdrew consent or were not seen for long, and strangers' pictures."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from recognizeme.domain.model import Outcome, Person, captured_at
from recognizeme.domain.people import PersonChange
from recognizeme.domain.ports import (
    Clock,
    FaceIndex,
    Later,
    People,
    PhotoStore,
    SightingQuery,
    Sightings,
    Strangers,
)
from recognizeme.domain.receipts import Receipt
from recognizeme.usecases.forget import Forgetter
from recognizeme.usecases.group_strangers import take_away
from recognizeme.usecases.merge import counting_merged

# Nobody is forgotten for not being seen whose record has not said so for as long.
NOTICE = timedelta(days=14)
_PEOPLE_AT_ONCE, _SIGHTINGS_AT_ONCE = 100, 500


@dataclass(frozen=True, slots=True)
class Looked:
    """How many people were looked at, how many of them are to be forgotten soon, and how many now."""

    people: int
    soon: int
    now: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaving:
    """The collaborators of looking through the people; `person_days` 0 keeps whoever agrees for good."""

    people: People
    sightings: Sightings
    later: Later
    forgetter: Forgetter
    person_days: int
    now: Clock

    def look_through(self, cursor: str | None = None) -> Looked:
        """Look at some people, note when they are to be forgotten, and go on with the others later."""
        page = self.people.list(limit=_PEOPLE_AT_ONCE, cursor=cursor)
        soon = due = 0
        today = self._today()
        for person in page.items:
            on = person.forgotten_on if person.has_withdrawn else self._noted(person, today)
            if on is not None and on <= today:
                due += 1
                self.later.leave(person.person_id)
            elif on is not None:
                soon += 1
        if page.next_cursor:  # last: what fails is tried again, and must not have gone on already each time
            self.later.look_through_people(page.next_cursor)
        return Looked(len(page.items), soon, due)

    def leave(self, person_id: str) -> Receipt | None:
        """Forget the person if it is still time, or else return None."""
        person = self.people.get(person_id)
        today = self._today()
        if person is None or person.forgotten_on is None or person.forgotten_on > today:
            return None
        if not person.has_withdrawn and self._ends_on(person, self._last_seen(person)) > today:
            return None
        return self.forgetter.forget(person_id)

    def _noted(self, person: Person, today: date) -> date | None:
        """The day on which the person is to be forgotten, written down with when they were seen last."""
        if not self.person_days or person.merged_into:  # whose visits are those of whom they count as
            if person.forgotten_on:
                self.people.change(person.person_id, PersonChange(forgotten_on=None))
            return None
        last_seen_on = self._last_seen(person)
        ends_on = self._ends_on(person, last_seen_on)
        on = max(ends_on, person.forgotten_on or today + NOTICE) if ends_on <= today + NOTICE else None
        if (last_seen_on, on) != (person.last_seen_on, person.forgotten_on):
            change = PersonChange(last_seen_on=last_seen_on, forgotten_on=on)
            self.people.change(person.person_id, change)
        return on

    def _last_seen(self, person: Person) -> date | None:
        query = counting_merged(SightingQuery(person_id=person.person_id), self.people)
        page = self.sightings.query(query, limit=1)
        # Sightings are kept for a while; what is noted of older ones stays. A kiosk's clock may be ahead.
        days = [min(captured_at(one.capture.capture_id).date(), self._today()) for one in page.items]
        return max([*days, *([person.last_seen_on] if person.last_seen_on else [])], default=None)

    def _ends_on(self, person: Person, last_seen_on: date | None) -> date:
        moments = [person.created_at, *(photo.enrolled_at for photo in person.photos.values())]
        if person.consent:
            moments.append(person.consent.given_at)
        days = [moment.astimezone(UTC).date() for moment in moments]
        return max([*days, *([last_seen_on] if last_seen_on else [])]) + timedelta(days=self.person_days)

    def _today(self) -> date:
        return self.now().astimezone(UTC).date()


def drop_strangers_pictures(
    before: datetime,
    cursor: str | None = None,
    *,
    sightings: Sightings,
    photos: PhotoStore,
    strangers: Strangers,
    stranger_faces: FaceIndex | None,
    later: Later,
) -> int:
    """Remove the pictures and faces of some `unknown` captures taken before that, and of the others later.

    The sightings stay, without a picture. Whoever was corrected to be somebody is no stranger.
    """
    query = SightingQuery(outcome=Outcome.UNKNOWN, until=before)
    page = sightings.query(query, limit=_SIGHTINGS_AT_ONCE, cursor=cursor)
    shown = [sighting for sighting in page.items if sighting.photo_key]
    dropped = photos.delete([sighting.photo_key for sighting in shown if sighting.photo_key])
    take_away([each.capture.capture_id for each in shown], strangers=strangers, faces=stranger_faces)
    for sighting in shown:
        sightings.drop_picture(sighting.capture.capture_id)
    if page.next_cursor:
        later.drop_pictures(before, page.next_cursor)
    return dropped
