"""The one list of routes: which function answers each, and which role may call it.

The local gateway routes by it; the template's events and policies, openapi.json, docs/api.md and the sample
events are checked against it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

# The web page is a kiosk too: whoever may use the page may hand its pictures in.
WEB_KIOSK_ID = "web"


class Role(StrEnum):
    """What a caller may do. A manager may do what a reception may, and an admin may do everything."""

    DOOR = "door"
    RECEPTION = "reception"
    MANAGER = "manager"
    ADMIN = "admin"

    def includes(self, other: "Role") -> bool:
        """Whether this role may do what the other may, apart from handing pictures in."""
        return self is other or (other is not Role.DOOR and _OFFICE.index(self) > _OFFICE.index(other))


_OFFICE = (Role.DOOR, Role.RECEPTION, Role.MANAGER, Role.ADMIN)


class Audit(StrEnum):
    """What the audit log says of a route's requests (docs/adr/0018-the-audit-log.md)."""

    NO = "no"
    LOOK = "look"  # somebody sees a picture or an export: written down, or not shown
    CHANGE = "change"  # its beginning is written down, or it is not made; and then what came of it
    # A picture that somebody at the page hands in is a look: at who that is. A door's is on record as its
    # sighting, which no route can remove without leaving a line.
    HAND_IN = "hand_in"


@dataclass(frozen=True)
class Caller:
    """Somebody whose role is known; a door is bound to its own kiosk. `principal` is for the audit log."""

    role: Role
    kiosk_id: str | None = None
    principal: str = field(default="", compare=False)


@dataclass(frozen=True)
class Route:
    """A method and a path as API Gateway writes it, the function behind it, and the least role it takes.

    A route of the role `door` is called by the kiosk in its path alone (`web` by whoever may use the page);
    one that names no kiosk is open to every role.
    """

    method: str
    path: str
    function: str
    role: Role
    audit: Audit = Audit.NO

    @property
    def key(self) -> str:
        """As in an event's `routeKey`."""
        return f"{self.method} {self.path}"

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(self.key)), re.DOTALL)

    def match(self, method: str, path: str) -> dict[str, str] | None:
        """The parameters in a percent-decoded path of this route; None for a path of another."""
        found = self._pattern.fullmatch(f"{method} {path}")
        return found.groupdict() if found else None

    def allows(self, caller: Caller, path_parameters: Mapping[str, str]) -> bool:
        """Whether the caller may make this request."""
        if caller.role is Role.ADMIN:
            return True
        if self.role is not Role.DOOR:
            return caller.role.includes(self.role)
        own = caller.kiosk_id if caller.role is Role.DOOR else WEB_KIOSK_ID
        return path_parameters.get("kiosk_id", own) == own


ROUTES = (
    Route("POST", "/kiosks/{kiosk_id}/captures", "door", Role.DOOR, Audit.HAND_IN),
    Route("POST", "/kiosks/{kiosk_id}/recognitions", "door", Role.DOOR, Audit.HAND_IN),
    Route("GET", "/kiosks/{kiosk_id}/sightings/{capture_id}", "door", Role.DOOR),
    Route("POST", "/kiosks/{kiosk_id}/heartbeat", "door", Role.DOOR),
    Route("GET", "/health", "query", Role.DOOR),
    Route("GET", "/openapi.json", "query", Role.DOOR),
    Route("GET", "/sightings", "query", Role.RECEPTION),
    Route("GET", "/sightings/{capture_id}", "query", Role.RECEPTION),
    Route("GET", "/sightings/{capture_id}/photo", "query", Role.RECEPTION, Audit.LOOK),
    Route("POST", "/sightings/{capture_id}/correction", "enrollment", Role.RECEPTION, Audit.CHANGE),
    Route("GET", "/people", "query", Role.RECEPTION),
    Route("GET", "/people/{person_id}", "query", Role.RECEPTION),
    Route("GET", "/people/{person_id}/photos", "query", Role.RECEPTION),
    Route("GET", "/people/{person_id}/photo", "enrollment", Role.RECEPTION, Audit.LOOK),
    Route("GET", "/stats", "query", Role.RECEPTION),
    Route("GET", "/audit", "query", Role.MANAGER),
    Route("PUT", "/people/{person_id}", "enrollment", Role.MANAGER, Audit.CHANGE),
    Route("DELETE", "/people/{person_id}", "enrollment", Role.MANAGER, Audit.CHANGE),
    Route("POST", "/people/{person_id}/photos", "enrollment", Role.MANAGER, Audit.CHANGE),
    Route("DELETE", "/people/{person_id}/photos/{photo_id}", "enrollment", Role.MANAGER, Audit.CHANGE),
    Route("POST", "/people/{person_id}/neighbours", "enrollment", Role.MANAGER),
    Route("POST", "/replays", "enrollment", Role.ADMIN, Audit.CHANGE),
    Route("POST", "/collection-checks", "enrollment", Role.ADMIN, Audit.CHANGE),
)


@dataclass(frozen=True)
class Matched:
    """The route of a request, and what its path says."""

    route: Route
    path_parameters: dict[str, str]

    @property
    def is_audited(self) -> bool:
        """Whether this request leaves a line in the audit log."""
        if self.route.audit is Audit.HAND_IN:
            return self.path_parameters["kiosk_id"] == WEB_KIOSK_ID
        return self.route.audit is not Audit.NO


def match(method: str, path: str) -> Matched | None:
    """The route for a method and a percent-decoded path; None when there is none."""
    for route in ROUTES:
        if (found := route.match(method, path)) is not None:
            return Matched(route, found)
    return None
