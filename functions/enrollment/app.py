"""People and their photos: enroll, change, remove, correct, forget; by the API or by stored objects."""

import secrets
from dataclasses import asdict, replace
from datetime import timedelta
from functools import partial
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext

from recognizeme import wiring
from recognizeme.domain.audit import keyed_hash
from recognizeme.domain.errors import InvalidRequest, NotFound
from recognizeme.domain.kiosks import DEFAULT_MINUTES, Sureness
from recognizeme.domain.model import (
    EnrolledPhoto,
    Enrollment,
    Exceptions,
    PhotoState,
    check_capture_id,
    check_group,
    check_kiosk_id,
    check_person_id,
)
from recognizeme.domain.policy import MatchBy
from recognizeme.domain.receipts import Receipt
from recognizeme.domain.rollcalls import By, Kind, State, check_rollcall_id
from recognizeme.domain.strangers import check_stranger_id
from recognizeme.entry import kiosk_json, parsing, rollcall_json
from recognizeme.entry.audit import SYSTEM
from recognizeme.entry.http_api import HttpApi, answer, path_id
from recognizeme.entry.observe import count_leaving
from recognizeme.entry.presentation import (
    CollectionCheckJson,
    CorrectedJson,
    LearnedJson,
    NamedJson,
    PhotoJson,
    PhotoTicketJson,
    collection_check_json,
    lesson_json,
    link_json,
    neighbours_json,
    person_json,
    photo_json,
    receipt_json,
    reindex_json,
    remains_json,
    replayed_json,
    sighting_json,
    stranger_json,
    ticket_json,
)
from recognizeme.entry.s3_event import handle_objects, put_by, unwrapped
from recognizeme.usecases.check_collection import check_collection
from recognizeme.usecases.correct import correct
from recognizeme.usecases.explain import explain
from recognizeme.usecases.group_strangers import sweep
from recognizeme.usecases.leaving import drop_strangers_pictures
from recognizeme.usecases.merge import merge, unmerge
from recognizeme.usecases.neighbours import neighbours
from recognizeme.usecases.rollcall import MOST_PEOPLE, start, tick

logger = Logger()
api = HttpApi(logger, wiring.auditor, wiring.once)

_SETTABLE = {"name", "groups", "active", "active_until", "consent"}


@api.put("/people/<person_id>")
def put_person(person_id: str) -> Response[str]:
    """Create a person, or change what is given of one."""
    fields = parsing.json_object(api.body)
    api.note(given=" ".join(sorted(_SETTABLE & fields.keys())))
    change, withdrawn_at = parsing.person_change(fields)
    person = wiring.enroller(wiring.parts()).put_person(
        path_id(person_id, check_person_id), change, withdrawn_at=withdrawn_at
    )
    return answer(person_json(person))


@api.post("/people/<person_id>/photos")
def post_photo(person_id: str) -> Response[str]:
    """Index the photo in the body, or hand out a ticket to upload one."""
    parts = wiring.parts()
    enroller = wiring.enroller(parts)
    person_id = path_id(person_id, check_person_id)
    exceptions = parsing.exceptions(api.parameters)
    if api.has_picture():
        api.note(accept_poor=exceptions.accept_poor or None, allow_duplicate=exceptions.allow_duplicate)
        photo = enroller.enroll_now(person_id, api.picture(), api.parameters.get("photo_id"), exceptions)
        api.note(state=photo.state, problem=photo.problem)
        return answer(_photo_json(photo, person_id), HTTPStatus.CREATED)
    if exceptions != Exceptions():
        raise InvalidRequest("accept_poor and allow_duplicate take the picture itself, not a ticket")
    fields = parsing.json_object(api.body)
    photo_id = parsing.text(fields, "photo_id")
    ticket = enroller.issue_ticket(person_id, photo_id, parsing.text(fields, "content_type", "image/jpeg"))
    named: PhotoTicketJson = {"photo_id": photo_id, **ticket_json(ticket)}
    return answer(named, HTTPStatus.CREATED)


@api.get("/people/<person_id>/photo")
def get_photo(person_id: str) -> Response[str]:
    """A short-lived link to a photo: only this function may read enrollment photos."""
    parts = wiring.parts()
    enrollment = Enrollment(path_id(person_id, check_person_id), api.parameters.get("photo_id", ""))
    person = parts.people.get(enrollment.person_id)
    photo = person.photos.get(enrollment.photo_id) if person else None
    if photo is None or photo.state is PhotoState.REMOVED:
        raise NotFound(f"there is no such photo of person {enrollment.person_id!r}")
    expires_at = parts.now() + timedelta(seconds=parts.settings.link_s)
    url = parts.photos.link(enrollment.photo_key, expires_at=expires_at)
    return answer(link_json(url, expires_at))


@api.delete("/people/<person_id>/photos/<photo_id>")
def delete_photo(person_id: str, photo_id: str) -> Response[str]:
    """Remove a photo."""
    remover = wiring.photo_remover(wiring.parts())
    person_id = path_id(person_id, check_person_id)
    try:
        photo = remover.remove(Enrollment(person_id, photo_id))
    except NotFound:
        # Some gateways hand paths on decoded, some do not; and a percent sign may be part of a name.
        if "%" not in photo_id:
            raise
        photo = remover.remove(Enrollment(person_id, unquote(photo_id)))
    logger.info("photo removed")
    return answer(_photo_json(photo, person_id))


@api.post("/people/<person_id>/neighbours")
def post_neighbours(person_id: str) -> Response[str]:
    """Compare each face of a person with all others; it is paid for, and so no GET."""
    parts = wiring.parts()
    page = neighbours(
        path_id(person_id, check_person_id),
        cursor=api.parameters.get("cursor"),
        faces=parts.faces,
        people=parts.people,
        now=parts.now,
    )
    logger.info("faces compared", faces=len(page.items))
    return answer(neighbours_json(page, parts.policy))


@api.post("/people/<person_id>/merge")
def post_merge(person_id: str) -> Response[str]:
    """Have a person count as another: both records are of one human."""
    into = check_person_id(parsing.text(parsing.json_object(api.body), "into"))
    api.note(into_person_id=into)
    person = merge(path_id(person_id, check_person_id), into=into, people=wiring.parts().people)
    return answer(person_json(person))


@api.delete("/people/<person_id>/merge")
def delete_merge(person_id: str) -> Response[str]:
    """Take a merge back."""
    return answer(person_json(unmerge(path_id(person_id, check_person_id), people=wiring.parts().people)))


@api.delete("/people/<person_id>")
def delete_person(person_id: str) -> Response[str]:
    """Forget a person."""
    person_id = path_id(person_id, check_person_id)
    parts = wiring.parts()
    receipt = wiring.forgetter(parts).forget(person_id)
    counted = _counted(receipt)
    api.note(**counted)
    logger.info("person forgotten", **counted)
    return answer(receipt_json(receipt, person_hash=keyed_hash(person_id, parts.id_key)))


@api.get("/remains/<person_id>")
def get_remains(person_id: str) -> Response[str]:
    """Look into every store for what it holds of a person, forgotten or not."""
    parts = wiring.parts()
    person_id = path_id(person_id, check_person_id)
    found = wiring.forgetter(parts).look(person_id)
    person_hash = keyed_hash(person_id, parts.id_key)
    return answer(remains_json(person_id, found, person_hash=person_hash, looked_at=parts.now()))


@api.post("/sightings/<capture_id>/correction")
def post_correction(capture_id: str) -> Response[str]:
    """Say who a sighting really was."""
    parts = wiring.parts()
    fields = parsing.json_object(api.body)
    if "person_id" not in fields:
        raise InvalidRequest("person_id is missing; null means nobody we know")
    person_id = None if fields["person_id"] is None else check_person_id(parsing.text(fields, "person_id"))
    api.note(person_id=person_id)
    sighting = correct(
        path_id(capture_id, check_capture_id),
        person_id,
        sightings=parts.sightings,
        people=parts.people,
        now=parts.now,
    )
    corrected: CorrectedJson = {
        **sighting_json(sighting, explain(sighting, people=parts.people)),
        "can_learn": wiring.teacher(parts).can_learn(sighting),
    }
    return answer(corrected)


@api.post("/sightings/<capture_id>/lessons")
def post_lesson(capture_id: str) -> Response[str]:
    """Take the picture as a photo of whom the sighting shows, or remember whom it does not show."""
    fields = parsing.json_object(api.body)
    learns, not_person_id = parsing.boolean(fields, "learn"), parsing.optional_text(fields, "not_person_id")
    capture_id = path_id(capture_id, check_capture_id)
    teacher = wiring.teacher(wiring.parts())
    api.note(learn=learns, **({} if not_person_id is None else {"not_person_id": not_person_id}))
    lesson = None if not_person_id is None else teacher.remember_not(capture_id, not_person_id)
    photo = teacher.learn(capture_id) if learns else None
    learned: LearnedJson = {
        "photo": _photo_json(photo, _shown(capture_id)) if photo else None,
        "lesson": lesson_json(lesson) if lesson else None,
    }
    return answer(learned)


@api.delete("/sightings/<capture_id>/lessons")
def delete_lesson(capture_id: str) -> Response[str]:
    """Take back whom the picture does not show."""
    lesson = wiring.teacher(wiring.parts()).take_back(path_id(capture_id, check_capture_id))
    return answer(lesson_json(lesson))


@api.post("/strangers/<stranger_id>/name")
def post_stranger_name(stranger_id: str) -> Response[str]:
    """Say who a stranger is: a known person, or one who is created with these pictures."""
    parts = wiring.parts()
    fields = parsing.json_object(api.body)
    said, _ = parsing.person_change({name: fields[name] for name in ("name", "consent") if name in fields})
    given_id = parsing.optional_text(fields, "person_id")
    stranger_id = path_id(stranger_id, check_stranger_id)
    api.note(person_id=given_id or stranger_id)
    named = wiring.stranger_desk(parts).name(stranger_id, given_id, said)
    api.note(visits=named.visits, photos=len(named.photos))
    shown: NamedJson = {
        **stranger_json(named.stranger),
        "named_visits": named.visits,
        "photos": [photo_json(photo, named.person, parts.people) for photo in named.photos],
    }
    return answer(shown)


@api.post("/strangers/<stranger_id>/ignore")
def post_stranger_ignore(stranger_id: str) -> Response[str]:
    """Say that a stranger is known and of no interest."""
    stranger_id = path_id(stranger_id, check_stranger_id)
    return answer(stranger_json(wiring.stranger_desk(wiring.parts()).ignore(stranger_id)))


@api.post("/strangers/<stranger_id>/discard")
def post_stranger_discard(stranger_id: str) -> Response[str]:
    """Remove a stranger: pictures, faces and all."""
    stranger_id = path_id(stranger_id, check_stranger_id)
    return answer(stranger_json(wiring.stranger_desk(wiring.parts()).discard(stranger_id)))


@api.put("/kiosks/<kiosk_id>")
def put_kiosk(kiosk_id: str) -> Response[str]:
    """Say where a kiosk is, whom it lets in and when, and how sure it must be; the rest stays as it was."""
    parts = wiring.parts()
    fields = parsing.json_object(api.body)
    door = parts.kiosks.get(path_id(kiosk_id, check_kiosk_id))
    kiosk = kiosk_json.changed_kiosk(door.kiosk, fields)
    kiosk.sureness.check_floor(parts.policy)
    api.note(given=" ".join(sorted(fields)), policy_version=kiosk.version)
    parts.kiosks.put(kiosk)
    minutes = parts.settings.heartbeat_minutes or DEFAULT_MINUTES
    door = replace(door, kiosk=kiosk, is_set=True)
    return answer(kiosk_json.kiosk_json(door, now=parts.now(), minutes=minutes))


@api.delete("/kiosks/<kiosk_id>")
def delete_kiosk(kiosk_id: str) -> Response[str]:
    """Remove a kiosk that was taken away; the answer is what was known of it."""
    parts = wiring.parts()
    door = parts.kiosks.get(path_id(kiosk_id, check_kiosk_id))
    if not door.is_set and door.heartbeat is None:
        raise NotFound(f"there is no kiosk {door.kiosk.kiosk_id!r}")
    parts.kiosks.remove(door.kiosk.kiosk_id)
    minutes = parts.settings.heartbeat_minutes or DEFAULT_MINUTES
    return answer(kiosk_json.kiosk_json(door, now=parts.now(), minutes=minutes))


@api.put("/groups/<group>")
def put_group(group: str) -> Response[str]:
    """Say how sure a recognition must be of somebody of a group."""
    parts = wiring.parts()
    fields = parsing.json_object(api.body)
    group = path_id(group, check_group)
    sureness = kiosk_json.changed_group(parts.kiosks.groups().get(group, Sureness()), fields)
    sureness.check_floor(parts.policy)
    api.note(threshold_pct=sureness.threshold_pct, margin_pct=sureness.margin_pct)
    parts.kiosks.put_group(group, sureness)
    return answer(kiosk_json.group_json(group, sureness))


@api.post("/rollcalls")
def post_roll_call() -> Response[str]:
    """Begin a roll call with those who are in."""
    parts = wiring.parts()
    kind = parsing.choice(Kind, parsing.json_object(api.body), "kind", None)
    roll_call = start(
        kind,
        by=By(*api.caller),
        inside=lambda: wiring.inside(parts, limit=MOST_PEOPLE).items,
        roll_calls=parts.roll_calls,
        now=parts.now,
        randomness=secrets.token_bytes,
    )
    api.note(rollcall_id=roll_call.rollcall_id, kind=kind)
    return answer(rollcall_json.roll_call_json(roll_call), HTTPStatus.CREATED)


@api.put("/rollcalls/<rollcall_id>/people/<person_id>")
def put_tick(rollcall_id: str, person_id: str) -> Response[str]:
    """Say how it is with somebody."""
    parts = wiring.parts()
    state = parsing.choice(State, parsing.json_object(api.body), "state", None)
    api.note(state=state)
    entry = tick(
        path_id(rollcall_id, check_rollcall_id),
        path_id(person_id, check_person_id),
        state,
        by=By(*api.caller),
        roll_calls=parts.roll_calls,
        people=parts.people,
        now=parts.now,
    )
    return answer(rollcall_json.entry_json(entry, parts.people.get(entry.person_id)))


@api.post("/rollcalls/<rollcall_id>/end")
def post_end(rollcall_id: str) -> Response[str]:
    """End a roll call."""
    parts = wiring.parts()
    rollcall_id = path_id(rollcall_id, check_rollcall_id)
    roll_call = parts.roll_calls.end(rollcall_id, at=parts.now(), by=By(*api.caller))
    return answer(rollcall_json.roll_call_json(roll_call))


@api.post("/replays")
def post_replay() -> Response[str]:
    """Give events that failed for good back to their functions."""
    limit = parsing.limit(api.parameters, default=100, most=parsing.MOST_REPLAYED)
    replayed = wiring.parts().failed_events.replay(limit=limit)
    api.note(replayed=replayed.given_back)
    logger.info("failed events replayed", replayed=replayed.given_back, skipped=replayed.skipped)
    return answer(replayed_json(replayed))


@api.post("/reindexes")
def post_reindex() -> Response[str]:
    """Do a part of a step towards a new collection."""
    parts = wiring.parts()
    fields = parsing.json_object(api.body)
    step = parsing.step(fields)
    api.note(step=step)
    progress = wiring.reindexer(parts).step(step, parsing.optional_text(fields, "cursor"))
    logger.info("reindexed", step=step, photos=progress.photos)
    return answer(reindex_json(progress, call_usd=parts.settings.call_usd))


@api.post("/collection-checks")
def post_collection_check() -> Response[str]:
    """Look for faces whose person does not exist, or that are part of no vector."""
    return answer(
        _check_collection(
            remove_orphans=parsing.flag(api.parameters, "remove"),
            builds_users=parsing.flag(api.parameters, "users"),
        )
    )


def _check_collection(*, remove_orphans: bool, builds_users: bool = False) -> CollectionCheckJson:
    parts = wiring.parts()
    check = check_collection(
        faces=parts.faces,
        people=parts.people,
        lessons=parts.lessons,
        later=parts.later,
        now=parts.now,
        remove_orphans=remove_orphans,
        builds_users=builds_users or wiring.match_by_of(parts.settings) is MatchBy.USERS,
    )
    if parts.stranger_faces is not None:
        wiring.stranger_desk(parts).renew_ignored()
        removed, of = sweep(strangers=parts.strangers, faces=parts.stranger_faces, now=parts.now())
        check = replace(check, of_strangers=of, strangers_removed=removed)
    logger.info(
        "collection checked",
        faces=check.faces,
        removing=check.removing,
        orphans=len(check.orphans),
        adopted=check.adopted,
        apart=check.apart,
        of_strangers=check.of_strangers,
        strangers_removed=check.strangers_removed,
    )
    return collection_check_json(check)


def _shown(capture_id: str) -> str:
    sighting = wiring.parts().sightings.get(capture_id)
    return (sighting.person_id if sighting else None) or ""


def _photo_json(photo: EnrolledPhoto, person_id: str) -> PhotoJson:
    people = wiring.parts().people
    person = people.get(person_id)
    if person is None:
        raise NotFound(f"person {person_id!r} was forgotten meanwhile")
    return photo_json(photo, person, people)


def _enroll_stored(key: str, *, principal: str, source: str) -> PhotoJson | None:
    enrollment = Enrollment.from_key(key)
    if enrollment is None:
        prefix = key.partition("/")[0][:40]
        logger.warning("object ignored: it is no enrollment photo", key_prefix=prefix)
        return None
    with wiring.auditor().change(
        "photo stored", principal=principal, source=source, **asdict(enrollment)
    ) as detail:
        photo = wiring.enroller(wiring.parts()).enroll_stored(enrollment)
        detail["state"] = photo.state if photo else "removed meanwhile"
    if photo is None:
        logger.info("photo ignored: it has been removed meanwhile")
        return None
    logger.info("photo enrolled", state=photo.state, reason=photo.reason)
    person = wiring.parts().people.get(enrollment.person_id)
    return photo_json(photo, person, wiring.parts().people) if person else None


def _finish_forgetting(person_id: str) -> dict[str, Any]:
    with wiring.auditor().change(
        "forgetting finished", principal=SYSTEM, source="queue", person_id=person_id
    ) as detail:
        counted = _counted(wiring.forgetter(wiring.parts()).finish(person_id))
        detail |= counted
    logger.info("forgetting finished", **counted)
    return counted


def _counted(receipt: Receipt | None) -> dict[str, Any]:
    """What of a receipt names nobody; nothing when somebody of this id is on record again."""
    return {**asdict(receipt.removed), "verified": receipt.is_verified} if receipt else {}


def _finish_removing_photo(enrollment: Enrollment) -> dict[str, Any]:
    with wiring.auditor().change(
        "removing a photo finished", principal=SYSTEM, source="queue", person_id=enrollment.person_id
    ):
        wiring.photo_remover(wiring.parts()).finish(enrollment)
    logger.info("removing a photo finished")
    return {}


def _look_through_people(cursor: str | None) -> dict[str, Any]:
    looked = asdict(wiring.leaving(wiring.parts()).look_through(cursor))
    count_leaving(looked["soon"])
    logger.info("people looked through", **looked)
    return looked


def _leave(person_id: str) -> dict[str, Any]:
    with wiring.auditor().change(
        "person left", principal=SYSTEM, source="schedule", person_id=person_id
    ) as detail:
        counted = _counted(wiring.leaving(wiring.parts()).leave(person_id))
        detail |= counted
    logger.info("person left", **counted)
    return counted


def _drop_pictures(before: str | None, cursor: str | None) -> dict[str, Any]:
    parts = wiring.parts()
    moment = parts.now() - timedelta(days=parts.settings.stranger_days)
    dropped = drop_strangers_pictures(
        parsing.time(before, "before") if before else moment,
        cursor,
        sightings=parts.sightings,
        photos=parts.photos,
        strangers=parts.strangers,
        stranger_faces=parts.stranger_faces,
        later=parts.later,
    )
    logger.info("strangers' pictures removed", pictures=dropped)
    return {"pictures": dropped}


@logger.inject_lambda_context
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Route an HTTP API event, index the photos of an S3 event, or finish what was begun.

    Raises `RecordsFailed`, for Lambda to retry, when a record of an S3 event failed.
    """
    if isinstance(event, dict) and "requestContext" in event:
        return api.resolve(event, context)
    task = unwrapped(event)
    if isinstance(task, dict) and "forget" in task:
        return _finish_forgetting(check_person_id(task["forget"]))
    if isinstance(task, dict) and "remove_photo" in task:
        return _finish_removing_photo(Enrollment(**task["remove_photo"]))
    if isinstance(task, dict) and "leave" in task:
        return _leave(check_person_id(task["leave"]))
    if isinstance(task, dict) and task.get("check") == "people":
        return _look_through_people(task.get("cursor"))
    if isinstance(task, dict) and task.get("check") == "pictures":
        return _drop_pictures(task.get("before"), task.get("cursor"))
    if isinstance(task, dict) and task.get("check") == "collection":
        with wiring.auditor().change("collection checked", principal=SYSTEM, source="schedule") as detail:
            checked = _check_collection(remove_orphans=False)
            detail["removing"] = checked["removing"]
        return dict(checked)
    principal, source = put_by(task)
    result = handle_objects(task, partial(_enroll_stored, principal=principal, source=source), log=logger)
    return {"photos": result.items, "ignored": result.ignored}
