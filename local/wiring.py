"""The parts behind the handlers on one machine: SQLite and files, and Rekognition's port at rekolocal."""

import getpass
import os
import secrets
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self

from local.data_folder import DataFolder
from local.jobs.queue import JobQueue
from local.runtime.events import object_created_event
from recognizeme.adapters.later import (
    CHECK_EVENT,
    forget_event,
    leave_event,
    notice_event,
    people_event,
    pictures_event,
    remove_photo_event,
    stored_event,
)
from recognizeme.domain.errors import NotPossible
from recognizeme.domain.model import Capture
from recognizeme.domain.notifications import Channel
from recognizeme.domain.policy import Policy
from recognizeme.domain.ports import (
    Clock,
    CollectionRoles,
    FaceIndex,
    FailedEvents,
    Messenger,
    People,
    Replayed,
)
from recognizeme.entry.audit import Auditor
from recognizeme.settings import Settings
from recognizeme.usecases.sureness import Rules
from recognizeme.wiring import match_by_of, stranger_faces_of, utc_now

if TYPE_CHECKING:
    from local.adapters.answers import SqliteAnswers
    from local.adapters.audit import SqliteAuditLog
    from local.adapters.collections import SqliteCollections
    from local.adapters.database import Database
    from local.adapters.kiosks import SqliteKiosks
    from local.adapters.lessons import SqliteLessons
    from local.adapters.notifications import SqliteNotifications
    from local.adapters.photos import FilePhotoStore
    from local.adapters.rollcalls import SqliteRollCalls
    from local.adapters.sightings import SqliteSightings
    from local.adapters.strangers import SqliteStrangers

# The names of the architecture note; they show in events and nowhere else.
NAMES: Mapping[str, str] = {
    "RECOGNIZEME_BUCKET": "employee-img",
    "RECOGNIZEME_SIGHTINGS_TABLE": "sightings",
    "RECOGNIZEME_TOTALS_TABLE": "sightings_totals",
    "RECOGNIZEME_FACES_TABLE": "employees_collection",
    "RECOGNIZEME_PEOPLE_TABLE": "people",
    "RECOGNIZEME_AUDIT_TABLE": "audit",
    "RECOGNIZEME_LESSONS_TABLE": "sightings_lessons",
    "RECOGNIZEME_STRANGERS_TABLE": "sightings_strangers",
    "RECOGNIZEME_ANSWERS_TABLE": "answers",
    "RECOGNIZEME_KIOSKS_TABLE": "kiosks",
    "RECOGNIZEME_ROLLCALLS_TABLE": "rollcalls",
    "RECOGNIZEME_NOTIFICATIONS_TABLE": "notifications",
    "RECOGNIZEME_COLLECTION": "employees",
}

NOTIFICATION = "notification"  # the function that announces

# The bucket's notifications: which function handles what is stored under a prefix.
NOTIFIED: Mapping[str, str] = {"captures/": "recognition", "enrollments/": "enrollment"}

# A kiosk's visitor waits 10 s for an answer. What was captured a minute ago comes from a kiosk's backlog.
_ANSWER_S = 10.0
_LATE = timedelta(minutes=1)

DATA, URL = "RECOGNIZEME_LOCAL_DATA", "RECOGNIZEME_LOCAL_URL"


class LocalParts:
    """What stands behind the ports in the processes of one stack; each part is made when first asked for."""

    def __init__(self, settings: Settings, data_folder: DataFolder, *, url: str) -> None:
        self.settings = settings
        self.policy = Policy(settings.threshold_pct, settings.margin_pct)
        self._data_folder = data_folder
        self._url = url

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Self:
        """The parts for the data folder and URL in the environment; raises `Misconfigured`."""
        settings = Settings.from_env({**NAMES, **environ})
        return cls(settings, DataFolder(Path(environ[DATA])), url=environ[URL])

    @property
    def root(self) -> Path:
        """The data folder."""
        return self._data_folder.root

    @property
    def now(self) -> Clock:
        """The machine's clock."""
        return utc_now

    @cached_property
    def jobs(self) -> JobQueue:
        """Events that wait for a function."""
        return JobQueue(self.database)

    @cached_property
    def photos(self) -> "FilePhotoStore":
        """Files below the data folder."""
        from local.adapters.photos import FilePhotoStore

        return FilePhotoStore(
            self._data_folder.photos,
            base_url=self._url,
            signing_key=self._data_folder.signing_key(),
            on_stored=self.notify,
        )

    @cached_property
    def faces(self) -> FaceIndex:
        """Rekognition's client, at the endpoint of AWS_ENDPOINT_URL_REKOGNITION."""
        from recognizeme.adapters.faces_of_collections import FacesOfCollections

        in_use, *others = (
            self.index_of(collection)
            for collection in (self.collections.in_use(), *self.collections.others())
        )
        return FacesOfCollections(in_use, others)

    @cached_property
    def collections(self) -> "SqliteCollections":
        """SQLite."""
        from local.adapters.collections import SqliteCollections

        return SqliteCollections(self.database, self.settings.collection_id)

    @property
    def collection_roles(self) -> CollectionRoles:
        """Those of one machine change while nothing runs. Raises `NotPossible`."""
        raise NotPossible("on one machine, stop the stack and run `recognizeme-local reindex`")

    def index_of(self, collection: str) -> FaceIndex:
        """One collection's."""
        from recognizeme.adapters.user_index import index_of

        return index_of(match_by_of(self.settings)).connect(collection, floor_pct=self.policy.floor_pct)

    def make_collection(self, collection: str) -> None:
        """Never asked for: `collection_roles` has refused before."""

    @cached_property
    def sightings(self) -> "SqliteSightings":
        """SQLite."""
        from local.adapters.sightings import SqliteSightings

        return SqliteSightings(self.database, retention_days=self.settings.sighting_days)

    @cached_property
    def lessons(self) -> "SqliteLessons":
        """SQLite."""
        from local.adapters.lessons import SqliteLessons

        return SqliteLessons(self.database)

    @cached_property
    def strangers(self) -> "SqliteStrangers":
        """SQLite."""
        from local.adapters.strangers import SqliteStrangers

        return SqliteStrangers(self.database, retention_days=self.settings.days_of_stranger_records)

    @cached_property
    def stranger_faces(self) -> FaceIndex | None:
        """A second collection at the same endpoint."""
        return stranger_faces_of(self.settings)

    @cached_property
    def people(self) -> People:
        """SQLite."""
        from local.adapters.people import SqlitePeople

        return SqlitePeople(self.database, tombstone_key=self.id_key)

    @cached_property
    def kiosks(self) -> "SqliteKiosks":
        """SQLite."""
        from local.adapters.kiosks import SqliteKiosks

        return SqliteKiosks(self.database)

    @cached_property
    def rules(self) -> Rules:
        """Of that table, read once a minute."""
        return Rules(kiosks=self.kiosks, deployment=self.policy, now=self.now)

    @cached_property
    def audit_log(self) -> "SqliteAuditLog":
        """SQLite."""
        from local.adapters.audit import SqliteAuditLog

        return SqliteAuditLog(self.database, retention_days=self.settings.audit_days)

    @cached_property
    def roll_calls(self) -> "SqliteRollCalls":
        """SQLite."""
        from local.adapters.rollcalls import SqliteRollCalls

        return SqliteRollCalls(self.database, retention_days=self.settings.rollcall_days)

    @cached_property
    def notifications(self) -> "SqliteNotifications":
        """SQLite."""
        from local.adapters.notifications import SqliteNotifications

        assert self.jobs  # their table is written by a trigger
        return SqliteNotifications(self.database)

    @cached_property
    def messenger(self) -> Messenger:
        """SMTP where there is a server, and whatever answers; secrets are in the environment."""
        from recognizeme.adapters.channels import Channels
        from recognizeme.adapters.channels.email import Smtp
        from recognizeme.adapters.channels.mqtt import Mqtt
        from recognizeme.adapters.channels.secrets import EnvironmentSecrets
        from recognizeme.adapters.channels.web import Web

        secrets = EnvironmentSecrets(os.environ)
        web, sender = Web(secrets=secrets, stays_here=True), self.settings.notification_sender
        url = os.environ.get("RECOGNIZEME_SMTP_URL")
        return Channels(
            {Channel.WEBHOOK: web.webhook, Channel.SLACK: web.slack, Channel.TEAMS: web.teams}
            | {Channel.MQTT: Mqtt(secrets=secrets, stays_here=True)}
            | ({Channel.EMAIL: Smtp(url, sender=sender, secrets=secrets)} if url else {})
        )

    @cached_property
    def answers(self) -> "SqliteAnswers":
        """SQLite."""
        from local.adapters.answers import SqliteAnswers

        return SqliteAnswers(self.database)

    def audited(self, action: str, **ids: str) -> AbstractContextManager[dict[str, object]]:
        """A change that somebody makes from the command line, in the audit log: `Auditor.change`."""
        auditor = Auditor(self.audit_log, self.id_key, self.now, secrets.token_bytes)
        return auditor.change(action, principal=f"shell {_login()}", source="command line", **ids)

    @property
    def id_key(self) -> bytes:
        """The data folder's own key."""
        return self._data_folder.signing_key()

    @cached_property
    def database(self) -> "Database":
        """The file that sightings, people and jobs share."""
        from local.adapters.database import open_database

        return open_database(self._data_folder.database)

    @cached_property
    def later(self) -> "LaterJobs":
        """Jobs that are not due yet."""
        return LaterJobs(self.jobs)

    @cached_property
    def failed_events(self) -> FailedEvents:
        """The dead jobs."""
        return DeadJobs(self.jobs)

    def notify(self, key: str, size_bytes: int, busy_s: float = 0.0) -> str | None:
        """Queue a stored picture for its function, before it is acknowledged: it is going to be looked at.

        Not before `busy_s` have passed; the answer is the job's id.
        """
        for prefix, function in NOTIFIED.items():
            if key.startswith(prefix):
                event = object_created_event(
                    key=key,
                    size=size_bytes,
                    sequencer=time.time_ns(),
                    bucket=self.settings.bucket,
                    now=datetime.now(UTC),
                )
                awaited_s = _awaited_s(key, self.now())
                return str(self.jobs.add(function, event, awaited_s=awaited_s, delay_s=busy_s))
        return None


def _login() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        return str(os.getuid())


def _awaited_s(key: str, now: datetime) -> float:
    """How long somebody stands at the door for what was stored; 0 for what a kiosk hands in late."""
    capture = Capture.from_key(key)
    return _ANSWER_S if capture and now - capture.captured_at < _LATE else 0.0


class LaterJobs:
    """`Later` in the job queue."""

    def __init__(self, jobs: JobQueue) -> None:
        self._jobs = jobs

    def recognize(self, photo_key: str, *, delay_s: float) -> None:
        """As an object-created event."""
        self._jobs.add(NOTIFIED["captures/"], stored_event(photo_key), delay_s=delay_s)

    def enroll(self, photo_key: str, *, delay_s: float) -> None:
        """As an object-created event."""
        self._jobs.add(NOTIFIED["enrollments/"], stored_event(photo_key), delay_s=delay_s)

    def forget(self, person_id: str, *, delay_s: float) -> None:
        """As an event of our own."""
        self._jobs.add(NOTIFIED["enrollments/"], forget_event(person_id), delay_s=delay_s)

    def remove_photo(self, person_id: str, photo_id: str, *, delay_s: float) -> None:
        """As an event of our own."""
        event = remove_photo_event(person_id, photo_id)
        self._jobs.add(NOTIFIED["enrollments/"], event, delay_s=delay_s)

    def look_through_people(self, cursor: str) -> None:
        """As an event of our own."""
        self._jobs.add(NOTIFIED["enrollments/"], people_event(cursor))

    def drop_pictures(self, before: datetime, cursor: str) -> None:
        """As an event of our own."""
        self._jobs.add(NOTIFIED["enrollments/"], pictures_event(before, cursor))

    def leave(self, person_id: str) -> None:
        """As an event of our own."""
        self._jobs.add(NOTIFIED["enrollments/"], leave_event(person_id))

    def check_collection(self, *, delay_s: float) -> None:
        """As the daily job's event."""
        self._jobs.add(NOTIFIED["enrollments/"], CHECK_EVENT, delay_s=delay_s)

    def call_off(self, event: str) -> None:
        """Unless it has been taken already."""
        self._jobs.call_off(int(event))

    def send_notice(self, notice_id: str, *, delay_s: float) -> None:
        """As an event of our own."""
        self._jobs.add(NOTIFICATION, notice_event(notice_id), delay_s=delay_s)

    def drop_photos(self, person_id: str) -> None:
        """Whether they wait or failed for good: their photos are gone."""
        self._jobs.drop(prefix=f"enrollments/{person_id}/")


class DeadJobs:
    """`FailedEvents` in the job queue."""

    def __init__(self, jobs: JobQueue) -> None:
        self._jobs = jobs

    def replay(self, *, limit: int) -> Replayed:
        """Give dead jobs their tries back."""
        return Replayed(len(self._jobs.replay(limit=limit)))
