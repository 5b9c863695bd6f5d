"""Tokens that let callers in, in SQLite: only their hashes are kept, so nobody can read one back."""

import secrets
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from local.adapters.database import Database
from recognizeme.domain.errors import NotFound
from recognizeme.domain.times import to_api_text, to_text
from recognizeme.entry.routes import Caller, Role

MIN_LENGTH = 16

_STEPS = (
    """CREATE TABLE tokens (
        id TEXT PRIMARY KEY,
        hash BLOB NOT NULL UNIQUE,
        role TEXT NOT NULL,
        kiosk_id TEXT,
        created_at TEXT NOT NULL
    )""",
)


@dataclass(frozen=True, slots=True)
class Issued:
    """What is known of a token that was handed out."""

    token_id: str
    caller: Caller
    created_at: datetime

    def as_json(self) -> dict[str, object]:
        """One object, for programs."""
        return {
            "id": self.token_id,
            "role": self.caller.role,
            "kiosk_id": self.caller.kiosk_id,
            "created_at": to_api_text(self.created_at),
        }


class SqliteTokens:
    """The tokens of one data folder; what was added or revoked counts at once, in every process."""

    def __init__(
        self, database: Database, *, random_text: Callable[[int], str] = secrets.token_urlsafe
    ) -> None:
        self._database = database
        self._random_text = random_text
        database.prepare("tokens", _STEPS)

    def add(self, caller: Caller, *, now: datetime) -> tuple[str, Issued]:
        """A new token for this caller, which cannot be shown again, and what is kept of it."""
        token = self._random_text(32)
        issued = Issued(secrets.token_hex(4), caller, now)
        row = (issued.token_id, _hash(token), caller.role, caller.kiosk_id, to_text(now))
        with self._database.writing() as connection:
            connection.execute("INSERT INTO tokens VALUES (?, ?, ?, ?, ?)", row)
        return token, issued

    def all(self) -> list[Issued]:
        """Every token that counts, the oldest first."""
        with self._database.reading() as connection:
            rows = connection.execute("SELECT * FROM tokens ORDER BY created_at, id").fetchall()
        return [Issued(row["id"], _caller(row), datetime.fromisoformat(row["created_at"])) for row in rows]

    def revoke(self, token_id: str) -> None:
        """Let nobody in with this token any more. Raises `NotFound`."""
        with self._database.writing() as connection:
            if not connection.execute("DELETE FROM tokens WHERE id = ?", (token_id,)).rowcount:
                raise NotFound(f"there is no token {token_id!r}; recognizeme-local token list shows them")

    def any(self) -> bool:
        """Whether there is one at all."""
        with self._database.reading() as connection:
            return connection.execute("SELECT 1 FROM tokens LIMIT 1").fetchone() is not None

    def caller(self, token: str) -> Caller | None:
        """Whose token this is; None when it is nobody's."""
        with self._database.reading() as connection:
            row = connection.execute(
                "SELECT id, role, kiosk_id FROM tokens WHERE hash = ?", (_hash(token),)
            ).fetchone()
        return _caller(row) if row else None


def _caller(row: sqlite3.Row) -> Caller:
    return Caller(Role(row["role"]), row["kiosk_id"], principal=f"token {row['id']}")


def _hash(token: str) -> bytes:
    # Ours have 256 random bits: a slow hash would protect them no better.
    return sha256(token.encode(errors="surrogateescape")).digest()
