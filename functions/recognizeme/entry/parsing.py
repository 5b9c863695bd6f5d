"""Reading what a caller sent: JSON bodies, query parameters, times; or else an `InvalidRequest`.

The `TypedDict`s say what is read: `make api` writes openapi.json from them.
"""

import base64
import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Annotated, Any, NotRequired, TypedDict, TypeVar

from recognizeme.domain.audit import AuditQuery, keyed_hash
from recognizeme.domain.errors import InvalidRequest
from recognizeme.domain.model import (
    Consent,
    Exceptions,
    Liveness,
    Outcome,
    check_group,
    check_groups,
    check_kiosk_id,
    check_name,
    check_person_id,
)
from recognizeme.domain.people import PersonChange, searchable
from recognizeme.domain.ports import PeopleQuery, SightingQuery
from recognizeme.domain.strangers import StrangerState
from recognizeme.entry.forms import (
    Base64,
    CaptureId,
    Day,
    Form,
    Group,
    Groups,
    KioskId,
    Name,
    PersonId,
    PhotoId,
    PictureType,
    Time,
)
from recognizeme.usecases.reindex import Step

Json = dict[str, Any]
Choice = TypeVar("Choice", bound=StrEnum)

MOST_ON_A_PAGE, ON_A_PAGE = 100, 50
MOST_REPLAYED = 1000

Signs = Annotated[Liveness, Form(default=Liveness.NOT_ASKED), "What came of asking for signs of life"]


class CaptureRequest(TypedDict):
    """Which capture a picture is to be uploaded for."""

    capture_id: CaptureId
    content_type: NotRequired[PictureType]
    liveness: NotRequired[Signs]


class RecognitionParameters(TypedDict, total=False):
    """What a picture in the body is."""

    capture_id: Annotated[CaptureId, "Made by the server when left out"]
    liveness: Signs


class PictureRequest(TypedDict):
    """A picture inside JSON, of at most 3 MiB."""

    picture: Base64


class PhotoRequest(TypedDict):
    """Which photo is to be uploaded."""

    photo_id: PhotoId
    content_type: NotRequired[PictureType]


class PhotoParameters(TypedDict, total=False):
    """What the photo in the body is called, and what it may do that is refused by default."""

    photo_id: Annotated[PhotoId, "The SHA-256 of the bytes when left out"]
    accept_poor: Annotated[bool, Form(default=False), "Take a face of poor quality"]
    allow_duplicate: Annotated[Name, "Why a face that looks like somebody else's is taken all the same"]


class WhichPhoto(TypedDict):
    """One of a person's photos."""

    photo_id: PhotoId


class ConsentRequest(TypedDict):
    """That a person agreed to be recognized."""

    given_at: Annotated[Time, "A time that has passed"]
    recorded_by: NotRequired[Annotated[Name | None, "Who wrote it down"]]
    text_version: NotRequired[Annotated[Name | None, "Which text they agreed to"]]
    withdrawn_at: NotRequired[Annotated[Time | None, "When it ended: since then, and not in the future"]]


class WithdrawalRequest(TypedDict):
    """That a person agrees no longer to what is recorded."""

    withdrawn_at: Annotated[Time, "After it was given, and not in the future"]


class PersonRequest(TypedDict, total=False):
    """What is to change of a person; what is left out stays as it is. Nobody is created without a name."""

    name: Name
    groups: Groups
    active: bool
    active_until: Annotated[Day | None, "The last day, in UTC, on which they are recognized"]
    consent: ConsentRequest | WithdrawalRequest


class CorrectionRequest(TypedDict):
    """Who a sighting really was."""

    person_id: Annotated[PersonId | None, "Null is somebody whom we do not know"]


class LessonRequest(TypedDict, total=False):
    """What a sighting's picture teaches."""

    learn: Annotated[bool, Form(default=False), "Take it as a photo of the person whom the sighting shows"]
    not_person_id: Annotated[
        PersonId | None,
        "Remember that it does not show this person; keeps the face of somebody who may never have agreed",
    ]


class MergeRequest(TypedDict):
    """Whom a person is to count as."""

    into: PersonId


class Onwards(TypedDict, total=False):
    """Where to go on."""

    cursor: Annotated[str, Form(format="cursor"), "`next_cursor` of the page before"]


class Paging(Onwards, total=False):
    """Which page of a list."""

    limit: Annotated[int, Form(minimum=1, maximum=MOST_ON_A_PAGE, default=ON_A_PAGE)]


class PeopleFilters(Paging, total=False):
    """Which people; all given conditions must hold."""

    name: Annotated[
        str,
        Form(minLength=1),
        "What a word of the name begins with, and those after it are; case and accents aside",
    ]
    group: Group


class SightingFilters(Paging, total=False):
    """Which sightings; all given conditions must hold."""

    person_id: PersonId
    kiosk_id: KioskId
    outcome: Outcome
    group: Annotated[Group, "That the person was in when they were recognized"]
    since: Annotated[Time, "Captured at this time or later"]
    until: Annotated[Time, "Captured before this time, which is after `since`"]


class StrangerNameRequest(TypedDict, total=False):
    """Who a stranger is: a person who is there, by id, or one who is created with this name."""

    person_id: Annotated[PersonId, "Left out, a person who is created gets the stranger's id"]
    name: Name
    consent: Annotated[ConsentRequest, "Of the person who is created"]


class StrangerFilters(Paging, total=False):
    """Which strangers."""

    state: Annotated[StrangerState, Form(default=StrangerState.WAITING), "What was decided about them"]


class AuditFilters(Paging, total=False):
    """Which lines; all given conditions must hold."""

    person_id: Annotated[PersonId, "Also of somebody who is forgotten"]
    principal: str
    on_behalf_of: str
    action: Annotated[str, "Such as `PUT /people/{person_id}`"]
    since: Annotated[Time, "Not before this time"]
    until: Annotated[Time, "Before this time, which is after `since`"]


class StatisticsPeriod(TypedDict, total=False):
    """Which days, each a whole one in UTC."""

    since: Annotated[Time, "From the day of this time on, at most 400 days back; seven days when left out"]
    until: Annotated[Time, "To the last day that begins before this time, which is after `since`"]
    group: Annotated[Group, "Only the recognitions of people who were in it then"]


class ReplayLimit(TypedDict, total=False):
    """How many events."""

    limit: Annotated[int, Form(minimum=1, maximum=MOST_REPLAYED, default=100)]


class ReindexRequest(TypedDict):
    """What is to be done towards a new collection."""

    step: Annotated[
        Step,
        "In this order, each until `next_cursor` is null; `back` undoes `switch`; `settle` follows either",
    ]
    cursor: NotRequired[Annotated[str | None, "`next_cursor` of the call before; building needs none"]]


class CheckParameters(TypedDict, total=False):
    """What is done with the faces of people who do not exist."""

    remove: Annotated[bool, Form(default=False), "Remove the faces of everybody who does not exist"]
    users: Annotated[
        bool, Form(default=False), "Make a vector of each person's faces, before they are matched by users"
    ]


def json_object(body: bytes) -> Json:
    """A request body as a JSON object."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise InvalidRequest("the body must be a JSON object") from error
    if not isinstance(value, dict):
        raise InvalidRequest("the body must be a JSON object")
    return value


def text(
    fields: Mapping[str, Any], name: str, default: str | None = None, *, called: str | None = None
) -> str:
    """A member that must be a string."""
    value = fields.get(name, default)
    if not isinstance(value, str):
        called = called or name
        raise InvalidRequest(f"{called} is missing" if value is None else f"{called} must be a string")
    return value


def base64_bytes(fields: Mapping[str, Any], name: str) -> bytes:
    """A member that must be base64."""
    try:
        return base64.b64decode(text(fields, name), validate=True)
    except ValueError as error:
        raise InvalidRequest(f"{name} must be base64") from error


def optional_text(fields: Mapping[str, Any], name: str) -> str | None:
    """A string member that may be left out or null."""
    return text(fields, name) if fields.get(name) is not None else None


def step(fields: Mapping[str, Any]) -> Step:
    """Which step of reindexing."""
    name = text(fields, "step")
    try:
        return Step(name)
    except ValueError as error:
        raise InvalidRequest(f"step must be one of {', '.join(Step)}") from error


def boolean(fields: Mapping[str, Any], name: str) -> bool:
    """A member that is true or false; false without it."""
    value = fields.get(name, False)
    if not isinstance(value, bool):
        raise InvalidRequest(f"{name} must be true or false")
    return value


def person_change(fields: Mapping[str, Any]) -> tuple[PersonChange, datetime | None]:
    """What a body changes of a person; and, where that is all it says of consent, when this was withdrawn."""
    given: dict[str, Any] = {}
    if "name" in fields:
        given["name"] = check_name(text(fields, "name"))
    if "groups" in fields:
        given["groups"] = _groups(fields["groups"])
    if "active" in fields:
        if not isinstance(fields["active"], bool):
            raise InvalidRequest("active must be true or false")
        given["active"] = fields["active"]
    if "active_until" in fields:
        last = fields["active_until"]
        given["active_until"] = None if last is None else day(text(fields, "active_until"), "active_until")
    withdrawn_at = None
    if "consent" in fields:
        said = _object(fields["consent"], "consent", '{"given_at": "2026-11-23T08:00:00Z"}')
        withdrawn_at = _optional_time(said, "withdrawn_at")
        if withdrawn_at is None or "given_at" in said:
            given["consent"] = Consent(
                time(text(said, "given_at", called="consent.given_at"), "consent.given_at"),
                _optional_name(said, "recorded_by"),
                _optional_name(said, "text_version"),
                withdrawn_at,
            )
            withdrawn_at = None
    return PersonChange(**given), withdrawn_at


def people_query(parameters: Mapping[str, str]) -> PeopleQuery:
    """The filters of a list of people."""
    name = parameters.get("name")
    words = None if name is None else searchable(name)
    if words == "":
        raise InvalidRequest("name must hold at least one letter, digit or sign")
    return PeopleQuery(words, _optional_group(parameters))


def _optional_group(parameters: Mapping[str, str]) -> str | None:
    return check_group(parameters["group"]) if "group" in parameters else None


def _groups(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(label, str) for label in value):
        raise InvalidRequest('groups must be a list of labels like ["staff", "cleaning"]')
    return check_groups(value)


def _object(value: object, name: str, example: str) -> Json:
    if not isinstance(value, dict):
        raise InvalidRequest(f"{name} must be an object like {example}")
    return value


def _optional_name(consent: Json, name: str) -> str | None:
    called = f"consent.{name}"
    return None if consent.get(name) is None else check_name(text(consent, name, called=called), called)


def _optional_time(consent: Json, name: str) -> datetime | None:
    called = f"consent.{name}"
    return None if consent.get(name) is None else time(text(consent, name, called=called), called)


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


def day(value: str, name: str) -> date:
    """An ISO 8601 day."""
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise InvalidRequest(f"{name} must be a day like 2026-12-31") from error


def limit(parameters: Mapping[str, str], default: int = ON_A_PAGE, most: int = MOST_ON_A_PAGE) -> int:
    """The query parameter `limit`."""
    value = parameters.get("limit", str(default))
    if not (value.isascii() and value.isdigit() and len(value) < 6 and 1 <= int(value) <= most):
        raise InvalidRequest(f"limit must be a number from 1 to {most}")
    return int(value)


def flag(parameters: Mapping[str, str], name: str) -> bool:
    """A query parameter that is `true` or `false`, the default."""
    value = parameters.get(name, "false")
    if value not in ("true", "false"):
        raise InvalidRequest(f"{name} must be true or false")
    return value == "true"


def exceptions(parameters: Mapping[str, str]) -> Exceptions:
    """What an enrollment may do that is refused by default."""
    reason = parameters.get("allow_duplicate")
    return Exceptions(
        accept_poor=flag(parameters, "accept_poor"),
        allow_duplicate=None if reason is None else check_name(reason, "allow_duplicate, the reason,"),
    )


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
        group=_optional_group(parameters),
    )
    if query.since and query.until and query.since >= query.until:
        raise InvalidRequest("since must be before until")
    return query


def stranger_state(parameters: Mapping[str, str]) -> StrangerState:
    """In which state the strangers of a list are; waiting for a decision, unless it says so."""
    return _choice(StrangerState, parameters.get("state", StrangerState.WAITING), "state")


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


def choice(kind: type[Choice], fields: Mapping[str, Any], name: str, default: Choice | None) -> Choice:
    """A member that is one of a few words; without a default it must be there."""
    return _choice(kind, text(fields, name, default), name)


def _choice(kind: type[Choice], value: str, name: str) -> Choice:
    try:
        return kind(value)
    except ValueError as error:
        raise InvalidRequest(f"{name} must be one of {', '.join(kind)}") from error
