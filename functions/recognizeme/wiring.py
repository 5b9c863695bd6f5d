"""The composition root: which adapters stand behind the ports. Importing it makes nothing; asking it does."""

import os
import secrets
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, time
from functools import cache, cached_property
from typing import TYPE_CHECKING, Protocol

from recognizeme.domain.errors import Misconfigured
from recognizeme.domain.model import Sighting
from recognizeme.domain.notifications import Channel
from recognizeme.domain.policy import MatchBy, Policy
from recognizeme.domain.ports import (
    Answers,
    AuditLog,
    Candidate,
    Clock,
    CollectionRoles,
    Deployments,
    FaceIndex,
    FailedEvents,
    Kiosks,
    Later,
    Lessons,
    Messenger,
    Notifications,
    Page,
    People,
    PhotoStore,
    RollCalls,
    Sightings,
    Strangers,
    Watch,
    Witness,
)
from recognizeme.domain.presence import ForgottenExits, Presence
from recognizeme.entry.audit import SYSTEM, Auditor
from recognizeme.entry.routes import WEB_KIOSK_ID
from recognizeme.settings import Settings
from recognizeme.usecases.answer_once import Request, answer_once
from recognizeme.usecases.decide_strangers import StrangerDesk
from recognizeme.usecases.enroll import Enroller
from recognizeme.usecases.forget import Forgetter
from recognizeme.usecases.group_strangers import Grouper
from recognizeme.usecases.leaving import Leaving
from recognizeme.usecases.notify import Notifier
from recognizeme.usecases.presence import who_is_in
from recognizeme.usecases.recognize import Recognizer
from recognizeme.usecases.reindex import Reindexer
from recognizeme.usecases.remove_photo import PhotoRemover
from recognizeme.usecases.sureness import Rules
from recognizeme.usecases.teach import Teacher

if TYPE_CHECKING:
    from recognizeme.adapters.rekognition import RekognitionFaceIndex


class Parts(Protocol):
    """What the handlers are made of. On AWS each part is made when first asked for: a client costs time."""

    @property
    def settings(self) -> Settings:
        """The settings of this stack."""

    @property
    def policy(self) -> Policy:
        """How sure a recognition must be where neither kiosk nor group says otherwise."""

    @property
    def kiosks(self) -> Kiosks:
        """The doors, and what the office says of them."""

    @property
    def rules(self) -> Rules:
        """How sure a recognition must be at a kiosk; one for the life of the process."""

    @property
    def photos(self) -> PhotoStore:
        """Where pictures are kept."""

    @property
    def faces(self) -> FaceIndex:
        """The collection of faces."""

    @property
    def collection_roles(self) -> CollectionRoles:
        """Which collection is in use."""

    def index_of(self, collection: str) -> FaceIndex:
        """One collection of faces, whether it is in use or not."""

    def make_collection(self, collection: str) -> None:
        """Make a collection, unless there is one of that id."""

    @property
    def sightings(self) -> Sightings:
        """What was seen."""

    @property
    def people(self) -> People:
        """Who is enrolled."""

    @property
    def lessons(self) -> Lessons:
        """What corrections taught."""

    @property
    def strangers(self) -> Strangers:
        """Unknown visitors by likeness."""

    @property
    def stranger_faces(self) -> FaceIndex | None:
        """The strangers' collection; None where strangers are not kept."""

    @property
    def audit_log(self) -> AuditLog:
        """Who did what."""

    @property
    def roll_calls(self) -> RollCalls:
        """Roll calls and their lists."""

    @property
    def answers(self) -> Answers:
        """What was answered under an idempotency key."""

    @property
    def id_key(self) -> bytes:
        """The key of hashes that stand for ids where those must not stay: in tombstones, in the audit log."""

    @property
    def notifications(self) -> Notifications:
        """What is announced to whom, and what became of it."""

    @property
    def messenger(self) -> Messenger:
        """Whoever takes messages where they are to go."""

    @property
    def later(self) -> Later:
        """What this function does after a while."""

    @property
    def failed_events(self) -> FailedEvents:
        """Events that wait for somebody to replay them."""

    @property
    def now(self) -> Clock:
        """The clock, in UTC."""


def match_by_of(settings: Settings) -> MatchBy:
    """The setting; raises `Misconfigured`."""
    try:
        return MatchBy(settings.match_by)
    except ValueError as error:
        raise Misconfigured(
            f"RECOGNIZEME_MATCH_BY is {settings.match_by!r}; it must be faces or users"
        ) from error


def exits_of(settings: Settings) -> ForgottenExits:
    """The settings of who is in; raises `Misconfigured`."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        zone = ZoneInfo(settings.time_zone)
    except (ValueError, ZoneInfoNotFoundError) as error:
        raise Misconfigured(
            f"RECOGNIZEME_TIME_ZONE is {settings.time_zone!r}; it must be a name such as Europe/Zurich"
        ) from error
    try:
        day_ends = time.fromisoformat(settings.day_ends)
    except ValueError as error:
        raise Misconfigured(
            f"RECOGNIZEME_DAY_ENDS is {settings.day_ends!r}; it must be a time such as 04:00"
        ) from error
    return ForgottenExits(zone, day_ends, settings.presence_hours)


def stranger_faces_of(settings: Settings) -> FaceIndex | None:
    """The strangers' collection at Rekognition, by faces however people are compared; None without one."""
    if not settings.keep_strangers:
        return None
    from recognizeme.adapters.rekognition import RekognitionFaceIndex

    return RekognitionFaceIndex.connect(settings.strangers_collection)


class AwsParts:
    """Amazon S3, Rekognition and DynamoDB; endpoints and credentials are boto3's, from the environment."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.policy = Policy(settings.threshold_pct, settings.margin_pct)
        self._indexes: dict[str, RekognitionFaceIndex] = {}

    @property
    def now(self) -> Clock:
        """The machine's clock."""
        return utc_now

    @cached_property
    def photos(self) -> PhotoStore:
        """S3."""
        from recognizeme.adapters.s3 import S3PhotoStore

        return S3PhotoStore.connect(self.settings.bucket)

    @property
    def faces(self) -> FaceIndex:
        """Rekognition; which collection is in use is read each time, so that a switch is one for all."""
        from recognizeme.adapters.faces_of_collections import FacesOfCollections

        collections = self.collection_roles.read()
        return FacesOfCollections(
            self.index_of(collections.in_use), [self.index_of(each) for each in collections.others]
        )

    @cached_property
    def collection_roles(self) -> CollectionRoles:
        """DynamoDB, in the table of people."""
        from recognizeme.adapters.dynamodb import DynamoDbCollectionRoles

        return DynamoDbCollectionRoles.connect(self.settings.people_table, first=self.settings.collection_id)

    def index_of(self, collection: str) -> FaceIndex:
        """Rekognition."""
        return self._rekognition(collection)

    def make_collection(self, collection: str) -> None:
        """At Rekognition."""
        self._rekognition(collection).make()

    def _rekognition(self, collection: str) -> "RekognitionFaceIndex":
        from recognizeme.adapters.user_index import index_of

        if collection not in self._indexes:
            self._indexes[collection] = index_of(match_by_of(self.settings)).connect(
                collection, floor_pct=self.policy.floor_pct
            )
        return self._indexes[collection]

    @cached_property
    def sightings(self) -> Sightings:
        """DynamoDB."""
        from recognizeme.adapters.dynamodb import DynamoDbSightings

        return DynamoDbSightings.connect(
            self.settings.sightings_table,
            totals_table=self.settings.totals_table,
            people_table=self.settings.people_table,
            retention_days=self.settings.sighting_days,
        )

    @cached_property
    def people(self) -> People:
        """DynamoDB, in two tables."""
        from recognizeme.adapters.dynamodb import DynamoDbPeople

        return DynamoDbPeople.connect(
            self.settings.people_table,
            faces_table=self.settings.faces_table,
            tombstone_key=self.id_key,
        )

    @cached_property
    def lessons(self) -> Lessons:
        """DynamoDB."""
        from recognizeme.adapters.dynamodb import DynamoDbLessons

        return DynamoDbLessons.connect(self.settings.lessons_table)

    @cached_property
    def strangers(self) -> Strangers:
        """DynamoDB."""
        from recognizeme.adapters.dynamodb import DynamoDbStrangers

        return DynamoDbStrangers.connect(
            self.settings.strangers_table, retention_days=self.settings.days_of_stranger_records
        )

    @cached_property
    def stranger_faces(self) -> FaceIndex | None:
        """Rekognition."""
        return stranger_faces_of(self.settings)

    @cached_property
    def kiosks(self) -> Kiosks:
        """DynamoDB."""
        from recognizeme.adapters.dynamodb import DynamoDbKiosks

        return DynamoDbKiosks.connect(self.settings.kiosks_table)

    @cached_property
    def rules(self) -> Rules:
        """Of the table, read once a minute."""
        return Rules(kiosks=self.kiosks, deployment=self.policy, now=self.now)

    @cached_property
    def audit_log(self) -> AuditLog:
        """DynamoDB."""
        from recognizeme.adapters.dynamodb import DynamoDbAuditLog

        return DynamoDbAuditLog.connect(self.settings.audit_table, retention_days=self.settings.audit_days)

    @cached_property
    def roll_calls(self) -> RollCalls:
        """DynamoDB."""
        from recognizeme.adapters.dynamodb import DynamoDbRollCalls

        return DynamoDbRollCalls.connect(
            self.settings.rollcalls_table, retention_days=self.settings.rollcall_days
        )

    @cached_property
    def answers(self) -> Answers:
        """DynamoDB."""
        from recognizeme.adapters.dynamodb import DynamoDbAnswers

        return DynamoDbAnswers.connect(self.settings.answers_table)

    @cached_property
    def notifications(self) -> Notifications:
        """DynamoDB."""
        from recognizeme.adapters.dynamodb import DynamoDbNotifications

        return DynamoDbNotifications.connect(self.settings.notifications_table)

    @cached_property
    def messenger(self) -> Messenger:
        """Amazon SES where there is a sender, and the internet; secrets are in Parameter Store."""
        from recognizeme.adapters.channels import Channels
        from recognizeme.adapters.channels.email import Ses
        from recognizeme.adapters.channels.mqtt import Mqtt
        from recognizeme.adapters.channels.secrets import SsmSecrets
        from recognizeme.adapters.channels.web import Web

        secrets = SsmSecrets(self.settings.secrets_path)
        web, sender = Web(secrets=secrets, stays_here=False), self.settings.notification_sender
        return Channels(
            {Channel.WEBHOOK: web.webhook, Channel.SLACK: web.slack, Channel.TEAMS: web.teams}
            | {Channel.MQTT: Mqtt(secrets=secrets, stays_here=False)}
            | ({Channel.EMAIL: Ses(sender=sender)} if sender else {})
        )

    @property
    def id_key(self) -> bytes:
        """The stack's own id."""
        return self.settings.tombstone_key.encode()

    @cached_property
    def later(self) -> Later:
        """The function's own queue."""
        from recognizeme.adapters.later import SqsLater

        function = os.environ.get("AWS_LAMBDA_FUNCTION_NAME", "")  # Lambda's own
        return SqsLater.connect(self.settings.later_queue_url, function=f"{function}:live")

    @cached_property
    def failed_events(self) -> FailedEvents:
        """The failure queue."""
        from recognizeme.adapters.sqs import SqsFailedEvents

        return SqsFailedEvents.connect(self.settings.failure_queue_url)


@cache
def watch() -> Watch | None:
    """CloudWatch, which misses silent kiosks; on one machine the stack does that itself."""
    settings = parts().settings
    if not settings.heartbeat_minutes or not settings.alarm_topic:
        return None
    from recognizeme.adapters.cloudwatch import CloudWatchWatch

    stack = os.environ["POWERTOOLS_SERVICE_NAME"]  # the metrics' dimension
    return CloudWatchWatch.connect(stack, minutes=settings.heartbeat_minutes, topic=settings.alarm_topic)


@dataclass(frozen=True, slots=True)
class Stage:
    """What a rehearsal of new versions is made of."""

    candidate: Candidate
    deployments: Deployments
    photos: PhotoStore


def stage() -> Stage:
    """The new versions that the environment names, on AWS."""
    from recognizeme.adapters.codedeploy import CodeDeployDeployments, LambdaCandidate

    settings = Settings.from_env(os.environ)
    candidate = LambdaCandidate.connect(settings.candidates)
    return Stage(candidate, CodeDeployDeployments.connect(), AwsParts(settings).photos)


def recognizer(parts: Parts, witness: Witness) -> Recognizer:
    """Recognizing, made of these parts."""
    return Recognizer(
        photos=parts.photos,
        faces=parts.faces,
        sightings=parts.sightings,
        people=parts.people,
        lessons=parts.lessons,
        later=parts.later,
        rules=parts.rules,
        lease_s=parts.settings.lease_s,
        most_calls=parts.settings.most_calls,
        now=parts.now,
        witness=witness,
        grouper=grouper(parts, witness),
    )


def grouper(parts: Parts, witness: Witness) -> Grouper | None:
    """Grouping unknown visitors, made of these parts; None where strangers are not kept."""
    if parts.stranger_faces is None:
        return None
    return Grouper(
        photos=parts.photos,
        faces=parts.stranger_faces,
        sightings=parts.sightings,
        strangers=parts.strangers,
        alike_pct=parts.policy.threshold_pct,
        most_calls=parts.settings.most_calls,
        witness=witness,
    )


def enroller(parts: Parts) -> Enroller:
    """Enrolling, made of these parts."""
    return Enroller(
        photos=parts.photos,
        faces=parts.faces,
        people=parts.people,
        later=parts.later,
        duplicate_pct=parts.settings.duplicate_pct,
        ticket_s=parts.settings.ticket_s,
        lease_s=parts.settings.lease_s,
        now=parts.now,
        consent_required=parts.settings.consent_required,
        withdrawn_days=parts.settings.withdrawn_days,
    )


def teacher(parts: Parts) -> Teacher:
    """Teaching, made of these parts."""
    return Teacher(
        photos=parts.photos,
        faces=parts.faces,
        people=parts.people,
        sightings=parts.sightings,
        lessons=parts.lessons,
        enroller=enroller(parts),
        stranger_days=parts.settings.days_of_strangers,
        now=parts.now,
    )


def stranger_desk(parts: Parts) -> StrangerDesk:
    """Deciding about strangers, made of these parts."""
    return StrangerDesk(
        photos=parts.photos,
        faces=parts.stranger_faces,
        sightings=parts.sightings,
        strangers=parts.strangers,
        teacher=teacher(parts),
        enroller=enroller(parts),
        now=parts.now,
    )


def forgetter(parts: Parts) -> Forgetter:
    """Forgetting, made of these parts."""
    return Forgetter(
        photos=parts.photos,
        faces=parts.faces,
        people=parts.people,
        sightings=parts.sightings,
        lessons=parts.lessons,
        strangers=parts.strangers,
        stranger_faces=parts.stranger_faces,
        roll_calls=parts.roll_calls,
        notifications=parts.notifications,
        later=parts.later,
        lease_s=parts.settings.lease_s,
        now=parts.now,
    )


def inside(parts: Parts, *, limit: int, after: str = "") -> Page[Presence]:
    """Who is in, by these parts: `who_is_in`."""
    return who_is_in(
        sightings=parts.sightings,
        kiosks=parts.kiosks,
        people=parts.people,
        exits=exits_of(parts.settings),
        desk=WEB_KIOSK_ID,
        now=parts.now,
        limit=limit,
        after=after,
    )


def auditor() -> Auditor:
    """Writing the audit log, made of this process's parts."""
    made_of = parts()
    return Auditor(made_of.audit_log, made_of.id_key, made_of.now, secrets.token_bytes)


def once(request: Request, act: Callable[[], bytes]) -> tuple[bytes, bool]:
    """What `act` answers, or answered before, with this process's parts: `answer_once`."""
    made_of = parts()
    return answer_once(
        request,
        act,
        answers=made_of.answers,
        now=made_of.now,
        lease_s=made_of.settings.lease_s,
        randomness=secrets.token_bytes,
    )


def notifier(parts: Parts) -> Notifier:
    """Announcing, made of these parts."""
    return Notifier(
        notifications=parts.notifications,
        sightings=parts.sightings,
        people=parts.people,
        kiosks=parts.kiosks,
        photos=parts.photos,
        later=parts.later,
        messenger=parts.messenger,
        audited=_picture_sent,
        key=parts.id_key,
        randomness=secrets.token_bytes,
        now=parts.now,
    )


def _picture_sent(sighting: Sighting) -> AbstractContextManager[object]:
    ids = {"capture_id": sighting.capture.capture_id}
    about = {"person_id": sighting.person_id} if sighting.person_id else {}
    return auditor().change("picture sent", principal=SYSTEM, source="notification", **ids, **about)


def photo_remover(parts: Parts) -> PhotoRemover:
    """Removing photos, made of these parts."""
    return PhotoRemover(
        photos=parts.photos,
        faces=parts.faces,
        people=parts.people,
        later=parts.later,
        lease_s=parts.settings.lease_s,
        now=parts.now,
    )


def leaving(parts: Parts) -> Leaving:
    """What ends by itself, made of these parts."""
    return Leaving(
        people=parts.people,
        sightings=parts.sightings,
        later=parts.later,
        forgetter=forgetter(parts),
        person_days=parts.settings.person_days,
        now=parts.now,
    )


def reindexer(parts: Parts) -> Reindexer:
    """Reindexing, made of these parts."""
    return Reindexer(
        roles=parts.collection_roles,
        first=parts.settings.collection_id,
        index_of=parts.index_of,
        make=parts.make_collection,
        people=parts.people,
        photos=parts.photos,
        sightings=parts.sightings,
        lessons=parts.lessons,
        policy=parts.policy,
        now=parts.now,
    )


def utc_now() -> datetime:
    """The time now, in UTC."""
    return datetime.now(UTC)


_parts: Parts | None = None


def parts() -> Parts:
    """The parts of this process: those given to `use`, else AWS's as the environment names them."""
    global _parts
    if _parts is None:
        _parts = AwsParts(Settings.from_env(os.environ))
    return _parts


def use(parts: Parts | None) -> None:
    """Put other parts behind every handler of this process, or None to read the environment again."""
    global _parts
    _parts = parts
