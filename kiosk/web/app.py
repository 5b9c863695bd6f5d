"""The web application: the pages, who may use them, and what a failure looks like."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

from flask import Flask

from kiosk.client.api import ApiClient
from kiosk.client.bidi import isolated
from kiosk.web.access import guard
from kiosk.web.desk import MAX_UPLOAD_BYTES, Desk
from kiosk.web.failures import show_failures
from kiosk.web.pages import BLUEPRINTS
from kiosk.web.words import moment, sentence


def make_app(
    api: ApiClient,
    *,
    token: str | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    clock: Callable[[], float] = time.monotonic,
) -> Flask:
    """The web application in front of one API."""
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = MAX_UPLOAD_BYTES
    app.jinja_env.filters |= {"isolated": isolated, "moment": moment, "sentence": sentence}
    guard(app, token=token, clock=clock)
    desk = Desk(api, now)
    for pages in BLUEPRINTS:
        app.register_blueprint(pages(desk))
    show_failures(app)
    return app
