"""Status: whether everything is up, what failed, and what this month cost."""

from http import HTTPStatus

from flask import Blueprint, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from kiosk.client.errors import ApiError
from kiosk.client.moment import iso_text
from kiosk.web.desk import Desk
from kiosk.web.roles import Role
from kiosk.web.words import sentence

_REPLAYED_AT_ONCE = 100


def pages(desk: Desk) -> Blueprint:
    """The state of the stack, and trying again what failed."""
    blueprint = Blueprint("status", __name__)

    @blueprint.get("/status")
    def index() -> str:
        """Each part by itself: one that cannot be had keeps none of the others."""
        began = desk.now().astimezone(g.zone).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        trouble, version, stats, doors = None, None, None, None
        try:
            version = desk.api.health()["version"]
            stats = desk.api.stats(since=iso_text(began))
            doors = [kiosk for kiosk in desk.api.kiosks() if kiosk["state"] != "never"]
        except ApiError as error:
            trouble = sentence(str(error))
        return render_template(
            "status.html",
            trouble=trouble,
            version=version,
            url=desk.api.url,
            month=f"{began:%B %Y}",
            stats=stats,
            doors=doors,
            may_replay=g.user.role.includes(Role.ADMIN),
            replayed=request.args.get("replayed", type=int),
        )

    @blueprint.post("/status/replays")
    def replay() -> AnyResponse:
        replayed = int(desk.api.replay(limit=_REPLAYED_AT_ONCE)["replayed"])
        return redirect(url_for("status.index", replayed=replayed), HTTPStatus.SEE_OTHER)

    return blueprint
