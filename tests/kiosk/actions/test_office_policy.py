"""The office's policy at the kiosk: taken, kept, run without a server, and never replaced by a broken one."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from kiosk.actions.office_policy import OfficePolicy
from kiosk.actions.unlock_policy import UnlockPolicy
from kiosk.client.errors import Unreachable
from kiosk.client.sighting import Sighting

MONDAY_NOON = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)  # in Zurich
STAFF = {
    "kiosk_id": "front",
    "direction": "in",
    "groups": ["staff"],
    "time_zone": "Europe/Zurich",
    "openings": [{"days": ["mon", "tue"], "from": "07:00", "until": "19:30"}],
    "version": "v1",
    "is_set": True,
}


class Api:
    """Answers with a policy, or not at all."""

    def __init__(self, answer: Mapping[str, Any] | None) -> None:
        self.answer = answer
        self.asked = 0

    def __call__(self) -> Mapping[str, Any]:
        self.asked += 1
        if self.answer is None:
            raise Unreachable("no RecognizeMe API answers")
        return self.answer


def office(file: Path, answer: Mapping[str, Any] | None, *, require_liveness: bool = False) -> OfficePolicy:
    made = OfficePolicy(file, Api(answer), require_liveness=require_liveness)
    made.refresh()
    return made


def lets_in(policy: UnlockPolicy, *groups: str, at: datetime = MONDAY_NOON, **changes: Any) -> bool:
    seen = Sighting(
        "id", "front", "2026-11-23T11:00:00Z", "done", "recognized", person_id="ada", groups=groups,
        similarity_pct=95.0, **changes,
    )  # fmt: skip
    return policy.decide(seen, late=False, now=at, since_last_s=None).allowed


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "front" / "policy.json"


def test_who_is_in_a_group_enters_while_the_door_is_open(file: Path) -> None:
    policy = office(file, STAFF).policy

    assert lets_in(policy, "staff")
    assert lets_in(policy, "cleaning", "staff")
    assert not lets_in(policy, "visitors")
    assert not lets_in(policy)
    assert not lets_in(policy, "staff", at=MONDAY_NOON.replace(hour=19))


def test_a_star_lets_in_everybody_and_a_door_without_openings_is_never_closed(file: Path) -> None:
    policy = office(file, STAFF | {"groups": ["*"], "openings": []}).policy

    assert lets_in(policy)
    assert lets_in(policy, at=MONDAY_NOON.replace(hour=1))


@pytest.mark.parametrize("openings", [[], STAFF["openings"]])
def test_a_kiosk_of_which_nobody_said_anything_lets_nobody_in(file: Path, openings: list[Any]) -> None:
    assert not lets_in(office(file, STAFF | {"groups": [], "openings": openings}).policy, "staff")
    assert not lets_in(office(file.with_name("other"), None).policy, "staff")


def test_who_is_asked_for_signs_of_life_enters_with_them_only(file: Path) -> None:
    policy = office(file, STAFF, require_liveness=True).policy

    assert not lets_in(policy, "staff")
    assert lets_in(policy, "staff", liveness="passed")


def test_without_a_server_the_last_policy_goes_on_and_its_version_is_known(file: Path) -> None:
    office(file, STAFF)

    started_without = office(file, None)

    assert started_without.version == "v1"
    assert lets_in(started_without.policy, "staff")
    assert file.stat().st_mode & 0o077 == 0


def test_only_another_version_is_asked_for_and_who_runs_it_is_told(file: Path) -> None:
    api = Api(STAFF)
    made = OfficePolicy(file, api, require_liveness=False)
    told: list[str] = []
    made.on_change = lambda policy, version: told.append(version)
    made.refresh("v1")
    for _ in range(3):
        made.refresh("v1")
    assert (api.asked, told) == (1, ["v1"])

    api.answer = STAFF | {"version": "v2", "groups": ["visitors"]}
    made.refresh("v2")

    assert told == ["v1", "v2"]
    assert lets_in(made.policy, "visitors")


@pytest.mark.parametrize(
    "broken",
    [
        {"groups": "staff"},
        {"openings": None},
        {"openings": ["mon"]},
        {"openings": [{"days": ["monday"]}]},
        {"openings": [{"hours": 7}]},
        {"time_zone": "Mars/Base"},
        {"time_zone": None},
        {"version": 7},
    ],
    ids=str,
)
def test_a_policy_that_cannot_be_run_replaces_none(file: Path, broken: dict[str, Any]) -> None:
    api = Api(STAFF)
    made = OfficePolicy(file, api, require_liveness=False)
    made.refresh()

    api.answer = STAFF | {"version": "v2"} | broken
    made.refresh()

    assert made.version == "v1"
    assert lets_in(made.policy, "staff")
    assert office(file, None).version == "v1"


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"version": "v9"}'])
def test_a_damaged_file_lets_nobody_in_until_the_api_answers(file: Path, content: str) -> None:
    file.parent.mkdir()
    file.write_text(content)

    assert not lets_in(office(file, None).policy, "staff")
    assert lets_in(office(file, STAFF).policy, "staff")


def test_a_full_disk_costs_the_next_start_its_policy_and_not_this_one(file: Path) -> None:
    file.parent.write_text("no folder")

    assert lets_in(office(file, STAFF).policy, "staff")
