"""Call the roll: begin with those who are in, tick them off, end."""

from collections.abc import Callable, Mapping, Sequence

from recognizeme.domain.errors import NotFound
from recognizeme.domain.model import Person, new_capture_id
from recognizeme.domain.ports import Clock, People, Randomness, RollCalls
from recognizeme.domain.presence import Presence
from recognizeme.domain.rollcalls import By, Entry, Kind, RollCall, State, Tick
from recognizeme.usecases.merge import standing_for

_AT_ONCE = 100
MOST_PEOPLE = 100_000  # on a list


def start(
    kind: Kind,
    *,
    by: By,
    inside: Callable[[], Sequence[Presence]],
    roll_calls: RollCalls,
    now: Clock,
    randomness: Randomness,
) -> RollCall:
    """Begin with a list of those who are in now."""
    at = now()
    roll_call = RollCall(new_capture_id(at, randomness(10)), kind, at, by)
    entries = [Entry(each.person.person_id, each.stay.last.at, each.stay.last.kiosk_id) for each in inside()]
    roll_calls.start(roll_call, entries)
    return roll_call


def tick(
    rollcall_id: str,
    person_id: str,
    state: State,
    *,
    by: By,
    roll_calls: RollCalls,
    people: People,
    now: Clock,
) -> Entry:
    """Say how it is with somebody, who need not be on the list yet: cameras miss people.

    Who was merged into somebody since counts as them, unless the list has their own record. Raises
    `NotFound` and `NotPossible`.
    """
    person = people.get(person_id)
    if person is None:
        raise NotFound(f"there is no person {person_id!r}")
    if person.merged_into and not roll_calls.has(rollcall_id, person_id):
        person = standing_for(person, people) or person
    return roll_calls.tick(rollcall_id, person.person_id, Tick(state, now(), by))


def read(rollcall_id: str, *, roll_calls: RollCalls) -> RollCall:
    """One roll call; raises `NotFound`."""
    roll_call = roll_calls.get(rollcall_id)
    if roll_call is None:
        raise NotFound(f"there is no roll call {rollcall_id!r}")
    return roll_call


def named(entries: Sequence[Entry], people: People) -> Mapping[str, Person]:
    """Those on a list who are on record."""
    known: dict[str, Person] = {}
    ids = [entry.person_id for entry in entries]
    for first in range(0, len(ids), _AT_ONCE):
        known |= people.find(ids[first : first + _AT_ONCE])
    return known
