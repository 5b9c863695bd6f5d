"""Who is signed in: sessions that live on the server, and guesses at passwords that are slowed down."""

import hashlib
import secrets
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from threading import Lock

from kiosk.web.roles import User
from kiosk.web.users import Users

_IDLE_S = 2 * 3600.0
_LONGEST_S = 12 * 3600.0  # a working day
_MOST = 10_000
_FREE_GUESSES = 3
_LONGEST_WAIT_S = 900.0


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody's; `hash` is that of the password they signed in with."""

    user: User
    hash: str
    csrf: str
    began_s: float
    seen_s: float


class Sessions:
    """By a random token that only the browser has; here is a hash of it. They end with the process.

    `clock` is monotonic seconds.
    """

    def __init__(self, users: Users, *, clock: Callable[[], float]) -> None:
        self._users = users
        self._clock = clock
        self._sessions: OrderedDict[str, Session] = OrderedDict()
        self._lock = Lock()

    def begin(self, user: User, *, instead_of: str | None) -> str:
        """A new session, and its token; the one that the browser had before ends."""
        token, now_s = secrets.token_urlsafe(32), self._clock()
        account = self._users.accounts()[user.name or ""]
        session = Session(user, account.hash, secrets.token_urlsafe(32), now_s, now_s)
        with self._lock:
            self._sessions.pop(_key(instead_of), None)
            self._sessions[_key(token)] = session
            while len(self._sessions) > _MOST:
                self._sessions.popitem(last=False)
        return token

    def of(self, token: str | None) -> Session | None:
        """The session of a token, when it has not ended, with the role that its user has now."""
        if not token:
            return None
        accounts, now_s, key = self._users.accounts(), self._clock(), _key(token)
        with self._lock:
            session = self._sessions.get(key)
            if session is None:
                return None
            account = accounts.get(session.user.name or "")
            is_over = now_s - session.seen_s > _IDLE_S or now_s - session.began_s > _LONGEST_S
            if is_over or account is None or account.hash != session.hash:
                del self._sessions[key]
                return None
            session = replace(session, user=replace(session.user, role=account.role), seen_s=now_s)
            self._sessions[key] = session
            return session

    def end(self, token: str | None, *, everywhere: bool = False) -> None:
        """End a session, or all of its user's."""
        with self._lock:
            session = self._sessions.pop(_key(token), None)
            if session and everywhere:
                for key in [
                    key for key, each in self._sessions.items() if each.user.name == session.user.name
                ]:
                    del self._sessions[key]


def _key(token: str | None) -> str:
    return hashlib.sha256((token or "").encode(errors="surrogatepass")).hexdigest()


class Guesses:
    """Wrong passwords, by the name they were for and the address they came from.

    Three are free; after each further one there is a wait, twice as long each time, up to 15 minutes.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._made: OrderedDict[str, tuple[int, float]] = OrderedDict()
        self._lock = Lock()

    def begin(self, keys: Iterable[str]) -> float:
        """Count a guess before it is looked at; the seconds to wait instead, or 0 when it may be made."""
        keys, now_s = list(keys), self._clock()
        with self._lock:
            wait_s = max(self._made.get(key, (0, 0.0))[1] - now_s for key in keys)
            if wait_s > 0:
                return wait_s
            for key in keys:
                count = self._made.pop(key, (0, 0.0))[0] + 1
                over = count - _FREE_GUESSES
                until_s = now_s + min(_LONGEST_WAIT_S, 2.0 ** min(over, 20)) if over >= 0 else now_s
                self._made[key] = (count, until_s)
            while len(self._made) > _MOST or self._is_old(now_s):
                self._made.popitem(last=False)
        return 0.0

    def right(self, keys: Iterable[str]) -> None:
        """It was the right password: what was wrong before is forgiven."""
        with self._lock:
            for key in keys:
                self._made.pop(key, None)

    def _is_old(self, now_s: float) -> bool:
        return bool(self._made) and now_s - next(iter(self._made.values()))[1] > _LONGEST_S
