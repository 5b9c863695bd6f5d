"""The commands that need no running stack, and what every command says when something is wrong."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from local.adapters.audit import SqliteAuditLog
from local.adapters.database import open_database
from local.cli import _welcome, main
from local.data_folder import DataFolder
from local.jobs.queue import JobQueue
from recognizeme.domain.audit import AuditQuery


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture
def dead(data: Path) -> list[int]:
    """Two jobs that failed for good, and one that waits."""
    with open_database(DataFolder(data).make().database) as database:
        now = [0.0]
        queue = JobQueue(database, monotonic=lambda: now[0])
        ids = [queue.add("recognition", {"n": n}) for n in range(2)]
        for _ in range(6):
            job = queue.take("recognition")
            assert job
            queue.failed(job, "ServiceBusy: no engine")
            now[0] += 100
        queue.add("enrollment", {})
    return ids


def test_jobs_are_listed_with_what_became_of_them(data: Path, dead: list[int]) -> None:
    listed = run("jobs", "--data", data)
    assert "dead" in listed.output
    assert "ServiceBusy: no engine" in listed.output
    assert listed.output.endswith("3 jobs\n")
    lines = [json.loads(line) for line in run("jobs", "--data", data, "--dead", "--json").output.splitlines()]
    assert [(line["id"], line["state"], line["attempts"]) for line in lines] == [
        (id_, "dead", 3) for id_ in dead
    ]


def test_dead_jobs_are_replayed_by_name_or_all(data: Path, dead: list[int]) -> None:
    named = run("replay", dead[1], "--data", data, "--json")
    assert json.loads(named.output) == {"event": "replayed", "id": dead[1]}
    assert run("replay", "--all", "--data", data).output == "1 job to run again\n"
    assert run("jobs", "--dead", "--data", data).output == "0 dead jobs\n"


def test_a_job_that_is_not_dead_cannot_be_replayed(data: Path, dead: list[int]) -> None:
    refused = run("replay", 99, "--data", data)
    assert (refused.exit_code, refused.output) == (1, "Error: no dead job has the id 99\n")


def test_what_up_says_fits_80_columns(data: Path) -> None:
    said = list(_welcome("http://127.0.0.1:8123", "http://127.0.0.1:8080", DataFolder(data)))
    paths = ("  data", "  log", "  export PATH")
    assert [line for line in said if len(line) > 80 and not line.startswith(paths)] == []


def test_no_command_s_summary_is_cut_off() -> None:
    assert "..." not in run("--help").output.partition("Commands:")[2]


def test_an_error_of_the_system_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unreadable(folder: Path) -> None:
        raise PermissionError(13, "Permission denied", str(folder))

    monkeypatch.setattr("local.evaluation.evaluate.photos_by_person", unreadable)
    refused = run("evaluate", tmp_path)
    assert (refused.exit_code, refused.output) == (1, f"Error: {tmp_path}: Permission denied\n")


@pytest.mark.parametrize("arguments", [["replay"], ["replay", "1", "--all"]])
def test_replay_wants_to_know_what(data: Path, arguments: list[str]) -> None:
    assert run(*arguments, "--data", data).exit_code == 2


@pytest.mark.parametrize("command", [["jobs"], ["replay", "--all"], ["backup", "copy"]])
def test_a_folder_without_data_is_one_sentence(data: Path, command: list[str]) -> None:
    refused = run(*command, "--data", data)
    assert refused.exit_code == 1
    assert refused.output == f"Error: {data} holds no RecognizeMe data; name its folder with --data\n"
    assert not data.exists()


@pytest.mark.integration
@pytest.mark.parametrize(
    ("environment", "says"),
    [
        ({"RECOGNIZEME_THRESHOLD_PCT": "high"}, "RECOGNIZEME_THRESHOLD_PCT is 'high', which is no number"),
        ({"RECOGNIZEME_YUNET_MODEL": "/no/such/model"}, "there is no YuNet model at /no/such/model"),
    ],
)
def test_a_wrong_setting_is_one_sentence(
    data: Path, environment: dict[str, str], says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    refused = run("up", "--data", data, "--port", 0, "--no-web", "--json")
    assert refused.exit_code == 1
    assert refused.output.startswith("Error: ")
    assert says in refused.output


def test_a_data_folder_that_cannot_be_made_is_one_sentence(data: Path) -> None:
    data.touch()
    refused = run("up", "--data", data / "below", "--no-web", "--json")
    assert refused.exit_code == 1
    assert "choose another folder with --data" in refused.output


def test_others_are_kept_out_unless_there_is_a_token(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RECOGNIZEME_TOKEN", raising=False)
    refused = run("up", "--data", data, "--host", "192.0.2.1", "--json")
    assert refused.exit_code == 1
    assert "RECOGNIZEME_TOKEN" in refused.output


def audited(data: Path) -> list[tuple[str, str, dict[str, str]]]:
    """What the audit log says of commands, the oldest first: action, result, what is more to say."""
    with open_database(DataFolder(data).database) as database:
        lines = SqliteAuditLog(database, retention_days=365).query(AuditQuery(), limit=100).items
    assert {line.principal.partition(" ")[0] for line in lines} <= {"shell"}
    return [(line.action, line.result, {**line.about, **line.detail}) for line in reversed(lines)]


def test_what_a_command_changes_is_in_the_audit_log(data: Path, dead: list[int], tmp_path: Path) -> None:
    added = json.loads(
        run("token", "add", "--role", "door", "--kiosk", "front", "--data", data, "--json").output
    )
    run("token", "revoke", added["id"], "--data", data)
    run("token", "revoke", "unknown", "--data", data)
    run("replay", "--all", "--data", data)
    run("backup", tmp_path / "copy", "--data", data)

    assert audited(data) == [
        ("token add", "done", {"token": added["id"], "role": "door", "kiosk_id": "front"}),
        ("token revoke", "done", {"token": added["id"]}),
        ("token revoke", "failed", {"token": "unknown"}),
        ("replay", "done", {"replayed": "2"}),
        ("backup", "done", {"pictures": "0"}),
    ]
    assert added["token"] not in str(audited(data))
