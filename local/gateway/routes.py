"""Which function owns which route of docs/api.md; the template's events say the same to API Gateway."""

import re
from dataclasses import dataclass

ROUTES: dict[str, str] = {
    "POST /captures": "door",
    "POST /recognitions": "door",
    "GET /sightings": "query",
    "GET /sightings/{capture_id}": "query",
    "GET /sightings/{capture_id}/photo": "query",
    "POST /sightings/{capture_id}/correction": "enrollment",
    "GET /people": "query",
    "GET /people/{person_id}": "query",
    "PUT /people/{person_id}": "enrollment",
    "DELETE /people/{person_id}": "enrollment",
    "GET /people/{person_id}/photos": "query",
    "POST /people/{person_id}/photos": "enrollment",
    "GET /people/{person_id}/photo": "enrollment",
    "GET /stats": "query",
    "POST /replays": "enrollment",
    "GET /health": "query",
    "GET /openapi.json": "query",
}


@dataclass(frozen=True, slots=True)
class Matched:
    """The route of a request: its key, the function that owns it, and what the path says."""

    key: str
    function: str
    path_parameters: dict[str, str]


def _pattern(route: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(route)), re.DOTALL)


_PATTERNS = [(_pattern(route), route, function) for route, function in ROUTES.items()]


def match(method: str, path: str) -> Matched | None:
    """The route for a method and a percent-decoded path; None when there is none."""
    for pattern, route, function in _PATTERNS:
        if found := pattern.fullmatch(f"{method} {path}"):
            return Matched(route, function, found.groupdict())
    return None
