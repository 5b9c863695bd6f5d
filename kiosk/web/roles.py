"""Who is at the desk, and which pages each role is shown. What may be done is the API's to say."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """A manager may see what reception may, and an admin everything."""

    RECEPTION = "reception"
    MANAGER = "manager"
    ADMIN = "admin"

    def includes(self, other: "Role") -> bool:
        """Whether this role is shown what the other is."""
        order = list(Role)
        return order.index(self) >= order.index(other)


@dataclass(frozen=True, slots=True)
class User:
    """Somebody at the desk; without a name where nobody signs in, as the page is this machine's alone."""

    name: str | None
    role: Role


WHOEVER = User(None, Role.ADMIN)

# The least role of each page; one that is missing here is an admin's.
LEAST: dict[str, Role] = {
    "today.page": Role.RECEPTION,
    "recognize.form": Role.RECEPTION,
    "recognize.hand_in": Role.RECEPTION,
    "visits.index": Role.RECEPTION,
    "visits.table": Role.RECEPTION,
    "visits.sighting": Role.RECEPTION,
    "visits.photo": Role.RECEPTION,
    "visits.thumbnail": Role.RECEPTION,
    "visits.correct": Role.RECEPTION,
    "visits.teach": Role.MANAGER,
    "visits.newcomer": Role.MANAGER,
    "unknown.index": Role.RECEPTION,
    "unknown.stranger": Role.RECEPTION,
    "unknown.give_name": Role.MANAGER,
    "unknown.ignore": Role.MANAGER,
    "unknown.discard": Role.MANAGER,
    "people.index": Role.RECEPTION,
    "people.face": Role.RECEPTION,
    "people.photo": Role.RECEPTION,
    "people.photo_face": Role.RECEPTION,
    "people.new": Role.MANAGER,
    "people.add": Role.MANAGER,
    "person.show": Role.RECEPTION,
    "person.record": Role.MANAGER,
    "person.consent": Role.MANAGER,
    "person.withdraw": Role.MANAGER,
    "person.add_photos": Role.MANAGER,
    "person.take": Role.MANAGER,
    "person.remove": Role.MANAGER,
    "person.choose_other": Role.MANAGER,
    "person.merge": Role.MANAGER,
    "person.unmerge": Role.MANAGER,
    "person.ask_to_forget": Role.MANAGER,
    "person.forget": Role.MANAGER,
    "audit.index": Role.MANAGER,
    "audit.table": Role.MANAGER,
    "status.index": Role.MANAGER,
    "status.replay": Role.ADMIN,
    "doors.index": Role.RECEPTION,
    "doors.door": Role.MANAGER,
    "doors.change": Role.MANAGER,
    "doors.remove": Role.MANAGER,
    "doors.kiosks": Role.RECEPTION,
    "doors.display": Role.RECEPTION,
}

# What stands at the head of each page, in this order: the page and its name.
NAVIGATION: tuple[tuple[str, str], ...] = (
    ("today.page", "Today"),
    ("recognize.form", "Recognize"),
    ("visits.index", "Visits"),
    ("unknown.index", "Unknown"),
    ("people.index", "People"),
    ("doors.index", "Doors"),
    ("audit.index", "Audit"),
    ("status.index", "Status"),
)


def least(endpoint: str) -> Role:
    """The least role that an endpoint is shown to."""
    return LEAST.get(endpoint, Role.ADMIN)
