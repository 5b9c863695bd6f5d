"""Say why a sighting came to what it came to."""

from recognizeme.domain.explanation import explanation
from recognizeme.domain.model import Sighting
from recognizeme.domain.ports import People


def explain(sighting: Sighting, *, people: People) -> str | None:
    """The explanation, with the names that the candidates have now."""
    candidates = sighting.decision.candidates if sighting.decision else ()
    known = [people.get(candidate.person_id) for candidate in candidates]
    return explanation(sighting, {person.person_id: person.name for person in known if person})
