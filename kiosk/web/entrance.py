"""The way in where there are users: a form, a cookie, and a session behind it."""

from collections.abc import Callable

from flask import request
from werkzeug.wrappers import Response

from kiosk.web.roles import User
from kiosk.web.sessions import Guesses, Session, Sessions
from kiosk.web.users import Users


class Entrance:
    """Who comes in, and who is in already. `clock` is monotonic seconds."""

    def __init__(self, users: Users, *, is_behind_tls: bool, clock: Callable[[], float]) -> None:
        self._users = users
        self._is_behind_tls = is_behind_tls
        self._cookie = "__Host-recognizeme" if is_behind_tls else "recognizeme"
        self._sessions = Sessions(users, clock=clock)
        self._guesses = Guesses(clock)

    def session(self) -> Session | None:
        """The session of this request."""
        return self._sessions.of(request.cookies.get(self._cookie))

    def try_password(self, name: str, password: str, address: str) -> User | float | None:
        """Whose they are, None for nobody's, or how many seconds to wait before another guess."""
        keys = (f"name {name.lower()[:64]}", f"address {address}")
        if wait_s := self._guesses.begin(keys):
            return wait_s
        user = self._users.check(name, password)
        if user is not None:
            self._guesses.right(keys)
        return user

    def let_in(self, user: User, answer: Response) -> None:
        """Begin a session, with a token that nobody could have given the browser before."""
        token = self._sessions.begin(user, instead_of=request.cookies.get(self._cookie))
        answer.set_cookie(
            self._cookie, token, httponly=True, secure=self._is_behind_tls, samesite="Strict", path="/"
        )

    def let_out(self, answer: Response, *, everywhere: bool) -> None:
        """End the session, or all of its user's."""
        self._sessions.end(request.cookies.get(self._cookie), everywhere=everywhere)
        answer.delete_cookie(
            self._cookie, httponly=True, secure=self._is_behind_tls, samesite="Strict", path="/"
        )
