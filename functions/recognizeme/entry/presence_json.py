"""Who is in, as JSON; `make api` publishes the types."""

from typing import Annotated, TypedDict

from recognizeme.domain.presence import Presence
from recognizeme.entry.forms import Groups, KioskId, Name, PersonId, Time
from recognizeme.entry.presentation import time_text


class PresenceJson(TypedDict):
    """Somebody who is on the premises, as far as the doors know."""

    person_id: PersonId
    name: Name
    groups: Groups
    since: Annotated[
        Time, "The first time they were seen since they were last seen leaving, or since the day began"
    ]
    entered_by: Annotated[KioskId, "Where that was"]
    seen_at: Annotated[Time, "The last time"]
    seen_by: Annotated[KioskId, "Where that was"]
    is_recognized: Annotated[bool, "Whether they are still recognized; if not, nobody sees them leave"]


def presence_json(presence: Presence) -> PresenceJson:
    """Somebody who is in."""
    person, stay = presence.person, presence.stay
    return {
        "person_id": person.person_id,
        "name": person.name,
        "groups": list(person.groups),
        "since": time_text(stay.first.at),
        "entered_by": stay.first.kiosk_id,
        "seen_at": time_text(stay.last.at),
        "seen_by": stay.last.kiosk_id,
        "is_recognized": presence.is_recognized,
    }
