"""People: finding them, adding somebody, and the pictures of their faces."""

from http import HTTPStatus

from flask import Blueprint, Response, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from kiosk.client.api import ApiClient
from kiosk.client.errors import NotFound, Refused
from kiosk.client.moment import iso_text
from kiosk.client.names import same_name, slug
from kiosk.client.wire import Json
from kiosk.vision.picture_file import content_type
from kiosk.web.desk import Desk
from kiosk.web.enrolling import MOST_PHOTOS, hand_in, several_photos
from kiosk.web.groups import groups_in
from kiosk.web.pages.person import chosen_files, person_page
from kiosk.web.thumbnails import Face, Thumbnails
from kiosk.web.words import sentence

_A_PAGE = 48
_LONGEST_NAME = 200  # the API's own bound, so that a name is refused with the form


def pages(desk: Desk) -> Blueprint:
    """The list, the form to add somebody, and faces."""
    blueprint = Blueprint("people", __name__)
    thumbnails = Thumbnails()
    several_photos(blueprint, "people.add")

    @blueprint.get("/people")
    def index() -> str:
        name, group = request.args.get("name", "").strip(), request.args.get("group", "")
        people, following = desk.api.people_page(
            name=name or None, group=group or None, cursor=request.args.get("cursor"), limit=_A_PAGE
        )
        groups = sorted(
            _groups(desk.api) | {each for person in people for each in person["groups"]} | {group}
        )
        return render_template(
            "people.html", people=people, following=following, name=name, group=group, groups=groups[1:]
        )

    @blueprint.get("/people/new")
    def new() -> str:
        return _form(desk, {"name": request.args.get("name", "")})

    @blueprint.post("/people")
    def add() -> str | tuple[str, int] | AnyResponse:
        given = {
            member: request.form.get(member, "").strip()
            for member in ("name", "groups", "agreed", "text_version", "recorded_by", "another")
        }
        files = chosen_files()
        if trouble := _trouble(given["name"], len(files)):
            return _form(desk, given, trouble), HTTPStatus.UNPROCESSABLE_ENTITY
        person_id, same = _free_id(desk.api, given["name"])
        if same and not given["another"]:
            return _form(desk, given, same=same), HTTPStatus.CONFLICT
        change: Json = {"name": given["name"], "groups": groups_in(given["groups"])}
        if given["agreed"]:
            change["consent"] = {
                "given_at": iso_text(desk.now()),
                "recorded_by": given["recorded_by"] or None,
                "text_version": given["text_version"] or None,
            }
        try:
            desk.api.change_person(person_id, change)
        except Refused as error:
            return _form(desk, given, sentence(str(error))), HTTPStatus.UNPROCESSABLE_ENTITY
        if not_taken := hand_in(desk.api, person_id, files):
            return person_page(desk, person_id, not_taken=not_taken), HTTPStatus.UNPROCESSABLE_ENTITY
        return redirect(url_for("person.show", person_id=person_id), HTTPStatus.SEE_OTHER)

    @blueprint.get("/people/<person_id>/face")
    def face(person_id: str) -> Response:
        """The newest photo that is used: asked for each time, so that whoever is forgotten is not shown."""
        photos = [photo for photo in desk.api.photos(person_id) if photo["state"] == "indexed"]
        if not photos:
            raise NotFound("there is no photo of this person")
        newest = max(photos, key=lambda photo: str(photo["enrolled_at"]))
        return _small(person_id, newest)

    @blueprint.get("/people/<person_id>/photos/<photo_id>/face")
    def photo_face(person_id: str, photo_id: str) -> Response:
        found = next((each for each in desk.api.photos(person_id) if each["photo_id"] == photo_id), None)
        if found is None:
            raise NotFound("there is no such photo")
        return _small(person_id, found)

    @blueprint.get("/people/<person_id>/photos/<photo_id>")
    def photo(person_id: str, photo_id: str) -> Response:
        picture = desk.api.enrolled_photo(person_id, photo_id)
        return Response(picture, content_type=content_type(picture))

    def _small(person_id: str, photo: Json) -> Response:
        photo_id = str(photo["photo_id"])
        small = thumbnails.of(
            g.user.name,
            f"{person_id}/{photo_id}/{photo['enrolled_at']}",
            _face(photo.get("face_box")),
            lambda: desk.api.enrolled_photo(person_id, photo_id),
        )
        return Response(small, content_type="image/jpeg")

    return blueprint


def _form(desk: Desk, given: dict[str, str], trouble: str | None = None, same: Json | None = None) -> str:
    return render_template(
        "person_new.html",
        given=given,
        trouble=trouble,
        same=same,
        groups=sorted(_groups(desk.api)),
        most=MOST_PHOTOS,
    )


def _trouble(name: str, files: int) -> str | None:
    """What is wrong with the form, as a sentence."""
    if not name:
        return "A person needs a name."
    if len(name) > _LONGEST_NAME:
        return f"The name has {len(name):,} characters; {_LONGEST_NAME} are the most."
    if files > MOST_PHOTOS:
        return f"These are {files} photos; choose the best, {MOST_PHOTOS} at most."
    return None


def _free_id(api: ApiClient, name: str) -> tuple[str, Json | None]:
    """An id that is nobody's yet, made of the name; and whoever has the very same name."""
    base, number, same = slug(name), 1, None
    while True:
        person_id = base if number == 1 else f"{base}-{number}"
        try:
            known = api.person(person_id)
        except NotFound:
            return person_id, same
        if same_name(str(known["name"])) == same_name(name):
            same = same or known
        number += 1


def _groups(api: ApiClient) -> set[str]:
    """The groups that are known without looking at everybody: those of doors, and those with a threshold."""
    of_doors = {str(group) for kiosk in api.kiosks() for group in kiosk.get("groups") or ()}
    return (of_doors | {str(each["group"]) for each in api.groups()}) - {"*"}


def _face(box: Json | None) -> Face | None:
    return (box["left"], box["top"], box["width"], box["height"]) if box else None
