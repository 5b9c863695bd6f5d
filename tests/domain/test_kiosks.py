"""What can be said of a kiosk, how sure it makes a recognition, and how it is doing."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from recognizeme.domain.errors import InvalidRequest, ServiceBusy
from recognizeme.domain.kiosks import Door, Heartbeat, Kiosk, KioskState, Opening, Sureness, policy_for
from recognizeme.domain.model import Outcome
from recognizeme.domain.policy import Policy
from recognizeme.usecases.sureness import KEPT, Rules
from tests.twins.kiosks import TwinKiosks
from tests.twins.pictures import Shown, picture
from tests.twins.world import ADA, World

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
USUAL = Policy(99.0, 1.0)


@pytest.fixture
def world() -> World:
    """Ada is enrolled."""
    world = World()
    world.enroll("ada", ADA)
    world.settle()
    return world


@pytest.mark.parametrize(
    "changed",
    [
        {"groups": ("Staff",)},
        {"groups": tuple(f"g{number}" for number in range(21))},
        {"time_zone": "../etc/passwd"},
        {"name": " "},
        {"place": "x" * 201},
        {"kiosk_id": "a/b"},
    ],
    ids=str,
)
def test_a_kiosk_out_of_form_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest):
        Kiosk(**{"kiosk_id": "front", **changed})


@pytest.mark.parametrize(
    "opening",
    [{"days": ()}, {"days": ("monday",)}, {"start": "7:00"}, {"until": "25:00"}, {"start": "24:00"},
     {"start": "08:00", "until": "08:00"}],
    ids=str,
)  # fmt: skip
def test_an_opening_out_of_form_is_refused(opening: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest):
        Opening(**opening)


def test_a_threshold_or_a_margin_has_a_reason() -> None:
    for threshold_pct, margin_pct in ((99.5, None), (None, 2.0)):
        with pytest.raises(InvalidRequest, match="reason"):
            Sureness(threshold_pct, margin_pct)
        assert Sureness(threshold_pct, margin_pct, "twins work here")


@pytest.mark.parametrize("percent", [-1.0, 100.5, float("nan"), float("inf")])
def test_a_threshold_is_a_percentage(percent: float) -> None:
    with pytest.raises(InvalidRequest):
        Sureness(threshold_pct=percent, reason="why not")


def test_nobody_is_told_apart_from_people_who_are_not_searched_for() -> None:
    Sureness(threshold_pct=81.0, reason="a kiosk that greets").check_floor(USUAL)
    with pytest.raises(InvalidRequest, match="80"):
        Sureness(threshold_pct=80.5, reason="a kiosk that greets").check_floor(USUAL)
    with pytest.raises(InvalidRequest, match="80"):
        Sureness(margin_pct=20.0, reason="many twins").check_floor(USUAL)


def test_the_kiosk_decides_then_the_strictest_group_then_the_deployment() -> None:
    kiosk = Sureness(threshold_pct=95.0, reason="it only greets")
    visitors, staff = (
        Sureness(99.5, 2.0, "seen seldom"),
        Sureness(98.0, reason="well lit photos"),
    )

    assert policy_for(Sureness(), [], USUAL) == USUAL
    assert policy_for(Sureness(), [staff], USUAL) == Policy(98.0, 1.0)
    assert policy_for(Sureness(), [staff, visitors], USUAL) == Policy(99.5, 2.0)
    assert policy_for(kiosk, [staff, visitors], USUAL) == Policy(95.0, 2.0)


def test_settings_that_meet_tell_nobody_apart_from_people_who_are_not_searched_for() -> None:
    lenient, wide = Sureness(81.0, reason="it only greets"), Sureness(margin_pct=19.0, reason="many twins")

    assert policy_for(lenient, [wide], USUAL) == Policy(99.0, 19.0)
    assert policy_for(Sureness(), [lenient, wide], USUAL) == Policy(99.0, 19.0)
    assert policy_for(Sureness(), [], Policy(50.0, 1.0)) == Policy(50.0, 1.0)


def test_the_version_of_a_policy_changes_with_what_the_kiosk_has_to_know_and_with_nothing_else() -> None:
    kiosk = Kiosk("front", groups=("staff",))

    named = replace(kiosk, name="Front door", sureness=Sureness(99.5, reason="twins"))
    assert named.version == kiosk.version
    for changed in ({"groups": ()}, {"openings": (Opening(),)}, {"time_zone": "Europe/Zurich"}):
        assert replace(kiosk, **changed).version != kiosk.version


@pytest.mark.parametrize(
    ("heard_min", "saw_min", "state"),
    [
        (None, None, KioskState.NEVER),
        (1, 1, KioskState.ONLINE),
        (1, 4, KioskState.ONLINE),
        (1, 6, KioskState.BLIND),
        (1, None, KioskState.BLIND),
        (6, 6, KioskState.OFFLINE),
    ],
)
def test_a_kiosk_is_online_while_it_says_in_time_that_it_sees(
    heard_min: float | None, saw_min: float | None, state: KioskState
) -> None:
    def ago(minutes: float | None) -> datetime | None:
        return None if minutes is None else NOW - timedelta(minutes=minutes)

    heard_at = ago(heard_min)
    beat = Heartbeat(heard_at, ago(saw_min)) if heard_at else None

    assert Door(Kiosk("front"), True, beat).state(NOW, minutes=5) is state


class Clock:
    """Goes when it is told to."""

    now = NOW

    def __call__(self) -> datetime:
        return self.now


def test_kiosks_and_groups_are_read_once_a_minute_however_many_visits_there_are() -> None:
    clock, kiosks = Clock(), TwinKiosks()
    kiosks.put_group("staff", Sureness(98.0, reason="well lit photos"))
    rules = Rules(kiosks=kiosks, deployment=USUAL, now=clock)

    for _ in range(100):
        assert rules.policy("front", ["staff"]).threshold_pct == 98.0
    assert kiosks.reads == 2
    assert rules.policy("back", []) == USUAL
    assert kiosks.reads == 3  # nobody's groups are not read

    kiosks.put(Kiosk("front", sureness=Sureness(99.9, reason="a burglary")))
    clock.now += KEPT
    assert rules.policy("front", ["staff"]).threshold_pct == 99.9


def test_while_kiosks_cannot_be_read_what_was_known_goes_on_counting() -> None:
    clock, kiosks = Clock(), TwinKiosks()
    kiosks.put(Kiosk("front", sureness=Sureness(99.9, reason="a burglary")))
    rules = Rules(kiosks=kiosks, deployment=USUAL, now=clock)
    rules.policy("front", [])

    def busy(kiosk_id: str) -> Door:
        raise ServiceBusy("try again in a moment")

    kiosks.get = busy  # type: ignore[method-assign]
    clock.now += 2 * KEPT

    assert rules.policy("front", []).threshold_pct == 99.9
    with pytest.raises(ServiceBusy):
        rules.policy("back", [])  # nobody knows how strict that one is


def test_a_clock_that_was_set_back_keeps_nothing_for_long() -> None:
    clock, kiosks = Clock(), TwinKiosks()
    rules = Rules(kiosks=kiosks, deployment=USUAL, now=clock)
    rules.policy("front", [])
    kiosks.put(Kiosk("front", sureness=Sureness(99.9, reason="a burglary")))

    clock.now -= timedelta(days=1)

    assert rules.policy("front", []).threshold_pct == 99.9


def test_a_visit_is_decided_as_the_persons_groups_say(world: World) -> None:
    world.kiosks.put_group("visitors", Sureness(99.5, reason="seen seldom"))
    unsure = Shown("ada", similarity_pct=99.2)
    assert world.seen(picture(unsure, number=1)).outcome is Outcome.RECOGNIZED

    ada = world.people.get("ada")
    assert ada
    world.people.people["ada"] = replace(ada, groups=("staff", "visitors"))

    assert world.seen(picture(unsure, number=2)).outcome is Outcome.UNKNOWN


def test_a_visit_is_decided_as_its_kiosk_says_and_the_sighting_keeps_how(world: World) -> None:
    unsure = picture(Shown("ada", similarity_pct=99.2), number=1)
    assert world.seen(unsure).outcome is Outcome.RECOGNIZED

    world.kiosks.put(Kiosk("front", sureness=Sureness(99.5, 0.5, "twins work here")))

    seen = world.seen(picture(Shown("ada", similarity_pct=99.2), number=2))
    assert seen.outcome is Outcome.UNKNOWN
    assert seen.decision
    assert (seen.decision.threshold_pct, seen.decision.margin_pct) == (99.5, 0.5)
