"""Rules and messages in SQLite. A sighting that is done leaves a job for them, in the same transaction."""

from datetime import datetime, timedelta

from local.adapters import people, sightings
from local.adapters.columns import to_moment
from local.adapters.database import Database
from recognizeme.adapters.later import noticed_event
from recognizeme.adapters.notification_records import notice_text, read_notice, read_rule, rule_text
from recognizeme.domain.notifications import NOTICE_DAYS, Last, Notice, Rule

_FUNCTION = "notification"
((_EVENT, _),) = noticed_event("").items()

_STEPS = (
    "CREATE TABLE notification_rules (rule_id TEXT PRIMARY KEY, text TEXT NOT NULL) WITHOUT ROWID",
    """CREATE TABLE notices (
        notice_id TEXT PRIMARY KEY, text TEXT NOT NULL, decided_at TEXT NOT NULL
    ) WITHOUT ROWID""",
    """CREATE TABLE last_notices (
        rule_id TEXT, about TEXT, notice_id TEXT NOT NULL, decided_at TEXT NOT NULL,
        PRIMARY KEY (rule_id, about)
    ) WITHOUT ROWID""",
    # Whoever dies after the sighting is stored has not lost what is to be announced of it.
    f"""CREATE TRIGGER sightings_noticed AFTER UPDATE OF status ON sightings
        WHEN new.status = 'done' AND old.status <> 'done' AND EXISTS (SELECT 1 FROM notification_rules)
        BEGIN INSERT INTO jobs (function, event, due_at, added_at) VALUES (
            '{_FUNCTION}', json_object('{_EVENT}', new.capture_id), 0,
            (julianday('now') - 2440587.5) * 86400.0
        ); END""",
)


class SqliteNotifications:
    """`Notifications` in three tables."""

    def __init__(self, database: Database) -> None:
        self._database = database
        database.prepare("people", people.STEPS)
        database.prepare("sightings", sightings.STEPS)
        database.prepare("notifications", _STEPS)

    def rules(self) -> tuple[Rule, ...]:
        """In the order of their ids."""
        with self._database.reading() as connection:
            rows = connection.execute("SELECT * FROM notification_rules ORDER BY rule_id").fetchall()
        return tuple(read_rule(row["rule_id"], row["text"]) for row in rows)

    def put_rule(self, rule: Rule) -> None:
        """Its row."""
        with self._database.writing() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO notification_rules VALUES (?, ?)", (rule.rule_id, rule_text(rule))
            )

    def remove_rule(self, rule_id: str) -> None:
        """Its row."""
        with self._database.writing() as connection:
            connection.execute("DELETE FROM notification_rules WHERE rule_id = ?", (rule_id,))

    def last(self, rule_id: str, about: str) -> Last | None:
        """Its row."""
        with self._database.reading() as connection:
            row = connection.execute(
                "SELECT notice_id, decided_at FROM last_notices WHERE rule_id = ? AND about = ?",
                (rule_id, about),
            ).fetchone()
        return Last(row["notice_id"], datetime.fromisoformat(row["decided_at"])) if row else None

    def add(self, notice: Notice, *, after: Last | None) -> bool:
        """Look and write in one transaction."""
        decided_at = to_moment(notice.decided_at)
        with self._database.writing() as connection:
            row = connection.execute(
                "SELECT notice_id FROM last_notices WHERE rule_id = ? AND about = ?",
                (notice.rule_id, notice.about),
            ).fetchone()
            if (row["notice_id"] if row else None) != (after.notice_id if after else None):
                return False
            connection.execute(
                "INSERT OR IGNORE INTO notices VALUES (?, ?, ?)",
                (notice.notice_id, notice_text(notice), decided_at),
            )
            connection.execute(
                "INSERT OR REPLACE INTO last_notices VALUES (?, ?, ?, ?)",
                (notice.rule_id, notice.about, notice.notice_id, decided_at),
            )
            return True

    def get(self, notice_id: str) -> Notice | None:
        """Its row."""
        with self._database.reading() as connection:
            row = connection.execute("SELECT * FROM notices WHERE notice_id = ?", (notice_id,)).fetchone()
        return read_notice(row["notice_id"], row["text"]) if row else None

    def update(self, notice: Notice) -> None:
        """Its row."""
        with self._database.writing() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO notices VALUES (?, ?, ?)",
                (notice.notice_id, notice_text(notice), to_moment(notice.decided_at)),
            )

    def newest(self, *, limit: int) -> tuple[Notice, ...]:
        """Ids begin with UUIDv7s: they sort by time."""
        with self._database.reading() as connection:
            rows = connection.execute("SELECT * FROM notices ORDER BY notice_id DESC LIMIT ?", (limit,))
            return tuple(read_notice(row["notice_id"], row["text"]) for row in rows.fetchall())

    def purge(self, *, now: datetime) -> None:
        """Remove what is older than `NOTICE_DAYS`."""
        before = to_moment(now - timedelta(days=NOTICE_DAYS))
        with self._database.writing() as connection:
            for table in ("notices", "last_notices"):
                connection.execute(f"DELETE FROM {table} WHERE decided_at < ?", (before,))
