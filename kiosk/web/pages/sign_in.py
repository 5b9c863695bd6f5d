"""Signing in and out."""

from http import HTTPStatus

from flask import Blueprint, abort, current_app, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from kiosk.web.desk import Desk

_MOST_LETTERS = 2000


def pages(desk: Desk) -> Blueprint:
    """The form, and what it and the button at the head of each page do."""
    blueprint = Blueprint("sign_in", __name__)

    @blueprint.get("/sign-in")
    def form() -> AnyResponse | str:
        if desk.entrance is None or g.user is not None:
            return redirect(url_for("today.page"), HTTPStatus.SEE_OTHER)
        return render_template("sign_in.html", onward=_onward(request.args.get("onward")))

    @blueprint.post("/sign-in")
    def enter() -> AnyResponse | tuple[str, int, dict[str, str]]:
        if desk.entrance is None:
            abort(404)
        name, onward = request.form.get("name", "").strip(), _onward(request.form.get("onward"))
        result = desk.entrance.try_password(name, request.form.get("password", ""), request.remote_addr or "")
        if isinstance(result, float):
            refusal = "There were too many wrong passwords. Wait a moment and try again."
            headers = {"Retry-After": str(int(result) + 1)}
            page = render_template("sign_in.html", onward=onward, name=name, refusal=refusal)
            return page, HTTPStatus.TOO_MANY_REQUESTS, headers
        if result is None:
            refusal = "No user has this name and password. Check both and try again."
            page = render_template("sign_in.html", onward=onward, name=name, refusal=refusal)
            return page, HTTPStatus.UNAUTHORIZED, {}
        answer = redirect(onward, HTTPStatus.SEE_OTHER)
        desk.entrance.let_in(result, answer)
        return answer

    @blueprint.post("/sign-out")
    def leave() -> AnyResponse:
        answer = redirect(url_for("sign_in.form"), HTTPStatus.SEE_OTHER)
        if desk.entrance is not None:
            desk.entrance.let_out(answer, everywhere=request.form.get("everywhere") == "yes")
        return answer

    return blueprint


def _onward(path: str | None) -> str:
    """Where somebody wanted to go, when that is a page of ours."""
    is_ours = path and path.startswith("/") and not path.startswith("//") and "\\" not in path
    if path and is_ours and path.isprintable() and len(path) <= _MOST_LETTERS:
        return path
    return current_app.url_for("today.page")
