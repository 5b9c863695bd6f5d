import json
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from kiosk.actions.audit_log import AuditLog
from kiosk.actions.unlock_policy import OUTCOMES, Doorkeeper, PolicyRefused, UnlockPolicy, Verdict
from kiosk.client.moment import EARLIEST
from kiosk.client.sighting import Sighting

a_clock_time = st.integers(0, 24 * 60 - 1)  # minutes since midnight

MONDAY_NOON = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)  # noon in Zurich

POLICY = """
time_zone = "Europe/Zurich"
cooldown_s = 30
min_similarity_pct = 99.5

[groups]
staff = ["ada", "bob"]

[[allow]]
groups = ["staff"]
days = ["mon", "tue", "wed", "thu", "fri"]
from = "07:00"
until = "19:30"

[[allow]]
people = ["night.guard"]
days = ["fri"]
from = "22:00"
until = "06:00"

[[allow]]
outcome = "unknown"
"""


def sighting(person_id: str | None = "ada", **changes: object) -> Sighting:
    known = {
        "outcome": "recognized" if person_id else "unknown",
        "similarity_pct": 99.9,
        "person_id": person_id,
    }
    seen = Sighting("id", "front", "2026-11-23T11:00:00Z", "done", **known)  # type: ignore[arg-type]
    return replace(seen, **changes)  # type: ignore[arg-type]


def decide(
    seen: Sighting,
    *,
    policy: str = POLICY,
    now: datetime = MONDAY_NOON,
    late: bool = False,
    since: float | None = None,
) -> Verdict:
    return UnlockPolicy.from_toml(policy).decide(seen, late=late, now=now, since_last_s=since)


def test_a_member_of_a_group_is_let_in_in_its_hours() -> None:
    assert decide(sighting("ada")) == Verdict(True, "rule 1", acts=True)


@pytest.mark.parametrize(
    ("seen", "reason"),
    [
        (sighting("eve"), "no rule is about this"),
        (sighting("Ada"), "no rule is about this"),
        (sighting("ada", similarity_pct=99.49), "below 99.5"),
        (sighting("ada", similarity_pct=None), "below 99.5"),
        (sighting("ada", similarity_pct=float("nan")), "below 99.5"),
        (sighting(None, outcome="recognized"), "names nobody"),
        (sighting(["ada"]), "names nobody"),  # type: ignore[arg-type]
        (sighting({"ada": 1}), "names nobody"),  # type: ignore[arg-type]
        (sighting(True), "names nobody"),  # type: ignore[arg-type]
        (sighting("ada", outcome="uncertain"), "no rule is about this"),
        (sighting("ada", status="pending"), "there is no outcome"),
        (sighting("ada", status="failed", outcome=None), "there is no outcome"),
        (sighting("ada", outcome="admin"), "there is no outcome"),
    ],
)
def test_everybody_else_is_not(seen: Sighting, reason: str) -> None:
    verdict = decide(seen)
    assert (verdict.allowed, verdict.acts) == (False, False)
    assert reason in verdict.reason


@pytest.mark.parametrize(
    ("liveness", "allowed"), [("passed", True), ("failed", False), ("not_asked", False), ("", False)]
)
def test_a_policy_can_require_signs_of_life(liveness: str, allowed: bool) -> None:
    seen = sighting("ada", liveness=liveness)
    verdict = decide(seen, policy="require_liveness = true\n" + POLICY)
    assert verdict.allowed is allowed
    assert allowed or "the liveness challenge was" in verdict.reason
    assert decide(seen).allowed  # what a policy does not require is not asked of anybody


def test_a_late_answer_opens_nothing() -> None:
    assert decide(sighting("ada"), late=True) == Verdict(False, "the answer came too late")


def test_the_cooldown_holds() -> None:
    assert not decide(sighting("ada"), since=29.9).allowed
    assert decide(sighting("ada"), since=30.0).allowed


@pytest.mark.parametrize(
    ("local", "person_id", "allowed"),
    [
        ("2026-11-23T06:59:59", "ada", False),
        ("2026-11-23T07:00:00", "ada", True),
        ("2026-11-23T19:29:59", "ada", True),
        ("2026-11-23T19:30:00", "ada", False),
        ("2026-11-22T12:00:00", "ada", False),  # a Sunday
        ("2026-11-27T21:59:00", "night.guard", False),
        ("2026-11-27T23:00:00", "night.guard", True),
        ("2026-11-28T05:59:00", "night.guard", True),  # Saturday morning belongs to Friday's window
        ("2026-11-28T06:00:00", "night.guard", False),
        ("2026-11-27T05:00:00", "night.guard", False),  # Friday morning belongs to Thursday's
        ("2027-06-01T07:00:00", "ada", True),  # summer time
    ],
)
def test_the_schedule_is_the_wall_clock_of_its_zone(local: str, person_id: str, allowed: bool) -> None:
    now = datetime.fromisoformat(local).replace(tzinfo=ZoneInfo("Europe/Zurich")).astimezone(UTC)
    assert decide(sighting(person_id), now=now).allowed is allowed


def test_a_clock_that_was_never_set_opens_nothing() -> None:
    for now in (datetime(1970, 1, 1, tzinfo=UTC), EARLIEST - timedelta(seconds=1)):
        verdict = decide(sighting(), now=now, policy='[[allow]]\npeople = ["*"]')
        assert not verdict.allowed
        assert "this machine's clock is wrong" in verdict.reason


@pytest.mark.parametrize(
    ("start", "until", "allowed", "denied"),
    [
        ("20:00", "24:00", "2026-11-23T23:59:59", "2026-11-24T00:00:00"),
        ("20:00", "00:00", "2026-11-23T23:59:59", "2026-11-24T00:00:00"),
        ("00:00", "24:00", "2026-11-23T23:59:59", "2026-11-24T00:00:00"),
    ],
)
def test_the_end_of_the_day_is_24_00(start: str, until: str, allowed: str, denied: str) -> None:
    policy = f'[[allow]]\npeople = ["*"]\ndays = ["mon"]\nfrom = "{start}"\nuntil = "{until}"'
    assert decide(sighting(), policy=policy, now=datetime.fromisoformat(allowed + "Z")).allowed
    assert not decide(sighting(), policy=policy, now=datetime.fromisoformat(denied + "Z")).allowed


# In Zurich clocks go back from 03:00 to 02:00 on 2027-10-31, and forward from 02:00 to 03:00 on 2027-03-28.
BACK, FORWARD = date(2027, 10, 31), date(2027, 3, 28)


def open_minutes(start: str, until: str, day: date) -> list[int]:
    """The minutes (of real time, from the day's midnight in Zurich on) at which a daily window is open."""
    policy = UnlockPolicy.from_toml(
        f'time_zone = "Europe/Zurich"\n[[allow]]\npeople = ["*"]\ndays = ["sun"]\n'
        f'from = "{start}"\nuntil = "{until}"'
    )
    midnight = datetime.combine(day, time.min, ZoneInfo("Europe/Zurich")).astimezone(UTC)
    return [
        minute
        for minute in range(32 * 60)
        if policy.rules[0].holds_at(midnight + timedelta(minutes=minute), policy.time_zone)
    ]


@pytest.mark.parametrize(
    ("day", "start", "until", "minutes"),
    [
        (BACK, "01:30", "02:30", 60),  # 02:30 comes twice
        (BACK, "02:15", "02:45", 30),
        (BACK, "02:30", "03:30", 60),
        (BACK, "01:00", "04:00", 240),  # what the clock on the wall shows, and a night that is an hour longer
        (FORWARD, "02:15", "02:45", 30),  # a time that does not come
        (FORWARD, "01:30", "02:30", 60),
        (FORWARD, "01:00", "04:00", 120),
        (FORWARD, "22:00", "06:00", 480),
    ],
)
def test_a_window_across_a_clock_change_lasts_what_it_says(
    day: date, start: str, until: str, minutes: int
) -> None:
    opened = open_minutes(start, until, day)
    assert len(opened) == minutes
    assert opened == list(range(opened[0], opened[0] + minutes))


@given(day=st.sampled_from([BACK, FORWARD, date(2027, 7, 4)]), ends=st.tuples(a_clock_time, a_clock_time))
@settings(max_examples=40, deadline=None)
def test_no_window_opens_twice_on_a_day_or_more_than_an_hour_longer_than_it_says(
    day: date, ends: tuple[int, int]
) -> None:
    start, until = ends
    assume(start != until)
    opened = open_minutes(f"{start // 60:02}:{start % 60:02}", f"{until // 60:02}:{until % 60:02}", day)
    said = (until - start) % (24 * 60)
    assert opened == list(range(opened[0], opened[0] + len(opened))) if opened else said <= 60
    assert len(opened) <= said + 60
    if day == date(2027, 7, 4):
        assert len(opened) == min(said, 32 * 60 - start)


def test_a_dry_run_allows_and_does_nothing() -> None:
    assert decide(sighting("ada"), policy="dry_run = true\n" + POLICY) == Verdict(
        True, "rule 1 (dry run)", acts=False
    )


def test_strangers_may_be_announced() -> None:
    assert decide(sighting(None)).acts
    assert not decide(sighting(None), policy='[[allow]]\npeople = ["ada"]').allowed


def test_a_star_is_everybody_enrolled() -> None:
    assert decide(sighting("eve"), policy='[[allow]]\npeople = ["*"]').allowed
    assert not decide(sighting(None), policy='[[allow]]\npeople = ["*"]').allowed


@given(
    st.sampled_from([*OUTCOMES, None, "x"]),
    st.sampled_from(["pending", "done", "failed"]),
    st.one_of(st.none(), st.floats()),
    st.one_of(st.none(), st.text(max_size=5)),
    st.datetimes(datetime(1971, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC)),
)
def test_an_empty_policy_allows_nothing_at_all(
    outcome: str | None, status: str, similarity_pct: float | None, person_id: str | None, now: datetime
) -> None:
    seen = Sighting("id", "front", "", status, outcome, None, person_id, None, similarity_pct)
    assert not UnlockPolicy().decide(seen, late=False, now=now, since_last_s=None).allowed


IN_GROUP = "[groups]\nown = ['bob']\n[[allow]]\ngroups = ['cleaning', 'own']"


@pytest.mark.parametrize(
    ("person_id", "groups", "allowed"),
    [("ada", ("cleaning",), True), ("ada", ("staff",), False), ("ada", (), False), ("bob", (), True)],
)
def test_a_rule_for_a_group_is_about_whom_the_api_or_the_policy_itself_puts_into_it(
    person_id: str, groups: tuple[str, ...], allowed: bool
) -> None:
    verdict = decide(sighting(person_id, groups=groups, similarity_pct=99.9), policy=IN_GROUP)
    assert verdict.allowed == allowed


def test_a_group_that_the_policy_lists_itself_is_not_the_apis() -> None:
    assert not decide(sighting("ada", groups=("own",)), policy=IN_GROUP).allowed


@given(st.datetimes(datetime(2026, 11, 1), datetime(2090, 1, 1), timezones=st.just(UTC)))
def test_a_window_and_its_complement_share_no_moment(now: datetime) -> None:
    day, night = (
        f'time_zone = "America/New_York"\n[[allow]]\npeople = ["ada"]\nfrom = "{start}"\nuntil = "{until}"'
        for start, until in (("08:15", "17:45"), ("17:45", "08:15"))
    )
    assert (
        decide(sighting(), policy=day, now=now).allowed != decide(sighting(), policy=night, now=now).allowed
    )


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        ("allow = 1", "written as"),
        ("[[allow]]", "names people or groups"),
        ("[[allow]]\noutcome = 'unknown'\npeople = ['ada']", "another rule names none"),
        ("[[allow]]\npeople = 'ada'", "people of rule 1 must be a list"),
        ("[[allow]]\ngroups = ['Staff!']", "'Staff!' is not in"),
        ("[[allow]]\npeople = ['ada']\ndays = ['monday']", "days must be of mon"),
        ("[[allow]]\npeople = ['ada']\ndays = []", "days must be of mon"),
        ("[[allow]]\npeople = ['ada']\nfrom = '7:00'", "from of rule 1 must be a time"),
        ("[[allow]]\npeople = ['ada']\nuntil = '25:00'", "until of rule 1 must be a time"),
        ("[[allow]]\npeople = ['ada']\nfrom = '08:00'\nuntil = '08:00'", "the same"),
        ("[[allow]]\npeople = ['ada']\nfrom = '00:00'\nuntil = '00:00'", "the same"),
        ("[[allow]]\npeople = ['ada']\nfrom = '24:00'", "from of rule 1 must be a time"),
        ("[[allow]]\npeople = ['ada']\nperson = 'bob'", "`person` is unknown"),
        ("[[allow]]\noutcome = 'anybody'", "must be one of"),
        ("min_similarity_pct = 999", "from 0 to 100"),
        ("min_similarity_pct = true", "from 0 to 100"),
        ("cooldown_s = nan", "from 0 to 86400"),
        ("dry_run = 'no'", "true or false"),
        ("time_zone = 'Mars/Base'", "no time zone"),
        ("time_zone = '../etc/passwd'", "no time zone"),
        ("groups = 3", "must be a table"),
        ("minimum = 3", "`minimum` is unknown"),
        ("][", "no TOML"),
    ],
)
def test_a_policy_with_a_mistake_says_where(policy: str, words: str) -> None:
    with pytest.raises(PolicyRefused, match=words):
        UnlockPolicy.from_toml(policy)


def test_every_decision_is_written_down(tmp_path: Path) -> None:
    clock = [0.0]
    keeper = Doorkeeper(
        UnlockPolicy.from_toml(POLICY),
        AuditLog(tmp_path / "decisions.jsonl"),
        now=lambda: MONDAY_NOON,
        clock=lambda: clock[0],
    )
    verdicts = [keeper.decide(sighting("ada"), late=False), keeper.decide(sighting("ada"), late=False)]
    verdicts.append(keeper.decide(sighting("bob"), late=False))
    clock[0] = 30.0
    verdicts.append(keeper.decide(sighting("ada"), late=False))
    verdicts.append(keeper.decide(sighting("eve"), late=False))

    written = [json.loads(line) for line in (tmp_path / "decisions.jsonl").read_text().splitlines()]
    assert [entry["allowed"] for entry in written] == [verdict.allowed for verdict in verdicts]
    assert [entry["allowed"] for entry in written] == [True, False, True, True, False]
    assert written[1]["reason"] == "it was allowed 0 s ago; the cooldown is 30 s"
    assert (tmp_path / "decisions.jsonl").stat().st_mode & 0o077 == 0


def test_a_clock_that_is_set_does_not_shorten_a_cooldown(tmp_path: Path) -> None:
    now = [MONDAY_NOON]
    keeper = Doorkeeper(
        UnlockPolicy.from_toml(POLICY), AuditLog(tmp_path / "j"), now=lambda: now[0], clock=lambda: 5.0
    )
    assert keeper.decide(sighting(), late=False).allowed
    now[0] += timedelta(hours=1)
    assert not keeper.decide(sighting(), late=False).allowed


def test_what_cannot_be_written_down_is_denied(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    keeper = Doorkeeper(
        UnlockPolicy.from_toml(POLICY),
        AuditLog(tmp_path / "file" / "decisions.jsonl"),
        now=lambda: MONDAY_NOON,
        clock=lambda: 0.0,
    )
    verdict = keeper.decide(sighting(), late=False)
    assert not verdict.allowed
    assert "could not be written down" in verdict.reason


def test_a_journal_is_put_away_when_it_grows(tmp_path: Path) -> None:
    audit_log = AuditLog(tmp_path / "j.jsonl", max_bytes=100)
    for number in range(60):
        audit_log.write({"number": number, "text": "x" * 30})
    files = sorted(tmp_path.iterdir())
    assert len(files) <= 6
    youngest = max(
        (tmp_path / "j.jsonl"),
        (tmp_path / "j.jsonl.1"),
        key=lambda file: file.exists() and file.stat().st_mtime_ns,
    )
    assert json.loads(youngest.read_text().splitlines()[-1])["number"] == 59
