"""Visits: who was seen, one visit, and its correction."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from http import HTTPStatus
from itertools import chain, islice
from typing import Any

from flask import (
    Blueprint,
    Response,
    abort,
    g,
    redirect,
    render_template,
    request,
    stream_with_context,
    url_for,
)
from werkzeug.wrappers import Response as AnyResponse

from kiosk.client.api import ApiClient
from kiosk.client.capture_id import captured_at
from kiosk.client.csv_text import csv_lines
from kiosk.client.errors import ApiError, NotFound, Refused
from kiosk.client.moment import iso_text
from kiosk.client.names import PersonIds
from kiosk.client.sighting import Sighting
from kiosk.vision.picture_file import content_type
from kiosk.web.days import NoDay, bounds, day_of
from kiosk.web.desk import Desk
from kiosk.web.scale import scale_of
from kiosk.web.thumbnails import Face, Thumbnails
from kiosk.web.words import sentence

OUTCOMES = ("recognized", "unknown", "uncertain", "no_face", "rejected")

_PAGE = 50
_MOST_FOUND = 8  # people of a name to choose from
_MOST_ROWS = 100_000  # of a CSV file
_MOST_LETTERS = 200
_RECENTLY = timedelta(minutes=10)  # a queue at its longest, and clocks that differ
_COLUMNS = (
    "captured_at",
    "kiosk_id",
    "status",
    "outcome",
    "name",
    "person_id",
    "similarity_pct",
    "capture_id",
)


@dataclass(frozen=True, slots=True)
class _Filter:
    """What the address asks for: `form` as it was typed, `api` as the API is asked."""

    form: Mapping[str, str]
    api: Mapping[str, str | None]
    people: tuple[dict[str, Any], ...] = ()  # of the name that was typed, when that is several people's
    problem: str | None = None


def pages(desk: Desk) -> Blueprint:
    """The list, one visit, its pictures and its correction."""
    blueprint = Blueprint("visits", __name__)
    api, thumbnails = desk.api, Thumbnails()

    @blueprint.get("/visits")
    def index() -> tuple[str, int]:
        asked = _filter(api, desk.now())
        status = HTTPStatus.OK if asked.problem is None else HTTPStatus.BAD_REQUEST
        visits, next_cursor = list[Sighting](), None
        if not asked.problem and not asked.people:
            cursor = request.args.get("cursor") or None
            visits, next_cursor = api.sightings_page(cursor=cursor, limit=_PAGE, **asked.api)
        page = render_template(
            "visits.html",
            visits=visits,
            asked=asked,
            outcomes=OUTCOMES,
            doors=_doors(api),
            next_cursor=next_cursor,
            is_first="cursor" not in request.args,
        )
        return page, status

    @blueprint.get("/visits.csv")
    def table() -> Response:
        asked = _filter(api, desk.now())
        if asked.problem or asked.people:
            abort(400, asked.problem or "Choose one person of that name first.")
        found = api.sightings(limit=_MOST_ROWS, **asked.api)
        first = list(islice(found, 1))  # a failure is a page, not half a file
        name = {"Content-Disposition": 'attachment; filename="visits.csv"'}
        rows = ([getattr(visit, column) for column in _COLUMNS] for visit in chain(first, found))
        lines = stream_with_context(csv_lines(_COLUMNS, rows))
        return Response(lines, headers=name, content_type="text/csv; charset=utf-8")

    @blueprint.get("/sightings/<capture_id>")
    def sighting(capture_id: str) -> str:
        found = _sighting_or_pending(api, _checked(capture_id), desk.now())
        if found is None or not found.is_final:
            return render_template("waiting.html")
        find = request.args.get("find", "").strip()[:_MOST_LETTERS]
        return render_template(
            "sighting.html",
            sighting=found,
            scale=scale_of(found, partial(_name, api)),
            find=find,
            people=list(islice(api.people(name=find, limit=_MOST_FOUND), _MOST_FOUND)) if find else [],
            can_learn=request.args.get("said") == "corrected-can-learn",
            said=_SAID.get(request.args.get("said", "")),
        )

    @blueprint.post("/sightings/<capture_id>/correction")
    def correct(capture_id: str) -> AnyResponse:
        person_id = request.form.get("person_id") or None
        if person_id and not person_id.isprintable():
            abort(400, "This is no id of a person.")
        _, can_learn = api.correct(_checked(capture_id), person_id=person_id)
        return _to_sighting(capture_id, "corrected-can-learn" if can_learn else "corrected")

    @blueprint.post("/sightings/<capture_id>/photo")
    def teach(capture_id: str) -> AnyResponse:
        _learn(api, _checked(capture_id))
        return _to_sighting(capture_id, "learned")

    @blueprint.post("/sightings/<capture_id>/newcomer")
    def newcomer(capture_id: str) -> AnyResponse:
        name = request.form.get("name", "").strip()
        if not name:
            abort(400, "Type the name of whom the picture shows.")
        _checked(capture_id)
        person_id = PersonIds(partial(_name, api)).of(name)
        if _name(api, person_id) is not None:
            abort(409, f"{name} is enrolled already: find the name under “That is wrong” instead.")
        api.put_person(person_id, name=name)
        api.correct(capture_id, person_id=person_id)
        _learn(api, capture_id)
        return _to_sighting(capture_id, "new")

    @blueprint.get("/sightings/<capture_id>/photo")
    def photo(capture_id: str) -> Response:
        picture = api.sighting_photo(_checked(capture_id))
        return Response(picture, content_type=content_type(picture))

    @blueprint.get("/sightings/<capture_id>/thumbnail")
    def thumbnail(capture_id: str) -> Response:
        fetch = partial(api.sighting_photo, _checked(capture_id))
        small = thumbnails.of(g.user.name, capture_id, _face(request.args.get("face")), fetch)
        return Response(small, content_type="image/jpeg")

    return blueprint


_SAID = {
    "corrected": "Corrected. Thank you.",
    "corrected-can-learn": "Corrected. Thank you.",
    "learned": "This picture is one of their photos now.",
    "new": "They are enrolled now, with this picture as their first photo.",
}


def _filter(api: ApiClient, now: datetime) -> _Filter:
    form = {
        name: request.args.get(name, "").strip()[:_MOST_LETTERS]
        for name in ("who", "person", "group", "door", "outcome", "day")
    }
    wanted: dict[str, str | None] = {
        "person_id": form["person"] or None,
        "group": form["group"].lower() or None,
        "kiosk_id": form["door"] or None,
        "outcome": form["outcome"] or None,
    }
    if form["outcome"] and form["outcome"] not in OUTCOMES:
        return _Filter(form, wanted, problem="There is no such outcome: choose one of the list.")
    if form["day"]:
        try:
            begin, end = bounds(day_of(form["day"], now.astimezone(g.zone).date()), g.zone)
        except NoDay as error:
            return _Filter(form, wanted, problem=sentence(str(error)))
        wanted |= {"since": iso_text(begin), "until": iso_text(end)}
    people: tuple[dict[str, Any], ...] = ()
    if form["who"] and not form["person"]:
        people = tuple(islice(api.people(name=form["who"], limit=_MOST_FOUND), _MOST_FOUND))
        if not people:
            return _Filter(form, wanted, problem="Nobody who is enrolled has such a name.")
        if len(people) == 1:
            wanted["person_id"], people = people[0]["person_id"], ()
    return _Filter(form, wanted, people)


def _doors(api: ApiClient) -> list[str]:
    """The doors to choose from; a list without them is better than none."""
    try:
        return [str(each["kiosk_id"]) for each in islice(api.kiosks(), _PAGE)]
    except ApiError:
        return []


def _name(api: ApiClient, person_id: str) -> str | None:
    try:
        return str(api.person(person_id)["name"])
    except NotFound:
        return None


def _learn(api: ApiClient, capture_id: str) -> None:
    photo = api.teach(capture_id, learn=True)["photo"] or {}
    if photo.get("state") == "refused":
        raise Refused(
            f"the picture was not taken as a photo: {photo.get('reason') or 'it is not good enough'}"
        )


def _to_sighting(capture_id: str, said: str) -> AnyResponse:
    return redirect(url_for("visits.sighting", capture_id=capture_id, said=said), HTTPStatus.SEE_OTHER)


def _face(text: str | None) -> Face | None:
    """`left,top,width,height` in fractions; None for anything else."""
    try:
        left, top, width, height = (min(2.0, max(-1.0, float(each))) for each in (text or "").split(","))
    except ValueError:
        return None
    return (left, top, width, height) if width > 0 and height > 0 else None


def _checked(capture_id: str) -> str:
    """The id, or a 400: what is none need not be asked for."""
    try:
        captured_at(capture_id)
    except ValueError:
        abort(400, "This is no id of a sighting.")
    return capture_id


def _sighting_or_pending(api: ApiClient, capture_id: str, now: datetime) -> Sighting | None:
    """The sighting, or None when a capture made moments ago is not known yet."""
    try:
        return api.sighting(capture_id)
    except NotFound:
        if now - captured_at(capture_id) >= _RECENTLY:
            raise
        return None
