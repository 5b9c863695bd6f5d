"""Deletes what has been kept long enough, as a bucket's lifecycle rule and a table's TTL do on AWS.

Nothing else here deletes so much, and a clock that is wrong by a year would let it delete everything. So it
remembers how far it has deleted, goes on by a day at most each time, and further than that only if confirmed.
"""

import logging
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count

from local.adapters.columns import from_moment, to_moment
from local.errors import LocalError
from local.wiring import NOTIFIED, LocalParts
from recognizeme.adapters.later import CHECK_EVENT, people_event, pictures_event
from recognizeme.domain.errors import RecognizeMeError
from recognizeme.domain.policy import MatchBy
from recognizeme.wiring import match_by_of

_LOG = logging.getLogger(__name__)
_EVERY_S = 3600.0

# At once; what a stack that did not run for days has to catch up with is deleted within hours.
_A_DAY = timedelta(days=1)
# A longer step is no weekend but a clock that jumped, or a setting that was mistyped.
_MOST = timedelta(days=7)

_STEPS = ("CREATE TABLE deleted (id INTEGER PRIMARY KEY CHECK (id = 0), before TEXT NOT NULL)",)


class ConfirmationNeeded(LocalError):
    """More than a week of sightings would be deleted at once; the text says how to confirm it."""


@dataclass(frozen=True, slots=True)
class Deleted:
    """How much was deleted, and that everything captured before a time is gone."""

    sightings: int
    pictures: int
    before: datetime


def delete_expired(parts: LocalParts, *, now: datetime, confirmed: bool = False) -> Deleted:
    """Remove sightings and captured pictures that are older than the settings say, and jobs long dead.

    Raises `ConfirmationNeeded`, with nothing deleted, unless `confirmed`.
    """
    kept = timedelta(days=parts.settings.sighting_days)
    done = _deleted_before(parts)
    before = now - kept
    if done and not confirmed:
        _check_step(done, before, parts)
        before = min(before, done + _A_DAY)
    deleted = Deleted(
        parts.sightings.purge(now=before + kept), parts.photos.expire("captures/", before=before), before
    )
    parts.lessons.purge(now=now)
    parts.strangers.purge(now=now)
    parts.jobs.drop_expired(now_s=(before + kept).timestamp())
    parts.answers.purge(now=before + kept)
    parts.audit_log.purge(now=before + kept)
    parts.roll_calls.purge(now=before + kept)
    parts.notifications.purge(now=before + kept)
    with parts.database.writing() as connection:
        # A clock set back deletes nothing, and is no reason to ask when it is right again.
        reached = before if confirmed or done is None else max(before, done)
        connection.execute("INSERT OR REPLACE INTO deleted VALUES (0, ?)", (to_moment(reached),))
    if deleted.sightings or deleted.pictures:
        _LOG.info(
            "kept long enough: %d sightings and %d pictures deleted", deleted.sightings, deleted.pictures
        )
    return deleted


def warning(parts: LocalParts, *, now: datetime) -> str | None:
    """A sentence when `delete_expired` would refuse, or None."""
    done = _deleted_before(parts)
    try:
        if done:
            _check_step(done, now - timedelta(days=parts.settings.sighting_days), parts)
    except ConfirmationNeeded as error:
        return str(error)
    return None


def _check_step(done: datetime, before: datetime, parts: LocalParts) -> None:
    if before - done > _MOST:
        raise ConfirmationNeeded(
            f"{(before - done).days} days of sightings and pictures (all before {before:%Y-%m-%d}) would be"
            " deleted at once: the clock has jumped, RECOGNIZEME_SIGHTING_DAYS is less than it was, or"
            " nothing ran for a long time. Nothing is deleted; if it should be, run"
            f" `recognizeme-local retention --yes --data {parts.root}`"
        )


def _deleted_before(parts: LocalParts) -> datetime | None:
    parts.database.prepare("retention", _STEPS)
    with parts.database.reading() as connection:
        row = connection.execute("SELECT before FROM deleted").fetchone()
    return from_moment(row["before"]) if row else None


class Retention:
    """Does that now and every hour, and looks through the collection every day, in a thread of its own."""

    def __init__(self, parts: LocalParts) -> None:
        self._parts = parts
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="retention", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._stopping.set()
        self._thread.join(1.0)

    def _run(self) -> None:
        for hour in count():
            look_after(self._parts, hour=hour)
            if self._stopping.wait(_EVERY_S):
                return


def look_after(parts: LocalParts, *, hour: int) -> None:
    """What is to be done every hour; and once a day, for faces of nobody, people who leave and strangers."""
    try:
        deleted = delete_expired(parts, now=parts.now())
        if hour == 0 and match_by_of(parts.settings) is MatchBy.USERS:
            # The folder may be of a time when people were compared by faces: nobody waits a day at the door.
            parts.jobs.add(NOTIFIED["enrollments/"], CHECK_EVENT)
        if hour % 24 == 1:  # not while a stack starts
            # By the time that retention has reached: a clock that jumped forgets nobody either.
            kept, strangers = parts.settings.sighting_days, parts.settings.stranger_days
            before = deleted.before + timedelta(days=kept - strangers)
            for event in (CHECK_EVENT, people_event(), pictures_event(before)):
                parts.jobs.add(NOTIFIED["enrollments/"], event)
    except (LocalError, RecognizeMeError) as error:
        _LOG.warning("%s", error)
