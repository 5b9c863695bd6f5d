"""The audit log: who changed what, and who looked at whose picture."""

from dataclasses import dataclass
from http import HTTPStatus
from itertools import chain, islice

from flask import Blueprint, Response, abort, g, render_template, request, stream_with_context

from kiosk.client.audit_log import ACTIONS, csv_lines, pairs
from kiosk.client.errors import Refused
from kiosk.client.moment import iso_text
from kiosk.client.wire import Json
from kiosk.web.days import NoDay, bounds, day_of
from kiosk.web.desk import Desk
from kiosk.web.words import sentence

_A_PAGE = 50
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class _Filter:
    """What the form says, and what the API is asked for; `problem` is why it is not asked."""

    form: dict[str, str]
    api: dict[str, str | None]
    problem: str | None = None


def pages(desk: Desk) -> Blueprint:
    """The log as a table, and as a file."""
    blueprint = Blueprint("audit", __name__)

    @blueprint.get("/audit")
    def index() -> tuple[str, int]:
        asked, lines, following = _filter(desk), list[Json](), None
        problem = asked.problem
        if not problem:
            try:
                cursor = request.args.get("cursor") or None
                lines, following = desk.api.audit_page(cursor=cursor, limit=_A_PAGE, **asked.api)
            except Refused as error:
                problem = sentence(str(error))
        page = render_template(
            "audit.html",
            lines=lines,
            following=following,
            form=asked.form,
            problem=problem,
            actions=ACTIONS,
            pairs=pairs,
        )
        return page, HTTPStatus.BAD_REQUEST if problem else HTTPStatus.OK

    @blueprint.get("/audit.csv")
    def table() -> Response:
        asked = _filter(desk)
        if asked.problem:
            abort(HTTPStatus.BAD_REQUEST, asked.problem)
        found = desk.api.audit(limit=None, **asked.api)
        first = list(islice(found, 1))  # a failure is a page, not half a file
        rows = stream_with_context(csv_lines(chain(first, found)))
        name = {"Content-Disposition": 'attachment; filename="audit.csv"'}
        return Response(rows, headers=name, content_type="text/csv; charset=utf-8")

    return blueprint


def _filter(desk: Desk) -> _Filter:
    form = {
        name: request.args.get(name, "").strip()[:_LONGEST]
        for name in ("person_id", "principal", "on_behalf_of", "action", "since", "until")
    }
    wanted: dict[str, str | None] = {name: value or None for name, value in form.items()}
    try:
        for name, end in (("since", 0), ("until", 1)):
            if form[name]:
                day = day_of(form[name], desk.now().astimezone(g.zone).date())
                wanted[name] = iso_text(bounds(day, g.zone)[end])
    except NoDay as error:
        return _Filter(form, wanted, sentence(str(error)))
    return _Filter(form, wanted)
