"""The web application: the pages, who may use them, and what a failure looks like."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from flask import Flask, current_app, g, has_request_context, render_template, request
from werkzeug.middleware.proxy_fix import ProxyFix

from kiosk.client.api import ApiClient
from kiosk.client.bidi import isolated
from kiosk.web import words
from kiosk.web.access import guard
from kiosk.web.days import zone_of
from kiosk.web.desk import MAX_UPLOAD_BYTES, Desk
from kiosk.web.entrance import Entrance
from kiosk.web.failures import show_failures
from kiosk.web.pages import BLUEPRINTS, sign_in, today
from kiosk.web.roles import NAVIGATION, Role, least
from kiosk.web.users import Users


def make_app(
    api: ApiClient,
    *,
    token: str | None = None,
    users: Users | None = None,
    is_behind_proxy: bool = False,
    development: bool = False,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    clock: Callable[[], float] = time.monotonic,
) -> Flask:
    """The web application in front of one API; in `development` it shows what pages are made of, too.

    Where there are `users` everybody signs in; behind a proxy of ours that speaks TLS.
    """
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = MAX_UPLOAD_BYTES
    app.jinja_env.filters |= {
        "isolated": isolated,
        "moment": lambda iso: words.moment(iso, g.zone),
        "ago": lambda iso: words.ago(iso, now(), g.zone),
        "sentence": words.sentence,
    }
    if is_behind_proxy:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_host=1)  # type: ignore[method-assign]
    entrance = Entrance(users, is_behind_tls=is_behind_proxy, clock=clock) if users else None
    guard(app, token=token, entrance=entrance, is_behind_proxy=is_behind_proxy, clock=clock)
    api.act_for(_who)
    app.context_processor(_shell)
    desk = Desk(api, now, entrance)
    for pages in (sign_in.pages, today.pages, *BLUEPRINTS):
        app.register_blueprint(pages(desk))
    if development:
        app.add_url_rule("/_components", "components", lambda: render_template("components_page.html"))
    show_failures(app)

    @app.before_request
    def look_up_zone() -> None:
        g.zone = zone_of(request.cookies.get("zone"))

    return app


def _who() -> str | None:
    """The name of whoever is signed in."""
    user = g.get("user") if has_request_context() else None
    return user.name if user else None


def _shell() -> dict[str, Any]:
    """What every page knows: who looks at it, and where they may go."""
    if g.user is None:
        return {"user": None, "is_manager": False, "navigation": []}
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
