"""Who is on the premises, since when, by which door, and where they were last seen."""

from collections import defaultdict
from datetime import datetime, timedelta

from recognizeme.domain.kiosks import Direction
from recognizeme.domain.model import Person
from recognizeme.domain.ports import Clock, Kiosks, Page, People, Sightings
from recognizeme.domain.presence import ForgottenExits, Pass, Presence, Stay, stays
from recognizeme.usecases.merge import standing_for, with_merged

CLOCK_AHEAD = timedelta(hours=1)  # a kiosk's, of ours
_AT_ONCE = 100


def who_is_in(
    *,
    sightings: Sightings,
    kiosks: Kiosks,
    people: People,
    exits: ForgottenExits,
    desk: str,
    now: Clock,
    limit: int,
    after: str = "",
) -> Page[Presence]:
    """Those who are in, in the order of their ids, from behind `after`; the page's cursor is the last id.

    Of records that were merged, whom they count as is in. `desk` is a kiosk at which pictures of anybody are
    looked at: it counts once the office has said what it is.
    """
    at = now()
    passes = list(sightings.passes(exits.begin_of_day(at), at + CLOCK_AHEAD))
    directions: dict[str, Direction | None] = {desk: None}
    directions |= {door.kiosk.kiosk_id: door.kiosk.direction for door in kiosks.all() if door.is_set}
    seen_since = exits.unseen_since(at)
    inside = stays(passes, directions, seen_since=seen_since)
    family = _Families(people, passes, directions, seen_since)
    found: list[tuple[str, Presence]] = []
    waiting = sorted(person_id for person_id in inside if person_id > after)
    while waiting and len(found) <= limit:
        size = min(_AT_ONCE, limit + 1 - len(found))
        some, waiting = waiting[:size], waiting[size:]
        known = people.find(some)
        for person_id in some:
            if person := known.get(person_id):
                counted = family.presence(person, inside, at)
                if counted:
                    found.append((person_id, counted))
    shown = tuple(presence for _, presence in found[:limit])
    return Page(shown, found[limit - 1][0] if len(found) > limit else None)


class _Families:
    """Who counts as whom among those who passed."""

    def __init__(
        self,
        people: People,
        passes: list[Pass],
        directions: dict[str, Direction | None],
        seen_since: datetime,
    ) -> None:
        self._people = people
        self._passes = passes
        self._directions = directions
        self._seen_since = seen_since
        self._of_person: dict[str, list[Pass]] = {}

    def presence(self, person: Person, inside: dict[str, Stay], now: datetime) -> Presence | None:
        """That whom the person counts as is in; None when they are not, or another record says so already."""
        stay: Stay | None = inside[person.person_id]
        if person.merged_into or person.merged:
            standing = standing_for(person, self._people)
            if standing is None:
                return None
            ids = [each.person_id for each in with_merged(standing, self._people)]
            if person.person_id != min(each for each in ids if each in inside):
                return None
            stay, person = self._joint(ids, standing.person_id), standing
        return Presence(person, stay, person.is_recognized(now)) if stay else None

    def _joint(self, ids: list[str], standing_id: str) -> Stay | None:
        if not self._of_person:
            self._of_person = defaultdict(list)
            for each in self._passes:
                self._of_person[each.person_id].append(each)
        theirs = sorted((each for one in ids for each in self._of_person.get(one, ())), reverse=True)
        as_one = [each._replace(person_id=standing_id) for each in theirs]
        return stays(as_one, self._directions, seen_since=self._seen_since).get(standing_id)
