"""The execution environments, with real processes and small handlers."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from local.runtime.functions import (
    Function,
    FunctionBusy,
    FunctionCrashed,
    FunctionRaised,
    Functions,
    FunctionTimedOut,
    PayloadTooLarge,
)
from local.wiring import DATA, URL

ROOT = Path(__file__).parents[3]


def environment(folder: Path) -> dict[str, str]:
    paths = os.pathsep.join([str(ROOT), str(ROOT / "functions")])
    return {**os.environ, "PYTHONPATH": paths, DATA: str(folder), URL: "http://127.0.0.1:1"}


@pytest.fixture
def log() -> list[tuple[str, str]]:
    return []


@pytest.fixture
def functions(tmp_path: Path, log: list[tuple[str, str]]) -> Iterator[Functions]:
    sample = "tests.local.sample_handlers"
    functions = Functions(
        [
            Function("echo", f"{sample}.echo", at_once=2),
            Function("misbehave", f"{sample}.misbehave", at_once=1),
            Function("hasty", f"{sample}.misbehave", timeout_s=1.5, at_once=1),
            Function("missing", "tests.local.no_such_module.handler"),
        ],
        env=environment(tmp_path),
        on_log=lambda name, line: log.append((name, line)),
        wait_s=0.2,
    )
    yield functions
    functions.close()


def eventually(condition: Callable[[], object], timeout_s: float = 20.0) -> bool:
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return False


def pid(answer: object) -> int:
    assert isinstance(answer, dict)
    return int(answer["pid"])


def test_a_handler_gets_the_event_and_a_context(functions: Functions) -> None:
    answer = functions.invoke("echo", {"text": "Zoë\n", "list": [1, None]})
    assert isinstance(answer, dict)
    assert answer["event"] == {"text": "Zoë\n", "list": [1, None]}
    assert answer["function"] == "echo"
    assert answer["arn"].endswith(":function:echo")
    assert 0 < answer["remaining_ms"] <= 30_000


def test_an_environment_is_used_again(functions: Functions) -> None:
    assert pid(functions.invoke("echo", {})) == pid(functions.invoke("echo", {}))


def test_what_a_handler_prints_goes_to_the_log_and_not_into_its_answer(
    functions: Functions, log: list[tuple[str, str]]
) -> None:
    functions.invoke("echo", {})
    assert eventually(lambda: ("echo", "the handler writes to standard output") in log)


def test_the_log_says_what_kind_of_exception_and_where_but_not_its_text(
    functions: Functions, log: list[tuple[str, str]]
) -> None:
    with pytest.raises(FunctionRaised):
        functions.invoke("misbehave", {"how": "raise"})
    assert eventually(lambda: ("misbehave", "ValueError") in log)
    assert any("in misbehave" in line for _, line in log)
    assert not any(line.startswith("ValueError: no good") for _, line in log)


def test_an_exception_is_reported_and_its_environment_stays(functions: Functions) -> None:
    before = pid(functions.invoke("misbehave", {}))
    with pytest.raises(FunctionRaised, match="ValueError: no good"):
        functions.invoke("misbehave", {"how": "raise"})
    assert pid(functions.invoke("misbehave", {})) == before


def test_an_answer_that_is_not_json_is_an_error(functions: Functions) -> None:
    with pytest.raises(FunctionRaised, match="TypeError"):
        functions.invoke("misbehave", {"how": "unserializable"})


@pytest.mark.parametrize("how", ["crash", "exit"])
def test_a_crashed_environment_is_replaced(functions: Functions, how: str) -> None:
    before = pid(functions.invoke("misbehave", {}))
    with pytest.raises(FunctionCrashed):
        functions.invoke("misbehave", {"how": how})
    assert pid(functions.invoke("misbehave", {})) != before


def test_an_environment_that_died_at_rest_is_not_used(functions: Functions) -> None:
    before = pid(functions.invoke("echo", {}))
    os.kill(before, signal.SIGKILL)
    psutil.Process(before).wait(20)
    assert pid(functions.invoke("echo", {})) != before


def test_a_slow_handler_is_killed_at_its_timeout(functions: Functions) -> None:
    with pytest.raises(FunctionTimedOut):
        functions.invoke("hasty", {"how": "sleep", "seconds": 60})
    assert not [child for child in psutil.Process().children() if "hasty" in child.cmdline()]


def test_a_function_that_cannot_be_imported_says_so_in_the_log(
    functions: Functions, log: list[tuple[str, str]]
) -> None:
    with pytest.raises(FunctionCrashed):
        functions.invoke("missing", {})
    assert eventually(lambda: any("ModuleNotFoundError" in line for _, line in log))


def test_an_event_beyond_lambdas_limit_is_refused(functions: Functions) -> None:
    with pytest.raises(PayloadTooLarge):
        functions.invoke("echo", {"body": "x" * 6 * 1024 * 1024})


def test_an_answer_beyond_lambdas_limit_is_an_error(functions: Functions) -> None:
    with pytest.raises(FunctionRaised, match="ResponseSizeTooLarge"):
        functions.invoke("misbehave", {"how": "large", "bytes": 6 * 1024 * 1024})


def test_events_beyond_the_environments_wait_and_are_then_turned_away(functions: Functions) -> None:
    functions.invoke("misbehave", {})
    busy = threading.Thread(target=functions.invoke, args=("misbehave", {"how": "sleep", "seconds": 2}))
    busy.start()

    def is_turned_away() -> bool:
        try:
            functions.invoke("misbehave", {})
        except FunctionBusy:
            return True
        return False

    assert eventually(is_turned_away)
    busy.join()
    assert functions.invoke("misbehave", {})


def test_events_at_the_same_time_run_in_separate_processes(functions: Functions) -> None:
    answers: list[object] = []
    threads = [
        threading.Thread(target=lambda: answers.append(functions.invoke("echo", {"n": 1}))) for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({pid(answer) for answer in answers}) in (1, 2)
    assert len(answers) == 2


def test_a_warm_function_has_handled_an_event_before_its_first(
    functions: Functions, log: list[tuple[str, str]]
) -> None:
    functions.warm("echo", {"ignored": True})
    assert eventually(lambda: ("echo", "the handler writes to standard output") in log)


def test_warming_a_function_that_cannot_start_harms_nobody(
    functions: Functions, log: list[tuple[str, str]]
) -> None:
    functions.warm("missing", {})
    assert eventually(lambda: any("ModuleNotFoundError" in line for _, line in log))
    assert functions.invoke("echo", {})


@pytest.mark.parametrize(
    "error", [OSError(11, "Resource temporarily unavailable"), RuntimeError("no thread")]
)
def test_a_function_that_the_system_cannot_start_right_now_is_busy_and_works_again_later(
    functions: Functions, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def refuse(*arguments: object, **options: object) -> None:
        raise error

    with monkeypatch.context() as patched:
        patched.setattr("local.runtime.child_process.start", refuse)
        with pytest.raises(FunctionBusy, match="cannot be started right now"):
            functions.invoke("echo", {})
    assert functions.invoke("echo", {})


def test_an_error_that_only_asks_to_wait_says_how_long(functions: Functions) -> None:
    with pytest.raises(FunctionRaised) as raised:
        functions.invoke("misbehave", {"how": "wait", "seconds": 2.5})
    assert raised.value.retry_after_s == 2.5
    with pytest.raises(FunctionRaised) as raised:
        functions.invoke("misbehave", {"how": "raise"})
    assert raised.value.retry_after_s is None


def test_closing_ends_every_environment(functions: Functions) -> None:
    process = psutil.Process(pid(functions.invoke("echo", {})))
    functions.close()
    assert not process.is_running()
    with pytest.raises(FunctionCrashed):
        functions.invoke("echo", {})


PARENT = """
import os, sys
from pathlib import Path
from tests.local.runtime.test_functions import environment
from local.runtime.functions import Function, Functions
function = Function("f", "tests.local.sample_handlers.misbehave")
functions = Functions([function], env=environment(Path(sys.argv[1])))
print(functions.invoke("f", {})["pid"], flush=True)
functions.invoke("f", {"how": "sleep", "seconds": 60})
"""


def test_environments_end_with_a_parent_that_was_killed(tmp_path: Path) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path)],
        env=environment(tmp_path),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout
    child = int(parent.stdout.readline())
    time.sleep(0.2)
    parent.kill()
    parent.wait()
    assert eventually(lambda: not psutil.pid_exists(child))
