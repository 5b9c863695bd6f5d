"""`Sightings` in a dictionary."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from recognizeme.adapters import cursor as cursors
from recognizeme.adapters.capture_ids import id_range
from recognizeme.domain.errors import CallsSpent, CaptureInProgress, NotFound, PersonGone
from recognizeme.domain.model import Capture, Correction, Outcome, Sighting, Status, Trace, check_capture_id
from recognizeme.domain.ports import Clock, Page, SightingQuery
from recognizeme.domain.presence import Pass
from recognizeme.domain.totals import Count
from tests.twins.people import TwinPeople


@dataclass
class _Row:
    sighting: Sighting
    expires_at: datetime
    claimed_until: datetime | None = None


@dataclass
class TwinSightings:
    people: TwinPeople
    now: Clock
    retention_days: int = 90
    rows: dict[str, _Row] = field(default_factory=dict)
    totals: Counter[tuple[date, str, Outcome]] = field(default_factory=Counter)
    calls: Counter[tuple[date, str, Outcome]] = field(default_factory=Counter)
    group_totals: Counter[tuple[date, str, str]] = field(default_factory=Counter)
    group_calls: Counter[tuple[date, str, str]] = field(default_factory=Counter)

    def claim(self, capture: Capture, *, now: datetime, lease_s: float) -> Sighting:
        with self.people.lock:
            row = self.rows.get(capture.capture_id)
            if row and row.expires_at > now:
                if row.sighting.status is Status.DONE:
                    return row.sighting
                longest = now + timedelta(seconds=2 * lease_s)
                if (
                    row.sighting.status is Status.PENDING
                    and row.claimed_until
                    and now < row.claimed_until <= longest
                ):
                    raise CaptureInProgress(
                        "this capture is being recognized right now; ask again in a moment"
                    )
            calls = row.sighting.rekognition_calls if row else 0
            claimed = Sighting(capture, Status.PENDING, rekognition_calls=calls)
            until = now + timedelta(seconds=lease_s)
            self.rows[capture.capture_id] = _Row(claimed, now + self._retention, until)
            return claimed

    def begin_call(self, capture_id: str, *, most: int) -> int:
        with self.people.lock:
            row = self.rows.get(capture_id)
            if row is None or row.sighting.status is not Status.PENDING:
                raise CaptureInProgress("somebody else has decided this capture; ask for its sighting")
            calls = row.sighting.rekognition_calls + 1
            if calls > most:
                raise CallsSpent(f"Rekognition was asked {most} times about this capture, without an answer")
            row.sighting = replace(row.sighting, rekognition_calls=calls)
            return calls

    def cancel_call(self, capture_id: str) -> None:
        with self.people.lock:
            row = self.rows.get(capture_id)
            if row and row.sighting.status is Status.PENDING and row.sighting.rekognition_calls:
                row.sighting = replace(row.sighting, rekognition_calls=row.sighting.rekognition_calls - 1)

    def begin_calls_of_unknown(self, capture: Capture, calls: int, *, most: int) -> bool:
        with self.people.lock:
            row = self.rows.get(capture.capture_id)
            if row is None or row.sighting.outcome is not Outcome.UNKNOWN:
                return False
            if row.sighting.rekognition_calls + calls > most:
                raise CallsSpent(f"Rekognition was asked {most} times about this capture")
            self._count(row.sighting, -1)
            row.sighting = replace(row.sighting, rekognition_calls=row.sighting.rekognition_calls + calls)
            self._count(row.sighting, 1)
            return True

    def set_stranger(self, capture_id: str, stranger_id: str) -> bool:
        with self.people.lock:
            row = self.rows.get(capture_id)
            if row is None or row.sighting.outcome is not Outcome.UNKNOWN or not row.sighting.photo_key:
                return False
            row.sighting = replace(row.sighting, stranger_id=stranger_id)
            return True

    def save(self, sighting: Sighting) -> bool:
        with self.people.lock:
            row = self.rows.get(sighting.capture.capture_id)
            if row and row.sighting.status is Status.DONE:
                return False
            self._person_must_exist(sighting)
            if row:
                row.sighting = replace(sighting, rekognition_calls=row.sighting.rekognition_calls)
                row.claimed_until = None
            else:
                row = _Row(sighting, self.now() + self._retention)
                self.rows[sighting.capture.capture_id] = row
            self._count(row.sighting, 1)
            return True

    def get(self, capture_id: str) -> Sighting | None:
        row = self.rows.get(capture_id)
        return row.sighting if row and row.expires_at > self.now() else None

    def query(self, query: SightingQuery, *, limit: int, cursor: str | None = None) -> Page[Sighting]:
        before = check_capture_id(cursors.decode("sightings", cursor)) if cursor else None
        ids = id_range(query.since, query.until, before)
        found = [
            row.sighting
            for capture_id, row in sorted(self.rows.items(), reverse=True)
            if ids.low <= capture_id <= ids.high
            and row.expires_at > self.now()
            and (query.person_id is None or row.sighting.person_id in (query.person_id, *query.merged))
            and query.kiosk_id in (None, row.sighting.capture.kiosk_id)
            and query.outcome in (None, row.sighting.outcome)
            and (query.group is None or query.group in row.sighting.groups)
        ]
        if len(found) <= limit:
            return Page(tuple(found))
        return Page(tuple(found[:limit]), cursors.encode("sightings", found[limit - 1].capture.capture_id))

    def passes(self, since: datetime, until: datetime) -> list[Pass]:
        ids = id_range(since, until)
        return [
            Pass(capture_id, row.sighting.person_id, row.sighting.capture.kiosk_id)
            for capture_id, row in sorted(self.rows.items(), reverse=True)
            if ids.low <= capture_id <= ids.high and row.sighting.person_id and row.expires_at > self.now()
        ]

    def correct(self, sighting: Sighting, correction: Correction) -> None:
        with self.people.lock:
            row = self.rows.get(sighting.capture.capture_id)
            if row is None:
                raise NotFound(f"there is no sighting {sighting.capture.capture_id}")
            self._person_must_exist(sighting)
            self._count(row.sighting, -1)
            row.sighting = replace(
                sighting,
                correction=correction,
                decision=row.sighting.decision,
                stranger_id=row.sighting.stranger_id,
                is_ignored=row.sighting.is_ignored,
            )
            self._count(row.sighting, 1)

    def counts(self, first: date, last: date, *, group: str | None = None) -> list[Count]:
        if group is not None:
            return [
                Count(day, kiosk_id, Outcome.RECOGNIZED, number, self.group_calls[day, kiosk_id, label])
                for (day, kiosk_id, label), number in self.group_totals.items()
                if number and label == group and first <= day <= last
            ]
        unfinished: dict[tuple[date, str, Status], list[int]] = {}
        for row in self.rows.values():
            seen = row.sighting
            if seen.status is not Status.DONE and row.expires_at > self.now():
                key = (seen.capture.captured_at.date(), seen.capture.kiosk_id, seen.status)
                unfinished.setdefault(key, []).append(seen.rekognition_calls)
        found = [Count(*key, number, self.calls[key]) for key, number in self.totals.items() if number]
        found += [Count(*key, len(calls), sum(calls)) for key, calls in unfinished.items()]
        return [count for count in found if first <= count.day <= last]

    def _count(self, sighting: Sighting, number: int) -> None:
        if sighting.status is Status.DONE and sighting.outcome:
            key = (sighting.capture.captured_at.date(), sighting.capture.kiosk_id, sighting.outcome)
            self.totals[key] += number
            self.calls[key] += number * sighting.rekognition_calls
            for label in sighting.groups:
                self.group_totals[*key[:2], label] += number
                self.group_calls[*key[:2], label] += number * sighting.rekognition_calls

    def drop_picture(self, capture_id: str) -> None:
        with self.people.lock:
            row = self.rows.get(capture_id)
            if row and row.sighting.outcome is Outcome.UNKNOWN:
                row.sighting = replace(row.sighting, photo_key=None, picture_sha256=None, stranger_id=None)

    def traces(self, person_id: str) -> Iterator[Trace]:
        for capture_id, row in list(self.rows.items()):
            shown, was, decision = row.sighting.person_id, row.sighting.correction, row.sighting.decision
            if shown == person_id:
                yield Trace(capture_id, is_shown=True)
            elif (was and was.was_person_id == person_id) or (decision and decision.considered(person_id)):
                yield Trace(capture_id, is_shown=False)

    def mentions(self, person_id: str) -> int:
        return sum(1 for _ in self.traces(person_id))

    def forget(self, person_id: str, traces: Iterable[Trace]) -> int:
        with self.people.lock:
            return sum(self._forget(person_id, trace) for trace in traces)

    def _forget(self, person_id: str, trace: Trace) -> bool:
        row = self.rows.get(trace.capture_id)
        if row is None:
            return False
        before = row.sighting
        was, decision = before.correction, before.decision
        if trace.is_shown and before.person_id == person_id:
            row.sighting = replace(
                row.sighting,
                person_id=None,
                name=None,
                groups=(),
                photo_key=None,
                picture_sha256=None,
                stranger_id=None,
            )
        if was and was.was_person_id == person_id:
            row.sighting = replace(row.sighting, correction=replace(was, was_person_id=None))
        if decision:
            row.sighting = replace(row.sighting, decision=decision.without(person_id))
        return row.sighting != before

    def _person_must_exist(self, sighting: Sighting) -> None:
        if sighting.person_id is not None and sighting.person_id not in self.people.people:
            raise PersonGone("the person was forgotten meanwhile")

    @property
    def _retention(self) -> timedelta:
        return timedelta(days=self.retention_days)
