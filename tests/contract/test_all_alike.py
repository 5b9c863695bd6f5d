"""The three side by side through any history: whatever one answers, the others answer."""

import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from local.adapters.database import open_database
from local.adapters.people import SqlitePeople
from local.adapters.sightings import SqliteSightings
from recognizeme.adapters.dynamodb import DynamoDbPeople, DynamoDbSightings
from recognizeme.domain.errors import RecognizeMeError
from recognizeme.domain.model import Correction, Outcome, Sighting, Status
from recognizeme.domain.ports import SightingQuery, Sightings
from tests.contract.conftest import RETENTION_DAYS, SetClock
from tests.contract.samples import capture, person, recognized, uncertain, unknown
from tests.contract.tables import make_table
from tests.twins.people import TwinPeople
from tests.twins.sightings import TwinSightings

LEASE_S = 30.0
START = SetClock().time

# A handful of captures and people, so that steps meet: some taken before today, one in the future.
_captures = st.sampled_from(
    [
        capture(START + timedelta(hours=hours), kiosk_id=kiosk_id, number=number)
        for number, (hours, kiosk_id) in enumerate(
            [(-50, "front"), (-3, "back"), (-3, "front"), (0, "front"), (10, "back")]
        )
    ]
)
_people = st.sampled_from(["ada", "bob"])
_results: st.SearchStrategy[Callable[[Sighting], Sighting]] = st.one_of(
    _people.map(lambda who: lambda claimed: recognized(claimed.capture, who)),
    st.just(lambda claimed: unknown(claimed.capture)),
    st.permutations(["ada", "bob", "eve"]).map(lambda who: lambda claimed: uncertain(claimed.capture, *who)),
    st.just(lambda claimed: replace(claimed, status=Status.FAILED, reason="no answer", rekognition_calls=2)),
)


class History(RuleBasedStateMachine):
    """Any order of claims, results, corrections, forgetting and waiting."""

    make: Callable[[SetClock], tuple[Sightings, ...]]

    @initialize()
    def begin(self) -> None:
        self.clock = SetClock()
        self.all = type(self).make(self.clock)
        self.claimed: list[Sighting] = []

    def alike(self, ask: Callable[[Sightings], Any]) -> Any:
        answers = []
        for sightings in self.all:
            try:
                answers.append(ask(sightings))
            except RecognizeMeError as error:
                answers.append((type(error), str(error)))
        assert answers[1:] == answers[:-1]
        return answers[0]

    @rule(of=_captures)
    def claim(self, of: Any) -> None:
        answer = self.alike(lambda sightings: sightings.claim(of, now=self.clock(), lease_s=LEASE_S))
        if isinstance(answer, Sighting):
            self.claimed.append(answer)

    @rule(result=_results, choice=st.integers(0, 100))
    def save(self, result: Callable[[Sighting], Sighting], choice: int) -> None:
        # Also a claim made long ago, whose lease somebody else holds by now.
        if self.claimed:
            sighting = result(self.claimed[choice % len(self.claimed)])
            self.alike(lambda sightings: sightings.save(sighting))

    @rule(of=_captures, who=_people)
    def correct(self, of: Any, who: str) -> None:
        def ask(sightings: Sightings) -> None:
            found = sightings.get(of.capture_id)
            if found and found.status is Status.DONE:
                was = Correction(self.clock(), found.outcome or Outcome.UNKNOWN, found.person_id)
                sightings.correct(replace(found, person_id=who, name=who, outcome=Outcome.RECOGNIZED), was)

        self.alike(ask)

    @rule(of=_captures)
    def begin_call(self, of: Any) -> None:
        self.alike(lambda sightings: sightings.begin_call(of.capture_id, most=3))

    @rule(who=_people)
    def forget(self, who: str) -> None:
        self.alike(lambda sightings: {(one.capture_id, one.is_shown) for one in sightings.traces(who)})
        self.alike(lambda sightings: sightings.forget(who, list(sightings.traces(who))))
        assert self.alike(lambda sightings: list(sightings.traces(who))) == []

    @rule(seconds=st.sampled_from([1, 29, 30, 31, 3600, 86_400, 29 * 86_400]))
    def wait(self, seconds: int) -> None:
        self.clock.advance(timedelta(seconds=seconds))

    @rule(
        query=st.builds(
            SightingQuery,
            person_id=st.none() | _people,
            kiosk_id=st.sampled_from([None, "front", "back"]),
            outcome=st.sampled_from([None, Outcome.RECOGNIZED, Outcome.UNKNOWN]),
        ),
        limit=st.integers(1, 4),
    )
    def list(self, query: SightingQuery, limit: int) -> None:
        # Beyond a week before the retention only SQLite looks: the days are not walked for ever.
        if self.clock() - START < timedelta(days=RETENTION_DAYS):
            self.alike(lambda sightings: sightings.query(query, limit=limit))

    @invariant()
    def every_sighting_is_alike(self) -> None:
        if hasattr(self, "all"):
            for claimed in {one.capture.capture_id for one in self.claimed}:
                self.alike(partial(_get, claimed))

    @invariant()
    def they_count_alike(self) -> None:
        if hasattr(self, "both"):
            days = (START - timedelta(days=3)).date(), (START + timedelta(days=1)).date()
            self.alike(lambda sightings: set(sightings.counts(*days)))


def _get(capture_id: str, sightings: Sightings) -> Sighting | None:
    return sightings.get(capture_id)


@pytest.mark.integration
@pytest.mark.parametrize("histories", [8, pytest.param(150, marks=pytest.mark.slow)])
@pytest.mark.timeout(600)
def test_all_answer_alike_through_any_history(
    aws_client: Callable[[str], Any], people_table: str, tmp_path: Path, histories: int
) -> None:
    client = aws_client("dynamodb")

    def make(clock: SetClock) -> tuple[Sightings, ...]:
        name = secrets.token_hex(4)
        database = open_database(tmp_path / f"{name}.db")
        faces_table = make_table(client, "Faces", f"faces-{name}")
        people = (
            TwinPeople(),
            SqlitePeople(database, tombstone_key=b"k"),
            DynamoDbPeople(client, people_table, faces_table=faces_table, tombstone_key=b"k"),
        )
        for each in people:
            for person_id in ("ada", "bob"):
                each.put(person(person_id), now=clock())
        return (
            TwinSightings(people[0], clock, RETENTION_DAYS),
            SqliteSightings(database, retention_days=RETENTION_DAYS, now=clock),
            DynamoDbSightings(
                client,
                make_table(client, "Sightings", name),
                totals_table=make_table(client, "Totals", f"{name}-totals"),
                people_table=people_table,
                retention_days=RETENTION_DAYS,
                now=clock,
            ),
        )

    class BoundHistory(History):
        pass

    BoundHistory.make = staticmethod(make)
    run_state_machine_as_test(
        BoundHistory,
        settings=settings(
            max_examples=histories,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
