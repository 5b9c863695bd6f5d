"""One person: the record, the photos, consent, merging, and forgetting."""

from datetime import date
from http import HTTPStatus
from itertools import islice

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response as AnyResponse

from kiosk.client.errors import NotFound, Refused
from kiosk.client.moment import iso_text
from kiosk.client.wire import Json
from kiosk.web.desk import Desk
from kiosk.web.enrolling import MOST_PHOTOS, NotTaken, hand_in, hand_in_again, several_photos
from kiosk.web.groups import groups_in
from kiosk.web.words import sentence

_MOST_TO_MERGE = 12  # a search that finds more is to be made narrower
_LAST_LOOKS = 6
_LONGEST_REASON = 200


def pages(desk: Desk) -> Blueprint:
    """A person's page and what can be done there."""
    blueprint = Blueprint("person", __name__, url_prefix="/people/<person_id>")
    several_photos(blueprint, "person.add_photos")

    def shown(person_id: str, part: str | None = None) -> AnyResponse:
        return redirect(url_for("person.show", person_id=person_id, _anchor=part), HTTPStatus.SEE_OTHER)

    def changed(person_id: str, change: Json) -> AnyResponse | tuple[str, int]:
        """The page again, with a sentence on top where the API does not want the change."""
        try:
            desk.api.change_person(person_id, change)
        except Refused as error:
            page = person_page(desk, person_id, trouble=sentence(str(error)))
            return page, HTTPStatus.UNPROCESSABLE_ENTITY
        return shown(person_id)

    @blueprint.get("")
    def show(person_id: str) -> str:
        return person_page(desk, person_id)

    @blueprint.post("/record")
    def record(person_id: str) -> AnyResponse | tuple[str, int]:
        change = {
            "name": request.form.get("name", "").strip(),
            "groups": groups_in(request.form.get("groups", "")),
            "active": "active" in request.form,
            "active_until": request.form.get("active_until") or None,
        }
        return changed(person_id, change)

    @blueprint.post("/consent")
    def consent(person_id: str) -> AnyResponse | tuple[str, int]:
        given = {
            "given_at": _moment(desk, request.form.get("day", "")),
            "recorded_by": request.form.get("recorded_by", "").strip() or None,
            "text_version": request.form.get("text_version", "").strip() or None,
        }
        return changed(person_id, {"consent": given})

    @blueprint.post("/consent/withdrawal")
    def withdraw(person_id: str) -> AnyResponse | tuple[str, int]:
        return changed(person_id, {"consent": {"withdrawn_at": iso_text(desk.now())}})

    @blueprint.post("/photos")
    def add_photos(person_id: str) -> AnyResponse | tuple[str, int]:
        files = chosen_files()
        if not files or len(files) > MOST_PHOTOS:
            trouble = f"Choose between one and {MOST_PHOTOS} photos."
            return person_page(desk, person_id, trouble=trouble), HTTPStatus.UNPROCESSABLE_ENTITY
        if not_taken := hand_in(desk.api, person_id, files):
            return person_page(desk, person_id, not_taken=not_taken), HTTPStatus.UNPROCESSABLE_ENTITY
        return shown(person_id, "photos")

    @blueprint.post("/photos/again")
    def take(person_id: str) -> AnyResponse | tuple[str, int]:
        reason = request.form.get("reason", "").strip()[:_LONGEST_REASON]
        is_poor = "accept_poor" in request.form
        if not reason and not is_poor:
            trouble = "Say in a few words why it is somebody else, such as: twin."
            return person_page(desk, person_id, trouble=trouble), HTTPStatus.UNPROCESSABLE_ENTITY
        for photo_id in request.form.getlist("photo_id")[:MOST_PHOTOS]:
            hand_in_again(desk.api, person_id, photo_id, accept_poor=is_poor, allow_duplicate=reason or None)
        return shown(person_id, "photos")

    @blueprint.post("/photos/<photo_id>/removal")
    def remove(person_id: str, photo_id: str) -> AnyResponse:
        desk.api.remove_photo(person_id, photo_id)
        return shown(person_id, "photos")

    @blueprint.get("/merge")
    def choose_other(person_id: str) -> str:
        name, into = request.args.get("name", "").strip(), request.args.get("into")
        if into:
            found = [desk.api.person(into)]
        else:
            found = (
                [*islice(desk.api.people(name=name, limit=_MOST_TO_MERGE + 1), _MOST_TO_MERGE + 1)]
                if name
                else []
            )
        others = [each for each in found if each["person_id"] != person_id and not each.get("merged_into")]
        return render_template(
            "person_merge.html",
            person=desk.api.person(person_id),
            others=others[:_MOST_TO_MERGE],
            are_more=len(others) > _MOST_TO_MERGE,
            name=name,
        )

    @blueprint.post("/merge")
    def merge(person_id: str) -> AnyResponse | tuple[str, int]:
        try:
            desk.api.merge(person_id, into=request.form.get("into", ""))
        except Refused as error:
            return person_page(desk, person_id, trouble=sentence(str(error))), HTTPStatus.UNPROCESSABLE_ENTITY
        return shown(person_id)

    @blueprint.post("/merge/undo")
    def unmerge(person_id: str) -> AnyResponse:
        desk.api.unmerge(person_id)
        return shown(person_id)

    @blueprint.get("/forget")
    def ask_to_forget(person_id: str) -> str:
        return render_template("person_forget.html", person=desk.api.person(person_id))

    @blueprint.post("/forget")
    def forget(person_id: str) -> str:
        receipt = desk.api.forget(person_id)
        return render_template("forgotten.html", receipt=receipt, at=iso_text(desk.now()))

    return blueprint


def person_page(
    desk: Desk, person_id: str, *, trouble: str | None = None, not_taken: list[NotTaken] | None = None
) -> str:
    """The page of a person; `trouble` and `not_taken` say what did not work just now."""
    person = desk.api.person(person_id)
    photos = sorted(desk.api.photos(person_id), key=lambda photo: str(photo["enrolled_at"]), reverse=True)
    return render_template(
        "person.html",
        person=person,
        into=_other(desk, person.get("merged_into")),
        merged=[_other(desk, each) for each in person.get("merged") or ()],
        twins=_twins(photos),
        photos=[photo for photo in photos if photo["state"] != "removed"],
        removed=[photo for photo in photos if photo["state"] == "removed"],
        visits=[*islice(desk.api.sightings(person_id=person_id, limit=_LAST_LOOKS), _LAST_LOOKS)],
        today=desk.now().date(),
        is_over=_is_over(person, desk.now().date()),
        trouble=trouble,
        not_taken=not_taken or [],
        most=MOST_PHOTOS,
    )


def chosen_files() -> list[FileStorage]:
    """The files of the form: a field without one is there all the same."""
    return [file for file in request.files.getlist("photo") if file.filename]


def _other(desk: Desk, person_id: str | None) -> Json | None:
    """Somebody beside this person; only the id where the record is gone."""
    if person_id is None:
        return None
    try:
        return desk.api.person(person_id)
    except NotFound:
        return {"person_id": person_id, "name": person_id}


def _twins(photos: list[Json]) -> list[tuple[Json, list[Json]]]:
    """Whom refused photos look like, each with those photos."""
    alike: dict[str, tuple[Json, list[Json]]] = {}
    for photo in photos:
        other = photo.get("looks_like")
        if photo["state"] == "refused" and other:
            alike.setdefault(other["person_id"], (other, []))[1].append(photo)
    return [*alike.values()]


def _is_over(person: Json, today: date) -> bool:
    until = person.get("active_until")
    return until is not None and str(until) < today.isoformat()


def _moment(desk: Desk, day: str) -> str:
    """A day as a time that has passed: its beginning in UTC, or now for today."""
    try:
        said = date.fromisoformat(day)
    except ValueError:
        abort(HTTPStatus.BAD_REQUEST, "The day on which they agreed is none; write one like 2026-11-23.")
    return iso_text(desk.now()) if said >= desk.now().date() else f"{said}T00:00:00Z"
