"""The one list of routes: which function answers each, which role may call it, what it takes and answers.

The local gateway routes by it; `make api` writes openapi.json and docs/api.md from it; the template's events
and policies and the sample events are checked against it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from http import HTTPStatus

from recognizeme.entry import kiosk_json as doors
from recognizeme.entry import notification_json as announced
from recognizeme.entry import parsing as asked
from recognizeme.entry import presence_json as inside
from recognizeme.entry import presentation as shown
from recognizeme.entry import rollcall_json as rolls
from recognizeme.entry.forms import PictureBytes
from recognizeme.entry.problems import Problem

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

    `answer`, `body` and `query` are types of presentation.py and parsing.py; `problems` are those beyond what
    any request may meet. One that `takes_key` is done once under its Idempotency-Key.
    """

    method: str
    path: str
    function: str
    role: Role
    operation: str
    summary: str
    answer: object
    statuses: tuple[HTTPStatus, ...] = (HTTPStatus.OK,)
    body: object = None
    is_body_optional: bool = False
    query: object = None
    problems: tuple[Problem, ...] = ()
    audit: Audit = Audit.NO
    takes_key: bool = False

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


_CREATED = (HTTPStatus.CREATED,)
_A_PICTURE = (Problem.UNUSABLE_PICTURE, Problem.TOO_LARGE, Problem.UNSUPPORTED_MEDIA_TYPE)

ROUTES = (
    Route(
        *("POST", "/kiosks/{kiosk_id}/captures", "door", Role.DOOR),
        audit=Audit.HAND_IN,
        operation="requestUpload",
        summary="An upload ticket for a capture",
        body=asked.CaptureRequest,
        answer=shown.CaptureTicketJson,
        statuses=_CREATED,
        problems=(Problem.ALREADY_DONE,),
    ),
    Route(
        *("POST", "/kiosks/{kiosk_id}/recognitions", "door", Role.DOOR),
        audit=Audit.HAND_IN,
        operation="recognizeNow",
        summary="Recognize a picture at once; 202 when the capture is being recognized elsewhere",
        query=asked.RecognitionParameters,
        body=PictureBytes | asked.PictureRequest,
        answer=shown.SightingJson,
        statuses=(HTTPStatus.OK, HTTPStatus.ACCEPTED),
        problems=(Problem.NOT_FOUND, *_A_PICTURE),
    ),
    Route(
        *("GET", "/kiosks/{kiosk_id}/sightings/{capture_id}", "door", Role.DOOR),
        operation="getOwnSighting",
        summary="One of the kiosk's own sightings",
        answer=shown.SightingJson,
        problems=(Problem.NOT_FOUND,),
    ),
    Route(
        *("POST", "/kiosks/{kiosk_id}/heartbeat", "door", Role.DOOR),
        operation="beat",
        summary="How the kiosk is doing; without a body, that it sees",
        body=doors.HeartbeatRequest,
        is_body_optional=True,
        answer=doors.HeardJson,
    ),
    Route(
        *("GET", "/kiosks/{kiosk_id}/policy", "door", Role.DOOR),
        operation="getPolicy",
        summary="What the office says of the kiosk's door; `version` is the ETag",
        answer=doors.PolicyJson,
        statuses=(HTTPStatus.OK, HTTPStatus.NOT_MODIFIED),
    ),
    Route(
        *("GET", "/health", "query", Role.DOOR),
        operation="getHealth",
        summary="That the API answers",
        answer=shown.HealthJson,
    ),
    Route(
        *("GET", "/openapi.json", "query", Role.DOOR),
        operation="getOpenApi",
        summary="The machine-readable form of this page",
        answer=dict,
    ),
    Route(
        *("GET", "/sightings", "query", Role.RECEPTION),
        operation="listSightings",
        summary="Sightings, newest first",
        query=asked.SightingFilters,
        answer=shown.PageJson[shown.SightingJson],
    ),
    Route(
        *("GET", "/sightings/{capture_id}", "query", Role.RECEPTION),
        operation="getSighting",
        summary="One sighting",
        answer=shown.SightingJson,
        problems=(Problem.NOT_FOUND,),
    ),
    Route(
        *("GET", "/sightings/{capture_id}/photo", "query", Role.RECEPTION),
        audit=Audit.LOOK,
        operation="getSightingPhoto",
        summary="A short-lived link to the picture",
        answer=shown.LinkJson,
        problems=(Problem.NOT_FOUND,),
    ),
    Route(
        *("POST", "/sightings/{capture_id}/correction", "enrollment", Role.RECEPTION),
        audit=Audit.CHANGE,
        operation="correctSighting",
        summary="That was somebody else, or somebody whom we do not know",
        body=asked.CorrectionRequest,
        answer=shown.CorrectedJson,
        problems=(
            Problem.NOT_POSSIBLE,
            Problem.NOT_FOUND,
        ),
    ),
    Route(
        *("POST", "/sightings/{capture_id}/lessons", "enrollment", Role.MANAGER),
        audit=Audit.CHANGE,
        takes_key=True,
        operation="teach",
        summary="Take the picture as a photo of whom the sighting shows, or remember whom it does not show",
        body=asked.LessonRequest,
        answer=shown.LearnedJson,
        problems=(
            Problem.NOT_POSSIBLE,
            Problem.NOT_FOUND,
        ),
    ),
    Route(
        *("DELETE", "/sightings/{capture_id}/lessons", "enrollment", Role.MANAGER),
        audit=Audit.CHANGE,
        operation="takeLessonBack",
        summary="Take back whom the picture does not show; a photo that was learned is removed as others are",
        answer=shown.LessonJson,
        problems=(Problem.NOT_FOUND,),
    ),
    Route(
        *("GET", "/lessons", "query", Role.RECEPTION),
        operation="listLessons",
        summary="Of which pictures it is remembered whom they do not show: all of them, newest first",
        answer=shown.PageJson[shown.LessonJson],
    ),
    Route(
        *("GET", "/strangers", "query", Role.RECEPTION),
        operation="listStrangers",
        summary="Unknown visitors by likeness, who was seen last first",
        query=asked.StrangerFilters,
        answer=shown.PageJson[shown.StrangerJson],
    ),
    Route(
        *("GET", "/strangers/{stranger_id}", "query", Role.RECEPTION),
        operation="getStranger",
        summary="One stranger, with their visits",
        answer=shown.StrangerDetailJson,
        problems=(Problem.NOT_FOUND,),
    ),
    Route(
        *("POST", "/strangers/{stranger_id}/name", "enrollment", Role.MANAGER),
        audit=Audit.CHANGE,
        takes_key=True,
        operation="nameStranger",
        summary="Say who a stranger is: every visit gets the name, and the newest pictures become photos",
        body=asked.StrangerNameRequest,
        answer=shown.NamedJson,
        problems=(Problem.NOT_POSSIBLE, Problem.NOT_FOUND, Problem.CONSENT_MISSING),
    ),
    Route(
        *("POST", "/strangers/{stranger_id}/ignore", "enrollment", Role.MANAGER),
        audit=Audit.CHANGE,
        operation="ignoreStranger",
        summary="Known and of no interest: later visits say that they are ignored",
        answer=shown.StrangerJson,
        problems=(Problem.NOT_POSSIBLE, Problem.NOT_FOUND),
    ),
    Route(
        *("POST", "/strangers/{stranger_id}/discard", "enrollment", Role.MANAGER),
        audit=Audit.CHANGE,
        operation="discardStranger",
        summary="Remove a stranger: the pictures and faces of the visits that show nobody known",
        answer=shown.StrangerJson,
        problems=(Problem.NOT_POSSIBLE, Problem.NOT_FOUND),
    ),
    Route(
        *("GET", "/people", "query", Role.RECEPTION),
        operation="listPeople",
        summary="People, all or those of a name or group",
        query=asked.PeopleFilters,
        answer=shown.PageJson[shown.PersonJson],
    ),
    Route(
        *("GET", "/people/{person_id}", "query", Role.RECEPTION),
        operation="getPerson",
        summary="One person",
        answer=shown.PersonJson,
        problems=(Problem.NOT_FOUND,),
    ),
    Route(
        *("GET", "/people/{person_id}/photos", "query", Role.RECEPTION),
        operation="listPhotos",
        summary="A person's photos, all on one page",
        answer=shown.PageJson[shown.PhotoJson],
        problems=(Problem.NOT_FOUND,),
    ),
    Route(
        *("GET", "/people/{person_id}/photo", "enrollment", Role.RECEPTION),
        audit=Audit.LOOK,
        operation="getPersonPhoto",
        summary="A short-lived link to an enrollment photo",
        query=asked.WhichPhoto,
        answer=shown.LinkJson,
        problems=(Problem.NOT_FOUND,),
    ),
    Route(
        *("GET", "/stats", "query", Role.RECEPTION),
        operation="getStatistics",
        summary="Outcomes, calls and cost for each day and kiosk",
        query=asked.StatisticsPeriod,
        answer=shown.StatisticsJson,
    ),
    Route(
        *("GET", "/presence", "query", Role.RECEPTION),
        operation="listPresence",
        summary="Who is on the premises, as far as the doors know, in the order of their ids",
        query=asked.Paging,
        answer=shown.PageJson[inside.PresenceJson],
    ),
    Route(
        *("POST", "/rollcalls", "enrollment", Role.RECEPTION),
        audit=Audit.CHANGE,
        takes_key=True,
        operation="startRollCall",
        summary="Begin a roll call with a list of those who are in",
        body=rolls.RollCallRequest,
        answer=rolls.RollCallJson,
        statuses=_CREATED,
    ),
    Route(
        *("GET", "/rollcalls", "query", Role.RECEPTION),
        operation="listRollCalls",
        summary="Roll calls without their lists, newest first",
        query=asked.Paging,
        answer=shown.PageJson[rolls.RollCallJson],
    ),
    Route(
        *("GET", "/rollcalls/{rollcall_id}", "query", Role.RECEPTION),
        operation="getRollCall",
        summary="One roll call: who is not accounted for, and the whole list",
        answer=rolls.RollCallListJson,
        problems=(Problem.NOT_FOUND,),
    ),
    Route(
        *("PUT", "/rollcalls/{rollcall_id}/people/{person_id}", "enrollment", Role.RECEPTION),
        audit=Audit.CHANGE,
        operation="tickOff",
        summary="Say how it is with somebody, who need not be on the list; every tick is kept",
        body=rolls.TickRequest,
        answer=rolls.EntryJson,
        problems=(Problem.NOT_POSSIBLE, Problem.NOT_FOUND),
    ),
    Route(
        *("POST", "/rollcalls/{rollcall_id}/end", "enrollment", Role.RECEPTION),
        audit=Audit.CHANGE,
        operation="endRollCall",
        summary="End a roll call; one that has ended stays as it is",
        answer=rolls.RollCallJson,
        problems=(Problem.NOT_FOUND,),
    ),
    Route(
        *("GET", "/audit", "query", Role.MANAGER),
        operation="listAudit",
        summary="Who did what, newest first",
        query=asked.AuditFilters,
        answer=shown.PageJson[shown.AuditLineJson],
    ),
    Route(
        *("GET", "/kiosks", "query", Role.RECEPTION),
        operation="listKiosks",
        summary="Every kiosk that was set or has sent a heartbeat, all on one page",
        answer=shown.PageJson[doors.KioskJson],
    ),
    Route(
        *("PUT", "/kiosks/{kiosk_id}", "enrollment", Role.MANAGER),
        audit=Audit.CHANGE,
        operation="putKiosk",
        summary="Say where a kiosk is, whom it lets in and when, and how sure it must be",
        body=doors.KioskRequest,
        answer=doors.KioskJson,
    ),
    Route(
        *("DELETE", "/kiosks/{kiosk_id}", "enrollment", Role.MANAGER),
        audit=Audit.CHANGE,
        operation="removeKiosk",
        summary="Remove a kiosk that was taken away; one that is there comes back, and lets nobody in",
        answer=doors.KioskJson,
        problems=(Problem.NOT_FOUND,),
    ),
    Route(
        *("GET", "/groups", "query", Role.RECEPTION),
        operation="listGroups",
        summary="Every group of which it was said how sure a recognition must be, all on one page",
        answer=shown.PageJson[doors.GroupJson],
    ),
    Route(
        *("PUT", "/groups/{group}", "enrollment", Role.MANAGER),
        audit=Audit.CHANGE,
        operation="putGroup",
        summary="Say how sure a recognition must be of somebody of a group",
        body=doors.SurenessRequest,
        answer=doors.GroupJson,
    ),
    Route(
        *("GET", "/notification-rules", "notification", Role.RECEPTION),
        operation="listRules",
        summary="Every rule of what is announced to whom, all on one page",
        answer=shown.PageJson[announced.RuleJson],
    ),
    Route(
        *("PUT", "/notification-rules/{rule_id}", "notification", Role.MANAGER),
        audit=Audit.CHANGE,
        operation="putRule",
        summary="Say what is announced to whom; the rule is replaced as a whole",
        body=announced.RuleRequest,
        answer=announced.RuleJson,
        problems=(Problem.NOT_POSSIBLE,),
    ),
    Route(
        *("DELETE", "/notification-rules/{rule_id}", "notification", Role.MANAGER),
        audit=Audit.CHANGE,
        operation="removeRule",
        summary="Remove a rule; what it has not sent yet is not sent",
        answer=announced.RuleJson,
        problems=(Problem.NOT_FOUND,),
    ),
    Route(
        *("POST", "/notification-rules/{rule_id}/test", "notification", Role.MANAGER),
        audit=Audit.CHANGE,
        operation="testRule",
        summary="Send a message that says that it is a test",
        answer=announced.NoticeJson,
        problems=(Problem.NOT_FOUND,),
    ),
    Route(
        *("GET", "/notifications", "notification", Role.RECEPTION),
        operation="listNotifications",
        summary="The messages of what happened last and what became of them, newest first",
        query=announced.NoticeLimit,
        answer=shown.PageJson[announced.NoticeJson],
    ),
    Route(
        *("PUT", "/people/{person_id}", "enrollment", Role.MANAGER),
        audit=Audit.CHANGE,
        operation="putPerson",
        summary="Create a person, or change what is given",
        body=asked.PersonRequest,
        answer=shown.PersonJson,
        problems=(Problem.NOT_FOUND,),
    ),
    Route(
        *("DELETE", "/people/{person_id}", "enrollment", Role.MANAGER),
        audit=Audit.CHANGE,
        operation="forgetPerson",
        summary="Forget a person; the answer is the receipt, also when it is asked for again",
        answer=shown.ReceiptJson,
        problems=(Problem.NOT_FOUND,),
    ),
    Route(
        *("GET", "/remains/{person_id}", "enrollment", Role.MANAGER),
        operation="findRemains",
        summary="Look into every store for what it holds of a person, forgotten or not",
        answer=shown.RemainsJson,
    ),
    Route(
        *("POST", "/people/{person_id}/photos", "enrollment", Role.MANAGER),
        audit=Audit.CHANGE,
        takes_key=True,
        operation="addPhoto",
        summary="Add the photo in the body, or get a ticket to upload one",
        query=asked.PhotoParameters,
        body=PictureBytes | asked.PictureRequest | asked.PhotoRequest,
        answer=shown.PhotoJson | shown.PhotoTicketJson,
        statuses=_CREATED,
        problems=(Problem.NOT_FOUND, Problem.CONSENT_MISSING, *_A_PICTURE),
    ),
    Route(
        *("DELETE", "/people/{person_id}/photos/{photo_id}", "enrollment", Role.MANAGER),
        audit=Audit.CHANGE,
        operation="removePhoto",
        summary="Remove a photo: its picture, every version, and its face",
        answer=shown.PhotoJson,
        problems=(Problem.NOT_FOUND,),
    ),
    Route(
        *("POST", "/people/{person_id}/merge", "enrollment", Role.MANAGER),
        audit=Audit.CHANGE,
        takes_key=True,
        operation="mergePerson",
        summary="Have a person count as another: both records are of one human",
        body=asked.MergeRequest,
        answer=shown.PersonJson,
        problems=(
            Problem.NOT_POSSIBLE,
            Problem.NOT_FOUND,
        ),
    ),
    Route(
        *("DELETE", "/people/{person_id}/merge", "enrollment", Role.MANAGER),
        audit=Audit.CHANGE,
        operation="unmergePerson",
        summary="Take a merge back",
        answer=shown.PersonJson,
        problems=(Problem.NOT_FOUND,),
    ),
    Route(
        *("POST", "/people/{person_id}/neighbours", "enrollment", Role.MANAGER),
        operation="compareFaces",
        summary="Each of a person's faces compared with all others, at one paid call a face",
        query=asked.Onwards,
        answer=shown.ComparedJson,
        problems=(Problem.NOT_FOUND,),
    ),
    Route(
        *("POST", "/replays", "enrollment", Role.ADMIN),
        audit=Audit.CHANGE,
        takes_key=True,
        operation="replayFailures",
        summary="Give events that failed for good back to their functions",
        query=asked.ReplayLimit,
        answer=shown.ReplayedJson,
    ),
    Route(
        *("POST", "/collection-checks", "enrollment", Role.ADMIN),
        audit=Audit.CHANGE,
        operation="checkCollection",
        summary="Look for faces of people who do not exist, and remove those of the forgotten",
        query=asked.CheckParameters,
        answer=shown.CollectionCheckJson,
    ),
    Route(
        *("POST", "/reindexes", "enrollment", Role.ADMIN),
        audit=Audit.CHANGE,
        operation="reindex",
        summary="A part of a step towards a new collection: build, compare, switch, go back",
        body=asked.ReindexRequest,
        answer=shown.ReindexJson,
        problems=(Problem.NOT_POSSIBLE,),
    ),
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


def methods(path: str) -> list[str]:
    """The methods that a percent-decoded path takes; none when there is no such path."""
    return sorted({route.method for route in ROUTES if route.match(route.method, path) is not None})
