"""What `stats` and `report` count: the API's daily figures by day, week or month, and corrections."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Self

from kiosk.client.api import ApiClient
from kiosk.client.errors import NotFound
from kiosk.client.wire import Json

OUTCOMES = ("recognized", "unknown", "uncertain", "no_face", "rejected")
_CORRECTING = "POST /sightings/{capture_id}/correction"
_DAY = timedelta(days=1)
_WEEKS, _MONTHS = 12, 12
_KEPT_DAYS = 400  # as long as the API keeps totals


class By(StrEnum):
    """What a row stands for. Days are those of the API's totals, in UTC; weeks are ISO's."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"

    def first_day(self, day: date) -> date:
        """The first day of the period that holds this one."""
        if self is By.WEEK:
            return day - day.weekday() * _DAY
        return day.replace(day=1) if self is By.MONTH else day

    def next(self, first: date) -> date:
        """The first day of the next period."""
        if self is By.MONTH:
            return (first + 31 * _DAY).replace(day=1)
        return first + (7 if self is By.WEEK else 1) * _DAY

    def label(self, first: date) -> str:
        """`2026-11-24`, `2026-W48`, `2026-11`."""
        if self is By.WEEK:
            year, week, _ = first.isocalendar()
            return f"{year}-W{week:02}"
        return f"{first:%Y-%m}" if self is By.MONTH else first.isoformat()

    def default_since(self, last: date) -> date:
        """The first day shown where none is asked for: of seven days, or of twelve weeks or months."""
        if self is By.DAY:
            return last - 6 * _DAY
        first = self.first_day(last)
        for _ in range((_WEEKS if self is By.WEEK else _MONTHS) - 1):
            first = self.first_day(first - _DAY)
        return first


@dataclass(frozen=True, slots=True)
class Days:
    """The days asked for, both included, in UTC; `since` and `until` are the times that ask for them."""

    first: date
    last: date
    since: str
    until: str | None

    @classmethod
    def asked(cls, since: str | None, until: str | None, by: By, *, now: datetime) -> Self:
        """The days from that of `since` to the last that begins before `until`; at the latest today."""
        last = now.astimezone(UTC).date()
        if until is not None:
            last = min(last, (datetime.fromisoformat(until) - timedelta.resolution).astimezone(UTC).date())
        if since is None:
            since = f"{by.default_since(last)}T00:00:00.000Z"
        first = max(datetime.fromisoformat(since).astimezone(UTC).date(), last - _KEPT_DAYS * _DAY)
        return cls(min(first, last), last, since, until)

    def periods(self, by: By) -> list[date]:
        """The first day of each period that these days touch."""
        first = by.first_day(self.first)
        found = [first]
        while (first := by.next(first)) <= self.last:
            found.append(first)
        return found


@dataclass(frozen=True, slots=True)
class Figures:
    """What came of visits; `rejected` and `no_face` are pictures of no use."""

    recognized: int = 0
    unknown: int = 0
    uncertain: int = 0
    no_face: int = 0
    rejected: int = 0
    pending: int = 0
    failed: int = 0
    rekognition_calls: int = 0
    cost_usd: float = 0.0
    corrections: int = 0

    @property
    def visits(self) -> int:
        """All sightings, whatever came of them."""
        return self.named + self.unnamed + self.rest

    @property
    def named(self) -> int:
        """Who was recognized."""
        return self.recognized

    @property
    def unnamed(self) -> int:
        """Who was seen and not named."""
        return self.unknown + self.uncertain

    @property
    def rest(self) -> int:
        """What told nothing of anybody."""
        return self.no_face + self.rejected + self.pending + self.failed

    def __add__(self, other: "Figures") -> "Figures":
        added = {each.name: getattr(self, each.name) + getattr(other, each.name) for each in fields(self)}
        return Figures(**{**added, "cost_usd": round(added["cost_usd"], 6)})

    def to_json(self) -> Json:
        """As an item of the API's statistics has them."""
        outcomes = {name: getattr(self, name) for name in OUTCOMES}
        return {
            "outcomes": {name: count for name, count in outcomes.items() if count},
            **{name: getattr(self, name) for name in ("pending", "failed", "rekognition_calls", "cost_usd")},
        }


Cells = Mapping[tuple[date, str], Figures]  # (first day of the period, kiosk)


def cells(items: Iterable[Json], by: By, *, kiosk_id: str | None = None) -> dict[tuple[date, str], Figures]:
    """The API's daily items by period and kiosk, oldest first; of one kiosk, if it is given."""
    found: dict[tuple[date, str], Figures] = {}
    for item in items:
        if kiosk_id in {None, item["kiosk_id"]}:
            key = (by.first_day(date.fromisoformat(item["day"])), str(item["kiosk_id"]))
            found[key] = found.get(key, Figures()) + _figures(item)
    return dict(sorted(found.items()))


def _figures(item: Json) -> Figures:
    counts = {name: item["outcomes"].get(name, 0) for name in OUTCOMES}
    paid = {name: item[name] for name in ("pending", "failed", "rekognition_calls", "cost_usd")}
    return Figures(**counts, **paid)


def total(figures: Iterable[Figures]) -> Figures:
    """All of them in one."""
    return sum(figures, Figures())


@dataclass(frozen=True, slots=True)
class Corrected:
    """A sighting that somebody corrected, what it said before, and when; one that expired has no kiosk."""

    day: date
    kiosk_id: str
    was: str
    groups: Sequence[str] = ()


def corrections(
    api: ApiClient, days: Days, *, kiosk_id: str | None = None, group: str | None = None
) -> Iterator[Corrected]:
    """The sightings corrected in these days, by the audit log, each once; it takes the role manager."""
    until = f"{days.last + _DAY}T00:00:00.000Z"
    seen: set[str] = set()
    for line in api.audit(action=_CORRECTING, since=f"{days.first}T00:00:00.000Z", until=until):
        capture_id = str(line["about"].get("capture_id"))
        if line["result"] != "done" or capture_id in seen:
            continue
        seen.add(capture_id)
        found = _corrected(api, capture_id, datetime.fromisoformat(line["at"]).astimezone(UTC).date())
        if kiosk_id in {None, found.kiosk_id} and (group is None or group in found.groups):
            yield found


def _corrected(api: ApiClient, capture_id: str, day: date) -> Corrected:
    try:
        sighting = api.sighting(capture_id)
    except NotFound:
        return Corrected(day, "", "")
    was = (sighting.correction or {}).get("was_outcome")
    return Corrected(day, sighting.kiosk_id, str(was or ""), sighting.groups)


def with_corrections(counted: Cells, found: Iterable[Corrected], by: By) -> dict[tuple[date, str], Figures]:
    """The figures with the corrections beside them, in the period in which they were made."""
    together = dict(counted)
    for each in found:
        key = (by.first_day(each.day), each.kiosk_id)
        before = together.get(key, Figures())
        together[key] = replace(before, corrections=before.corrections + 1)
    return dict(sorted(together.items()))
