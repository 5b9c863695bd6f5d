"""Two records were one human: one of them counts as the other from now on, until that is taken back."""

from dataclasses import replace

from recognizeme.domain.errors import InvalidRequest, NotFound, NotPossible, ServiceBusy
from recognizeme.domain.model import Person
from recognizeme.domain.ports import People, SightingQuery

_TRIES = 4


def merge(person_id: str, *, into: str, people: People) -> Person:
    """Have a person count as another; both records stay as they are. Again is no error.

    Who others were merged into may be merged themselves, so that no circle can arise: raises
    `NotPossible` for somebody who is merged already, or into somebody who is. Raises `NotFound`.
    """
    if person_id == into:
        raise InvalidRequest("a person cannot be merged into themselves; name another one")
    for _ in range(_TRIES):
        person, target = _known(person_id, people), _known(into, people)
        if person.merged_into == into:
            return person
        if person.merged_into:
            raise NotPossible(f"{person_id!r} is merged into {person.merged_into!r}; take that back first")
        if target.merged_into:
            raise NotPossible(
                f"{into!r} is merged into {target.merged_into!r} itself; merge into that one instead"
            )
        if people.merge(person_id, into=into):
            return _known(person_id, people)
    raise ServiceBusy("these people are being changed by somebody else; try again in a moment")


def unmerge(person_id: str, *, people: People) -> Person:
    """Take a merge back; without one nothing changes. Raises `NotFound`."""
    people.unmerge(person_id)
    return _known(person_id, people)


def standing_for(person: Person | None, people: People) -> Person | None:
    """Who a person counts as: whom they were merged into, and so on. None when that one is being forgotten.

    Both records must say so: somebody enrolled anew under the id of somebody forgotten is not meant.
    """
    while person and person.merged_into:
        target = people.get(person.merged_into)
        if target and person.person_id not in target.merged:
            return person
        person = target
    return person


def with_merged(person: Person, people: People) -> tuple[Person, ...]:
    """A person and all who count as them."""
    found = [person]
    for one in found:  # which grows meanwhile
        merged = (people.get(person_id) for person_id in one.merged)
        found += (each for each in merged if each and each.merged_into == one.person_id)
    return tuple(found)


def counting_merged(query: SightingQuery, people: People) -> SightingQuery:
    """The query, with the sightings of those who count as the person it asks for."""
    person = people.get(query.person_id) if query.person_id else None
    if person is None:
        return query
    return replace(query, merged=tuple(each.person_id for each in with_merged(person, people)[1:]))


def _known(person_id: str, people: People) -> Person:
    person = people.get(person_id)
    if person is None:
        raise NotFound(f"there is no person {person_id!r}")
    return person
