"""Correct a sighting: that was somebody else, or nobody we know."""

from dataclasses import replace

from recognizeme.domain.errors import NotFound, NotPossible, PersonGone
from recognizeme.domain.model import Correction, Outcome, Sighting, Status
from recognizeme.domain.ports import Clock, People, Sightings
from recognizeme.usecases.merge import standing_for


def correct(
    capture_id: str, person_id: str | None, *, sightings: Sightings, people: People, now: Clock
) -> Sighting:
    """Say who a capture really showed (None: nobody we know), keeping what was decided first.

    Raises `NotFound` for an unknown sighting or person and `NotPossible` while it is not done.
    """
    sighting = sightings.get(capture_id)
    if sighting is None:
        raise NotFound(f"there is no sighting {capture_id!r}")
    if sighting.status is not Status.DONE or sighting.outcome is None:
        raise NotPossible(f"sighting {capture_id} is {sighting.status}; correct it when it is done")
    person = standing_for(people.get(person_id), people) if person_id is not None else None
    if person_id is not None and person is None:
        raise NotFound(f"there is no person {person_id!r}")
    first = sighting.correction
    correction = Correction(
        corrected_at=now(),
        was_outcome=first.was_outcome if first else sighting.outcome,
        was_person_id=first.was_person_id if first else sighting.person_id,
    )
    corrected = replace(
        sighting,
        outcome=Outcome.RECOGNIZED if person else Outcome.UNKNOWN,
        person_id=person.person_id if person else None,
        name=person.name if person else None,
        groups=person.groups if person else (),
        correction=correction,
    )
    try:
        sightings.correct(corrected, correction)
    except PersonGone as error:
        raise NotFound(f"there is no person {person_id!r}") from error
    return corrected
