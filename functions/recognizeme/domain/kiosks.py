"""Doors in one place: what the office says of each kiosk and group, and what a kiosk last said of itself."""

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from recognizeme.domain.errors import InvalidRequest
from recognizeme.domain.model import check_group, check_kiosk_id, check_name
from recognizeme.domain.policy import Policy

EVERYBODY = "*"
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# How long a kiosk may be silent where nobody says: it sends a heartbeat every minute.
DEFAULT_MINUTES = 5
TIME = r"([01][0-9]|2[0-3]):[0-5][0-9]"
ZONE = r"[A-Za-z0-9_+\-]{1,32}(/[A-Za-z0-9_+\-]{1,32}){0,2}"
MOST_GROUPS, MOST_OPENINGS = 20, 50


class Direction(StrEnum):
    """Which way people go who are seen here."""

    IN = "in"
    OUT = "out"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class Opening:
    """When a door may open, by the clock on the wall; with `until` before `start` until the next day."""

    days: tuple[str, ...] = DAYS
    start: str = "00:00"
    until: str = "24:00"

    def __post_init__(self) -> None:
        """Raise `InvalidRequest` for what is no day or time."""
        if not self.days or not set(self.days) <= set(DAYS):
            raise InvalidRequest(f"the days of an opening must be of {', '.join(DAYS)}")
        if not re.fullmatch(TIME, self.start) or not (
            re.fullmatch(TIME, self.until) or self.until == "24:00"
        ):
            raise InvalidRequest(
                'from and until of an opening must be times such as "07:30"; 24:00 ends the day'
            )
        if self.start == self.until:
            raise InvalidRequest(
                "from and until of an opening are the same; for the whole day leave both out"
            )


@dataclass(frozen=True, slots=True)
class Sureness:
    """How sure a recognition must be at a kiosk, or of a group: what is None is decided elsewhere.

    What is stricter or more lenient than the deployment has a `reason`, for whoever asks later.
    """

    threshold_pct: float | None = None
    margin_pct: float | None = None
    reason: str | None = None

    def __post_init__(self) -> None:
        """Raise `InvalidRequest` for numbers that are no percentages, and where the reason is missing."""
        for name, value in (("threshold_pct", self.threshold_pct), ("margin_pct", self.margin_pct)):
            if value is not None and not 0 <= value <= 100:
                raise InvalidRequest(f"{name} must lie between 0 and 100")
        is_set = self.threshold_pct is not None or self.margin_pct is not None
        if is_set and self.reason is None:
            raise InvalidRequest("say the reason of a threshold or margin, for whoever asks later")
        if self.reason is not None:
            check_name(self.reason, "reason")

    def check_floor(self, deployment: Policy) -> None:
        """Raise `InvalidRequest` where faces would have to be told apart that are not even searched for."""
        threshold_pct, margin_pct = _chosen(self, (), deployment)
        if threshold_pct - margin_pct < deployment.floor_pct:
            raise InvalidRequest(
                f"threshold_pct less margin_pct must be {deployment.floor_pct:g} or more:"
                " nobody less similar is searched for"
            )


@dataclass(frozen=True, slots=True)
class Kiosk:
    """What the office says of a kiosk. Nobody enters by a face whom no group of it lets in.

    `groups` are labels of people, or `*` for everybody enrolled. Without `openings` it is never closed.
    """

    kiosk_id: str
    name: str | None = None
    place: str | None = None
    direction: Direction = Direction.BOTH
    groups: tuple[str, ...] = ()
    time_zone: str = "UTC"
    openings: tuple[Opening, ...] = ()
    sureness: Sureness = field(default_factory=Sureness)

    def __post_init__(self) -> None:
        """Raise `InvalidRequest` for what is out of form."""
        check_kiosk_id(self.kiosk_id)
        for called, text in (("name", self.name), ("place", self.place)):
            if text is not None:
                check_name(text, called)
        if len(self.groups) > MOST_GROUPS or len(self.openings) > MOST_OPENINGS:
            raise InvalidRequest(f"a kiosk has {MOST_GROUPS} groups and {MOST_OPENINGS} openings at most")
        for group in self.groups:
            if group != EVERYBODY:
                check_group(group)
        if not re.fullmatch(ZONE, self.time_zone):
            raise InvalidRequest('time_zone must be a name such as "Europe/Zurich"')

    @property
    def version(self) -> str:
        """What tells this policy of the door from another one, as a short text."""
        stated = json.dumps(door_policy(self), sort_keys=True)
        return hashlib.sha256(stated.encode()).hexdigest()[:16]


def door_policy(kiosk: Kiosk) -> dict[str, object]:
    """What a kiosk has to know of its door, and nothing else: its version changes with nothing else."""
    return {
        "kiosk_id": kiosk.kiosk_id,
        "direction": kiosk.direction,
        "groups": list(kiosk.groups),
        "time_zone": kiosk.time_zone,
        "openings": [opening_json(opening) for opening in kiosk.openings],
    }


def opening_json(opening: Opening) -> dict[str, object]:
    """As in the API and in a kiosk's policy file."""
    return {"days": list(opening.days), "from": opening.start, "until": opening.until}


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """What a kiosk last said of itself. `seen_at` is the last heartbeat by which it saw.

    `camera_trouble` and `delivery_trouble` are its own sentences; `clock_ahead_s` is by the time it sent.
    """

    received_at: datetime
    seen_at: datetime | None = None
    version: str | None = None
    camera_trouble: str | None = None
    delivery_trouble: str | None = None
    spool_waiting: int | None = None
    spool_bytes: int | None = None
    clock_ahead_s: float | None = None
    last_frame_at: datetime | None = None
    policy_version: str | None = None


class KioskState(StrEnum):
    """How a kiosk is doing."""

    ONLINE = "online"
    BLIND = "blind"  # it says that it does not see
    OFFLINE = "offline"
    NEVER = "never"  # it has said nothing yet


@dataclass(frozen=True, slots=True)
class Door:
    """A kiosk as the office sees it: what was said of it, and what it said."""

    kiosk: Kiosk
    is_set: bool
    heartbeat: Heartbeat | None = None

    def state(self, now: datetime, *, minutes: float) -> KioskState:
        """How it is doing, when it may be silent for so many minutes."""
        beat, limit = self.heartbeat, timedelta(minutes=minutes)
        if beat is None:
            return KioskState.NEVER
        if now - beat.received_at > limit:
            return KioskState.OFFLINE
        if beat.seen_at is None or now - beat.seen_at > limit:
            return KioskState.BLIND
        return KioskState.ONLINE


def policy_for(kiosk: Sureness, groups: Iterable[Sureness], deployment: Policy) -> Policy:
    """How sure a recognition must be: as the kiosk says, else the strictest of the person's groups, else the
    deployment. Threshold and margin are looked for each on its own.

    Where they meet so that people would have to be told apart who are not searched for, the threshold rises.
    """
    threshold_pct, margin_pct = _chosen(kiosk, tuple(groups), deployment)
    return Policy(max(threshold_pct, min(100.0, deployment.floor_pct + margin_pct)), margin_pct)


def _chosen(kiosk: Sureness, groups: tuple[Sureness, ...], deployment: Policy) -> tuple[float, float]:

    def first(of_kiosk: float | None, of_groups: list[float | None], otherwise: float) -> float:
        if of_kiosk is not None:
            return of_kiosk
        return max((each for each in of_groups if each is not None), default=otherwise)

    return (
        first(kiosk.threshold_pct, [each.threshold_pct for each in groups], deployment.threshold_pct),
        first(kiosk.margin_pct, [each.margin_pct for each in groups], deployment.margin_pct),
    )
