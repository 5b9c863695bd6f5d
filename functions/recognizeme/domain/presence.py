"""Who is on the premises, as far as the doors know (docs/adr/0028-who-is-in.md)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import NamedTuple

from recognizeme.domain.kiosks import Direction
from recognizeme.domain.model import Person, capture_id_floor, captured_at


class Pass(NamedTuple):
    """That somebody was recognized at a kiosk. A tuple: there are tens of thousands a day."""

    capture_id: str
    person_id: str
    kiosk_id: str

    @property
    def at(self) -> datetime:
        """When, by the kiosk's clock."""
        return captured_at(self.capture_id)


class Stay(NamedTuple):
    """That somebody is in: the pass since which they are, and the last one. A tuple for the same reason."""

    first: Pass
    last: Pass


@dataclass(frozen=True, slots=True)
class Presence:
    """Somebody who is in; `is_recognized` unless no camera will see them go."""

    person: Person
    stay: Stay
    is_recognized: bool


@dataclass(frozen=True, slots=True)
class ForgottenExits:
    """When somebody whom no camera saw go is taken to have gone: at the end of the day, or unseen so long."""

    time_zone: tzinfo
    day_ends: time
    hours: float

    def begin_of_day(self, now: datetime) -> datetime:
        """When the day before ended, in UTC."""
        today = now.astimezone(self.time_zone).date()
        ended = datetime.combine(today, self.day_ends, self.time_zone).astimezone(UTC)
        if ended > now:
            yesterday = today - timedelta(days=1)
            ended = datetime.combine(yesterday, self.day_ends, self.time_zone).astimezone(UTC)
        return ended

    def unseen_since(self, now: datetime) -> datetime:
        """Whoever was last seen before that has gone."""
        return now - timedelta(hours=self.hours)


def stays(
    passes: Iterable[Pass], directions: Mapping[str, Direction | None], *, seen_since: datetime
) -> dict[str, Stay]:
    """Who is in, by `person_id`, after these passes, the newest first, and was seen since then.

    An exit takes somebody out, and whatever else they pass says that they are in: a door for both ways, too,
    which does not know which way it was. A kiosk whose direction is None says nothing.
    """
    gone: set[str] = set()
    last: dict[str, Pass] = {}
    first: dict[str, Pass] = {}
    for each in passes:
        _, person_id, kiosk_id = each
        if person_id in gone:
            continue
        direction = directions.get(kiosk_id, Direction.BOTH)
        if direction is Direction.OUT:
            gone.add(person_id)
        elif direction is not None:
            first[person_id] = each
            if person_id not in last:
                last[person_id] = each
    least = capture_id_floor(seen_since)  # ids sort by time
    return {
        person_id: Stay(first[person_id], latest)
        for person_id, latest in last.items()
        if latest.capture_id >= least
    }
