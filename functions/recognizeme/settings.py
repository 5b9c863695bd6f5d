"""Settings from the environment, read once by `wiring.py`; docs/settings.md lists the same names."""

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, Self

from recognizeme.domain.errors import Misconfigured


def _env(name: str, default: object = MISSING) -> Any:
    return field(default=default, metadata={"env": name})


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that differs between two stacks. Units are in the names; sizes are bytes."""

    bucket: str = _env("RECOGNIZEME_BUCKET")
    sightings_table: str = _env("RECOGNIZEME_SIGHTINGS_TABLE")
    totals_table: str = _env("RECOGNIZEME_TOTALS_TABLE")
    faces_table: str = _env("RECOGNIZEME_FACES_TABLE")
    people_table: str = _env("RECOGNIZEME_PEOPLE_TABLE")
    audit_table: str = _env("RECOGNIZEME_AUDIT_TABLE")
    lessons_table: str = _env("RECOGNIZEME_LESSONS_TABLE")
    strangers_table: str = _env("RECOGNIZEME_STRANGERS_TABLE")
    answers_table: str = _env("RECOGNIZEME_ANSWERS_TABLE")
    kiosks_table: str = _env("RECOGNIZEME_KIOSKS_TABLE")
    rollcalls_table: str = _env("RECOGNIZEME_ROLLCALLS_TABLE")
    notifications_table: str = _env("RECOGNIZEME_NOTIFICATIONS_TABLE")
    collection_id: str = _env("RECOGNIZEME_COLLECTION")
    threshold_pct: float = _env("RECOGNIZEME_THRESHOLD_PCT", 99.0)
    margin_pct: float = _env("RECOGNIZEME_MARGIN_PCT", 1.0)
    match_by: str = _env("RECOGNIZEME_MATCH_BY", "users")
    duplicate_pct: float = _env("RECOGNIZEME_DUPLICATE_PCT", 99.0)
    sighting_days: int = _env("RECOGNIZEME_SIGHTING_DAYS", 90)
    consent_required: bool = _env("RECOGNIZEME_CONSENT_REQUIRED", False)
    withdrawn_days: int = _env("RECOGNIZEME_WITHDRAWN_DAYS", 7)
    person_days: int = _env("RECOGNIZEME_PERSON_DAYS", 0)
    audit_days: int = _env("RECOGNIZEME_AUDIT_DAYS", 365)
    keep_strangers: bool = _env("RECOGNIZEME_KEEP_STRANGERS", False)
    stranger_days: int = _env("RECOGNIZEME_STRANGER_DAYS", 30)
    time_zone: str = _env("RECOGNIZEME_TIME_ZONE", "UTC")
    day_ends: str = _env("RECOGNIZEME_DAY_ENDS", "04:00")
    presence_hours: float = _env("RECOGNIZEME_PRESENCE_HOURS", 16.0)
    rollcall_days: int = _env("RECOGNIZEME_ROLLCALL_DAYS", 365)
    ticket_s: int = _env("RECOGNIZEME_TICKET_S", 300)
    link_s: int = _env("RECOGNIZEME_LINK_S", 60)
    lease_s: int = _env("RECOGNIZEME_LEASE_S", 30)
    most_calls: int = _env("RECOGNIZEME_MOST_CALLS", 6)
    call_usd: float = _env("RECOGNIZEME_CALL_USD", 0.001)
    failure_queue_url: str = _env("RECOGNIZEME_FAILURE_QUEUE_URL", "")
    heartbeat_minutes: int = _env("RECOGNIZEME_HEARTBEAT_MINUTES", 0)
    notification_sender: str = _env("RECOGNIZEME_NOTIFICATION_SENDER", "")
    secrets_path: str = _env("RECOGNIZEME_SECRETS_PATH", "")
    alarm_topic: str = _env("RECOGNIZEME_ALARM_TOPIC", "")
    candidates: str = _env("RECOGNIZEME_CANDIDATES", "")
    later_queue_url: str = _env("RECOGNIZEME_LATER_QUEUE_URL", "")
    tombstone_key: str = _env("RECOGNIZEME_TOMBSTONE_KEY", "")

    @property
    def strangers_collection(self) -> str:
        """Where the faces of unknown visitors are, if they are kept; nobody is recognized by them."""
        return f"{self.collection_id}-strangers"

    @property
    def days_of_strangers(self) -> int:
        """How long their pictures and faces are kept: no longer than sightings."""
        return min(self.stranger_days, self.sighting_days)

    @property
    def days_of_stranger_records(self) -> int:
        """A week longer: the faces are found by them, by a daily job that may fail for a while."""
        return self.days_of_strangers + 7

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Self:
        """Read every setting; raises `Misconfigured` naming the first that is missing or no number."""
        values: dict[str, str | int | float] = {}
        for setting in fields(cls):
            name, text = setting.metadata["env"], environ.get(setting.metadata["env"], "")
            if text:
                values[setting.name] = _parse(name, text, type(setting.default))
            elif setting.default is MISSING:
                raise Misconfigured(f"the environment variable {name} is not set; see docs/settings.md")
        return cls(**values)  # type: ignore[arg-type]  # each value was parsed to its field's type above


def _parse(name: str, text: str, kind: type) -> str | int | float:
    if kind is bool:
        if text not in ("true", "false"):
            raise Misconfigured(f"the environment variable {name} is {text!r}, and must be true or false")
        return text == "true"
    if kind not in (int, float):
        return text
    try:
        return int(text) if kind is int else float(text)
    except ValueError as error:
        raise Misconfigured(f"the environment variable {name} is {text!r}, which is no number") from error
