"""Reading what a caller sent: JSON bodies, query parameters, times; or else an `InvalidRequest`."""

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, TypeVar

from recognizeme.domain.audit import AuditQuery, keyed_hash
from recognizeme.domain.errors import InvalidRequest
from recognizeme.domain.model import Consent, Outcome, check_kiosk_id, check_name, check_person_id
from recognizeme.domain.ports import SightingQuery

Json = dict[str, Any]
Choice = TypeVar("Choice", bound=StrEnum)


def json_object(body: bytes) -> Json:
    """A request body as a JSON object."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise InvalidRequest("the body must be a JSON object") from error
    if not isinstance(value, dict):
        raise InvalidRequest("the body must be a JSON object")
    return value


def text(fields: Mapping[str, Any], name: str, default: str | None = None) -> str:
    """A member that must be a string."""
    value = fields.get(name, default)
    if not isinstance(value, str):
        raise InvalidRequest(f"{name} is missing" if value is None else f"{name} must be a string")
    return value


def base64_bytes(fields: Mapping[str, Any], name: str) -> bytes:
    """A member that must be base64."""
    try:
        return base64.b64decode(text(fields, name), validate=True)
    except ValueError as error:
        raise InvalidRequest(f"{name} must be base64") from error


def consent(fields: Mapping[str, Any]) -> Consent | None:
    """The optional member `consent`."""
    if "consent" not in fields:
        return None
    value = fields["consent"]
    if value is None:
        raise InvalidRequest("consent cannot be null; who withdraws it is forgotten, with DELETE")
    if not isinstance(value, dict):
        raise InvalidRequest('consent must be an object like {"given_at": "2026-11-23T08:00:00Z"}')
    recorded_by = value.get("recorded_by")
    if recorded_by is not None:
        recorded_by = check_name(text(value, "recorded_by"), "consent.recorded_by")
    return Consent(time(text(value, "given_at"), "consent.given_at"), recorded_by)


def time(value: str, name: str) -> datetime:
    """An ISO 8601 date or time from 1970 on, where capture ids begin; without a zone it is UTC."""
    try:
        moment = datetime.fromisoformat(value)
        moment = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise InvalidRequest(f"{name} must be a time like 2026-11-23T08:00:00Z") from error
    if moment.year < 1970:
        raise InvalidRequest(f"{name} must be a time after 1970")
    return moment


def limit(parameters: Mapping[str, str], default: int = 50, most: int = 100) -> int:
    """The query parameter `limit`."""
    value = parameters.get("limit", str(default))
    if not (value.isascii() and value.isdigit() and len(value) < 6 and 1 <= int(value) <= most):
        raise InvalidRequest(f"limit must be a number from 1 to {most}")
    return int(value)


def sighting_query(parameters: Mapping[str, str]) -> SightingQuery:
    """The filters of a list of sightings."""
    person_id, kiosk_id = parameters.get("person_id"), parameters.get("kiosk_id")
    since, until = parameters.get("since"), parameters.get("until")
    query = SightingQuery(
        person_id=check_person_id(person_id) if person_id is not None else None,
        kiosk_id=check_kiosk_id(kiosk_id) if kiosk_id is not None else None,
        outcome=_choice(Outcome, parameters["outcome"], "outcome") if "outcome" in parameters else None,
        since=time(since, "since") if since is not None else None,
        until=time(until, "until") if until is not None else None,
    )
    if query.since and query.until and query.since >= query.until:
        raise InvalidRequest("since must be before until")
    return query


def audit_query(parameters: Mapping[str, str], *, key: bytes) -> AuditQuery:
    """The filters of the audit log; `key` is that of the hashes in it."""
    person_id = parameters.get("person_id")
    since, until = parameters.get("since"), parameters.get("until")
    query = AuditQuery(
        person=keyed_hash(check_person_id(person_id), key) if person_id is not None else None,
        principal=parameters.get("principal"),
        on_behalf_of=parameters.get("on_behalf_of"),
        action=parameters.get("action"),
        since=time(since, "since") if since is not None else None,
        until=time(until, "until") if until is not None else None,
    )
    if query.since and query.until and query.since >= query.until:
        raise InvalidRequest("since must be before until")
    return query


def choice(kind: type[Choice], fields: Mapping[str, Any], name: str, default: Choice) -> Choice:
    """A member that is one of a few words."""
    return _choice(kind, text(fields, name, default), name)


def _choice(kind: type[Choice], value: str, name: str) -> Choice:
    try:
        return kind(value)
    except ValueError as error:
        raise InvalidRequest(f"{name} must be one of {', '.join(kind)}") from error
