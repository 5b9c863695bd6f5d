"""Who may sign in: names, roles and argon2 hashes in one file, which is read anew when it changes."""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from platformdirs import user_state_path

from kiosk.client.errors import KioskError
from kiosk.delivery.atomic_file import write_atomic
from kiosk.web.roles import Role, User

MIN_PASSWORD = 12
_MAX_PASSWORD_BYTES = 1024
_NAME = re.compile(r"[a-z0-9][a-z0-9_.@-]{0,63}")  # what the audit log takes as on-behalf-of


class UserRefused(KioskError):
    """There can be no such user, or there is none; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who may sign in."""

    role: Role
    hash: str


def users_file(environ: Mapping[str, str] = os.environ) -> Path:
    """Where they are."""
    given = environ.get("RECOGNIZEME_WEB_USERS")
    return Path(given) if given else user_state_path("recognizeme") / "web" / "users.json"


class Users:
    """The users of one file; one that is not there has none."""

    def __init__(self, file: Path, *, hasher: PasswordHasher | None = None) -> None:
        self._file = file
        self._hasher = hasher or PasswordHasher()
        self._nobody = self._hasher.hash("a password that nobody has")
        self._read: tuple[tuple[int, int, int] | None, dict[str, Account]] = (None, {})
        self._lock = Lock()

    def accounts(self) -> Mapping[str, Account]:
        """Everybody, by name. Raises `UserRefused` for a file that is not ours."""
        with self._lock:
            try:
                status = self._file.stat()
                version = (status.st_mtime_ns, status.st_size, status.st_ino)
                if self._read[0] != version:
                    document = json.loads(self._file.read_text("utf-8"))
                    accounts = {
                        str(name): Account(Role(each["role"]), str(each["hash"]))
                        for name, each in document["users"].items()
                    }
                    self._read = version, accounts
            except FileNotFoundError:
                return {}
            except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
                raise UserRefused(
                    f"the users in {self._file} cannot be read; restore it, or remove it and add them anew"
                ) from error
            return self._read[1]

    def add(self, name: str, role: Role, password: str) -> None:
        """Add somebody. Raises `UserRefused` for a name that is taken or none, and for a poor password."""
        name = name.lower()
        if not _NAME.fullmatch(name):
            raise UserRefused(
                "a user's name has 1 to 64 of a-z 0-9 _ . @ - and begins with a letter or digit"
            )
        accounts = self.accounts()
        if name in accounts:
            raise UserRefused(f"{name} is a user already; give a new password with: web user password {name}")
        self._write({**accounts, name: Account(role, self._hash(password))})

    def set_password(self, name: str, password: str) -> None:
        """Give a new password, and sign out whoever came in with the old one. Raises `UserRefused`."""
        accounts, name = self.accounts(), self._known(name)
        self._write({**accounts, name: Account(accounts[name].role, self._hash(password))})

    def remove(self, name: str) -> None:
        """Remove somebody, who is signed out. Raises `UserRefused`; the last one stays.

        Without any users the page would be open to whoever reaches it.
        """
        name = self._known(name)
        left = {each: account for each, account in self.accounts().items() if each != name}
        if left and not any(account.role is Role.ADMIN for account in left.values()):
            raise UserRefused(f"{name} is the last admin; add another one first")
        self._write(left)

    def check(self, name: str, password: str) -> User | None:
        """Whose name and password these are. It takes as long for a name that nobody has."""
        name = name.lower()
        account = self.accounts().get(name)
        if len(password.encode(errors="surrogatepass")) > _MAX_PASSWORD_BYTES:
            return None
        try:
            self._hasher.verify(account.hash if account else self._nobody, password)
        except (VerificationError, InvalidHashError, UnicodeEncodeError):
            return None
        return User(name, account.role) if account else None

    def _known(self, name: str) -> str:
        name = name.lower()
        if name not in self.accounts():
            raise UserRefused(f"there is no user {name}; list them with: recognizeme web user list")
        return name

    def _hash(self, password: str) -> str:
        size = len(password.encode(errors="surrogatepass"))
        if len(password) < MIN_PASSWORD or size > _MAX_PASSWORD_BYTES:
            raise UserRefused(f"a password has {MIN_PASSWORD} characters or more, and 1,024 bytes at most")
        return self._hasher.hash(password)

    def _write(self, accounts: Mapping[str, Account]) -> None:
        document = {
            "users": {name: {"role": each.role, "hash": each.hash} for name, each in sorted(accounts.items())}
        }
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_atomic(self._file, json.dumps(document, indent=2).encode())
        except OSError as error:
            raise UserRefused(f"{self._file} cannot be written: {error.strerror}") from error
