"""The unlock policy: whether a sighting may set anything in motion. Nothing is allowed that no rule allows.

A face alone can be fooled by a photo of it: docs/kiosk.md says what to combine it with.

    time_zone = "Europe/Zurich"
    cooldown_s = 30              # the same person sets nothing in motion again for so long
    min_similarity_pct = 99.5
    require_liveness = false     # true: only who passed the liveness challenge (--liveness challenge)
    dry_run = false              # true: decide and write it down, but do nothing

    [groups]                     # groups of this door alone
    night-watch = ["ada", "bob"]

    [[allow]]
    groups = ["staff"]           # those whom the API says to be in it; or people = ["ada"], or ["*"] for all
    days = ["mon", "tue", "wed", "thu", "fri"]
    from = "07:00"
    until = "19:30"              # before `from`: until the next day; "24:00" is the end of the day

    [[allow]]
    outcome = "unknown"          # for a notice about strangers
"""

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Self
from zoneinfo import ZoneInfo

from kiosk.actions.audit_log import AuditLog
from kiosk.client.errors import KioskError
from kiosk.client.moment import EARLIEST, iso_text
from kiosk.client.sighting import Sighting

OUTCOMES = ("recognized", "unknown", "uncertain", "no_face", "rejected")
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_TIME = r"([01]\d|2[0-3]):[0-5]\d(:00)?"
_GROUP = r"[a-z0-9\-]{1,32}"
_TIME_OR_END = rf"{_TIME}|24:00"
_MIDNIGHT, _END_OF_DAY = timedelta(0), timedelta(days=1)


class PolicyRefused(KioskError):
    """The policy cannot be used; the text says where it is wrong."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was decided, and why. `acts`: whether anything is set in motion; in a dry run nothing is."""

    allowed: bool
    reason: str
    acts: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """Who may when. A window with `until` < `start` ends the next day.

    `people`, and `groups` that the API says a person is in, are for `recognized` only; one of them suffices.
    `start` and `until` are what the clock on the wall shows, as the time since midnight.
    """

    outcome: str = "recognized"
    people: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    days: frozenset[int] = frozenset(range(7))
    start: timedelta = _MIDNIGHT
    until: timedelta = _END_OF_DAY

    def is_about(self, sighting: Sighting) -> bool:
        """Whether this sighting's outcome, and the person whom it names, are what the rule is for."""
        if sighting.outcome != self.outcome:
            return False
        is_named = self.people & {sighting.person_id, "*"} or self.groups & set(sighting.groups)
        return self.outcome != "recognized" or bool(is_named)

    def holds_at(self, now: datetime, zone: ZoneInfo) -> bool:
        """Whether this moment lies in a window; each window belongs to the day it starts on."""
        today = now.astimezone(zone).date()
        return any(
            day.weekday() in self.days and self._opens(day, zone) <= now < self._closes(day, zone)
            for day in (today, today - timedelta(days=1))
        )

    # An hour that comes twice, when clocks are set back, must not make a window longer or open it again.
    def _opens(self, day: date, zone: ZoneInfo) -> datetime:
        return max(_instant(day, self.start, zone, fold=fold) for fold in (0, 1))

    def _closes(self, day: date, zone: ZoneInfo) -> datetime:
        until = self.until if self.until > self.start else self.until + _END_OF_DAY
        closes = _instant(day, until, zone)
        return closes if closes > self._opens(day, zone) else _instant(day, until, zone, fold=1)


@dataclass(frozen=True, slots=True)
class UnlockPolicy:
    """Rules, and what holds for all of them. Without rules it allows nothing."""

    rules: tuple[Rule, ...] = ()
    time_zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    cooldown_s: float = 10.0
    min_similarity_pct: float = 99.0
    require_liveness: bool = False
    dry_run: bool = False

    def decide(self, sighting: Sighting, *, late: bool, now: datetime, since_last_s: float | None) -> Verdict:
        """Decide about one sighting. `since_last_s`: seconds since the same person was last allowed."""
        if late:
            return Verdict(False, "the answer came too late")
        if sighting.status != "done" or sighting.outcome not in OUTCOMES:
            return Verdict(False, "there is no outcome")
        if now < EARLIEST:
            return Verdict(False, f"this machine's clock is wrong: it says {now:%Y-%m-%d}")
        if sighting.outcome == "recognized":
            if not sighting.person_id or not isinstance(sighting.person_id, str):
                return Verdict(False, "the sighting names nobody")
            similarity_pct = sighting.similarity_pct
            if similarity_pct is None or not similarity_pct >= self.min_similarity_pct:
                return Verdict(False, f"the similarity is below {self.min_similarity_pct:g} %")
            if self.require_liveness and sighting.liveness != "passed":
                return Verdict(False, f"the liveness challenge was {sighting.liveness.replace('_', ' ')}")
        rules = [(number, rule) for number, rule in enumerate(self.rules, 1) if rule.is_about(sighting)]
        if not rules:
            return Verdict(False, "no rule is about this")
        number = next((number for number, rule in rules if rule.holds_at(now, self.time_zone)), None)
        if number is None:
            local = now.astimezone(self.time_zone)
            return Verdict(False, f"no rule allows it at {local:%A %H:%M} ({self.time_zone.key})")
        if since_last_s is not None and since_last_s < self.cooldown_s:
            return Verdict(
                False, f"it was allowed {since_last_s:.0f} s ago; the cooldown is {self.cooldown_s:g} s"
            )
        return Verdict(True, f"rule {number}" + (" (dry run)" if self.dry_run else ""), acts=not self.dry_run)

    @classmethod
    def from_toml(cls, text: str) -> Self:
        """Read a policy as the docstring above shows it. Raises `PolicyRefused`, also for unknown keys."""
        try:
            document = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise PolicyRefused(f"the policy is no TOML: {error}") from error
        return cls.from_document(document)

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        """The same, of what TOML or JSON has been read to."""
        _only(
            document,
            {
                *("time_zone", "cooldown_s", "min_similarity_pct", "require_liveness"),
                *("dry_run", "groups", "allow"),
            },
            "the policy",
        )
        groups = document.get("groups", {})
        if not isinstance(groups, dict):
            raise PolicyRefused("`groups` must be a table of lists of person ids")
        members = {str(name): _words(people, f"the group {name}") for name, people in groups.items()}
        rules = document.get("allow", [])
        if not isinstance(rules, list) or not all(isinstance(rule, dict) for rule in rules):
            raise PolicyRefused("rules are written as [[allow]]")
        return cls(
            rules=tuple(_rule(rule, members, f"rule {number}") for number, rule in enumerate(rules, 1)),
            time_zone=_zone(document.get("time_zone", "UTC")),
            cooldown_s=_number(document, "cooldown_s", 10.0, 0, 86400),
            min_similarity_pct=_number(document, "min_similarity_pct", 99.0, 0, 100),
            require_liveness=_flag(document, "require_liveness"),
            dry_run=_flag(document, "dry_run"),
        )


class Doorkeeper:
    """Applies a policy, remembers the cooldowns, and writes every decision down before it takes effect.

    What is written names nobody: the API knows whose capture it was, unless they were forgotten.
    `clock` is monotonic seconds, so that setting the machine's clock neither shortens nor lengthens a
    cooldown; `now` is the time of day for the schedule.
    """

    def __init__(
        self,
        policy: UnlockPolicy,
        audit_log: AuditLog,
        *,
        now: Callable[[], datetime],
        clock: Callable[[], float],
        version: str | None = None,
    ) -> None:
        self._policy = policy
        self._audit_log = audit_log
        self._now = now
        self._clock = clock
        self._version = version
        self._allowed_s: dict[str, float] = {}

    def use(self, policy: UnlockPolicy, version: str) -> None:
        """Apply another policy from now on; cooldowns go on."""
        self._policy, self._version = policy, version

    def decide(self, sighting: Sighting, *, late: bool) -> Verdict:
        """Decide and write it down; what cannot be written down is denied."""
        who = str(sighting.person_id or f"outcome {sighting.outcome}")
        last_s = self._allowed_s.get(who)
        now, now_s = self._now(), self._clock()
        since_last_s = None if last_s is None else now_s - last_s
        verdict = self._policy.decide(sighting, late=late, now=now, since_last_s=since_last_s)
        try:
            self._audit_log.write(
                {
                    "at": iso_text(now),
                    "capture_id": sighting.capture_id,
                    "outcome": sighting.outcome,
                    "similarity_pct": sighting.similarity_pct,
                    "allowed": verdict.allowed,
                    "reason": verdict.reason,
                    "policy_version": self._version,
                }
            )
        except OSError as error:
            return Verdict(False, f"the decision could not be written down ({error.strerror or error})")
        if verdict.allowed:
            self._allowed_s[who] = now_s
        return verdict


def _rule(document: Mapping[str, Any], groups: Mapping[str, frozenset[str]], where: str) -> Rule:
    _only(document, {"outcome", "people", "groups", "days", "from", "until"}, where)
    outcome = document.get("outcome", "recognized")
    if outcome not in OUTCOMES:
        raise PolicyRefused(f"{where}: outcome {outcome!r} must be one of {', '.join(OUTCOMES)}")
    named = _words(document.get("groups", []), f"groups of {where}")
    theirs = named - groups.keys()
    if wrong := sorted(label for label in theirs if not re.fullmatch(_GROUP, label)):
        raise PolicyRefused(
            f"{where}: {wrong[0]!r} is not in [groups], and no group of people is called so (a-z 0-9 -)"
        )
    ours = (groups[name] for name in named - theirs)
    people = _words(document.get("people", []), f"people of {where}").union(*ours)
    if (outcome == "recognized") != bool(people or theirs):
        raise PolicyRefused(f"{where}: a rule for recognized names people or groups, another rule names none")
    days = _words(document.get("days", list(_DAYS)), f"days of {where}")
    if not days or not days <= set(_DAYS):
        raise PolicyRefused(f"{where}: days must be of {', '.join(_DAYS)}")
    start = _clock_time(document.get("from", "00:00"), _TIME, f"from of {where}")
    until = _clock_time(document.get("until", "24:00"), _TIME_OR_END, f"until of {where}")
    if start == until:
        raise PolicyRefused(f"{where}: from and until are the same; for the whole day leave both out")
    return Rule(outcome, people, theirs, frozenset(_DAYS.index(day) for day in days), start, until)


def _clock_time(value: object, form: str, where: str) -> timedelta:
    if not re.fullmatch(form, str(value)):
        raise PolicyRefused(f'{where} must be a time such as "07:30"')
    hours, minutes = str(value).split(":")[:2]
    return timedelta(hours=int(hours), minutes=int(minutes))


def _instant(day: date, clock: timedelta, zone: ZoneInfo, *, fold: int = 0) -> datetime:
    """When the clock on the wall shows this; a time that is left out comes as long after as it was before."""
    wall = datetime.combine(day, time.min) + clock
    return wall.replace(tzinfo=zone, fold=fold).astimezone(UTC)


def _zone(name: object) -> ZoneInfo:
    try:
        return ZoneInfo(str(name))
    except (OSError, ValueError, KeyError) as error:
        raise PolicyRefused(f'there is no time zone {name!r}; write it like "Europe/Zurich"') from error


def _words(value: object, where: str) -> frozenset[str]:
    if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
        raise PolicyRefused(f"{where} must be a list of words in quotes")
    return frozenset(value)


def _number(document: Mapping[str, Any], key: str, default: float, low: float, high: float) -> float:
    value = document.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise PolicyRefused(f"`{key}` must be a number from {low:g} to {high:g}")
    return float(value)


def _flag(document: Mapping[str, Any], key: str) -> bool:
    value = document.get(key, False)
    if not isinstance(value, bool):
        raise PolicyRefused(f"`{key}` must be true or false")
    return value


def _only(document: Mapping[str, Any], known: set[str], where: str) -> None:
    if unknown := sorted(document.keys() - known):
        raise PolicyRefused(f"{where}: `{unknown[0]}` is unknown; known are {', '.join(sorted(known))}")
