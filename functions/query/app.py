"""The read-only API: sightings, people, statistics."""

from datetime import timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext

from recognizeme import VERSION, wiring
from recognizeme.adapters import cursor as cursors
from recognizeme.domain.audit import keyed_hash
from recognizeme.domain.errors import NotFound
from recognizeme.domain.kiosks import DEFAULT_MINUTES
from recognizeme.domain.model import Person, Sighting, check_capture_id, check_person_id
from recognizeme.domain.rollcalls import check_rollcall_id
from recognizeme.domain.strangers import check_stranger_id
from recognizeme.entry import kiosk_json, parsing, presentation, rollcall_json
from recognizeme.entry.http_api import HttpApi, answer, path_id
from recognizeme.entry.presence_json import presence_json
from recognizeme.usecases.explain import explain
from recognizeme.usecases.merge import counting_merged
from recognizeme.usecases.read_audit import read_audit
from recognizeme.usecases.rollcall import named, read
from recognizeme.usecases.statistics import statistics

logger = Logger()
api = HttpApi(logger, wiring.auditor)


@api.get("/sightings/<capture_id>")
def get_sighting(capture_id: str) -> Response[str]:
    """One sighting."""
    sighting = _sighting(capture_id)
    return answer(presentation.sighting_json(sighting, explain(sighting, people=wiring.parts().people)))


@api.get("/sightings")
def get_sightings() -> Response[str]:
    """Sightings, newest first."""
    parts = wiring.parts()
    page = parts.sightings.query(
        counting_merged(parsing.sighting_query(api.parameters), parts.people),
        limit=parsing.limit(api.parameters),
        cursor=api.parameters.get("cursor"),
    )
    return answer(presentation.page_json(page, presentation.sighting_json))


@api.get("/sightings/<capture_id>/photo")
def get_sighting_photo(capture_id: str) -> Response[str]:
    """A short-lived link to the picture."""
    parts = wiring.parts()
    sighting = _sighting(capture_id)
    api.note(person_id=sighting.person_id)
    photo_key = sighting.photo_key
    if photo_key is None:
        raise NotFound(f"no picture is stored for sighting {capture_id!r}")
    expires_at = parts.now() + timedelta(seconds=parts.settings.link_s)
    url = parts.photos.link(photo_key, expires_at=expires_at)
    return answer(presentation.link_json(url, expires_at))


@api.get("/lessons")
def get_lessons() -> Response[str]:
    """Of which pictures it is remembered whom they do not show; newest first."""
    parts = wiring.parts()
    lessons = [lesson for lesson in parts.lessons.all() if lesson.expires_at > parts.now()]
    newest_first = sorted(lessons, key=lambda lesson: (lesson.taught_at, lesson.capture_id), reverse=True)
    return answer(presentation.list_json(map(presentation.lesson_json, newest_first)))


@api.get("/strangers")
def get_strangers() -> Response[str]:
    """Unknown visitors by likeness, who was seen last first."""
    page = wiring.parts().strangers.list(
        parsing.stranger_state(api.parameters),
        limit=parsing.limit(api.parameters),
        cursor=api.parameters.get("cursor"),
    )
    return answer(presentation.page_json(page, presentation.stranger_json))


@api.get("/strangers/<stranger_id>")
def get_stranger(stranger_id: str) -> Response[str]:
    """A stranger and their newest visits."""
    parts = wiring.parts()
    stranger = parts.strangers.get(path_id(stranger_id, check_stranger_id))
    if stranger is None:
        raise NotFound(f"there is no stranger {stranger_id!r}")
    visits = islice(parts.strangers.visits_of(stranger.stranger_id), presentation.MOST_VISITS_SHOWN)
    sightings = [
        presentation.sighting_json(sighting)
        for visit in visits
        if (sighting := parts.sightings.get(visit.capture.capture_id))
    ]
    detail: presentation.StrangerDetailJson = {
        **presentation.stranger_json(stranger),
        "sightings": sightings,
    }
    return answer(detail)


@api.get("/people")
def get_people() -> Response[str]:
    """People, all or those of a name or group."""
    page = wiring.parts().people.list(
        parsing.people_query(api.parameters),
        limit=parsing.limit(api.parameters),
        cursor=api.parameters.get("cursor"),
    )
    return answer(presentation.page_json(page, presentation.person_json))


@api.get("/people/<person_id>")
def get_person(person_id: str) -> Response[str]:
    """One person."""
    return answer(presentation.person_json(_person(person_id)))


@api.get("/people/<person_id>/photos")
def get_photos(person_id: str) -> Response[str]:
    """A person's photos and what became of them."""
    person = _person(person_id)
    photos = sorted(person.photos.values(), key=lambda photo: (photo.enrolled_at, photo.photo_id))
    people = wiring.parts().people
    return answer(presentation.list_json(presentation.photo_json(photo, person, people) for photo in photos))


@api.get("/stats")
def get_statistics() -> Response[str]:
    """Outcomes, calls and cost for each day and kiosk."""
    parts = wiring.parts()
    query = parsing.sighting_query(
        {k: v for k, v in api.parameters.items() if k in ("since", "until", "group")}
    )
    each, total = statistics(
        parts.sightings, since=query.since, until=query.until, now=parts.now, group=query.group
    )
    return answer(presentation.statistics_json(each, total, call_usd=parts.settings.call_usd))


@api.get("/presence")
def get_presence() -> Response[str]:
    """Who is on the premises, as far as the doors know."""
    parts = wiring.parts()
    cursor = api.parameters.get("cursor")
    page = wiring.inside(
        parts,
        limit=parsing.limit(api.parameters),
        after=cursors.decode("presence", cursor) if cursor else "",
    )
    next_cursor = cursors.encode("presence", page.next_cursor) if page.next_cursor else None
    return answer(presentation.list_json(map(presence_json, page.items), next_cursor))


@api.get("/rollcalls")
def get_roll_calls() -> Response[str]:
    """Roll calls, newest first."""
    page = wiring.parts().roll_calls.list(
        limit=parsing.limit(api.parameters), cursor=api.parameters.get("cursor")
    )
    return answer(presentation.page_json(page, rollcall_json.roll_call_json))


@api.get("/rollcalls/<rollcall_id>")
def get_roll_call(rollcall_id: str) -> Response[str]:
    """One roll call with its list."""
    parts = wiring.parts()
    roll_call = read(path_id(rollcall_id, check_rollcall_id), roll_calls=parts.roll_calls)
    entries = parts.roll_calls.entries(roll_call.rollcall_id)
    return answer(rollcall_json.roll_call_list_json(roll_call, entries, named(entries, parts.people)))


@api.get("/audit")
def get_audit() -> Response[str]:
    """Who did what, newest first."""
    parts = wiring.parts()
    page = read_audit(
        parsing.audit_query(api.parameters, key=parts.id_key),
        audit_log=parts.audit_log,
        people=parts.people,
        hashed=partial(keyed_hash, key=parts.id_key),
        limit=parsing.limit(api.parameters),
        cursor=api.parameters.get("cursor"),
    )
    return answer(presentation.audit_json(page))


@api.get("/kiosks")
def get_kiosks() -> Response[str]:
    """Every kiosk: what the office says of it, and how it is doing."""
    parts = wiring.parts()
    now, minutes = parts.now(), parts.settings.heartbeat_minutes or DEFAULT_MINUTES
    doors = (kiosk_json.kiosk_json(door, now=now, minutes=minutes) for door in parts.kiosks.all())
    return answer(presentation.list_json(doors))


@api.get("/groups")
def get_groups() -> Response[str]:
    """How sure a recognition must be of each group of which the office has said that."""
    groups = wiring.parts().kiosks.groups()
    return answer(presentation.list_json(kiosk_json.group_json(*each) for each in groups.items()))


@api.get("/health")
def get_health() -> Response[str]:
    """That the function runs; it asks no other service."""
    health: presentation.HealthJson = {"status": "ok", "version": VERSION}
    return answer(health)


@api.get("/openapi.json")
def get_openapi() -> Response[str]:
    """The machine-readable form of docs/api.md."""
    return Response(200, "application/json", Path(__file__).with_name("openapi.json").read_text("utf-8"))


def _sighting(capture_id: str) -> Sighting:
    capture_id = path_id(capture_id, check_capture_id)
    sighting = wiring.parts().sightings.get(capture_id)
    if sighting is None:
        raise NotFound(f"there is no sighting {capture_id!r}")
    return sighting


def _person(person_id: str) -> Person:
    person_id = path_id(person_id, check_person_id)
    person = wiring.parts().people.get(person_id)
    if person is None:
        raise NotFound(f"there is no person {person_id!r}")
    return person


@logger.inject_lambda_context
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Route an HTTP API event (payload 2.0)."""
    return api.resolve(event, context)
