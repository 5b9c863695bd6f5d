"""The web application: the pages, who may use them, and what a failure looks like."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from flask import Flask, current_app, g, render_template, request

from kiosk.client.api import ApiClient
from kiosk.client.bidi import isolated
from kiosk.web import words
from kiosk.web.access import guard
from kiosk.web.days import zone_of
from kiosk.web.desk import MAX_UPLOAD_BYTES, Desk
from kiosk.web.failures import show_failures
from kiosk.web.pages import BLUEPRINTS
from kiosk.web.roles import NAVIGATION, Role, least


def make_app(
    api: ApiClient,
    *,
    token: str | None = None,
    development: bool = False,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    clock: Callable[[], float] = time.monotonic,
) -> Flask:
    """The web application in front of one API; in `development` it shows what pages are made of, too."""
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = MAX_UPLOAD_BYTES
    app.jinja_env.filters |= {
        "isolated": isolated,
        "moment": lambda iso: words.moment(iso, g.zone),
        "ago": lambda iso: words.ago(iso, now(), g.zone),
        "sentence": words.sentence,
    }
    guard(app, token=token, clock=clock)
    app.context_processor(_shell)
    desk = Desk(api, now)
    for pages in BLUEPRINTS:
        app.register_blueprint(pages(desk))
    if development:
        app.add_url_rule("/_components", "components", lambda: render_template("components_page.html"))
    show_failures(app)

    @app.before_request
    def look_up_zone() -> None:
        g.zone = zone_of(request.cookies.get("zone"))

    return app


def _shell() -> dict[str, Any]:
    """What every page knows: who looks at it, and where they may go."""
    role = g.user.role
    return {
        "user": g.user,
        "csrf_token": g.get("csrf_token"),
        "is_manager": role.includes(Role.MANAGER),
        "navigation": [
            (endpoint, label)
            for endpoint, label in NAVIGATION
            if endpoint in current_app.view_functions and role.includes(least(endpoint))
        ],
    }
